#include "runbook/override.hpp"
#include "runbook/project_table.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay {

namespace {

constexpr std::string_view k_prefix = "BELAY_SET_", k_between = "__";

std::vector<std::string> split(std::string_view text, std::string_view by) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(by, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + by.size();
  }
  return parts;
}

std::string folded(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

class Overrider {
public:
  Overrider(std::deque<yaml::Source>& sources, std::vector<Problem>& problems) : m_sources(sources), m_problems(problems) {}

  void apply(yaml::Node& settings, const std::vector<std::string>& path, const std::string& text, const std::string& origin, bool loose) {
    m_sources.push_back({origin, text, false});
    const yaml::Source& source = m_sources.back();
    yaml::Node* at = &settings;
    Shape top{.form = Form::object, .object = &k_service_environment_object};
    const Shape* shape = &top;
    for (const auto& part : path) {
      const Object* object = shape != nullptr && shape->form == Form::object ? shape->object : nullptr;
      const std::string name = part.empty() ? std::string() : known_name(*at, object, part, loose);
      if (name.empty() || name == "protected") {
        refuse(*at, object, part, origin);
        return;
      }
      const Key* key = object != nullptr ? object->find(name) : nullptr;
      const Shape* inner = key != nullptr ? &key->shape : object != nullptr ? nullptr : shape != nullptr ? shape->of : nullptr;
      at = &member(*at, name, source);
      shape = inner;
    }
    *at = node_of(source, shape);
  }

private:
  /// Empty where the table knows no such name.
  static std::string known_name(const yaml::Node& node, const Object* object, const std::string& part, bool loose) {
    auto same = [&](std::string_view name) { return name == part || (loose && folded(name) == folded(part)); };
    for (const auto& one : node.members)
      if (same(one.key)) return one.key;
    if (object == nullptr) return part;
    for (const auto& key : object->keys)
      if (same(key.name)) return std::string(key.name);
    return object->open ? part : std::string();
  }

  static yaml::Node& member(yaml::Node& node, const std::string& name, const yaml::Source& source) {
    if (!node.is_map()) node = map_at(source);
    for (auto& one : node.members)
      if (one.key == name) return one.value;
    node.members.push_back({.key = name, .value = map_at(source)});
    return node.members.back().value;
  }
  static yaml::Node map_at(const yaml::Source& source) {
    yaml::Node node;
    node.sort = yaml::Node::Sort::map;
    node.source = &source;
    return node;
  }

  yaml::Node node_of(const yaml::Source& source, const Shape* shape) {
    const bool is_text = shape != nullptr && (shape->form == Form::text || shape->form == Form::path);
    if (!is_text) return yaml::parse(source, m_problems);
    yaml::Node node;
    node.style = yaml::Style::double_quoted;
    node.source = &source;
    node.text = source.text;
    return node;
  }

  void refuse(const yaml::Node& node, const Object* object, const std::string& part, const std::string& origin) {
    std::vector<std::string> names;
    for (const auto& one : node.members) names.push_back(one.key);
    if (object != nullptr)
      for (const auto& key : object->keys) names.emplace_back(key.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (part == "protected") say(Place{origin, 0, 0}, "'protected' is set in files only", "change belay.yaml or the service's file");
    else say(Place{origin, 0, 0}, fmt::format("there is no setting '{}'", part), did_you_mean(part, names));
  }
  void say(Place where, std::string message, std::string hint) { m_problems.push_back({std::move(where), std::move(message), std::move(hint)}); }

  std::deque<yaml::Source>& m_sources;
  std::vector<Problem>& m_problems;
};

} // namespace

void apply_overrides(yaml::Node& settings, const Machine& machine, const std::vector<Override>& overrides, std::deque<yaml::Source>& sources, std::vector<Problem>& problems) {
  Overrider overrider(sources, problems);
  for (const auto& variable : machine.variables(std::string(k_prefix)))
    overrider.apply(settings, split(std::string_view(variable).substr(k_prefix.size()), k_between), machine.variable(variable).value_or(""), variable, true);
  for (const auto& one : overrides) overrider.apply(settings, split(one.name, "."), one.text, one.origin.empty() ? "--set " + one.name : one.origin, false);
}

} // namespace belay
