#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "modules/migrate_text.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

/// Schema migrations by the tool that the service uses. What stands is read before and after, so that an upgrade that was cut off is known for what
/// it did. Going back a step is its own action, never an undo: rows that the newer schema holds may be lost.
namespace belay::modules {
namespace {

using migrate_text::Standing;

bool uses_npm(const Value& in) { return text_or(in["tool"], "") == "npm"; }

std::optional<Failure> unfit(const Value& in) {
  const auto tool = text_or(in["tool"], "");
  if (in["tool"].is_unknown() || tool == "alembic" || tool == "flask" || tool == "npm") return std::nullopt;
  return Failure{Cause::refused, Reached::no, fmt::format("'{}' is no migration tool that is known here", bare_json(in["tool"])), "alembic, flask or npm (with the scripts migration:show, migration:run, migration:revert)"};
}

Command tool(const Value& in, std::vector<Value> alembic_words, std::string_view npm_script) {
  Command command;
  command.argv = elements(in["runner"]);
  if (uses_npm(in)) {
    for (const char* word : {"npm", "run", "--silent"}) command.argv.emplace_back(word);
    command.argv.emplace_back(std::string(npm_script));
  } else {
    command.argv.emplace_back(in["tool"]);
    if (text_or(in["tool"], "") == "flask") command.argv.emplace_back("db");
    command.argv.insert(command.argv.end(), alembic_words.begin(), alembic_words.end());
  }
  command.environment = named(in["environment"]);
  command.folder = text_or(in["folder"], "");
  return command;
}

Expected<std::string> said(const Call& call, const Reads& reads, std::vector<Value> words, std::string_view npm_script) {
  const auto ended = reads.process.read(tool(call.in, std::move(words), npm_script), call.stop);
  if (!ended) return Unexpected(ended.error());
  // Some releases of TypeORM end with 1 where migrations are pending.
  if (ended->status == 0 || (uses_npm(call.in) && ended->status == 1 && migrate_text::lists_migrations(ended->out))) return ended->out;
  return Unexpected(Failure{Cause::rejected, Reached::yes, fmt::format("the migration tool ended with status {}: {}", ended->status, last_line(ended->err.empty() ? ended->out : ended->err)),
                            "see that it runs in that folder with that environment, and that the database answers"});
}

Expected<Standing> standing(const Call& call, const Reads& reads, bool with_previous) {
  if (auto failure = unfit(call.in)) return Unexpected(std::move(*failure));
  if (uses_npm(call.in)) {
    auto shown = said(call, reads, {}, "migration:show");
    return shown ? migrate_text::of_typeorm(*shown) : Expected<Standing>(Unexpected(shown.error()));
  }
  const auto current = said(call, reads, {"current"}, ""), heads = said(call, reads, {"heads"}, "");
  if (!current) return Unexpected(current.error());
  if (!heads) return Unexpected(heads.error());
  auto found = migrate_text::of_alembic(*current, *heads);
  if (!found || !with_previous || found->current.empty()) return found;
  const auto shown = said(call, reads, {"show", Value(found->current)}, "");
  if (!shown) return Unexpected(shown.error());
  found->previous = migrate_text::parent_of(*shown);
  return found;
}

Value value_of(const Standing& s) { return Value::object({{"current", s.current}, {"head", s.head}, {"previous", s.previous}, {"pending", s.pending}}); }

Outcome read_state(const Call& call, const Reads& reads) {
  const auto found = standing(call, reads, false);
  if (!found) return failed_outcome(found.error());
  Outcome outcome;
  outcome.outputs = value_of(*found);
  return outcome;
}

Expected<Value> observe_upgrade(const Call& call, const Value&, const Reads& reads) {
  const auto found = standing(call, reads, false);
  return found ? Expected<Value>(value_of(*found)) : Unexpected(found.error());
}
Expected<Value> observe_downgrade(const Call& call, const Value&, const Reads& reads) {
  const auto found = standing(call, reads, true);
  return found ? Expected<Value>(value_of(*found)) : Unexpected(found.error());
}

Intent intent_of(const Value& in, Command command, const Value& before, const Value& after) {
  Intent intent;
  intent.refused = unfit(in);
  intent.equivalent = shell_line(command.argv);
  if (!command.folder.empty()) intent.equivalent = fmt::format("(cd {} && {})", shell_word(Value(command.folder)), intent.equivalent);
  intent.act = std::move(command);
  intent.touches = {"schema"};
  intent.outputs = Value::object({{"before", before}, {"after", after}});
  intent.extra = intent.outputs;
  return intent;
}

Intent prepare_upgrade(const Value& in, const Value& seen, const Identity&) {
  Intent intent = intent_of(in, tool(in, {"upgrade", "head"}, "migration:run"), seen["current"], seen["head"]);
  intent.nothing = !intent.refused && !seen.is_unknown() && seen.has("pending") && !seen["pending"].boolean();
  return intent;
}

Intent prepare_downgrade(const Value& in, const Value& seen, const Identity&) {
  const Value target = in["to"].is_null() ? seen["previous"] : in["to"];
  // A named revision, because "one back" said twice is two back.
  Intent intent = intent_of(in, tool(in, {"downgrade", target}, "migration:revert"), seen["current"], target);
  const bool looked = seen.has("current");
  if (const auto named = text_or(in["to"], ""); !intent.refused && (named.starts_with('-') || named.find('+') != std::string::npos))
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' counts from where the schema stands: done twice, it goes back twice as far", named), "name the migration itself"};
  if (!intent.refused && looked && seen["current"] == Value("")) intent.refused = Failure{Cause::missing, Reached::no, "no migration is applied: there is nothing to take back", ""};
  if (!intent.refused && looked && text_or(seen["previous"], "").empty()) intent.refused = Failure{Cause::missing, Reached::no, "which migration came before " + bare_json(seen["current"]) + " cannot be told", "name it in `to`"};
  if (!intent.refused && uses_npm(in) && !in["to"].is_null() && looked && in["to"] != seen["previous"])
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("npm's migration:revert goes one back, to {}, and {} was asked for", bare_json(seen["previous"]), bare_json(in["to"])), "go back one by one"};
  intent.nothing = !intent.refused && looked && seen["current"] == target;
  return intent;
}

Outcome ended(const Intent& intent, const Expected<Ended>& end) {
  Outcome outcome = outcome_of_change(end, {}, "text");
  if (outcome.state == State::done) outcome.outputs = intent.extra;
  return outcome;
}

Outcome judge(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.extra;
  const bool at_base = intent.extra["after"] == Value("base") && now["current"] == Value("");
  if (at_base || now["current"] == intent.extra["after"]) return outcome;
  outcome.state = now["current"] == seen["current"] ? State::not_seen : State::partial;
  if (outcome.state == State::partial)
    outcome.failure = Failure{Cause::rejected, Reached::yes, fmt::format("the schema stands at {}, between {} and {}", bare_json(now["current"]), bare_json(seen["current"]), bare_json(intent.extra["after"])), "look at the migration that failed; running it again goes on from there"};
  return outcome;
}

std::vector<std::string> touches(const Value&) { return {"schema"}; }

#define BELAY_MIGRATE_FIELDS                                                                                                                                  \
  {.name = "tool", .type = k_text, .help = "alembic, flask or npm"},                                                                                            \
      {.name = "runner", .type = k_texts, .required = false, .standard = "[]", .help = "what stands before it on its command line: [uv, run]"},                 \
      {.name = "folder", .type = k_text, .required = false, .help = "where the service's code is; the project's folder without it"},                            \
      {.name = "environment", .type = k_text_map, .required = false, .secret = true, .help = "variables that tell it where the database is"}
constexpr Field k_in[] = {BELAY_MIGRATE_FIELDS};
constexpr Field k_downgrade_in[] = {BELAY_MIGRATE_FIELDS, {.name = "to", .type = k_text, .required = false, .help = "the migration to go back to; without it, the one before the current"}};
#undef BELAY_MIGRATE_FIELDS
constexpr Field k_state_out[] = {
    {.name = "current", .type = k_text, .help = "the newest migration that is applied; empty where none is"},
    {.name = "head", .type = k_text, .help = "the newest that there is"},
    {.name = "previous", .type = k_text, .help = "the one before the current, where the tool tells"},
    {.name = "pending", .type = k_boolean, .help = "whether some are not applied"},
};
constexpr Field k_change_out[] = {{.name = "before", .type = k_text, .help = "what was applied"}, {.name = "after", .type = k_text, .help = "what is applied"}};

constexpr Action k_actions[] = {
    {"state", "What of the schema is applied, and what there is", k_in, k_state_out, Read{.read = read_state, .touches = touches}},
    {"upgrade", "Applies every migration that is pending", k_in, k_change_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_upgrade, .prepare = prepare_upgrade, .ended = ended, .judge = judge, .touches = touches, .lateness = std::chrono::seconds(5)}},
    {"downgrade", "Takes the newest migration back, and what only the newer schema could hold with it", k_downgrade_in, k_change_out,
     Change{.effect = Effect::destroys, .repeat = Repeat::once, .observe = observe_downgrade, .prepare = prepare_downgrade, .ended = ended, .judge = judge, .touches = touches}},
};
} // namespace

constinit const Module migrate{"migrate", "Schema migrations by alembic, flask or npm", k_actions};

} // namespace belay::modules
