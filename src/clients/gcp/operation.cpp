#include "clients/gcp/operation.hpp"
#include "clients/gcp/proto_json.hpp"
#include <algorithm>

namespace belay::gcp {
namespace {

Duration age_of(const Value& operation, Timestamp now) {
  for (const Value& text : {operation["startTime"], operation["insertTime"], operation["metadata"]["createTime"], operation["metadata"]["startTime"]}) {
    const Value time = time_of(text);
    if (time.kind() == Kind::timestamp) return std::max(Duration{}, Duration(std::chrono::seconds(now.seconds - time.timestamp().seconds)));
  }
  return {};
}

} // namespace

Outcome started(const Intent& intent, const Expected<Answer>& answer) {
  return answered(answer, [&](const Value& operation) {
    Outcome outcome;
    outcome.outputs = intent.outputs;
    const Value done = operation["done"];
    if (done.kind() == Kind::boolean && done.boolean()) { // nothing was left to do
      const Progress progress = progress_of(operation);
      outcome.state = progress.failure ? State::partial : State::done;
      outcome.failure = progress.failure;
      return outcome;
    }
    outcome.state = State::pending;
    outcome.handle = operation["name"];
    outcome.again = std::chrono::milliseconds(200);
    if (outcome.handle.is_null()) {
      outcome.state = State::unknown;
      outcome.failure = Failure{Cause::malformed, Reached::yes, "the answer names no operation that could be followed", ""};
    }
    return outcome;
  });
}

Expected<Value> look_at_operation(const Reads& reads, const Value& url, const Stop& stop) {
  auto operation = read(reads, get(url), stop);
  if (!operation) return operation;
  const Duration age = age_of(*operation, reads.time.wall());
  return Value::object({{"operation", std::move(*operation)}, {"age", age}});
}

Outcome followed(const Value& looked, const std::function<Outcome(const Value& operation)>& on_end) {
  const Value operation = looked["operation"];
  const Progress progress = progress_of(operation);
  if (progress.done && !progress.failure) return on_end(operation);
  Outcome outcome;
  outcome.handle = operation["name"];
  if (progress.done) {
    outcome.state = State::partial;
    outcome.failure = progress.failure;
    return outcome;
  }
  outcome.state = State::pending;
  const Value age = looked["age"];
  outcome.again = std::clamp<Duration>((age.kind() == Kind::duration ? age.duration() : Duration{}) / 10, std::chrono::milliseconds(200), std::chrono::seconds(20));
  return outcome;
}

} // namespace belay::gcp
