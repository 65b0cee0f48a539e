#pragma once
#include "belay/error.hpp"
#include "belay/stop.hpp"
#include "belay/value.hpp"
#include <string>

namespace belay {

/// Whose token signs requests to a cloud (`Request::credentials`).
struct Account {
  virtual ~Account() = default;
  /// The project that this machine or account works in by its own settings; `missing` where nothing tells.
  virtual Expected<std::string> project(const Stop&) = 0;
  /// For a person: {source, account, project, quota_project, overrides: {variable: where}, none: whether there are no credentials at all, problem: {message, hint} or null}. Gets a token, to know whether one can be had.
  virtual Value described(const Stop&) = 0;
};

} // namespace belay
