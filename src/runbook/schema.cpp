#include "runbook/schema.hpp"
#include "runbook/project_table.hpp"
#include "runbook/runbook_table.hpp"
#include "value/json.hpp"
#include <algorithm>

namespace belay {

namespace {

using Members = std::vector<std::pair<std::string, Value>>;

constexpr std::string_view k_names[] = {"runbook", "service", "project"};

/// `an environment of a service` → `environment-of-a-service`.
std::string slug(std::string_view name) {
  for (const std::string_view article : {"a ", "an ", "the "})
    if (name.starts_with(article)) name.remove_prefix(article.size());
  std::string text(name);
  std::replace(text.begin(), text.end(), ' ', '-');
  return text;
}

Value words(std::span<const std::string_view> from) {
  Value::List list;
  for (const auto word : from) list.emplace_back(word);
  return Value(std::move(list));
}

class SchemaWriter {
public:
  std::string write(const Object& top, std::string_view kind) {
    const Value root = reference(top);
    Members members{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "belay " + std::string(kind)}, {"$ref", root["$ref"]}, {"$defs", Value::object(std::move(m_definitions))}};
    return pretty_json(Value::object(std::move(members))) + "\n";
  }

private:
  Value reference(const Object& object) {
    const std::string name = slug(object.name);
    if (std::none_of(m_definitions.begin(), m_definitions.end(), [&](const auto& d) { return d.first == name; })) {
      const std::size_t at = m_definitions.size();
      m_definitions.emplace_back(name, Value());
      Value made = definition(object);
      m_definitions[at].second = std::move(made);
    }
    return Value::object({{"$ref", "#/$defs/" + name}});
  }

  Value definition(const Object& object) {
    Members properties;
    Value::List required;
    for (const auto& key : object.keys) {
      properties.emplace_back(std::string(key.name), property(key));
      if (key.required && !object.layered) required.emplace_back(key.name);
    }
    Members members{{"type", "object"}, {"description", object.help}, {"properties", Value::object(std::move(properties))}};
    if (!required.empty()) members.emplace_back("required", Value(std::move(required)));
    if (!object.open) members.emplace_back("additionalProperties", false);
    return Value::object(std::move(members));
  }

  Value property(const Key& key) {
    Members members{{"description", key.help}};
    const Value inner = shape(key.shape);
    for (const auto& [name, value] : inner.map()) members.emplace_back(name.text(), value);
    if (!key.standard.empty()) {
      const yaml::Source source{"default", std::string(key.standard), false};
      std::vector<Problem> none;
      members.emplace_back("default", yaml::value(yaml::parse(source, none)));
    }
    return Value::object(std::move(members));
  }

  Value shape(const Shape& one) {
    if (one.otherwise == nullptr) return alone(one);
    Value::List any;
    for (const Shape* each = &one; each != nullptr; each = each->otherwise) any.push_back(alone(*each));
    return Value::object({{"anyOf", Value(std::move(any))}});
  }

  Value alone(const Shape& one) {
    auto typed = [](const char* type) { return Value::object({{"type", type}}); };
    switch (one.form) {
    case Form::text:
    case Form::path: return typed("string");
    case Form::name: return Value::object({{"type", "string"}, {"pattern", "^[a-z][a-z0-9_]*$"}});
    case Form::boolean: return typed("boolean");
    case Form::integer: return Value::object({{"type", "integer"}, {"minimum", one.least}});
    case Form::number: return Value::object({{"type", "number"}, {"minimum", one.least}});
    case Form::duration: return Value::object({{"type", "string"}, {"pattern", "^([0-9]+(\\.[0-9]+)?(d|h|m|s|ms|us|ns))+$"}});
    case Form::condition: return Value::object({{"type", Value::List{"string", "boolean"}}});
    case Form::template_text: return Value::object({{"type", Value::List{"string", "number", "boolean"}}});
    case Form::choice: return Value::object({{"enum", words(one.choices)}});
    case Form::secret: return secret();
    case Form::list: return Value::object({{"type", "array"}, {"items", one.of != nullptr ? shape(*one.of) : Value::object({})}});
    case Form::map: return Value::object({{"type", "object"}, {"additionalProperties", one.of != nullptr ? shape(*one.of) : Value::object({})}});
    case Form::object: return reference(*one.object);
    case Form::tree:
    case Form::any: break;
    }
    return Value::object({});
  }

  static Value secret() {
    const Value argv = Value::object({{"type", "array"}, {"items", Value::object({{"type", "string"}})}, {"minItems", 1}});
    const Value command = Value::object({{"type", "object"}, {"properties", Value::object({{"command", argv}})}, {"required", Value::List{"command"}}, {"additionalProperties", false}});
    return Value::object({{"anyOf", Value::List{Value::object({{"type", "string"}, {"pattern", "^(env|file|gcp):."}}), command}}});
  }

  Members m_definitions;
};

} // namespace

std::span<const std::string_view> schema_names() { return k_names; }

std::string json_schema(std::string_view kind) {
  if (kind == "runbook") return SchemaWriter().write(k_runbook_object, kind);
  if (kind == "service") return SchemaWriter().write(k_service_object, kind);
  if (kind == "project") return SchemaWriter().write(k_project_object, kind);
  return {};
}

} // namespace belay
