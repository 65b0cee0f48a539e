#include "modules/catalog.hpp"

namespace belay {
namespace modules {
namespace {
constexpr const Module* k_modules[] = {
    &artifact_registry,
    &backup,
    &cloud_run_module,
    &cloud_sql_module,
    &cloud_sql_proxy,
    &compute,
    &core,
    &docker,
    &gates,
    &git,
    &github,
    &haproxy,
    &host,
    &http,
    &iam,
    &logging_module,
    &manual,
    &memorystore,
    &migrate,
    &monitoring_module,
    &notify,
    &postgres,
    &secret_manager_module,
    &service_usage,
    &storage,
    &terraform,
    &tls,
};
} // namespace

Catalog catalog() { return k_modules; }

} // namespace modules

const Action* find_action(Catalog catalog, std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  for (const Module* module : catalog) {
    if (module->name != name.substr(0, dot)) continue;
    for (const Action& action : module->actions)
      if (action.name == name.substr(dot + 1)) return &action;
  }
  return nullptr;
}

} // namespace belay
