#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

/// Programs, values, waits: what every runbook needs and no platform owns.
namespace belay::modules {
namespace {

Command command_of(const Value& in, std::vector<Value> argv) {
  Command command;
  command.argv = std::move(argv);
  command.environment = named(in["environment"]);
  command.private_files = named(in["private_files"]);
  command.input = in["input"];
  command.folder = text_or(in["folder"], in["folder"].is_unknown() ? bare_json(in["folder"]) : "");
  command.idle = duration_or(in["idle"], {});
  return command;
}

std::string equivalent_of(const Command& command) {
  std::string line;
  for (const auto& [name, value] : command.environment) line += name + "=" + shell_word(value) + " ";
  line += shell_line(command.argv);
  return command.folder.empty() ? line : fmt::format("(cd {} && {})", shell_word(Value(command.folder)), line);
}

/// What makes a command impossible to send: known before anything starts.
std::optional<Failure> unfit(const std::vector<Value>& argv) {
  if (argv.empty()) return Failure{Cause::refused, Reached::no, "argv is empty", "name a program, then its arguments"};
  for (const Value& word : argv)
    if (word.has_secret())
      return Failure{Cause::refused, Reached::no, "a secret stands in argv, where every process of this host can read it", "hand it over by `input`, `environment` or `private_files`"};
  return std::nullopt;
}

Intent intent_of(const Value& in, std::vector<Value> argv) {
  Intent intent;
  intent.refused = unfit(argv);
  Command command = command_of(in, std::move(argv));
  intent.equivalent = equivalent_of(command);
  intent.act = std::move(command);
  intent.outputs = Value::object({});
  intent.extra = Value::object({{"status", in["status"]}, {"parse", in["parse"]}});
  return intent;
}

Intent prepare_run(const Value& in, const Value&, const Identity&) { return intent_of(in, elements(in["argv"])); }

/// bash, because sh has no pipefail and a stage that failed in the middle of a pipeline would pass for success.
std::vector<Value> script_argv(const Value& in) {
  std::vector<Value> argv{"bash", "-euo", "pipefail", "-c", in["text"], "belay"};
  for (const Value& argument : elements(in["arguments"])) argv.push_back(argument);
  return argv;
}
Intent prepare_shell(const Value& in, const Value&, const Identity&) { return intent_of(in, script_argv(in)); }

Outcome ended(const Intent& intent, const Expected<Ended>& end) { return outcome_of_change(end, intent.extra["status"], text_or(intent.extra["parse"], "text")); }

Outcome read_command(const Call& call, const Reads& reads) {
  const auto argv = elements(call.in["argv"]);
  if (auto failure = unfit(argv)) return failed_outcome(std::move(*failure));
  return outcome_of_read(reads.process.read(command_of(call.in, argv), call.stop), call.in["status"], text_or(call.in["parse"], "text"));
}

/// ensure: whether the wanted state holds is what `check` says, before and after.
Expected<Value> observe_ensure(const Call& call, const Value&, const Reads& reads) {
  const auto argv = elements(call.in["check"]);
  if (auto failure = unfit(argv)) return Unexpected(std::move(*failure));
  const auto end = reads.process.read(command_of(call.in, argv), call.stop);
  if (!end) return Unexpected(end.error());
  if (end->signal != 0) return Unexpected(Failure{Cause::rejected, Reached::yes, fmt::format("the check was ended by signal {}", end->signal), last_line(end->err)});
  return Value::object({{"holds", end->status == 0}, {"status", end->status}, {"said", last_line(end->status == 0 ? end->out : end->err)}});
}
Intent prepare_ensure(const Value& in, const Value& seen, const Identity&) {
  Intent intent = intent_of(in, elements(in["argv"]));
  intent.nothing = boolean_or(seen["holds"], false);
  return intent;
}
Outcome judge_ensure(const Intent&, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = Value::object({{"status", now["status"]}, {"out", now["said"]}});
  outcome.state = boolean_or(now["holds"], false) ? State::done : State::not_seen;
  return outcome;
}

Outcome read_let(const Call& call, const Reads&) {
  Outcome outcome;
  outcome.outputs = Value::object({{"value", call.in["value"]}});
  return outcome;
}

Intent prepare_wait(const Value& in, const Value&, const Identity&) {
  Intent intent;
  intent.outputs = Value::object({});
  intent.equivalent = fmt::format("sleep {}", static_cast<double>(duration_or(in["duration"], {}).count()) / 1e9);
  return intent;
}
Outcome perform_wait(const Intent&, const Call& call, Ports& ports) {
  Outcome outcome;
  outcome.outputs = Value::object({});
  if (ports.time.sleep(duration_or(call.in["duration"], {}), call.stop)) return outcome;
  outcome.state = State::no_effect;
  outcome.failure = Failure{Cause::stopped, Reached::no, "stopped before the wait was over", ""};
  return outcome;
}
Outcome judge_wait(const Intent&, const Value&, const Value&) {
  Outcome outcome;
  outcome.state = State::no_effect; // nothing but time passed; a new wait is a whole one
  return outcome;
}

Outcome read_fail(const Call& call, const Reads&) { return failed_outcome({Cause::rejected, Reached::no, text_or(call.in["message"], bare_json(call.in["message"])), text_or(call.in["hint"], "")}); }

Outcome read_findings(const Call& call, const Reads&) {
  Outcome outcome;
  Value::List found;
  for (const Value& one : elements(call.in["of"])) {
    if (!boolean_or(one["wrong"], true)) continue;
    const auto subject = text_or(one["subject"], bare_json(one["subject"])), message = text_or(one["message"], bare_json(one["message"]));
    outcome.findings.push_back({subject, message, one["evidence"]});
    found.push_back(Value::object({{"subject", subject}, {"message", message}}));
  }
  outcome.outputs = Value::object({{"count", static_cast<std::int64_t>(found.size())}, {"found", Value(std::move(found))}});
  return outcome;
}

std::vector<std::string> nothing(const Value&) { return {}; }

#define BELAY_COMMAND_FIELDS                                                                                                                                            \
  {.name = "environment", .type = k_text_map, .required = false, .secret = true, .help = "variables of the program, besides belay's own without its secrets"},          \
      {.name = "private_files", .type = k_text_map, .required = false, .secret = true, .help = "variable: contents; written to a 0600 file whose path the variable holds"}, \
      {.name = "input", .type = k_any, .required = false, .secret = true, .help = "standard input, as text or bytes"},                                                   \
      {.name = "folder", .type = k_text, .required = false, .help = "where it runs; the project's folder without it"},                                                   \
      {.name = "idle", .type = k_duration, .required = false, .help = "ended when it wrote nothing for this long"},                                                      \
      {.name = "status", .type = k_integers, .required = false, .standard = "[0]", .help = "exit statuses that mean success"},                                          \
      {.name = "parse", .type = k_text, .required = false, .standard = "text", .help = "what `value` is made of: `text`, `json`, or `lines`"}

constexpr Field k_argv_in[] = {{.name = "argv", .type = k_texts, .help = "the program and its arguments; no shell reads them"}, BELAY_COMMAND_FIELDS};
constexpr Field k_shell_in[] = {{.name = "text", .type = k_text, .help = "a script for bash; a stage of a pipeline that fails, fails the script"},
                                {.name = "arguments", .type = k_texts, .required = false, .help = "its $1, $2 …: the safe way to hand over captured data"},
                                BELAY_COMMAND_FIELDS};
constexpr Field k_ensure_in[] = {{.name = "argv", .type = k_texts, .help = "the program that brings the state about; run only where it does not hold"},
                                 {.name = "check", .type = k_texts, .help = "a program that only reads: status 0 where the state holds"},
                                 BELAY_COMMAND_FIELDS};
constexpr Field k_command_out[] = {
    {.name = "status", .type = k_integer, .help = "exit status"},
    {.name = "out", .type = k_text, .help = "standard output, without its last line feed"},
    {.name = "err", .type = k_text, .help = "standard error, without its last line feed"},
    {.name = "value", .type = k_any, .required = false, .help = "the output as `parse` says"},
};
constexpr Field k_let_in[] = {{.name = "value", .type = k_any, .secret = true, .help = "anything, often a map of expressions"}};
constexpr Field k_let_out[] = {{.name = "value", .type = k_any, .help = "the same"}};
constexpr Field k_wait_in[] = {{.name = "duration", .type = k_duration, .help = "how long"}};
constexpr Field k_fail_in[] = {{.name = "message", .type = k_text, .help = "why the run cannot go on"}, {.name = "hint", .type = k_text, .required = false, .help = "what to do about it"}};
constexpr Field k_findings_in[] = {{.name = "of", .type = k_maps, .help = "each with subject, message, and where it is not sure to be wrong, `wrong`; `evidence` is kept beside it"}};
constexpr Field k_findings_out[] = {{.name = "count", .type = k_integer, .help = "how many are wrong"}, {.name = "found", .type = k_maps, .help = "those that are: subject, message"}};

constexpr Action k_actions[] = {
    {"run", "Runs a program that changes something", k_argv_in, k_command_out,
     Change{.effect = Effect::changes, .repeat = Repeat::once, .prepare = prepare_run, .ended = ended, .touches = nullptr}},
    {"read", "Runs a program that only reads", k_argv_in, k_command_out, Read{.read = read_command}},
    {"shell", "Runs a bash script that changes something", k_shell_in, k_command_out,
     Change{.effect = Effect::changes, .repeat = Repeat::once, .prepare = prepare_shell, .ended = ended, .touches = nullptr}},
    {"ensure", "Runs a program unless a check says that its work is done already; hence it may be repeated", k_ensure_in, k_command_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_ensure, .prepare = prepare_ensure, .ended = ended, .judge = judge_ensure, .touches = nullptr}},
    {"let", "Names values", k_let_in, k_let_out, Read{.read = read_let, .touches = nothing, .pure = true}},
    {"wait", "Lets time pass", k_wait_in, {}, Change{.effect = Effect::reads, .repeat = Repeat::same_state, .prepare = prepare_wait, .perform = perform_wait, .judge = judge_wait, .touches = nothing}},
    {"findings", "Tells what values that were read show to be wrong; a run with findings ends with 4", k_findings_in, k_findings_out, Read{.read = read_findings, .touches = nothing, .pure = true}},
    {"fail", "Fails the run with a message", k_fail_in, {}, Read{.read = read_fail, .touches = nothing, .pure = true}},
};
#undef BELAY_COMMAND_FIELDS
} // namespace

constinit const Module core{"core", "Programs, values, waits", k_actions};

} // namespace belay::modules
