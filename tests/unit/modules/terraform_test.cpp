#include "catch.hpp"
#include "modules/catalog.hpp"
#include "modules/terraform_plan.hpp"
#include "value/json.hpp"

using namespace belay;
using namespace belay::modules;

namespace {
const Change& change(const char* name) { return std::get<Change>(find_action(modules::catalog(), name)->does); }
const Identity k_id{"run1", "apply", "run1/apply", 1, {}};
Value json(const char* text) { return parse_json(text).value(); }
Expected<Ended> ended(int status, std::string err) {
  Ended made;
  made.status = status;
  made.err = std::move(err);
  return made;
}
const char* const k_plan = R"({"format_version": "1.2", "resource_changes": [
  {"address": "a.new", "mode": "managed", "change": {"actions": ["create"]}},
  {"address": "a.changed", "mode": "managed", "change": {"actions": ["update"]}},
  {"address": "a.gone", "mode": "managed", "change": {"actions": ["delete"]}},
  {"address": "a.anew", "mode": "managed", "change": {"actions": ["delete", "create"]}},
  {"address": "a.same", "mode": "managed", "change": {"actions": ["no-op"]}},
  {"address": "data.x", "mode": "data", "change": {"actions": ["read"]}}]})";
} // namespace

TEST_CASE("a plan is told by what it makes, changes, removes and replaces", "[modules]") {
  const auto summary = terraform_plan::summary_of(json(k_plan));
  REQUIRE(summary);
  CHECK(terraform_plan::sentence_of(*summary) == "1 to add, 1 to change, 1 to remove, 1 to replace");
  CHECK(canonical_json((*summary)["removed"]) == R"(["a.gone","a.anew"])");
  CHECK_FALSE(terraform_plan::summary_of(json(R"({"format_version": "9.0"})")));
}

TEST_CASE("a plan that removes something is refused unless that is allowed, and another plan than was shown always", "[modules]") {
  const auto& apply = change("terraform.apply");
  const Value seen = Value::object({{"serial", "l/3"}, {"digest", "d1"}, {"summary", terraform_plan::summary_of(json(k_plan)).value()}});
  const Value shown = json(R"({"file": "tfplan", "digest": "d1", "allow_removal": false})"), allowed = json(R"({"file": "tfplan", "digest": "d1", "allow_removal": true})"), other = json(R"({"file": "tfplan", "digest": "d2", "allow_removal": true})");
  CHECK(apply.prepare(shown, seen, k_id).refused->message == "the plan removes or replaces 2 resources: a.gone, a.anew");
  CHECK_FALSE(apply.prepare(allowed, seen, k_id).refused);
  CHECK(apply.prepare(other, seen, k_id).refused->cause == Cause::conflict);
  CHECK(apply.prepare(shown, json(R"({"serial": "l/3"})"), k_id).refused->cause == Cause::missing);
}

TEST_CASE("terraform's own refusals have no effect, any other failure has perhaps a part of one", "[modules]") {
  const auto& apply = change("terraform.apply");
  const Intent intent = apply.prepare(json(R"({"file": "tfplan", "digest": "d1"})"), {}, k_id);
  CHECK(apply.ended(intent, ended(1, "Error: Saved plan is stale\n")).state == State::no_effect);
  CHECK(apply.ended(intent, ended(1, "Error: Error acquiring the state lock\n")).state == State::no_effect);
  const Outcome broke = apply.ended(intent, ended(1, "│ Error: quota exceeded\n"));
  CHECK(broke.state == State::partial);
  CHECK(broke.failure->message == "terraform ended with status 1: Error: quota exceeded");
  CHECK(apply.judge(intent, json(R"({"serial": "l/3"})"), json(R"({"serial": "l/3"})")).state == State::not_seen);
  CHECK(apply.judge(intent, json(R"({"serial": "l/3"})"), json(R"({"serial": "l/4"})")).state == State::unknown);
}

TEST_CASE("a secret among a plan's variables is refused, for every process can read a command line", "[modules]") {
  const auto& plan = change("terraform.plan");
  const Value in = Value::object({{"file", "tfplan"}, {"variables", Value::object({{"password", Value("hunter22").as_secret()}})}});
  CHECK(plan.prepare(in, {}, k_id).refused);
}
