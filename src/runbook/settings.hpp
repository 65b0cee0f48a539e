#pragma once
#include "belay/host.hpp"
#include "runbook/model.hpp"
#include "runbook/project_files.hpp"

namespace belay {

/// A setting given on the command line: its dotted name (`databases.main.host`), its value as YAML text, and the flag that gave it.
struct Override {
  std::string name, text, origin;
};

/// A service in an environment: built-in defaults < belay.yaml's defaults < the service's file < its environment section < variables
/// `BELAY_SET_databases__main__host` (`__` between names, `_` also for `-`) < overrides. Throws Error (usage) with the nearest names.
Service resolve_service(const Project&, const std::string& name, const std::string& environment, const Machine&, const std::vector<Override>& = {});

/// The settings of a service's environments by name, in the order of its file; throws Error (usage) for an unknown service.
std::vector<std::string> environments_of(const Project&, const std::string& service);

/// `env` with secrets in the places of their references; `resolved`: names as in Service::secrets (those with a dot are places in env).
Value with_secrets(const Value& env, const std::vector<std::pair<std::string, Value>>& resolved);

/// The layers of the files, merged key by key; lists are replaced whole.
yaml::Node merged_settings(const ProjectFiles&, const yaml::Node& service, const yaml::Node& environment);

} // namespace belay
