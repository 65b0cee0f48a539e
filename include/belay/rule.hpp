#pragma once
#include "belay/error.hpp"
#include "belay/value.hpp"

namespace belay {

/// An expression handed to an action as an input (each endpoint's `expect`, a threshold): pure, so a module needs no src/expr.
struct Rule {
  virtual ~Rule() = default;
  /// `bindings`: a map of names to values. An evaluation error is a failure (`rejected`).
  virtual Expected<Value> of(const Value& bindings) const = 0;
  virtual const std::string& source() const = 0;
};

} // namespace belay
