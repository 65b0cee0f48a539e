#include "modules/command_outcome.hpp"
#include "modules/host_parts.hpp"
#include "modules/host_program.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

namespace belay::modules::host_parts {
namespace {

namespace program = host_program;

constexpr Duration k_look = std::chrono::milliseconds(150);

Command ctl(const Value& supervisor, std::vector<Value> words) {
  Command command;
  command.argv = {"supervisorctl", "-c", supervisor};
  for (auto& word : words) command.argv.push_back(std::move(word));
  return command;
}

Failure unreachable(const Value& supervisor, const std::string& said) {
  return {Cause::transport, Reached::no, fmt::format("supervisor does not answer (configuration {}): {}", bare_json(supervisor), said), "is supervisord running with that configuration?"};
}

/// RUNNING, STARTING, BACKOFF, STOPPING, STOPPED, EXITED, FATAL or UNKNOWN; empty where supervisor knows no such program.
Expected<std::string> process_state(const Value& supervisor, const std::string& name, const Stop& stop, ProcessReads& process) {
  const auto ended = process.read(ctl(supervisor, {"status", name}), stop);
  if (!ended) return Unexpected(ended.error());
  const std::string_view said = ended->out;
  if (said.find("no such process") != std::string_view::npos) return std::string();
  if (!said.starts_with(name) || said.substr(name.size(), 1) != " ") return Unexpected(unreachable(supervisor, last_line(ended->out.empty() ? ended->err : ended->out)));
  const auto from = said.find_first_not_of(' ', name.size());
  return std::string(said.substr(from, said.find_first_of(" \n", from) - from));
}

/// Whether supervisor runs by the file as it is: `reread` compares without touching any process.
Expected<bool> applied(const Value& supervisor, const std::string& name, const Stop& stop, ProcessReads& process) {
  const auto ended = process.read(ctl(supervisor, {"reread"}), stop);
  if (!ended) return Unexpected(ended.error());
  if (ended->status != 0 || ended->out.starts_with("error") || ended->out.starts_with("ERROR")) return Unexpected(unreachable(supervisor, last_line(ended->out + ended->err)));
  return ("\n" + ended->out).find("\n" + name + ": ") == std::string::npos;
}

/// Whether the program itself answers, where it is told how to ask it.
bool healthy(const Value& url, const Stop& stop, HttpReads& http) {
  if (text_or(url, "").empty()) return true;
  Request request;
  request.url = url;
  request.limit = std::chrono::seconds(2);
  const auto answer = http.read(request, stop);
  return answer && answer->status >= 200 && answer->status < 300;
}

Value file_of(const Value& in) { return join({in["programs"], "/", in["name"], ".conf"}); }

struct Program {
  Value kept; ///< what the file asks for; null: there is none
  std::string process;
  bool applied = false, healthy = false;
};

Expected<Program> program_now(const Value& in, const Stop& stop, const Reads& reads) {
  Program now;
  const auto name = text_or(in["name"], "");
  const auto text = reads.files.text(bare_json(file_of(in)), 1 << 20);
  if (!text && text.error().cause != Cause::missing) return Unexpected(text.error());
  if (text) {
    now.kept = program::read_back(*text);
    if (now.kept.is_null())
      return Unexpected(Failure{Cause::conflict, Reached::no, fmt::format("{} was not written by belay", bare_json(file_of(in))), "belay leaves it alone: move it away or choose another name"});
  }
  const auto is_applied = applied(in["supervisor"], name, stop, reads.process);
  if (!is_applied) return Unexpected(is_applied.error());
  now.applied = *is_applied;
  const auto state = process_state(in["supervisor"], name, stop, reads.process);
  if (!state) return Unexpected(state.error());
  now.process = *state;
  now.healthy = now.process == "RUNNING" && healthy(now.kept["health"], stop, reads.http);
  return now;
}

bool ended(const std::string& process) { return process == "STOPPED" || process == "EXITED" || process == "FATAL"; }

/// Whether what stands is what is wanted (null: nothing at all).
bool holds(const Value& wanted, const Program& now) {
  if (!now.applied) return false;
  if (wanted.is_null()) return now.kept.is_null() && now.process.empty();
  if (!program::same(wanted, now.kept)) return false;
  return text_or(wanted["state"], "") == "running" ? now.process == "RUNNING" && now.healthy : ended(now.process);
}

Value seen_of(const Program& now) { return Value::object({{"kept", now.kept}, {"process", now.process}, {"applied", now.applied}, {"healthy", now.healthy}}); }
Program program_of(const Value& seen) {
  return {seen["kept"], text_or(seen["process"], ""), boolean_or(seen["applied"], false), boolean_or(seen["healthy"], false)};
}

Outcome stopped_outcome(Failure failure) {
  Outcome outcome = failed_outcome(std::move(failure));
  outcome.state = outcome.failure->cause == Cause::stopped || outcome.failure->cause == Cause::timeout ? State::unknown : State::partial;
  return outcome;
}

/// Waits until it holds; a program that supervisor has given up on fails at once, with the end of its log.
Outcome settle(const Intent& intent, const Call& call, Ports& ports) {
  const auto& extra = intent.extra;
  const auto deadline = ports.time.steady() + duration_or(extra["ready_within"], std::chrono::seconds(30));
  while (true) {
    const auto now = program_now(extra, call.stop, ports.reads());
    if (!now) return stopped_outcome(now.error());
    if (holds(extra["wanted"], *now)) return {.state = State::done, .outputs = intent.outputs};
    const bool given_up = text_or(extra["wanted"]["state"], "") == "running" && ended(now->process);
    if (given_up || ports.time.steady() > deadline) {
      const auto log = ports.files.text(text_or(extra["wanted"]["log"], ""), 64 << 20);
      return stopped_outcome({Cause::rejected, Reached::yes,
                              fmt::format("{} is not {}: supervisor says {}{}", text_or(extra["name"], ""), extra["wanted"].is_null() ? "gone" : text_or(extra["wanted"]["state"], ""),
                                          now->process.empty() ? "nothing" : now->process, now->process == "RUNNING" ? ", and its health check does not pass" : ""),
                              log ? fmt::format("the end of its log: {}", last_line(*log)) : ""});
    }
    if (!ports.time.sleep(k_look, call.stop)) return stopped_outcome({Cause::stopped, Reached::perhaps, "stopped while waiting for the program", ""});
  }
}

} // namespace

std::vector<std::string> touches_instance(const Value& in) { return {fmt::format("supervisor:{}/{}", bare_json(in["supervisor"]), bare_json(in["name"]))}; }

Expected<Value> observe_instance(const Call& call, const Value&, const Reads& reads) {
  if (auto failure = unfit_name(call.in["name"], "program")) return Unexpected(std::move(*failure)); // before it is part of a path and of a command
  const auto now = program_now(call.in, call.stop, reads);
  if (!now) return Unexpected(now.error());
  return seen_of(*now);
}

Intent prepare_instance(const Value& in, const Value& seen, const Identity& id) {
  const auto state = text_or(in["state"], in["state"].is_unknown() ? "running" : "");
  const bool absent = state == "absent";
  const Value wanted = absent ? Value() : program::wanted_of(in);
  Intent intent;
  intent.refused = unfit_name(in["name"], "program");
  if (!intent.refused && !absent && state != "running" && state != "stopped")
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' is no state of an instance", state), "running, stopped or absent"};
  if (!intent.refused && !absent) intent.refused = program::unfit(wanted);
  if (!intent.refused && !absent && in["folder"].is_null()) intent.refused = unfit_name(in["release"], "release");
  if (!intent.refused && !absent && elements(in["command"]).empty()) intent.refused = Failure{Cause::refused, Reached::no, "command is empty", "name a program, then its arguments"};
  Files files;
  if (absent) {
    files.changes = {{"remove", file_of(in), {}, 0}};
  } else {
    files.changes = {{"make_folder", join({in["root"], "/log"}), {}, 0755}, {"write", file_of(in), program::text_of(in["name"], wanted, id.run), 0600}};
  }
  intent.act = std::move(files);
  intent.equivalent = shell_line({"supervisorctl", "-c", in["supervisor"], "update", in["name"]});
  intent.touches = touches_instance(in);
  intent.extra = Value::object({{"supervisor", in["supervisor"]}, {"programs", in["programs"]}, {"root", in["root"]}, {"name", in["name"]}, {"ready_within", in["ready_within"]}, {"wanted", wanted}});
  intent.outputs = Value::object({{"name", in["name"]}, {"state", in["state"]}, {"release", in["release"]}, {"port", in["port"]}, {"before", seen["kept"]}});
  intent.nothing = !intent.refused && seen.known() && wanted.known() && holds(wanted, program_of(seen));
  return intent;
}

Outcome perform_instance(const Intent& intent, const Call& call, Ports& ports) {
  const auto& extra = intent.extra;
  for (const auto& change : std::get<Files>(intent.act).changes)
    if (auto done = ports.files.change(change); !done) return stopped_outcome(done.error());
  const auto updated = ports.process.run(ctl(extra["supervisor"], {"update", extra["name"]}), nullptr, nullptr, &call.tell, call.stop);
  if (!updated) return stopped_outcome(updated.error());
  if (updated->status != 0) return stopped_outcome(unreachable(extra["supervisor"], last_line(updated->out + updated->err)));
  if (text_or(extra["wanted"]["state"], "") == "running") {
    // `update` leaves a program alone whose file did not change, even one that has ended.
    const auto now = process_state(extra["supervisor"], text_or(extra["name"], ""), call.stop, ports.process);
    if (!now) return stopped_outcome(now.error());
    if (ended(*now)) {
      const auto started = ports.process.run(ctl(extra["supervisor"], {"start", extra["name"]}), nullptr, nullptr, &call.tell, call.stop);
      if (!started) return stopped_outcome(started.error());
    }
  }
  return settle(intent, call, ports);
}

Outcome judge_instance(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  outcome.state = holds(intent.extra["wanted"], program_of(now)) ? State::done : State::not_seen;
  return outcome;
}

/// By what is asked for, not by how the process fares: one that died since is still this run's own.
Standing standing_instance(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const Value &kept = now["kept"], &wanted = intent.extra["wanted"], &before = seen["kept"];
  const auto is = [&](const Value& one) { return one.is_null() ? kept.is_null() : !kept.is_null() && program::same(kept, one); };
  return is(wanted) || is(before) ? Standing::as_left : Standing::otherwise;
}

Value undo_instance(const Intent& intent, const Value& seen, const Value&) {
  const auto& extra = intent.extra;
  if (holds(extra["wanted"], program_of(seen))) return {};
  std::vector<std::pair<std::string, Value>> former{{"supervisor", extra["supervisor"]}, {"programs", extra["programs"]}, {"root", extra["root"]}, {"name", extra["name"]}};
  if (seen["kept"].is_null()) former.emplace_back("state", "absent");
  for (const auto& [name, value] : named(seen["kept"]))
    if (name != "run") former.emplace_back(name, value);
  if (!extra["ready_within"].is_null()) former.emplace_back("ready_within", extra["ready_within"]);
  return Value::object(std::move(former));
}

Outcome read_instances(const Call& call, const Reads& reads) {
  std::vector<std::pair<std::string, Value>> instances;
  const auto folder = text_or(call.in["programs"], "");
  const auto names = reads.files.list(folder);
  if (!names) return failed_outcome(names.error());
  for (const auto& file : *names) {
    if (!file.ends_with(".conf")) continue;
    const auto text = reads.files.text(folder + "/" + file, 1 << 20);
    if (!text) return failed_outcome(text.error());
    const Value kept = program::read_back(*text);
    if (kept.is_null()) continue;
    const auto name = file.substr(0, file.size() - 5);
    const auto state = process_state(call.in["supervisor"], name, call.stop, reads.process);
    if (!state) return failed_outcome(state.error());
    instances.emplace_back(name, Value::object({{"release", kept["release"]}, {"port", kept["port"]}, {"state", kept["state"]}, {"process", *state}, {"run", kept["run"]}}));
  }
  return {.state = State::done, .outputs = Value::object({{"instances", Value::object(std::move(instances))}})};
}

} // namespace belay::modules::host_parts
