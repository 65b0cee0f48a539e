#pragma once
#include "belay/error.hpp"
#include <algorithm>
#include <string>
#include <vector>

/// `file:line:column: message (hint)`, a line each: what a person would read.
inline std::string said(const std::vector<belay::Problem>& problems) {
  std::string text;
  for (const auto& problem : problems) {
    text += problem.where.file + ":" + std::to_string(problem.where.line) + ":" + std::to_string(problem.where.column) + ": " + problem.message;
    text += problem.hint.empty() ? "\n" : " (" + problem.hint + ")\n";
  }
  return text;
}
