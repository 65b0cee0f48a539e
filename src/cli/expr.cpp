#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "expr/expr.hpp"
#include "value/json.hpp"
#include <fmt/format.h>
#include <ostream>

namespace belay::cli {
namespace {

struct ExprOptions {
  std::string expression, context;
  std::vector<std::string> unknown, secret;
};

constexpr std::uint64_t k_context_limit = 16 << 20;

/// `in` with the member at the dotted path `name` replaced by `change` of it; maps are made where there are none.
template <class F> Value with_member(const Value& in, std::string_view name, F change) {
  if (name.empty()) return change(in);
  const auto dot = name.find('.');
  const std::string first(name.substr(0, dot));
  const std::string_view rest = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  Value::Map map;
  bool there = false;
  if (in.kind() == Kind::map && !in.is_secret())
    for (const auto& [key, value] : in.map()) {
      const bool this_one = key == Value(first);
      there |= this_one;
      map.emplace_back(key, this_one ? with_member(value, rest, change) : value);
    }
  if (!there) map.emplace_back(Value(first), with_member(Value(), rest, change));
  return Value(std::move(map));
}

Exit run_expr(const ExprOptions& options, Context& c) {
  Value bindings(Value::Map{});
  if (!options.context.empty()) {
    const auto text = c.outside.ports.files.text(options.context, k_context_limit);
    if (!text) throw Error(Exit::usage, "the context cannot be read: " + text.error().message, text.error().hint);
    const auto parsed = parse_json(*text);
    if (!parsed) throw Error(Exit::usage, options.context + ": " + parsed.error().message);
    if (parsed->kind() != Kind::map) throw Error(Exit::usage, options.context + ": a context is an object of names and values", "write it as {\"name\": value}");
    bindings = *parsed;
  }
  for (const std::string& name : options.unknown) bindings = with_member(bindings, name, [&](const Value&) { return Value::unknown({name}); });
  for (const std::string& name : options.secret) bindings = with_member(bindings, name, [](const Value& v) { return (v.is_null() ? Value("") : v).as_secret(); });

  expr::Scope scope;
  for (const auto& [key, value] : bindings.map()) scope.names.emplace_back(bare_json(key), expr::Type{});
  const auto program = expr::compile(options.expression, scope);
  if (!program) {
    std::vector<Problem> problems;
    for (const expr::Issue& issue : program.error()) problems.push_back({{"expression", 1, issue.column}, issue.message, issue.hint});
    throw Error(Exit::usage, std::move(problems));
  }
  const auto result = program->evaluate(bindings);
  if (!result) {
    if (c.json() || c.ndjson())
      c.outside.out << canonical_json(Value::object({{"error", Value(result.error().message)}})) << '\n';
    else
      c.outside.err << "belay: the expression cannot be evaluated: " << result.error().message << '\n';
    return Exit::finding;
  }
  c.outside.out << (c.json() || c.ndjson() ? expr::typed_json(*result) : bare_json(*result)) << '\n';
  return Exit::done;
}

} // namespace

void add_expr(Flags& flags) {
  auto o = std::make_shared<ExprOptions>();
  flags.positional("EXPRESSION", o->expression, "in CEL; after `--` it may begin with a dash");
  flags.text("--context", o->context, "a JSON object: the names that the expression may use", "FILE");
  flags.texts("--unknown", o->unknown, "treat this name as known only later (dots reach into maps)", "NAME");
  flags.texts("--secret", o->secret, "treat this name as a secret", "NAME");
  flags.footer("`belay help language` explains the language.");
  flags.runs([o](Context& c) { return run_expr(*o, c); });
}

} // namespace belay::cli
