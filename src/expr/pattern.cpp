#include "expr/functions.hpp"
#include <fmt/format.h>
#include <re2/re2.h>

namespace belay::expr {

struct Pattern {
  explicit Pattern(const std::string& text, const re2::RE2::Options& options) : expression(text, options) {}
  re2::RE2 expression;
};

std::shared_ptr<const Pattern> compile_pattern(const std::string& text, std::string& error) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  auto out = std::make_shared<const Pattern>(text, options);
  if (out->expression.ok()) return out;
  error = fmt::format("no regular expression: {}", out->expression.error());
  return nullptr;
}

bool text_matches(Call& call, Value& out) {
  const std::string& text = call.args[0].text();
  std::shared_ptr<const Pattern> pattern = call.node.pattern;
  if (!pattern) {
    // Compiling costs some microseconds and grows with the pattern.
    if (!call.meter.charge(200 + call.args[1].text().size() * 4)) return false;
    std::string error;
    pattern = compile_pattern(call.args[1].text(), error);
    if (!pattern) return call.fail(std::move(error));
  }
  if (!call.meter.charge(4 + text.size() / 8)) return false;
  out = Value(re2::RE2::PartialMatch(text, pattern->expression));
  return true;
}

} // namespace belay::expr
