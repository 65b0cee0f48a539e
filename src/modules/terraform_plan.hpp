#pragma once
#include "belay/error.hpp"
#include "belay/value.hpp"

/// What `terraform show -json` says of a saved plan.
namespace belay::modules::terraform_plan {

/// {creates, updates, deletes, replaces: counts, changes: [{address, actions}], removed: addresses that are deleted or replaced} of the
/// plan's `resource_changes`; data sources and what stays are left out. Source: Terraform's JSON output format, version 1.
Expected<Value> summary_of(const Value& shown);

/// "1 to add, 2 to change, 0 to remove, 1 to replace"
std::string sentence_of(const Value& summary);

} // namespace belay::modules::terraform_plan
