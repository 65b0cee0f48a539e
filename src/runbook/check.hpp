#pragma once
#include "belay/action.hpp"
#include "runbook/model.hpp"

namespace belay {

/// error: a run would fail, so none is begun. risk: it could not be taken back, confirmed or timed out. Both make the check's exit 4. warning: worth a look.
enum class CheckLevel : std::uint8_t { warning, risk, error };

struct Checked {
  CheckLevel severity = CheckLevel::error;
  Problem problem;
  std::string step; ///< path; empty: the runbook itself
};

/// Types every reference and input of a loaded runbook against the catalogue, and names what a run could not survive or take back: changing
/// steps without timeout or undo, destroying ones without confirmation or guard, secrets that would be seen. In the order of the file.
std::vector<Checked> check_runbook(const Runbook&, const Project&, Catalog);

} // namespace belay
