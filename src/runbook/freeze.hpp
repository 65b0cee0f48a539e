#pragma once
#include "runbook/yaml.hpp"
#include <optional>

/// Freeze windows of an environment: times in which nothing is changed there. Each has `from` and `to`, both times with their offset
/// (2026-12-20T18:00+01:00) or both times of a week (Fri 16:00) in its `zone`; `from` belongs to it, `to` no longer.
namespace belay {

/// Appends what is wrong with a list of windows as it is written, each with its place.
void check_freeze(const yaml::Node& windows, std::vector<Problem>&);

struct Frozen {
  std::string window; ///< `from Fri 16:00 to Mon 06:00 Europe/Berlin`
  std::string reason;
  Timestamp until;
};
/// The window that holds at a time, of several the one that ends last; nothing: none does. `windows`: as belay.yaml has them, checked.
std::optional<Frozen> frozen_at(const Value& windows, Timestamp);

} // namespace belay
