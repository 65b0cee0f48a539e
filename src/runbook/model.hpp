#pragma once
#include "belay/action.hpp"
#include "expr/expr.hpp"
#include "runbook/runbooks.hpp"
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// A project, its services and its runbooks as they are after loading: every file valid in itself, every expression parsed;
/// references between steps are typed by `check`.
namespace belay {

/// A value of a runbook that may hold `${{ expression }}`: alone it keeps its type, inside text it is joined. Evaluated in one
/// pass: what an expression gives is never evaluated again.
struct Template {
  struct Expression { expr::Program program; };
  struct Pieces { std::vector<Template> of; };
  struct List { std::vector<Template> of; };
  struct Entry;
  struct Map { std::vector<Entry> of; };
  std::variant<Value, Expression, Pieces, List, Map> node;
  Place where;

  Expected<Value> evaluate(const Value& bindings) const;
  const Template* find(std::string_view name) const; ///< of a map
};
struct Template::Entry {
  std::string first;
  Template second;
};

struct Condition {
  expr::Program program;
  Place where;
};

/// attempts: how many in all; the n-th wait is delay·factorⁿ⁻¹, at most `max`, ± `jitter` of itself.
struct Retry {
  int attempts = 1;
  Duration delay{}, max{};
  double factor = 1, jitter = 0.1;
};
struct Timeout {
  Duration attempt{}, step{}; ///< zero: none
};

struct Step {
  std::string id;
  Place where;
  std::optional<Template> title;
  std::string use;      ///< module.action, or `runbook.call`; empty: a group
  Template with;        ///< a map
  std::vector<Step> steps; ///< of a group
  std::optional<Condition> when;
  std::optional<Template> for_each; ///< a list of unique strings or a map; the item is `each.key`, `each.value`
  int parallel = 1;     ///< of for_each: at once; of a group: 0 means all its steps at once
  std::optional<Retry> retry;
  Timeout timeout;
  std::vector<Condition> expect; ///< over the step's outputs by name, beside everything in scope
  std::vector<std::pair<std::string, Condition>> save; ///< further members of `steps.ID`
  /// `undo: none` is not written: it is `irreversible: reason`. `undo: {with: …}` overlays the action's own undo inputs;
  /// `undo: {steps: […]}` are steps that take this one back.
  std::optional<Template> undo_with;
  std::vector<Step> undo_steps;
  std::optional<Template> irreversible; ///< the reason
  std::optional<Template> confirm; ///< the text that must be typed (the environment's name, a database's)
  bool approve = false;
  std::shared_ptr<const Step> sample; ///< of a gate: the read it samples
  Duration every{};                   ///< of a gate: between samples
  std::optional<Effect> effect;       ///< may only raise the action's own
  std::optional<std::uint64_t> max;   ///< of an unknown for_each: how many at most
};

struct Parameter {
  std::string name, help;
  Place where;
  Kind type = Kind::text; ///< text, integer, real, boolean, duration, timestamp, list, map
  bool optional = false, secret = false;
  std::optional<Template> standard; ///< the default; may use `service`, `env`
  std::vector<std::string> choices;
  std::string pattern; ///< RE2, whole value
  std::string completes; ///< release, backup, run, service: what completion offers
};

enum class OnStop : std::uint8_t { stop, undo };
enum class OnDeath : std::uint8_t { page, resume, undo }; ///< what `runs tend` does with a run whose holder died

struct Runbook {
  std::string name; ///< platform/procedure: `host/deploy`
  std::string title, text; ///< text: the file as it is, for pinning
  Place where;
  std::vector<std::string> notes;
  std::vector<Parameter> parameters;
  std::optional<Template> claim; ///< absent: nothing is claimed (a runbook of reads)
  bool safeward = false; ///< rollback and the like: freezes and approvals do not refuse it
  OnStop on_stop = OnStop::stop;
  OnDeath on_death = OnDeath::page;
  Timeout timeout; ///< `step`: of the whole run
  std::vector<Step> steps, always;
  std::vector<std::pair<std::string, Template>> outputs;
};

/// Where a setting's value came from: the default, a file with its line, a variable, a flag.
struct Setting {
  std::string name; ///< dotted: `databases.main.host`
  Value value;      ///< references of secrets stay references
  std::string origin;
};

/// One service in one environment: defaults < belay.yaml < service file < its environment section < BELAY_… variable < flag.
struct Service {
  std::string name, platform, environment;
  bool is_protected = false, state_local = false;
  Value freeze, guards; ///< of its environment, as belay.yaml has them: a list of windows, a map of what must be true
  std::vector<Setting> settings; ///< every leaf, with its origin
  Value service, env; ///< what expressions see as `service` and `env`; secrets are resolved when a run starts
  std::vector<std::pair<std::string, Value>> secrets; ///< name → reference; expressions see `secrets.NAME`
};

/// Trees of belay.yaml and the service files, private to src/runbook.
struct ProjectFiles;

/// A file that could not be loaded, or a folder that was not read: what it holds is left out. `path`: below the project's folder.
struct BrokenFile {
  std::string path;
  std::vector<Problem> problems;
};

struct Project {
  std::string name, folder; ///< absolute; empty: the compiled-in one
  bool builtin = true;
  std::string state_url;
  Value defaults, notifiers;
  std::vector<std::string> environments; ///< in the order of belay.yaml
  std::vector<std::string> services;
  std::vector<std::vector<std::string>> read_commands; ///< argv prefixes that core.read may run in a dry run
  Runbooks runbooks; ///< those compiled in are read when they are first asked for
  std::string base;              ///< the absolute folder that relative paths resolve against
  std::shared_ptr<const ProjectFiles> files;
  std::vector<BrokenFile> broken; ///< in the order of their paths
  bool state_known = true;        ///< false: belay.yaml cannot be read as far as to tell where state is kept

  const Runbook* find(std::string_view wanted) const { return runbooks.find(wanted); }
};

} // namespace belay
