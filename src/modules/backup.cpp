#include "clients/backup_folder.hpp"
#include "clients/postgres_census.hpp"
#include "clients/postgres_target.hpp"
#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "value/duration.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/format.h>

/// The folder of backups: what is there, whether it can be trusted, what may go.
namespace belay::modules {
namespace {

using backup_folder::Entry;
using backup_folder::joined;
using backup_folder::Listing;

Value folder_of(const Value& in) { return join({in["folder"], "/", in["service"], "/", in["environment"]}); }
std::vector<std::string> touches_folder(const Value& in) { return {"file:" + bare_json(folder_of(in))}; }
std::vector<std::string> touches_backup(const Value& in) { return {"file:" + bare_json(in["backup"])}; }

Expected<Listing> listed(const Value& in, FileReads& files) {
  const auto folder = folder_of(in);
  auto listing = backup_folder::list(files, folder.text());
  if (!listing) return listing;
  // One that was copied here from elsewhere names another database, which may stand on the same server: it is not restored, and not pruned.
  std::erase_if(listing->backups, [&](const Entry& entry) {
    const Manifest& m = entry.manifest;
    if (m.service == in["service"].text() && m.environment == in["environment"].text()) return false;
    listing->unreadable.emplace_back(m.id, fmt::format("it is of {} in {}", m.service, m.environment));
    return true;
  });
  return listing;
}

Value described(const Entry& entry) {
  const Manifest& m = entry.manifest;
  return Value::object({{"id", m.id},
                        {"path", entry.path},
                        {"taken", m.taken},
                        {"size", static_cast<std::int64_t>(m.size)},
                        {"raw_size", static_cast<std::int64_t>(m.raw_size)},
                        {"database", m.database["name"]},
                        {"tables", static_cast<std::int64_t>(m.census.tables.size())},
                        {"rows", total_rows(m.census)},
                        {"server", m.server_text},
                        {"lsn", m.lsn},
                        {"sha256", m.sha256},
                        {"run", m.run},
                        {"verified", entry.verified.has_value()},
                        {"verified_at", entry.verified ? Value(entry.verified->at) : Value()},
                        {"drilled", entry.verified && entry.verified->drilled}});
}

Duration between(Timestamp from, Timestamp to) { return std::chrono::seconds(to.seconds - from.seconds) + std::chrono::nanoseconds(to.nanos - from.nanos); }

std::string hours(Duration d) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(d).count();
  return minutes < 120 ? fmt::format("{} min", minutes) : minutes < 48 * 60 ? fmt::format("{} h", minutes / 60) : fmt::format("{} days", minutes / 1440);
}

Outcome read_list(const Call& call, const Reads& reads) {
  const auto listing = listed(call.in, reads.files);
  if (!listing) return failed_outcome(listing.error());
  Outcome outcome;
  Value::List backups, unfinished, unreadable;
  Value newest, verified, age;
  for (const Entry& entry : listing->backups) {
    backups.push_back(described(entry));
    if (newest.is_null()) newest = backups.back();
    if (verified.is_null() && entry.verified) verified = backups.back();
  }
  for (const std::string& name : listing->unfinished) unfinished.emplace_back(name);
  for (const auto& [id, why] : listing->unreadable) {
    unreadable.push_back(Value::object({{"id", id}, {"why", why}}));
    outcome.findings.push_back({"backup " + id, why, {}});
  }
  // A setting comes as it was written, `24h`.
  const Duration objective = duration_or(call.in["objective"], parse_duration(text_or(call.in["objective"], "")).value_or(Duration{}));
  const std::string whose = call.in["service"].text() + " in " + call.in["environment"].text();
  bool fresh = true;
  if (!newest.is_null()) age = between(newest["taken"].timestamp(), reads.time.wall());
  if (objective > Duration::zero()) {
    fresh = !age.is_null() && age.duration() <= objective;
    if (newest.is_null()) outcome.findings.push_back({whose, "there is no backup", {}});
    else if (!fresh) outcome.findings.push_back({whose, fmt::format("the newest backup is {} old, and the objective is {}", hours(age.duration()), hours(objective)), {}});
  }
  outcome.outputs = Value::object({{"backups", std::move(backups)}, {"newest", std::move(newest)}, {"newest_verified", std::move(verified)}, {"age", std::move(age)}, {"fresh", fresh},
                                   {"unfinished", std::move(unfinished)}, {"unreadable", std::move(unreadable)}});
  return outcome;
}

// The newest one, the newest before a moment, or the one named.
Expected<const Entry*> chosen(const Listing& listing, const Value& in) {
  const std::string wanted = text_or(in["wanted"], "latest"), whose = in["service"].text() + " in " + in["environment"].text();
  if (listing.backups.empty()) return Unexpected({Cause::missing, Reached::no, fmt::format("there is no backup of {}", whose), fmt::format("`belay backup create {} -e {}` makes one", in["service"].text(), in["environment"].text())});
  if (wanted != "latest") {
    std::vector<std::string> ids;
    for (const Entry& entry : listing.backups) {
      if (entry.manifest.id == wanted) return &entry;
      ids.push_back(entry.manifest.id);
    }
    for (const auto& [id, why] : listing.unreadable)
      if (id == wanted) return Unexpected({Cause::malformed, Reached::yes, fmt::format("backup {} cannot be used: {}", id, why), {}});
    if (ids.size() > 5) ids.resize(5);
    const std::string near = did_you_mean(wanted, ids);
    return Unexpected({Cause::missing, Reached::no, fmt::format("there is no backup '{}' of {}", wanted, whose), near.empty() ? fmt::format("the newest is {}", ids.front()) : near});
  }
  if (in["at"].kind() != Kind::timestamp) return &listing.backups.front();
  for (const Entry& entry : listing.backups)
    if (entry.manifest.taken <= in["at"].timestamp()) return &entry;
  return Unexpected({Cause::missing, Reached::no, fmt::format("no backup of {} is as old as {}; the oldest is of {}", whose, rfc3339(in["at"].timestamp()), rfc3339(listing.backups.back().manifest.taken)), {}});
}

Outcome read_find(const Call& call, const Reads& reads) {
  const auto listing = listed(call.in, reads.files);
  if (!listing) return failed_outcome(listing.error());
  const auto entry = chosen(*listing, call.in);
  if (!entry) return failed_outcome(entry.error());
  const std::string used = postgres_target::database_name(call.in["target"]), of = bare_json((*entry)->manifest.database["name"]);
  if (!used.empty() && used != of)
    return failed_outcome({Cause::refused, Reached::no, fmt::format("backup {} is of database {}, and {} uses {}", (*entry)->manifest.id, of, call.in["service"].text(), used),
                           "a database that the service does not use is not touched: compare dbname in the service's file"});
  Outcome outcome;
  Value::Map outputs = described(**entry).map();
  outputs.emplace_back("age", between((*entry)->manifest.taken, reads.time.wall()));
  outcome.outputs = Value(std::move(outputs));
  return outcome;
}

Outcome read_check(const Call& call, const Reads& reads) {
  const Duration began = reads.time.steady();
  const std::string path = call.in["backup"].text();
  const auto checked = backup_folder::check(reads.files, path, call.tell, call.stop);
  if (!checked) return failed_outcome(checked.error());
  Outcome outcome;
  Value::List problems;
  for (const std::string& problem : checked->problems) {
    problems.emplace_back(problem);
    outcome.findings.push_back({"backup " + backup_folder::last_part(path), problem, {}});
  }
  outcome.outputs = Value::object({{"valid", problems.empty()}, {"problems", std::move(problems)}, {"id", backup_folder::last_part(path)},
                                   {"size", checked->manifest ? Value(static_cast<std::int64_t>(checked->manifest->size)) : Value()}, {"took", reads.time.steady() - began}});
  return outcome;
}

Expected<Value> observe_note(const Call& call, const Value&, const Reads& reads) {
  const std::string path = call.in["backup"].text();
  const auto manifest = backup_folder::manifest_at(reads.files, path);
  if (!manifest) return tl::unexpected(manifest.error());
  const auto note = reads.files.text(joined(path, backup_folder::k_verified), 1u << 16);
  return Value::object({{"text", backup_folder::text_of({call.id.run, call.id.run_started, boolean_or(call.in["drilled"], false)}, *manifest)}, {"note", note ? Value(*note) : Value()}});
}

Intent prepare_note(const Value& in, const Value& seen, const Identity& id) {
  Intent intent;
  intent.touches = touches_backup(in);
  const Value path = join({in["backup"], "/", backup_folder::k_verified});
  const Value text = seen.has("text") ? seen["text"] : Value::unknown({id.path});
  intent.act = Files{{{"write", path, text, 0}}};
  intent.outputs = Value::object({{"path", path}, {"at", id.run_started}});
  intent.extra = text;
  intent.nothing = seen.has("text") && seen["text"] == seen["note"];
  return intent;
}

Outcome judge_note(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  if (now["note"] != intent.extra) outcome.state = State::no_effect;
  return outcome;
}

Expected<Value> observe_prune(const Call& call, const Value&, const Reads& reads) {
  const auto listing = listed(call.in, reads.files);
  if (!listing) return tl::unexpected(listing.error());
  Value::List backups;
  for (const Entry& entry : listing->backups)
    backups.push_back(Value::object({{"id", entry.manifest.id}, {"path", entry.path}, {"taken", entry.manifest.taken}, {"size", static_cast<std::int64_t>(entry.manifest.size)},
                                     {"verified", entry.verified.has_value()}}));
  return Value::object({{"backups", std::move(backups)}});
}

// A clock that went wrong must not empty the folder: the newest ones are kept by number, and the newest that was proved to restore always.
Intent prepare_prune(const Value& in, const Value& seen, const Identity& id) {
  Intent intent;
  intent.touches = touches_folder(in);
  const std::int64_t keep = std::max<std::int64_t>(1, integer_or(in["keep"], 7));
  const Duration older_than = duration_or(in["older_than"], std::chrono::hours(720));
  Value::List removed, kept;
  std::int64_t freed = 0;
  Files act;
  bool proved = false;
  if (seen.has("backups"))
    for (std::size_t i = 0; i < seen["backups"].list().size(); ++i) {
      const Value& backup = seen["backups"].list()[i]; // newest first
      const bool last_proved = !proved && backup["verified"].boolean();
      proved = proved || last_proved;
      if (static_cast<std::int64_t>(i) < keep || last_proved || between(backup["taken"].timestamp(), id.run_started) <= older_than) {
        kept.push_back(backup["id"]);
        continue;
      }
      removed.push_back(backup["id"]);
      freed += backup["size"].integer();
      act.changes.push_back({"remove", join({backup["path"], "/", backup_folder::k_manifest}), {}, 0}); // first: what is left half-removed is no backup
      act.changes.push_back({"remove_tree", backup["path"], {}, 0});
    }
  intent.nothing = seen.has("backups") && removed.empty();
  intent.act = std::move(act);
  intent.outputs = Value::object({{"removed", removed}, {"kept", std::move(kept)}, {"freed", freed}});
  intent.extra = Value(std::move(removed));
  return intent;
}

Outcome judge_prune(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  for (const Value& backup : now["backups"].list())
    for (const Value& removed : intent.extra.list())
      if (backup["id"] == removed) outcome.state = State::no_effect;
  return outcome;
}

Intent prepare_serve(const Value& in, const Identity&) {
  Intent intent;
  Command command;
  command.argv = elements(in["argv"]);
  command.environment = named(in["environment"]);
  command.private_files = named(in["private_files"]);
  command.folder = text_or(in["folder"], "");
  intent.equivalent = shell_line(command.argv);
  intent.act = std::move(command);
  intent.outputs = Value::object({{"pid", Value::minted("pid")}, {"port", in["port"]}});
  return intent;
}

Expected<Held> open_serve(const Intent& intent, const Call& call, Ports& ports) {
  auto child = ports.process.start(std::get<Command>(intent.act), call.stop);
  if (!child) return tl::unexpected(child.error());
  return Held{Value::object({{"pid", (*child)->pid()}}), std::move(*child)};
}

constexpr Field k_folder{"folder", k_text, true, false, {}, "the folder of all backups"};
constexpr Field k_service{"service", k_text, true, false, {}, "whose backups"};
constexpr Field k_environment{"environment", k_text, true, false, {}, "where"};
constexpr Field k_path{"backup", k_text, true, false, {}, "the folder of the backup"};

constexpr Field k_list_in[] = {k_folder, k_service, k_environment, {"objective", k_any, false, false, {}, "how old the newest may be; older is a finding"}};
constexpr Field k_list_out[] = {{"backups", k_maps, true, false, {}, "each with id, path, taken, size, rows, verified"}, {"newest", k_map, false, false, {}, "the youngest of them"}, {"newest_verified", k_map, false, false, {}, "the youngest that was proved to restore"}, {"age", k_duration, false, false, {}, "of the recovery point"}, {"fresh", k_boolean, true, false, {}, "whether the newest is within the objective"}, {"unfinished", k_texts, true, false, {}, "what backups and restores that died left behind"},
                                {"unreadable", k_maps, true, false, {}, "id, why: what has a manifest and cannot be trusted"}};
constexpr Field k_find_in[] = {k_folder, k_service, k_environment, {"wanted", k_text, false, false, "latest", "an id, or `latest`"},
                               {"at", k_timestamp, false, false, {}, "the newest that is no younger than this"},
                               {"target", k_any, false, true, {}, "the database's address; a backup of one of another name is refused"}};
constexpr Field k_find_out[] = {{"id", k_text, true, false, {}, "of the backup"}, {"path", k_text, true, false, {}, "its folder"}, {"taken", k_timestamp, true, false, {}, "the recovery point"}, {"age", k_duration, true, false, {}, "of the recovery point"}, {"size", k_integer, true, false, {}, "bytes"}, {"raw_size", k_integer, true, false, {}, "bytes when decompressed"}, {"database", k_text, true, false, {}, "its name"},
                                {"tables", k_integer, true, false, {}, "how many"}, {"rows", k_integer, true, false, {}, "of all tables"}, {"server", k_text, true, false, {}, "the version of the server"}, {"lsn", k_text, true, false, {}, "position in the write-ahead log"}, {"sha256", k_text, true, false, {}, "of the compressed file"}, {"run", k_text, true, false, {}, "that made it"}, {"verified", k_boolean, true, false, {}, "whether it was proved to restore"},
                                {"verified_at", k_timestamp, false, false, {}, "when"}, {"drilled", k_boolean, true, false, {}, "whether the service ran on a copy of it"}};
constexpr Field k_check_in[] = {k_path};
constexpr Field k_check_out[] = {{"valid", k_boolean, true, false, {}, "whether it may be restored"}, {"problems", k_texts, true, false, {}, "what is wrong with it"}, {"id", k_text, true, false, {}, "of the backup"}, {"size", k_integer, false, false, {}, "bytes"}, {"took", k_duration, true, false, {}, "how long it took"}};
constexpr Field k_note_in[] = {k_path, {"drilled", k_boolean, false, false, "false", "the service itself ran on the copy"}};
constexpr Field k_note_out[] = {{"path", k_text, true, false, {}, "its folder"}, {"at", k_timestamp, true, false, {}, "when"}};
constexpr Field k_prune_in[] = {k_folder, k_service, k_environment, {"keep", k_integer, false, false, "7", "how many are kept whatever their age"},
                                {"older_than", k_duration, false, false, "720h", "the others go when they are older"}};
constexpr Field k_prune_out[] = {{"removed", k_texts, true, false, {}, "ids"}, {"kept", k_texts, true, false, {}, "ids"}, {"freed", k_integer, true, false, {}, "bytes"}};
constexpr Field k_serve_in[] = {{"argv", k_texts, true, false, {}, "the program and its arguments"},
                                {"environment", k_text_map, false, true, "{}", "variables of the program's own"},
                                {"private_files", k_text_map, false, true, "{}", "variable: contents of a file that only this user reads"},
                                {"folder", k_text, false, false, {}, "its working folder"},
                                {"port", k_integer, false, false, {}, "where it listens: for the steps that ask it, since it is started for the first step that refers to this one"}};
constexpr Field k_serve_out[] = {{"pid", k_integer, true, false, {}, "of the program"}, {"port", k_integer, false, false, {}, "the same"}};

constexpr Action k_actions[] = {
    {"list", "The backups of a service: when, how large, whether proved to restore; how old the newest recovery point is", k_list_in, k_list_out, Read{.read = read_list, .touches = touches_folder}},
    {"find", "The newest backup, the newest before a moment, or the one named", k_find_in, k_find_out, Read{.read = read_find, .touches = touches_folder}},
    {"check", "Whether a backup is whole: every file there and no other, the SHA-256 of its contents, its manifest unchanged", k_check_in, k_check_out,
     Read{.read = read_check, .touches = touches_backup}},
    {"note", "Writes beside a backup that it was proved to restore", k_note_in, k_note_out,
     Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe_note, .prepare = prepare_note, .judge = judge_note, .touches = touches_backup}},
    {"prune", "Removes backups that are too old, beyond the number that is kept; never the newest that was proved to restore", k_prune_in, k_prune_out,
     Change{.effect = Effect::destroys, .repeat = Repeat::same_state, .observe = observe_prune, .prepare = prepare_prune, .judge = judge_prune, .touches = touches_folder}},
    {"serve", "Runs a program beside the steps of its group (a service on a restored copy) and ends it with them", k_serve_in, k_serve_out,
     Hold{.prepare = prepare_serve, .open = open_serve}},
};

} // namespace

constinit const Module backup{"backup", "The folder of backups", k_actions};

} // namespace belay::modules
