#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

/// A git working copy: what is checked out, and tags.
namespace belay::modules {
namespace {

/// Names that git would take for an option, a range or a pattern are refused, whatever they hold besides.
bool is_plain_ref(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-+";
  return !name.empty() && name.size() <= 200 && name.front() != '-' && name.front() != '.' && name.front() != '/' && name.front() != '+' && name.find("..") == std::string_view::npos && !name.ends_with(".lock") &&
         !name.ends_with('/') && name.find_first_not_of(allowed) == std::string_view::npos;
}
std::optional<Failure> unfit(const Value& name, std::string_view what) {
  if (name.is_null() || name.is_unknown()) return std::nullopt;
  if (!name.is_secret() && is_plain_ref(name.text())) return std::nullopt;
  return Failure{Cause::refused, Reached::no, fmt::format("'{}' is no {} that may be used", bare_json(name), what), "letters, digits and ._/-+, not beginning with a hyphen or a dot"};
}

Command git(const Value& in, std::vector<Value> words) {
  Command command;
  command.argv = {Value("git")};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.environment = {{"GIT_TERMINAL_PROMPT", Value("0")}, {"LC_ALL", Value("C.UTF-8")}};
  command.folder = text_or(in["folder"], "");
  return command;
}

std::string trimmed(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

/// What a git command says; nothing where it ends otherwise than with 0.
Expected<std::optional<std::string>> say(const Call& call, const Reads& reads, std::vector<Value> words) {
  const auto ended = reads.process.read(git(call.in, std::move(words)), call.stop);
  if (!ended) return Unexpected(ended.error());
  if (ended->status != 0) return std::nullopt;
  return trimmed(ended->out);
}

Outcome read_describe(const Call& call, const Reads& reads) {
  const auto head = reads.process.read(git(call.in, {"rev-parse", "--verify", "HEAD"}), call.stop);
  if (!head) return failed_outcome(head.error());
  if (head->status != 0) return failed_outcome({Cause::missing, Reached::yes, "there is no commit here: " + last_line(head->err), "name the working copy's folder in `folder`"});
  const auto short_name = say(call, reads, {"rev-parse", "--short", "HEAD"}), branch = say(call, reads, {"symbolic-ref", "--short", "-q", "HEAD"}), tag = say(call, reads, {"describe", "--tags", "--exact-match", "HEAD"}),
             described = say(call, reads, {"describe", "--tags", "--always", "--dirty"}), changes = say(call, reads, {"status", "--porcelain"}), subject = say(call, reads, {"log", "-1", "--format=%s"});
  for (const auto* one : {&short_name, &branch, &tag, &described, &changes, &subject})
    if (!*one) return failed_outcome(one->error());
  if (!*changes) return failed_outcome({Cause::rejected, Reached::yes, "git cannot say whether files are changed", "run `git status` there"});
  Outcome outcome;
  outcome.outputs = Value::object({{"commit", trimmed(head->out)}, {"short", short_name->value_or("")}, {"branch", branch->value_or("")}, {"tag", tag->value_or("")}, {"describe", described->value_or("")},
                                   {"subject", subject->value_or("")}, {"dirty", !(*changes)->empty()}});
  return outcome;
}

std::vector<std::string> touches(const Value& in) { return {"git:" + text_or(in["folder"], ".")}; }

// A tag: set where it is not, never moved. `absent` takes it back.

Expected<Value> observe_tag(const Call& call, const Value&, const Reads& reads) {
  if (auto failure = unfit(call.in["name"], "name of a tag")) return Unexpected(std::move(*failure));
  if (auto failure = unfit(call.in["commit"], "name of a commit")) return Unexpected(std::move(*failure));
  const std::string commit = text_or(call.in["commit"], "HEAD");
  const auto at = say(call, reads, {"rev-parse", "-q", "--verify", "refs/tags/" + text_or(call.in["name"], "") + "^{commit}"}), wanted = say(call, reads, {"rev-parse", "-q", "--verify", commit + "^{commit}"});
  if (!at) return Unexpected(at.error());
  if (!wanted) return Unexpected(wanted.error());
  return Value::object({{"at", at->value_or("")}, {"wanted", wanted->value_or("")}});
}

Intent prepare_tag(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.refused = unfit(in["name"], "name of a tag");
  if (!intent.refused) intent.refused = unfit(in["commit"], "name of a commit");
  const std::string at = text_or(seen["at"], ""), wanted = text_or(seen["wanted"], "");
  const bool absent = text_or(in["state"], "present") == "absent", looked = !seen.is_unknown() && !seen.is_null();
  const Value commit = looked && !wanted.empty() ? Value(wanted) : in["commit"].is_null() ? Value("HEAD") : in["commit"];
  if (looked && !absent && wanted.empty() && !intent.refused) intent.refused = Failure{Cause::missing, Reached::no, fmt::format("there is no commit '{}' here", bare_json(in["commit"])), "fetch it first"};
  if (looked && !absent && !at.empty() && at != wanted && !intent.refused)
    intent.refused = Failure{Cause::conflict, Reached::no, fmt::format("the tag {} is at {} already", bare_json(in["name"]), at.substr(0, 12)), "a tag is not moved: choose another name"};
  intent.nothing = looked && (absent ? at.empty() : !at.empty() && at == wanted);
  Command command = absent ? git(in, {"tag", "-d", in["name"]}) : git(in, {"tag", "-a", "-m", in["message"].is_null() ? in["name"] : in["message"], in["name"], commit});
  intent.equivalent = shell_line(command.argv);
  intent.act = std::move(command);
  intent.touches = touches(in);
  intent.outputs = Value::object({{"name", in["name"]}, {"commit", commit}});
  intent.extra = Value::object({{"absent", absent}, {"outputs", intent.outputs}});
  return intent;
}

Outcome ended_tag(const Intent& intent, const Expected<Ended>& ended) {
  Outcome outcome = outcome_of_change(ended, {}, "text");
  if (outcome.state == State::done) outcome.outputs = intent.extra["outputs"];
  if (outcome.state == State::partial) outcome.state = State::no_effect; // git makes a tag whole or not at all
  return outcome;
}

Outcome judge_tag(const Intent& intent, const Value& seen, const Value& now) {
  const bool absent = boolean_or(intent.extra["absent"], false);
  const std::string at = text_or(now["at"], "");
  Outcome outcome;
  outcome.outputs = intent.extra["outputs"];
  if (absent ? at.empty() : at == text_or(seen["wanted"], "?")) return outcome;
  outcome.state = at == text_or(seen["at"], "?") ? State::not_seen : State::no_effect;
  return outcome;
}

Standing standing_tag(const Intent&, const Value& seen, const Value&, const Value& now) {
  if (now["at"] == seen["wanted"]) return Standing::as_left;
  return now["at"] == seen["at"] ? Standing::as_before : Standing::otherwise;
}

Value undo_tag(const Intent& intent, const Value& seen, const Value& outputs) {
  if (intent.nothing || boolean_or(intent.extra["absent"], false) || !text_or(seen["at"], "").empty()) return {};
  std::vector<std::pair<std::string, Value>> back{{"state", "absent"}, {"name", outputs["name"]}};
  if (const std::string& folder = std::get<Command>(intent.act).folder; !folder.empty()) back.emplace_back("folder", folder);
  return Value::object(std::move(back));
}

// A push: refused by the other side unless it goes forward.

Intent prepare_push(const Value& in, const Value&, const Identity&) {
  Intent intent;
  intent.refused = unfit(in["ref"], "name to push");
  if (!intent.refused) intent.refused = unfit(in["remote"], "name of a remote");
  Command command = git(in, {"push", "--porcelain", in["remote"], in["ref"]});
  intent.equivalent = shell_line(command.argv);
  intent.act = std::move(command);
  intent.touches = {"git-remote:" + bare_json(in["remote"])};
  intent.outputs = Value::object({});
  return intent;
}
Outcome ended_push(const Intent&, const Expected<Ended>& ended) {
  Outcome outcome = outcome_of_change(ended, {}, "text");
  if (outcome.state == State::partial && ended && ended->out.find("[rejected]") != std::string::npos) {
    outcome.state = State::no_effect;
    outcome.failure->cause = Cause::conflict;
  }
  return outcome;
}

constexpr Field k_folder{.name = "folder", .type = k_text, .required = false, .help = "the working copy; without it, the project's folder"};
constexpr Field k_describe_in[] = {k_folder};
constexpr Field k_describe_out[] = {
    {.name = "commit", .type = k_text, .help = "the whole name of the commit"},
    {.name = "short", .type = k_text, .help = "its short name"},
    {.name = "branch", .type = k_text, .help = "empty where none is checked out"},
    {.name = "tag", .type = k_text, .help = "a tag of this very commit; empty where there is none"},
    {.name = "describe", .type = k_text, .help = "the nearest tag and the distance to it"},
    {.name = "subject", .type = k_text, .help = "the first line of its message"},
    {.name = "dirty", .type = k_boolean, .help = "whether files differ from the commit"},
};
constexpr Field k_tag_in[] = {
    {.name = "name", .type = k_text, .help = "of the tag"},
    {.name = "commit", .type = k_text, .required = false, .standard = "HEAD", .help = "what it names"},
    {.name = "message", .type = k_text, .required = false, .help = "without it, the name"},
    {.name = "state", .type = k_text, .required = false, .standard = "present", .help = "present or absent"},
    k_folder,
};
constexpr Field k_tag_out[] = {{.name = "name", .type = k_text, .help = "of the tag"}, {.name = "commit", .type = k_text, .help = "what it names"}};
constexpr Field k_push_in[] = {
    {.name = "ref", .type = k_text, .help = "the branch or tag"}, {.name = "remote", .type = k_text, .required = false, .standard = "origin", .help = "where it goes"}, k_folder};
constexpr Field k_push_out[] = {
    {.name = "status", .type = k_integer, .help = "exit status"},
    {.name = "out", .type = k_text, .help = "what git said"},
    {.name = "err", .type = k_text, .help = "what git said of errors"},
    {.name = "value", .type = k_text, .help = "the same as out"},
};

constexpr Action k_actions[] = {
    {"describe", "What is checked out", k_describe_in, k_describe_out, Read{.read = read_describe, .touches = touches}},
    {"tag", "Tags a commit, or takes the tag back; a tag is never moved", k_tag_in, k_tag_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_tag, .prepare = prepare_tag, .ended = ended_tag, .judge = judge_tag, .undo = undo_tag,
            .standing = standing_tag, .touches = touches}},
    {"push", "Pushes a branch or a tag; the remote refuses what does not go forward", k_push_in, k_push_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .prepare = prepare_push, .ended = ended_push, .touches = touches, .lateness = std::chrono::seconds(30)}},
};
} // namespace

constinit const Module git{"git", "A git working copy", k_actions};

} // namespace belay::modules
