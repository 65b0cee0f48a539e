#include "modules/terraform_plan.hpp"
#include "modules/inputs.hpp"
#include <fmt/core.h>

namespace belay::modules::terraform_plan {

Expected<Value> summary_of(const Value& shown) {
  if (shown.kind() != Kind::map || !text_or(shown["format_version"], "").starts_with("1.")) return Unexpected(Failure{Cause::malformed, Reached::yes, "terraform's description of the plan is of no version that is known here", "Terraform 0.12 to 1.x writes format version 1"});
  std::int64_t creates = 0, updates = 0, deletes = 0, replaces = 0;
  Value::List changes, removed;
  for (const Value& one : elements(shown["resource_changes"])) {
    if (text_or(one["mode"], "managed") != "managed") continue;
    bool create = false, update = false, gone = false;
    for (const Value& action : elements(one["change"]["actions"])) {
      create = create || action == Value("create");
      update = update || action == Value("update");
      gone = gone || action == Value("delete") || action == Value("forget");
    }
    if (!create && !update && !gone) continue;
    (create && gone ? replaces : create ? creates : gone ? deletes : updates) += 1;
    changes.push_back(Value::object({{"address", one["address"]}, {"actions", one["change"]["actions"]}}));
    if (gone) removed.push_back(one["address"]);
  }
  return Value::object({{"creates", creates}, {"updates", updates}, {"deletes", deletes}, {"replaces", replaces}, {"changes", Value(std::move(changes))}, {"removed", Value(std::move(removed))}});
}

std::string sentence_of(const Value& s) {
  return fmt::format("{} to add, {} to change, {} to remove, {} to replace", integer_or(s["creates"], 0), integer_or(s["updates"], 0), integer_or(s["deletes"], 0), integer_or(s["replaces"], 0));
}

} // namespace belay::modules::terraform_plan
