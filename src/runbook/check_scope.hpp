#pragma once
#include "runbook/check.hpp"
#include "runbook/check_types.hpp"
#include <functional>
#include <set>

namespace belay::check {

/// A step whose outputs later ones may name.
struct Entry {
  const Step* step = nullptr;
  expr::Type outputs;                ///< an object; of a for_each a map of objects
  std::vector<std::string> secrets;  ///< outputs that are secret, dotted below the step
  std::vector<std::string> skippable; ///< of a group: steps in it that may be skipped, dotted below it
  bool may_skip = false;
  bool reads = true;                 ///< known before the run: it, and all in it, only reads
};

/// The steps of one list, in the frames around it.
struct Frame {
  std::vector<Entry> entries;
  const Frame* around = nullptr;
  const std::vector<Step>* steps = nullptr; ///< all of the list, for messages about one that comes later
  const Step* group = nullptr;              ///< whose list it is
  std::string path;
  bool each = false;    ///< inside a for_each
  bool has_timeout = false, has_confirm = false;
  bool in_always = false, in_undo = false;

  const Entry* find(std::string_view id) const;
  bool has_each() const { return each || (around != nullptr && around->has_each()); }
  bool timed() const { return has_timeout || (around != nullptr && around->timed()); }
  bool confirmed() const { return has_confirm || (around != nullptr && around->confirmed()); }
};

/// Where an expression stands: what it may name, and whose it is.
struct Site {
  const Frame& frame;
  const Step* step = nullptr;
  const expr::Type* own = nullptr;    ///< the step's own outputs, named without `steps.` (expect, save, undo)
  const std::vector<std::string>* own_secrets = nullptr;
  bool steps = true, params = true;   ///< whether these names are there at all
};

/// Types expressions in their place and reports what is wrong with them.
class Scoping {
public:
  Scoping(const Runbook&, const Project&, std::vector<Checked>& found);

  /// The type of the expression's value; any where it has a problem, which is reported.
  expr::Type type(const expr::Program&, const Place&, const Site&);
  bool is_secret(const expr::Program&, const Site&) const;
  bool is_secret(const Template&, const Site&) const;
  /// Whether it is known before the run changes anything.
  bool is_known_early(const expr::Program&, const Site&) const;

  /// Whether an expression that was typed so far names that step.
  bool is_named(const Step& step) const { return m_named.contains(&step); }

  void say(const Site&, const Place&, std::string message, std::string hint, CheckLevel = CheckLevel::error);

private:
  struct Reference;
  bool check_reference(const std::string& reference, const expr::Program&, const Place&, const Site&);
  bool check_step_reference(const std::vector<std::string>& parts, const std::string& reference, const expr::Program&, const Place&, const Site&);
  const expr::Type* root(const std::string& name, const Site&) const;
  expr::Scope scope_for(const expr::Program&, const Site&) const;
  bool guarded(const Entry&, const std::string& reference, const expr::Program&, const Site&) const;

  const Runbook& m_runbook;
  std::vector<Checked>& m_found;
  std::set<const Step*> m_named;
  expr::Type m_service, m_env, m_params, m_run, m_ended_run, m_secrets, m_each;
};

std::vector<std::string> parts_of(const std::string& reference);

} // namespace belay::check
