#include "runbook/shape.hpp"
#include "value/duration.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace belay {

const Key* Object::find(std::string_view key) const {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == key; });
  return found == keys.end() ? nullptr : &*found;
}

bool is_name(std::string_view text) {
  if (text.empty() || text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_secret_reference(const yaml::Node& node) {
  if (node.is_map()) {
    const auto* command = node.find("command");
    return command != nullptr && node.members.size() == 1 && command->is_list() && !command->items.empty() &&
           std::all_of(command->items.begin(), command->items.end(), [](const yaml::Node& item) { return item.is_scalar(); });
  }
  if (!node.is_scalar()) return false;
  for (const std::string_view kind : {"env:", "file:", "gcp:"})
    if (node.text.starts_with(kind) && node.text.size() > kind.size()) return true;
  return false;
}

namespace {

constexpr const char* k_reference_hint = "name where it is kept: env:NAME, file:PATH, gcp:projects/…/secrets/…, or {command: [program, argument]}";

std::string wanted(const Shape& shape) {
  std::string text;
  switch (shape.form) {
  case Form::text: text = "text"; break;
  case Form::name: text = "a name of small letters, digits and _"; break;
  case Form::boolean: text = "true or false"; break;
  case Form::integer: text = fmt::format("a whole number from {}", shape.least); break;
  case Form::number: text = "a number"; break;
  case Form::duration: text = "a duration (90s, 1h30m)"; break;
  case Form::condition: text = "an expression"; break;
  case Form::template_text: text = "text"; break;
  case Form::secret: text = "a reference to a secret"; break;
  case Form::path: text = "a path"; break;
  case Form::choice: text = fmt::format("one of {}", fmt::join(shape.choices, ", ")); break;
  case Form::list: text = "a list"; break;
  case Form::map: text = "a map"; break;
  case Form::object: text = fmt::format("a map with {}", fmt::join(
      [&] { std::vector<std::string_view> names; for (const auto& key : shape.object->keys) names.push_back(key.name); return names; }(), ", ")); break;
  case Form::tree:
  case Form::any: text = "a value"; break;
  }
  return shape.otherwise != nullptr ? text + " or " + wanted(*shape.otherwise) : text;
}

/// Whether the node is of this kind at all; what is inside is judged afterwards.
bool fits(const yaml::Node& node, const Shape& shape) {
  const Kind kind = node.is_scalar() ? yaml::scalar(node).kind() : node.is_list() ? Kind::list : Kind::map;
  switch (shape.form) {
  case Form::text:
  case Form::path: return kind == Kind::text;
  case Form::name:
  case Form::choice: return kind == Kind::text || kind == Kind::boolean;
  case Form::boolean: return kind == Kind::boolean;
  case Form::integer: return kind == Kind::integer;
  case Form::number: return kind == Kind::integer || kind == Kind::unsigned_integer || kind == Kind::real;
  case Form::duration: return kind == Kind::text || (kind == Kind::integer && node.text == "0");
  case Form::condition: return node.is_scalar() && kind != Kind::null;
  case Form::template_text: return node.is_scalar() && kind != Kind::null;
  case Form::secret: return kind == Kind::text || kind == Kind::map;
  case Form::list: return kind == Kind::list || kind == Kind::null;
  case Form::map: return kind == Kind::map || kind == Kind::null;
  case Form::object: return kind == Kind::map;
  case Form::tree:
  case Form::any: return true;
  }
  return false;
}

class Validator {
public:
  Validator(std::vector<Problem>& problems, Whole whole) : m_problems(problems), m_whole(whole) {}

  void object(const yaml::Node& node, const Object& object) {
    std::vector<std::string_view> names;
    for (const auto& key : object.keys) names.push_back(key.name);
    for (const auto& member : node.members) {
      if (const Key* key = object.find(member.key)) shape(member.value, key->shape, member.key);
      else if (!object.open) say(member.where(), fmt::format("unknown key '{}' in {}", member.key, object.name), unknown_hint(member.key, names));
    }
    for (const auto& key : object.keys)
      if (key.required && m_whole == Whole::yes && node.find(key.name) == nullptr) say(node.where(), fmt::format("{} lacks '{}'", object.name, key.name), std::string(key.help));
  }

  void shape(const yaml::Node& node, const Shape& wanted_shape, std::string_view subject) {
    const Shape* taken = &wanted_shape;
    while (taken != nullptr && !fits(node, *taken)) taken = taken->otherwise;
    if (taken == nullptr) return wrong_type(node, wanted_shape, subject);
    switch (taken->form) {
    case Form::name:
      if (!is_name(node.text)) say(node.where(), fmt::format("'{}' is no name for '{}'", node.text, subject), "names begin with a small letter and hold small letters, digits and _");
      break;
    case Form::choice:
      if (std::find(taken->choices.begin(), taken->choices.end(), node.text) == taken->choices.end())
        say(node.where(), fmt::format("'{}' is {}, not '{}'", subject, wanted(*taken), node.text), did_you_mean(node.text, taken->choices));
      break;
    case Form::integer:
    case Form::number: {
      const Value value = yaml::scalar(node);
      const double number = value.kind() == Kind::integer ? static_cast<double>(value.integer()) : value.kind() == Kind::real ? value.real() : static_cast<double>(value.unsigned_integer());
      if (!(number >= static_cast<double>(taken->least))) say(node.where(), fmt::format("'{}' is {}, which is less than {}", subject, node.text, taken->least), {});
      break;
    }
    case Form::duration:
      if (!parse_duration(node.text)) say(node.where(), fmt::format("'{}' is a duration, not '{}'", subject, node.text), "write it with its unit, as in 250ms, 90s, 1h30m");
      break;
    case Form::secret:
      if (!is_secret_reference(node)) say(node.where(), fmt::format("'{}' is not a reference to a secret", subject), k_reference_hint);
      break;
    case Form::list:
      if (taken->of != nullptr) {
        const Whole around = std::exchange(m_whole, Whole::yes);
        for (const auto& item : node.items) shape(item, *taken->of, subject);
        m_whole = around;
      }
      break;
    case Form::map:
      if (taken->of != nullptr)
        for (const auto& member : node.members) shape(member.value, *taken->of, member.key);
      break;
    case Form::object: object(node, *taken->object); break;
    default: break;
    }
  }

private:
  static std::string unknown_hint(std::string_view key, const std::vector<std::string_view>& names) {
    const std::string near = did_you_mean(key, names);
    return near.empty() ? fmt::format("known: {}", fmt::join(names, ", ")) : near;
  }

  void wrong_type(const yaml::Node& node, const Shape& shape, std::string_view subject) {
    std::string hint;
    const bool wants_text = shape.form == Form::text || shape.form == Form::path;
    const Kind kind = node.is_scalar() ? yaml::scalar(node).kind() : Kind::map;
    if (wants_text && node.is_scalar() && kind != Kind::null) hint = fmt::format("text that looks like a number or a word of YAML needs quotes: '{}'", node.text);
    else if (shape.form == Form::boolean && kind == Kind::text) hint = "YAML 1.2 knows true and false alone; yes, no, on and off are text";
    else if (node.is_scalar() && node.text.find("${{") != std::string::npos) hint = "an expression cannot stand here";
    else if (shape.form == Form::duration && kind == Kind::integer) hint = "write it with its unit, as in 250ms, 90s, 1h30m";
    say(node.where(), fmt::format("'{}' is {}, not {}", subject, wanted(shape), yaml::described(node)), std::move(hint));
  }

  void say(Place where, std::string message, std::string hint) { m_problems.push_back({std::move(where), std::move(message), std::move(hint)}); }

  std::vector<Problem>& m_problems;
  Whole m_whole;
};

} // namespace

void validate(const yaml::Node& node, const Object& object, std::vector<Problem>& problems, Whole whole) {
  if (!node.is_map()) {
    problems.push_back({node.where(), fmt::format("{} is a map of keys, not {}", object.name, yaml::described(node)), {}});
    return;
  }
  Validator(problems, whole).object(node, object);
}

} // namespace belay
