#include "codec/sha256.hpp"
#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "modules/terraform_plan.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

/// Infrastructure by the terraform program. What is applied is a saved plan and no other; terraform itself refuses it when its state has
/// moved. A plan that removes or replaces something is refused unless the step allows it.
namespace belay::modules {
namespace {

constexpr std::uint64_t k_plan_at_most = 64U << 20;

Command program(const Value& in, std::vector<Value> words) {
  Command command;
  command.argv = {Value("terraform")};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.environment = named(in["environment"]);
  command.environment.emplace_back("TF_IN_AUTOMATION", Value("1"));
  command.environment.emplace_back("TF_INPUT", Value("0"));
  if (!in["workspace"].is_null()) command.environment.emplace_back("TF_WORKSPACE", in["workspace"]);
  command.folder = text_or(in["folder"], "");
  return command;
}

std::string equivalent_of(const Command& command) {
  std::string line = shell_line(command.argv);
  for (const auto& [name, value] : command.environment)
    if (name == "TF_WORKSPACE") line = name + "=" + shell_word(value) + " " + line;
  return command.folder.empty() ? line : fmt::format("(cd {} && {})", shell_word(Value(command.folder)), line);
}

Failure refusal_of(const Ended& ended) {
  std::string said;
  const std::string& text = ended.err.empty() ? ended.out : ended.err;
  if (const auto at = text.find("Error: "); at != std::string::npos) said = text.substr(at, text.find('\n', at) - at);
  return {Cause::rejected, Reached::yes, fmt::format("terraform ended with status {}: {}", ended.status, said.empty() ? last_line(text) : said), ""};
}

Expected<Value> json_of(const Call& call, const Reads& reads, std::vector<Value> words) {
  const auto ended = reads.process.read(program(call.in, std::move(words)), call.stop);
  if (!ended) return Unexpected(ended.error());
  if (ended->status != 0) return Unexpected(refusal_of(*ended));
  if (ended->cut) return Unexpected(Failure{Cause::full, Reached::yes, "terraform's description is longer than what is kept", ""});
  return parse_json(ended->out);
}

std::string path_of(const Value& in) {
  const std::string file = text_or(in["file"], "tfplan"), folder = text_or(in["folder"], "");
  return file.starts_with('/') || folder.empty() ? file : folder + "/" + file;
}

Expected<std::string> digest_of(const Value& in, FileReads& files) {
  const auto bytes = files.text(path_of(in), k_plan_at_most);
  if (!bytes) return Unexpected(bytes.error());
  return hex(sha256(*bytes));
}

std::vector<std::string> touches(const Value& in) { return {"terraform:" + text_or(in["folder"], ".") + "/" + text_or(in["workspace"], "default")}; }

// init: providers, modules and the backend; then the workspace

Expected<Value> observe_workspace(const Call& call, const Value&, const Reads& reads) {
  Value plain = Value::object({{"folder", call.in["folder"]}, {"environment", call.in["environment"]}});
  const auto ended = reads.process.read(program(plain, {"workspace", "list"}), call.stop);
  if (!ended) return Unexpected(ended.error());
  Value::List names;
  for (std::string_view rest = ended->out; !rest.empty();) {
    const auto end = rest.find('\n');
    std::string_view name = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    name.remove_prefix(std::min(name.find_first_not_of(" *"), name.size()));
    if (!name.empty()) names.emplace_back(std::string(name));
  }
  return Value::object({{"initialised", ended->status == 0}, {"workspaces", Value(std::move(names))}});
}
Intent prepare_init(const Value& in, const Value&, const Identity&) {
  Command command = program(in, {"init", "-input=false", "-no-color"});
  std::erase_if(command.environment, [](const auto& one) { return one.first == "TF_WORKSPACE"; });
  Intent intent;
  intent.equivalent = equivalent_of(command);
  intent.act = std::move(command);
  intent.touches = touches(in);
  intent.outputs = Value::object({});
  return intent;
}
Outcome ended_plain(const Intent& intent, const Expected<Ended>& ended) {
  Outcome outcome = outcome_of_change(ended, {}, "text");
  if (outcome.state == State::partial) outcome.failure = refusal_of(*ended);
  if (outcome.state == State::done) outcome.outputs = intent.outputs;
  return outcome;
}

Intent prepare_workspace(const Value& in, const Value& seen, const Identity&) {
  Command command = program(Value::object({{"folder", in["folder"]}, {"environment", in["environment"]}}), {"workspace", "new", "-no-color", in["workspace"]});
  Intent intent;
  intent.equivalent = equivalent_of(command);
  intent.act = std::move(command);
  intent.touches = touches(in);
  intent.outputs = Value::object({{"workspace", in["workspace"]}});
  for (const Value& one : elements(seen["workspaces"])) intent.nothing = intent.nothing || one == in["workspace"];
  return intent;
}
Outcome judge_workspace(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  outcome.state = State::not_seen;
  for (const Value& one : elements(now["workspaces"]))
    if (one == intent.outputs["workspace"]) outcome.state = State::done;
  return outcome;
}

// plan: saved to a file, and told

Intent prepare_plan(const Value& in, const Value&, const Identity&) {
  std::vector<Value> words{"plan", "-input=false", "-no-color", join({"-out=", in["file"]})};
  for (const auto& [name, value] : named(in["variables"])) words.push_back(join({"-var=" + name + "=", value}));
  if (boolean_or(in["destroy"], false)) words.emplace_back("-destroy");
  Command command = program(in, std::move(words));
  Intent intent;
  for (const Value& word : command.argv)
    if (word.has_secret()) intent.refused = Failure{Cause::refused, Reached::no, "a secret stands among the variables, where every process of this host can read it", "hand it over by `environment`: TF_VAR_name"};
  intent.equivalent = equivalent_of(command);
  intent.act = std::move(command);
  intent.touches = {"file:" + path_of(in)};
  intent.outputs = Value::object({{"file", in["file"]}});
  return intent;
}

Outcome perform_plan(const Intent& intent, const Call& call, Ports& ports) {
  const auto ended = ports.process.run(std::get<Command>(intent.act), nullptr, nullptr, &call.tell, call.stop);
  Outcome outcome = outcome_of_change(ended, {}, "text");
  if (outcome.state != State::done) {
    if (outcome.state == State::partial) {
      outcome.state = State::no_effect; // a plan changes nothing but its own file
      outcome.failure = refusal_of(*ended);
    }
    return outcome;
  }
  const auto shown = json_of(call, ports.reads(), {"show", "-no-color", "-json", call.in["file"]});
  const auto summary = shown ? terraform_plan::summary_of(*shown) : Expected<Value>(Unexpected(shown.error()));
  const auto digest = digest_of(call.in, ports.files);
  if (!summary || !digest) {
    outcome.state = State::no_effect;
    outcome.failure = !summary ? summary.error() : digest.error();
    return outcome;
  }
  const auto text = ports.process.read(program(call.in, {"show", "-no-color", call.in["file"]}), call.stop);
  std::vector<std::pair<std::string, Value>> members{{"file", call.in["file"]}, {"digest", *digest}, {"summary", terraform_plan::sentence_of(*summary)}, {"text", text && text->status == 0 ? Value(text->out) : Value("")}};
  for (const char* name : {"creates", "updates", "deletes", "replaces", "changes", "removed"}) members.emplace_back(name, (*summary)[name]);
  outcome.outputs = Value::object(std::move(members));
  return outcome;
}
Outcome judge_plan(const Intent&, const Value&, const Value&) {
  Outcome outcome;
  outcome.state = State::no_effect; // made anew: nobody else reads the file
  return outcome;
}

// apply: that plan and no other

Expected<Value> observe_apply(const Call& call, const Value&, const Reads& reads) {
  const auto state = json_of(call, reads, {"state", "pull"});
  Value serial;
  if (state && state->kind() == Kind::map) serial = join({(*state)["lineage"], "/", (*state)["serial"]});
  const auto digest = digest_of(call.in, reads.files);
  if (!digest) {
    if (digest.error().cause == Cause::missing) return Value::object({{"serial", serial}});
    return Unexpected(digest.error());
  }
  const auto shown = json_of(call, reads, {"show", "-no-color", "-json", call.in["file"]});
  if (!shown) return Unexpected(shown.error());
  const auto summary = terraform_plan::summary_of(*shown);
  if (!summary) return Unexpected(summary.error());
  return Value::object({{"serial", serial}, {"digest", *digest}, {"summary", *summary}});
}

Intent prepare_apply(const Value& in, const Value& seen, const Identity&) {
  Command command = program(in, {"apply", "-input=false", "-no-color", in["file"]});
  Intent intent;
  intent.equivalent = equivalent_of(command);
  intent.act = std::move(command);
  intent.touches = touches(in);
  intent.outputs = Value::object({{"file", in["file"]}, {"digest", in["digest"]}});
  intent.extra = intent.outputs;
  if (seen.is_unknown() || seen.kind() != Kind::map) return intent;
  if (!seen.has("digest")) {
    if (in["digest"].known()) intent.refused = Failure{Cause::missing, Reached::no, "there is no saved plan " + path_of(in), "plan first; only a saved plan is applied"};
    return intent;
  }
  if (in["digest"].known() && !in["digest"].is_null() && seen["digest"] != in["digest"]) {
    intent.refused = Failure{Cause::conflict, Reached::no, "the saved plan is not the one that was shown", "plan again, and look at it"};
    return intent;
  }
  const auto removed = elements(seen["summary"]["removed"]);
  if (!removed.empty() && !boolean_or(in["allow_removal"], false)) {
    std::string names;
    for (std::size_t i = 0; i < removed.size() && i < 5; ++i) names += (i ? ", " : "") + text_or(removed[i], "?");
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("the plan removes or replaces {} resource{}: {}{}", removed.size(), removed.size() == 1 ? "" : "s", names, removed.size() > 5 ? " …" : ""), "look at the plan; the runbook's parameter allow_removal permits it"};
  }
  return intent;
}

Outcome ended_apply(const Intent& intent, const Expected<Ended>& ended) {
  Outcome outcome = outcome_of_change(ended, {}, "text");
  if (outcome.state == State::done) outcome.outputs = intent.extra;
  if (outcome.state != State::partial) return outcome;
  outcome.failure = refusal_of(*ended);
  if (ended->err.find("Saved plan is stale") != std::string::npos) {
    outcome.state = State::no_effect;
    outcome.failure = Failure{Cause::conflict, Reached::yes, "the state has moved since the plan was made, and terraform refused it", "plan again, and look at it"};
  } else if (ended->err.find("Error acquiring the state lock") != std::string::npos) {
    outcome.state = State::no_effect;
    outcome.failure = Failure{Cause::conflict, Reached::yes, "somebody else holds terraform's state lock", "wait for them; `terraform force-unlock` only when they are known to be gone"};
  }
  return outcome;
}

Outcome judge_apply(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.extra;
  if (now["serial"] == seen["serial"]) {
    outcome.state = State::not_seen;
    return outcome;
  }
  outcome.state = State::unknown;
  outcome.failure = Failure{Cause::stopped, Reached::yes, "terraform was ended while it applied: its state has moved, and how far the plan came it alone can tell", "plan again: what is left to do is what the new plan shows"};
  return outcome;
}

Outcome read_outputs(const Call& call, const Reads& reads) {
  const auto said = json_of(call, reads, {"output", "-no-color", "-json"});
  if (!said) return failed_outcome(said.error());
  std::vector<std::pair<std::string, Value>> values;
  for (const auto& [name, one] : named(*said)) values.emplace_back(name, one["sensitive"] == Value(true) ? one["value"].as_secret() : one["value"]);
  Outcome outcome;
  outcome.outputs = Value::object({{"values", Value::object(std::move(values))}});
  return outcome;
}

#define BELAY_TERRAFORM_FIELDS                                                                                                                              \
  {.name = "folder", .type = k_text, .required = false, .help = "the configuration; the project's folder without it"},                                     \
      {.name = "workspace", .type = k_text, .required = false, .help = "of the state; `default` without it"},                                              \
      {.name = "environment", .type = k_text_map, .required = false, .secret = true, .standard = "{}", .help = "variables: credentials, TF_VAR_name"}
constexpr Field k_init_in[] = {BELAY_TERRAFORM_FIELDS};
constexpr Field k_workspace_in[] = {{.name = "workspace", .type = k_text, .help = "its name"},
                                    {.name = "folder", .type = k_text, .required = false, .help = "the configuration; the project's folder without it"},
                                    {.name = "environment", .type = k_text_map, .required = false, .secret = true, .standard = "{}", .help = "variables: credentials"}};
constexpr Field k_workspace_out[] = {{.name = "workspace", .type = k_text, .help = "its name"}};
constexpr Field k_file{.name = "file", .type = k_text, .required = false, .standard = "tfplan", .help = "the saved plan, in the folder"};
constexpr Field k_plan_in[] = {BELAY_TERRAFORM_FIELDS, k_file, {.name = "variables", .type = k_text_map, .required = false, .standard = "{}", .help = "of the configuration; no secrets: those go by TF_VAR_name"},
                               {.name = "destroy", .type = k_boolean, .required = false, .standard = "false", .help = "plan the end of everything"}};
constexpr Field k_plan_out[] = {
    {.name = "file", .type = k_text, .help = "the saved plan"},
    {.name = "digest", .type = k_text, .required = false, .help = "SHA-256 of the saved plan"},
    {.name = "summary", .type = k_text, .required = false, .help = "how many are added, changed, removed, replaced"},
    {.name = "text", .type = k_text, .required = false, .help = "the plan as terraform shows it"},
    {.name = "creates", .type = k_integer, .required = false, .help = "how many are made"},
    {.name = "updates", .type = k_integer, .required = false, .help = "how many are changed in place"},
    {.name = "deletes", .type = k_integer, .required = false, .help = "how many go"},
    {.name = "replaces", .type = k_integer, .required = false, .help = "how many go and are made anew"},
    {.name = "changes", .type = k_maps, .required = false, .help = "each with address and actions"},
    {.name = "removed", .type = k_texts, .required = false, .help = "addresses of what goes or is made anew"},
};
constexpr Field k_apply_in[] = {BELAY_TERRAFORM_FIELDS, k_file, {.name = "digest", .type = k_text, .required = false, .help = "SHA-256 of the plan that was shown: another is refused"},
                                {.name = "allow_removal", .type = k_boolean, .required = false, .standard = "false", .help = "whether it may remove or replace something"}};
constexpr Field k_apply_out[] = {{.name = "file", .type = k_text, .help = "the saved plan"}, {.name = "digest", .type = k_text, .required = false, .help = "its SHA-256"}};
constexpr Field k_output_out[] = {{.name = "values", .type = k_map, .help = "by name; sensitive ones are secrets"}};
#undef BELAY_TERRAFORM_FIELDS

constexpr Action k_actions[] = {
    {"init", "Fetches providers and modules, and prepares the backend", k_init_in, {},
     Change{.effect = Effect::adds, .repeat = Repeat::same_state, .prepare = prepare_init, .ended = ended_plain, .touches = touches}},
    {"workspace", "Makes a workspace where it is not there", k_workspace_in, k_workspace_out,
     Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe_workspace, .prepare = prepare_workspace, .ended = ended_plain, .judge = judge_workspace, .touches = touches}},
    {"plan", "Plans into a file, and tells what the plan would do", k_plan_in, k_plan_out,
     Change{.effect = Effect::adds, .repeat = Repeat::same_state, .prepare = prepare_plan, .perform = perform_plan, .judge = judge_plan, .touches = touches}},
    {"apply", "Applies exactly the saved plan; one that removes or replaces something is refused unless that is allowed", k_apply_in, k_apply_out,
     Change{.effect = Effect::changes, .repeat = Repeat::conditional, .observe = observe_apply, .prepare = prepare_apply, .ended = ended_apply, .judge = judge_apply, .touches = touches}},
    {"output", "The outputs of the state", k_init_in, k_output_out, Read{.read = read_outputs, .touches = touches}},
};
} // namespace

constinit const Module terraform{"terraform", "Infrastructure, by the terraform program", k_actions};

} // namespace belay::modules
