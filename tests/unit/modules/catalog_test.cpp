#include "catch.hpp"
#include "modules/catalog.hpp"
#include "value/json.hpp"
#include <functional>
#include <re2/re2.h>
#include <set>

using namespace belay;

namespace {
/// f of every action, with its full name.
void each_action(const std::function<void(const std::string&, const Action&)>& f) {
  for (const Module* module : modules::catalog())
    for (const Action& action : module->actions) f(std::string(module->name) + "." + std::string(action.name), action);
}
} // namespace

TEST_CASE("every action has a name of its own, a summary, and inputs and outputs that explain themselves", "[modules]") {
  std::set<std::string> names;
  each_action([&](const std::string& name, const Action& action) {
    INFO(name);
    CHECK(names.insert(name).second);
    CHECK(RE2::FullMatch(name, "[a-z][a-z0-9-]*\\.[a-z][a-z0-9-]*"));
    CHECK_FALSE(action.summary.empty());
    for (const auto& fields : {action.inputs, action.outputs}) {
      std::set<std::string_view> seen;
      for (const Field& field : fields) {
        INFO(field.name);
        CHECK(RE2::FullMatch(field.name, "[a-z][a-z0-9_]*"));
        CHECK_FALSE(field.help.empty());
        CHECK(seen.insert(field.name).second);
        CHECK_FALSE((field.required && !field.standard.empty()));
      }
    }
  });
  CHECK(names.size() > 5);
}

TEST_CASE("the default of a list or a map is one", "[modules]") {
  each_action([](const std::string& name, const Action& action) {
    for (const Field& field : action.inputs) {
      if (field.standard.empty() || (field.type.kind != Kind::list && field.type.kind != Kind::map)) continue;
      INFO(name << " " << field.name << " " << field.standard);
      const auto value = parse_json(field.standard);
      REQUIRE(value);
      CHECK(value->kind() == field.type.kind);
    }
  });
}

TEST_CASE("every action has the parts that its kind cannot do without", "[modules]") {
  each_action([](const std::string& name, const Action& action) {
    INFO(name);
    if (const auto* read = std::get_if<Read>(&action.does)) CHECK(read->read != nullptr);
    if (const auto* change = std::get_if<Change>(&action.does)) {
      CHECK(change->prepare != nullptr);
      // A precondition that failed shows only to someone who looks.
      if (change->repeat == Repeat::conditional) CHECK(change->judge != nullptr);
      // Nor may an undo write over what others made since: of a conditional act its judge can tell.
      if (change->undo) CHECK((change->observe != nullptr && change->judge != nullptr && (change->standing != nullptr || change->repeat == Repeat::conditional)));
    }
    if (const auto* hold = std::get_if<Hold>(&action.does)) CHECK((hold->prepare != nullptr && hold->open != nullptr));
    if (const auto* gate = std::get_if<Gate>(&action.does)) CHECK(gate->tick != nullptr);
    if (const auto* ask = std::get_if<Ask>(&action.does)) CHECK((ask->ask != nullptr && ask->answer != nullptr));
  });
}

TEST_CASE("an action is found by its full name only", "[modules]") {
  REQUIRE(find_action(modules::catalog(), "core.run") != nullptr);
  CHECK(find_action(modules::catalog(), "core.run")->name == "run");
  CHECK(find_action(modules::catalog(), "run") == nullptr);
  CHECK(find_action(modules::catalog(), "core") == nullptr);
  CHECK(find_action(modules::catalog(), "core.") == nullptr);
  CHECK(find_action(modules::catalog(), "manual.run") == nullptr);
}
