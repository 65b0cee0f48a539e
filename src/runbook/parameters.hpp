#pragma once
#include "runbook/model.hpp"

namespace belay {

/// A parameter as it was given: its name and a text to be read as its type, or a value of it (a secret, a list from a calling step).
struct Given {
  std::string name;
  Value value;
  bool is_text = true; ///< false: `value` is no text to be read, it must have the type already
};

/// The runbook's parameters by name, typed, defaults evaluated over `bindings` (`service`, `env`); an optional one that is not given is
/// null. Secret ones are marked secret. Throws Error (usage) with every problem: unknown names with the nearest, wrong types, choices, patterns.
Value bind_parameters(const Runbook&, const std::vector<Given>&, const Value& bindings);

/// A text as a value of a parameter's or field's kind; a failure says what was wanted. Lists and maps are JSON or YAML; a list may be `a,b`.
Expected<Value> read_as(Kind, const std::string& text);

/// How a kind is written in a runbook: `string`, `integer`, `number` …
std::string_view type_name(Kind);

} // namespace belay
