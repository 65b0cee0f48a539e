#include "runbook/check_inputs.hpp"
#include "runbook/parameters.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::check {

namespace {

class InputChecker {
public:
  InputChecker(std::string_view use, const Site& site, Scoping& scoping) : m_use(use), m_site(site), m_scoping(scoping) {}

  void fields(const Template& with, std::span<const Field> fields, const std::string& prefix) {
    const auto* map = std::get_if<Template::Map>(&with.node);
    if (map == nullptr) return value(with, {.kind = Kind::map}, prefix);
    std::vector<std::string> names;
    for (const auto& field : fields) names.emplace_back(field.name);
    for (const auto& [name, given] : map->of) {
      const auto field = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
      if (field == fields.end()) {
        m_scoping.say(m_site, given.where, fmt::format("{} has no input '{}'", m_use, prefix + name), names.empty() ? "it has none" : did_you_mean(name, names));
        check_template(given, m_site, m_scoping);
        continue;
      }
      if (!secret(given, *field, prefix + name)) continue;
      value(given, field->type, prefix + name);
    }
    for (const auto& field : fields)
      if (field.required && field.standard.empty() && with.find(field.name) == nullptr)
        m_scoping.say(m_site, with.where, fmt::format("{} wants the input '{}'", m_use, prefix + std::string(field.name)), std::string(field.help));
  }

private:
  /// False when a secret would be seen, and this was said.
  bool secret(const Template& given, const Field& field, const std::string& name) {
    const bool is_argv = field.name == "argv";
    if ((field.secret && !is_argv) || !field.type.members.empty() || (field.type.of != nullptr && !field.type.of->members.empty())) return true;
    if (!m_scoping.is_secret(given, m_site)) return true;
    m_scoping.say(m_site, given.where, is_argv ? fmt::format("a secret in '{}' of {}, where every process of the host can read it", name, m_use) : fmt::format("a secret in '{}' of {}, which is shown and journaled", name, m_use),
                  "hand it over by an input that is made for secrets (input, environment, private_files)");
    check_template(given, m_site, m_scoping);
    return false;
  }

  void value(const Template& given, const Type& type, const std::string& name) {
    if (const auto* expression = std::get_if<Template::Expression>(&given.node)) {
      const expr::Type have = m_scoping.type(expression->program, given.where, m_site);
      if (!fits(have, type)) wrong(given, name, type.kind, std::string(described(have.kind)));
    } else if (const auto* plain_value = std::get_if<Value>(&given.node)) {
      literal(*plain_value, given, type, name);
    } else if (const auto* list = std::get_if<Template::List>(&given.node)) {
      if (!fits(Kind::list, type.kind)) wrong(given, name, type.kind, "a list");
      for (std::size_t i = 0; i < list->of.size(); ++i)
        if (type.of != nullptr) value(list->of[i], *type.of, fmt::format("{}[{}]", name, i));
        else check_template(list->of[i], m_site, m_scoping);
    } else if (const auto* map = std::get_if<Template::Map>(&given.node)) {
      if (!fits(Kind::map, type.kind)) wrong(given, name, type.kind, "a map");
      if (type.kind == Kind::map && !type.members.empty()) return fields(given, type.members, name + ".");
      for (const auto& [key, item] : map->of)
        if (type.kind == Kind::map && type.of != nullptr) value(item, *type.of, name + "." + key);
        else check_template(item, m_site, m_scoping);
    } else {
      if (!fits(Kind::text, type.kind)) wrong(given, name, type.kind, "text");
      check_template(given, m_site, m_scoping);
    }
  }

  void literal(const Value& given, const Template& at, const Type& type, const std::string& name) {
    if (given.is_null()) return;
    if (!fits(given.kind(), type.kind)) return wrong(at, name, type.kind, fmt::format("{} ({})", described(given.kind()), show(given)));
    if (given.kind() != Kind::text) return;
    if (type.kind == Kind::duration || type.kind == Kind::timestamp) {
      const auto read = read_as(type.kind, given.text());
      if (!read) m_scoping.say(m_site, at.where, fmt::format("'{}' of {}: {}", name, m_use, read.error().message), read.error().hint);
    } else if (type.kind == Kind::rule) {
      const auto rule = expr::compile(given.text());
      if (!rule)
        for (const auto& issue : rule.error()) m_scoping.say(m_site, at.where, fmt::format("'{}' of {} is no expression: {}", name, m_use, issue.message), issue.hint);
    }
  }

  void wrong(const Template& at, const std::string& name, Kind wanted, const std::string& have) {
    m_scoping.say(m_site, at.where, fmt::format("'{}' of {} is {}, not {}", name, m_use, described(wanted), have), {});
  }

  std::string_view m_use;
  const Site& m_site;
  Scoping& m_scoping;
};

} // namespace

void check_template(const Template& value, const Site& site, Scoping& scoping) {
  if (const auto* expression = std::get_if<Template::Expression>(&value.node)) scoping.type(expression->program, value.where, site);
  if (const auto* pieces = std::get_if<Template::Pieces>(&value.node))
    for (const auto& piece : pieces->of) check_template(piece, site, scoping);
  if (const auto* list = std::get_if<Template::List>(&value.node))
    for (const auto& item : list->of) check_template(item, site, scoping);
  if (const auto* map = std::get_if<Template::Map>(&value.node))
    for (const auto& [key, item] : map->of) check_template(item, site, scoping);
}

void check_inputs(std::string_view use, const Action& action, const Template& with, const Site& site, Scoping& scoping) { InputChecker(use, site, scoping).fields(with, action.inputs, {}); }

} // namespace belay::check
