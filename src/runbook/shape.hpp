#pragma once
#include "runbook/yaml.hpp"
#include <span>
#include <string_view>

/// What may stand in the project's files, as tables: the loader, its messages and the JSON Schema all come from them.
namespace belay {

struct Object;

/// template_text: text that may hold `${{ }}`; tree: any value that may hold them; secret: a reference (`env:NAME`, `file:PATH`, `gcp:…`,
/// `{command: [argv]}`); path: resolved against the project's folder; condition: an expression.
enum class Form : std::uint8_t { text, name, boolean, integer, number, duration, condition, template_text, tree, any, secret, path, choice, list, map, object };

struct Shape {
  Form form = Form::text;
  const Shape* of = nullptr;      ///< of a list: its items; of a map: its values
  const Object* object = nullptr; ///< of Form::object
  const Shape* otherwise = nullptr; ///< another shape that is taken too
  std::span<const std::string_view> choices = {};
  std::int64_t least = 0;         ///< of integers and numbers
};

/// `standard`: the value where none is written, as YAML text.
struct Key {
  std::string_view name;
  Shape shape;
  std::string_view help;
  bool required = false;
  std::string_view standard = {};
};

/// `open`: other keys may stand beside the declared ones. `layered`: what one file lacks another may have.
struct Object {
  std::string_view name, help;
  std::span<const Key> keys;
  bool open = false, layered = false;

  const Key* find(std::string_view key) const;
};

/// layer: other layers may hold what is missing here (outside lists, which are never merged).
enum class Whole : std::uint8_t { yes, layer };

/// Reports unknown keys with the nearest known one, wrong types, and what is missing; at any depth.
void validate(const yaml::Node&, const Object&, std::vector<Problem>&, Whole = Whole::yes);

/// Ids of steps, names of parameters and outputs: `[a-z][a-z0-9_]*`.
bool is_name(std::string_view);
bool is_secret_reference(const yaml::Node&);

} // namespace belay
