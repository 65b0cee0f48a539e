#include "catch.hpp"
#include "fakes/google_script.hpp"
#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"

using namespace belay;

namespace {
const Change& change(const char* name) { return std::get<Change>(find_action(modules::catalog(), name)->does); }
Value list(std::vector<Value> values) { return Value(Value::List(std::move(values))); }
Expected<Ended> ended(int status, std::string out = "", std::string err = "") {
  Ended end;
  end.status = status;
  end.out = std::move(out);
  end.err = std::move(err);
  return end;
}
const Identity k_id{"run1", "step", "key", 1, {}};
} // namespace

TEST_CASE("run's act is the argv as it was given and its equivalent can be pasted", "[modules]") {
  const Value in = Value::object({{"argv", list({"touch", "a b", "it's"})}, {"folder", "/srv/x"}, {"environment", Value::object({{"LANG", "C"}})}, {"status", list({0})}});
  const Intent intent = change("core.run").prepare(in, {}, k_id);
  CHECK_FALSE(intent.refused);
  const auto& command = std::get<Command>(intent.act);
  CHECK(command.argv == std::vector<Value>{"touch", "a b", "it's"});
  CHECK(command.folder == "/srv/x");
  CHECK(intent.equivalent == "(cd /srv/x && LANG=C touch 'a b' 'it'\\''s')");
}

TEST_CASE("a secret in argv is refused, elsewhere it is handed over and not shown", "[modules]") {
  const Value secret = Value("hunter2").as_secret();
  CHECK(change("core.run").prepare(Value::object({{"argv", list({"login", secret})}}), {}, k_id).refused.has_value());
  CHECK(change("core.run").prepare(Value::object({{"argv", list({"login", join({"--password=", secret})})}}), {}, k_id).refused.has_value());
  const Intent intent = change("core.run").prepare(Value::object({{"argv", list({"login"})}, {"environment", Value::object({{"TOKEN", secret}})}}), {}, k_id);
  CHECK_FALSE(intent.refused);
  CHECK(intent.equivalent.find("hunter2") == std::string::npos);
  CHECK(std::get<Command>(intent.act).environment.at(0).second.is_secret());
}

TEST_CASE("what is known only later is shown in the act, as a word or as the whole list", "[modules]") {
  const Value later = Value::unknown({"build"});
  CHECK(change("core.run").prepare(Value::object({{"argv", list({"push", later})}}), {}, k_id).equivalent == "push (known after build)");
  CHECK(std::get<Command>(change("core.run").prepare(Value::object({{"argv", later}}), {}, k_id).act).argv.at(0).is_unknown());
}

TEST_CASE("a script is checked at every stage of its pipelines and takes data as arguments", "[modules]") {
  const Intent intent = change("core.shell").prepare(Value::object({{"text", "echo \"$1\" | wc"}, {"arguments", list({"$(reboot)"})}}), {}, k_id);
  CHECK(std::get<Command>(intent.act).argv == std::vector<Value>{"bash", "-euo", "pipefail", "-c", "echo \"$1\" | wc", "belay", "$(reboot)"});
}

TEST_CASE("a changing program that fails may have done part of its work; one that was not seen to end is unknown", "[modules]") {
  const Intent intent = change("core.run").prepare(Value::object({{"argv", list({"x"})}, {"status", list({0, 3})}}), {}, k_id);
  CHECK(change("core.run").ended(intent, ended(0)).state == State::done);
  CHECK(change("core.run").ended(intent, ended(3)).state == State::done);
  const Outcome failed = change("core.run").ended(intent, ended(1, "", "first\nno such disk\n"));
  CHECK(failed.state == State::partial);
  CHECK(failed.failure->message == "the program ended with status 1: no such disk");
  CHECK(change("core.run").ended(intent, Unexpected(Failure{Cause::missing, Reached::no, "no program x", ""})).state == State::no_effect);
  CHECK(change("core.run").ended(intent, Unexpected(Failure{Cause::timeout, Reached::perhaps, "", ""})).state == State::unknown);
}

TEST_CASE("outputs are text without the last line feed, or parsed when asked", "[modules]") {
  CHECK(modules::outcome_of_read(ended(0, "a\nb\n"), {}, "text").outputs["value"] == Value("a\nb"));
  CHECK(modules::outcome_of_read(ended(0, "a\nb\n"), {}, "lines").outputs["value"] == list({"a", "b"}));
  CHECK(modules::outcome_of_read(ended(0, "{\"n\": 1}\n"), {}, "json").outputs["value"] == Value::object({{"n", 1}}));
  const Outcome bad = modules::outcome_of_read(ended(0, "{"), {}, "json");
  CHECK(bad.state == State::failed);
  CHECK(bad.failure->cause == Cause::malformed);
  Ended killed;
  killed.signal = 9;
  CHECK(modules::outcome_of_read(killed, {}, "text").state == State::failed);
}

TEST_CASE("ensure does nothing where its check holds, and is judged by the same check", "[modules]") {
  const Value in = Value::object({{"argv", list({"mkfs"})}, {"check", list({"test", "-d", "x"})}});
  CHECK(change("core.ensure").prepare(in, Value::object({{"holds", true}}), k_id).nothing);
  const Intent intent = change("core.ensure").prepare(in, Value::object({{"holds", false}}), k_id);
  CHECK_FALSE(intent.nothing);
  CHECK_FALSE(change("core.ensure").prepare(in, Value::unknown({"x"}), k_id).nothing);
  CHECK(change("core.ensure").judge(intent, {}, Value::object({{"holds", true}})).state == State::done);
  CHECK(change("core.ensure").judge(intent, {}, Value::object({{"holds", false}})).state == State::not_seen);
}

TEST_CASE("findings are those that are wrong, and an entry that does not say is", "[modules]") {
  fakes::GoogleScript nothing;
  const auto entry = [](const char* subject, Value message, Value wrong) { return Value::object({{"subject", subject}, {"message", std::move(message)}, {"wrong", std::move(wrong)}}); };
  const Outcome outcome = fakes::read(nothing, "core.findings", Value::object({{"of", list({entry("cpu", "busy", true), entry("memory", "full", false), entry("disk", 7, {})})}}));
  REQUIRE(outcome.findings.size() == 2);
  CHECK(outcome.findings[0].subject == "cpu");
  CHECK(outcome.findings[0].message == "busy");
  CHECK(outcome.findings[1].message == "7");
  CHECK(outcome.outputs["count"] == Value(2));
}

TEST_CASE("a look that failed is a finding where it was to judge, but not when it was stopped", "[modules]") {
  const Failure missing{Cause::missing, Reached::yes, "there is none", ""};
  CHECK(modules::unread(missing, true, Value("cache")).findings.at(0).message == "there is none");
  CHECK(modules::unread(missing, true, Value("cache")).state == State::done);
  CHECK(modules::unread(missing, false, Value("cache")).state == State::failed);
  CHECK(modules::unread({Cause::stopped, Reached::no, "stopped", ""}, true, Value("cache")).state == State::failed);
}
