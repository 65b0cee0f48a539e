#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include "value/cut.hpp"
#include <fmt/core.h>

namespace belay::modules {
namespace {

std::string without_line_feed(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return std::string(text);
}

Value lines_of(std::string_view text) {
  Value::List lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(without_line_feed(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

Value outputs_of(const Ended& ended, Value value) {
  return Value::object({{"status", ended.status}, {"out", without_line_feed(ended.out)}, {"err", without_line_feed(ended.err)}, {"value", std::move(value)}});
}

/// Done, or failed with what the program said; the caller decides what a failure means for the world.
Outcome outcome_of(const Ended& ended, const Value& accepted, std::string_view parse) {
  Outcome outcome;
  outcome.outputs = outputs_of(ended, {});
  if (ended.signal != 0) {
    outcome.state = State::failed;
    outcome.failure = Failure{Cause::rejected, Reached::yes, fmt::format("the program was ended by signal {}", ended.signal), last_line(ended.err)};
  } else if (!accepts(accepted, ended.status, 0)) {
    outcome.state = State::failed;
    const std::string said = last_line(ended.err.empty() ? ended.out : ended.err);
    outcome.failure = Failure{Cause::rejected, Reached::yes, fmt::format("the program ended with status {}{}{}", ended.status, said.empty() ? "" : ": ", said), ""};
  } else if (parse == "lines") {
    outcome.outputs = outputs_of(ended, lines_of(ended.out));
  } else if (parse == "json") {
    auto value = ended.cut ? Unexpected(Failure{Cause::full, Reached::yes, "it is longer than what is kept", ""}) : parse_json(ended.out);
    if (value) {
      outcome.outputs = outputs_of(ended, std::move(*value));
    } else {
      outcome.state = State::failed;
      outcome.failure = Failure{Cause::malformed, Reached::yes, "the program's output is no JSON: " + value.error().message, "its status was accepted; look at its output"};
    }
  } else {
    outcome.outputs = outputs_of(ended, without_line_feed(ended.out));
  }
  return outcome;
}

} // namespace

Outcome failed_outcome(Failure failure) {
  Outcome outcome;
  outcome.state = State::failed;
  outcome.failure = std::move(failure);
  return outcome;
}

Outcome unread(Failure failure, bool judges, const Value& subject) {
  if (!judges || failure.cause == Cause::stopped) return failed_outcome(std::move(failure));
  Outcome outcome;
  outcome.outputs = Value::object({});
  outcome.findings.push_back({bare_json(subject), failure.message, {}});
  return outcome;
}

Outcome outcome_of_read(const Expected<Ended>& ended, const Value& accepted, std::string_view parse) {
  return ended ? outcome_of(*ended, accepted, parse) : failed_outcome(ended.error());
}

Outcome outcome_of_change(const Expected<Ended>& ended, const Value& accepted, std::string_view parse) {
  if (!ended) {
    Outcome outcome = failed_outcome(ended.error());
    outcome.state = ended.error().reached == Reached::no ? State::no_effect : State::unknown;
    return outcome;
  }
  Outcome outcome = outcome_of(*ended, accepted, parse);
  if (outcome.state == State::failed) outcome.state = State::partial;
  return outcome;
}

std::string last_line(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return "";
  text = text.substr(0, last + 1);
  const auto begin = text.rfind('\n');
  if (begin != std::string_view::npos) text.remove_prefix(begin + 1);
  return beginning_of(text, 400);
}

} // namespace belay::modules
