#include "runbook/check_types.hpp"
#include "runbook/project_table.hpp"

namespace belay::check {

expr::Type plain(Kind kind) {
  expr::Type type;
  type.kind = kind;
  return type;
}

expr::Type object(std::vector<expr::Type::Member> members) {
  expr::Type type = plain(Kind::map);
  type.object = true;
  type.members = std::move(members);
  return type;
}

expr::Type map_of(expr::Type values) {
  expr::Type type = plain(Kind::map);
  type.of = {plain(Kind::text), std::move(values)};
  return type;
}

expr::Type of_field_type(const Type& type) {
  if (type.kind == Kind::rule) return plain(Kind::text);
  if (type.kind == Kind::map && !type.members.empty()) return of_fields(type.members);
  if (type.kind == Kind::map) return map_of(type.of != nullptr ? of_field_type(*type.of) : plain(Kind::any));
  expr::Type made = plain(type.kind);
  if (type.kind == Kind::list) made.of = {type.of != nullptr ? of_field_type(*type.of) : plain(Kind::any)};
  return made;
}

expr::Type of_fields(std::span<const Field> fields) {
  expr::Type made = object();
  for (const auto& field : fields) made.members.emplace_back(std::string(field.name), of_field_type(field.type));
  return made;
}

expr::Type of_parameters(const std::vector<Parameter>& parameters) {
  expr::Type made = object();
  for (const auto& parameter : parameters) {
    expr::Type type = parameter.optional ? plain(Kind::any) : plain(parameter.type);
    if (type.kind == Kind::list) type.of = {plain(Kind::any)};
    if (type.kind == Kind::map) type = map_of(plain(Kind::any));
    made.members.emplace_back(parameter.name, std::move(type));
  }
  return made;
}

namespace {

expr::Type of_object(const Object& table);

expr::Type of_shape(const Shape& shape) {
  if (shape.otherwise != nullptr) return plain(Kind::any);
  switch (shape.form) {
  case Form::text:
  case Form::name:
  case Form::choice:
  case Form::condition:
  case Form::template_text:
  case Form::path: return plain(Kind::text);
  case Form::boolean: return plain(Kind::boolean);
  case Form::integer: return plain(Kind::integer);
  case Form::duration: return plain(Kind::duration);
  case Form::map: return map_of(shape.of != nullptr ? of_shape(*shape.of) : plain(Kind::any));
  case Form::list: {
    expr::Type list = plain(Kind::list);
    list.of = {shape.of != nullptr ? of_shape(*shape.of) : plain(Kind::any)};
    return list;
  }
  case Form::object: return shape.object->open ? map_of(plain(Kind::any)) : of_object(*shape.object);
  default: return plain(Kind::any);
  }
}

expr::Type of_object(const Object& table) {
  expr::Type made = object();
  for (const auto& key : table.keys) made.members.emplace_back(std::string(key.name), of_shape(key.shape));
  return made;
}

} // namespace

expr::Type of_env() {
  expr::Type env = of_object(k_service_environment_object);
  std::erase_if(env.members, [](const auto& member) { return member.first == "secrets"; });
  env.members.emplace_back("name", plain(Kind::text));
  return env;
}

expr::Type of_service() {
  const expr::Type env = of_object(k_service_environment_object);
  expr::Type service = object({{"name", plain(Kind::text)}});
  for (const char* name : {"title", "platform", "severity", "roles", "contacts", "objectives", "runbooks"}) service.members.emplace_back(name, *member(env, name));
  return service;
}

expr::Type of_ended_run() {
  expr::Type run = of_run();
  for (const auto& [name, kind] : {std::pair{"state", Kind::text}, {"exit", Kind::integer}, {"failed", Kind::boolean}, {"because", Kind::text}}) run.members.emplace_back(name, plain(kind));
  return run;
}
expr::Type of_run() { return object({{"id", plain(Kind::text)}, {"started", plain(Kind::timestamp)}, {"who", plain(Kind::text)}}); }

const expr::Type* member(const expr::Type& type, std::string_view name) {
  for (const auto& [known, inner] : type.members)
    if (known == name) return &inner;
  return nullptr;
}

std::vector<std::string> member_names(const expr::Type& type) {
  std::vector<std::string> names;
  for (const auto& [name, inner] : type.members) names.push_back(name);
  return names;
}

bool fits(Kind have, Kind want) {
  if (have == want || have == Kind::any || want == Kind::any || have == Kind::optional || have == Kind::null) return true;
  const bool have_number = have == Kind::integer || have == Kind::unsigned_integer || have == Kind::real;
  switch (want) {
  case Kind::real:
  case Kind::integer:
  case Kind::unsigned_integer: return have_number;
  case Kind::text: return have_number || have == Kind::boolean;
  case Kind::duration:
  case Kind::timestamp:
  case Kind::rule: return have == Kind::text;
  default: return false;
  }
}

bool fits(const expr::Type& have, const Type& want) {
  if (!fits(have.kind, want.kind)) return false;
  if (have.kind == Kind::list && want.of != nullptr && !have.of.empty()) return fits(have.of[0], *want.of);
  return true;
}

std::string_view described(Kind kind) {
  switch (kind) {
  case Kind::null: return "nothing";
  case Kind::boolean: return "true or false";
  case Kind::integer:
  case Kind::unsigned_integer: return "a whole number";
  case Kind::real: return "a number";
  case Kind::text: return "text";
  case Kind::bytes: return "bytes";
  case Kind::list: return "a list";
  case Kind::map: return "a map";
  case Kind::timestamp: return "a time";
  case Kind::duration: return "a duration";
  case Kind::type: return "a type";
  case Kind::optional: return "an optional value";
  case Kind::rule: return "a condition";
  default: return "a value";
  }
}

} // namespace belay::check
