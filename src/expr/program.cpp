#include "expr/checker.hpp"
#include "expr/evaluator.hpp"
#include "expr/parser.hpp"
#include <fmt/format.h>

namespace belay::expr {
namespace {

struct ProgramRule : Rule {
  explicit ProgramRule(Program program) : m_program(std::move(program)) {}
  Expected<Value> of(const Value& bindings) const override { return m_program.evaluate(bindings); }
  const std::string& source() const override { return m_program.source(); }

private:
  Program m_program;
};

} // namespace

tl::expected<Program, std::vector<Issue>> compile(std::string_view source, const Scope& scope, const Limits& limits) {
  auto root = parse(source, limits);
  if (!root) return tl::unexpected(std::vector<Issue>{root.error()});
  auto tree = std::make_shared<Program::Tree>();
  tree->source = source;
  tree->root = std::move(*root);
  std::vector<Issue> issues = check(*tree, scope);
  if (!issues.empty()) return tl::unexpected(std::move(issues));
  tree->references = references_of(*tree->root);
  Program out;
  out.m_tree = std::move(tree);
  return out;
}

Expected<Value> Program::evaluate(const Value& bindings, const Limits& limits) const {
  static const Value::Map k_none;
  const bool usable = bindings.kind() == Kind::map && !bindings.is_secret();
  Evaluator evaluator(*m_tree, usable ? bindings.map() : k_none, limits);
  Value out;
  if (evaluator.eval(*m_tree->root, out)) return out;
  return Unexpected(Failure{Cause::rejected, Reached::no, fmt::format("{} (column {})", evaluator.error, column_of(m_tree->source, evaluator.error_at)), {}});
}

const std::string& Program::source() const { return m_tree->source; }
const Type& Program::type() const { return m_tree->type; }
std::vector<std::string> Program::references() const { return m_tree->references; }
std::shared_ptr<const Rule> Program::rule() const { return std::make_shared<ProgramRule>(*this); }

} // namespace belay::expr
