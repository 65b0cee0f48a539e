#pragma once
#include "belay/action.hpp"
#include "runbook/model.hpp"
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace belay::engine {

struct Held {
  const Step* step = nullptr;
  std::string path;
};

/// The names that the steps of one group can use: its own steps' outputs over those of the groups around it. Written by the
/// one thread that walks the group; a branch of a parallel group writes into a frame of its own.
class Frame {
public:
  /// `base`: what is there from the start (service, env, params, secrets, run); `steps` in it are earlier steps' outputs.
  Frame(const Runbook& runbook, Value base);
  Frame(const Frame& around, int);

  void set(const std::string& id, Value outputs);
  void set_each(Value key, Value value);
  /// What came of the steps of an inner group becomes visible here, and together under the group's own id.
  void merge(const Frame& inner);
  Value own() const; ///< a map of its own steps' outputs

  Value bindings() const;                        ///< of expressions
  Value bindings_with(const Value& outputs) const; ///< the members of `outputs` by name beside them
  Expected<Value> evaluate(const Template&) const;
  Expected<bool> holds(const Condition&, const Value& bindings, Value* unknown) const; ///< `unknown` receives the value where it is one

  const Runbook& runbook() const { return *m_runbook; }
  /// Paths that decide whether these steps run at all (a dry run); empty: they run.
  std::vector<std::string> maybe;

private:
  const Runbook* m_runbook;
  const Frame* m_around = nullptr;
  Value m_base, m_each;
  bool m_has_each = false;
  std::map<std::string, Value> m_steps;
  mutable Value m_bindings;
  mutable bool m_fresh = false;

  void collect(std::map<std::string, Value>& steps) const;
  const Frame& root() const;
};

/// Whether a template needs no bindings.
bool constant(const Template&);
/// All names that a step's own templates refer to (its children's apart), as `steps.proxy.port`.
std::vector<std::string> references(const Step&);
std::vector<std::string> references_of(const Template&);
/// Those of a step with all its children.
std::vector<std::string> all_references(const Step&);

/// Inputs of an action: `with` evaluated, texts read as the declared types (`30s`), defaults filled in.
Expected<Value> inputs(const Action&, const Template& with, const Frame&);
/// The same, of values: defaults filled in and types read.
Expected<Value> typed_inputs(const Action&, const Value& given);

} // namespace belay::engine
