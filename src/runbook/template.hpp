#pragma once
#include "runbook/model.hpp"
#include "runbook/yaml.hpp"

namespace belay {

/// A tree of YAML as a template: `${{ expression }}` alone keeps its type, inside text it is joined, `$${{` is the text `${{`.
/// Syntax errors are appended with the place of the offending character.
Template make_template(const yaml::Node&, std::vector<Problem>&);

/// A whole text as an expression; a `${{ }}` around all of it is taken off.
std::optional<Condition> make_condition(const yaml::Node&, std::vector<Problem>&);

/// Where the `column`-th code point of an expression stands that begins at `start`.
Place place_of(const Place& start, const std::string& source, int column);

} // namespace belay
