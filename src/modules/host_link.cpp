#include "modules/host_parts.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::host_parts {
namespace {

constexpr std::size_t k_remembered = 100;

/// The history after `version` took over: what was left because it was bad says so, so that a second rollback does not go forward to it again.
Value::List grown_history(const Value& in, const Value& seen, const Identity& id) {
  Value::List history = elements(seen["history"]);
  const auto left = text_or(seen["current"], "");
  if (boolean_or(in["left_bad"], false) && !left.empty())
    for (auto& entry : history)
      if (entry["release"] == Value(left)) entry = Value::object({{"release", entry["release"]}, {"run", entry["run"]}, {"at", entry["at"]}, {"bad", "rolled back by run " + id.run}});
  history.push_back(Value::object({{"release", in["version"]}, {"run", id.run}, {"at", rfc3339(id.run_started)}}));
  if (history.size() > k_remembered) history.erase(history.begin(), history.end() - static_cast<std::ptrdiff_t>(k_remembered));
  return history;
}

} // namespace

Expected<Value> observe_link(const Call& call, const Value&, const Reads& reads) {
  const auto root = text_or(call.in["root"], ""), version = text_or(call.in["version"], "");
  std::string current;
  const auto link = reads.files.status(root + "/current");
  if (!link && link.error().cause != Cause::missing) return Unexpected(link.error());
  if (link) {
    if (link->sort != FileStatus::Sort::link) return Unexpected(Failure{Cause::conflict, Reached::no, root + "/current is no link", "move it away: belay keeps a link there"});
    current = link->target.substr(link->target.rfind('/') + 1);
  }
  Value history = Value::List{};
  const auto text = reads.files.text(root + "/history.json", 1 << 20);
  if (!text && text.error().cause != Cause::missing) return Unexpected(text.error());
  if (text) {
    auto parsed = parse_json(*text);
    if (!parsed) return Unexpected(Failure{Cause::malformed, Reached::no, root + "/history.json: " + parsed.error().message, ""});
    history = *parsed;
  }
  const bool installed = version.empty() || reads.files.status(root + "/releases/" + version).has_value();
  return Value::object({{"current", current}, {"history", history}, {"installed", installed}});
}

Intent prepare_link(const Value& in, const Value& seen, const Identity& id) {
  const bool none = !in["version"].is_unknown() && text_or(in["version"], "").empty();
  const Value link = join({in["root"], "/current"}), file = join({in["root"], "/history.json"});
  Intent intent;
  if (!none) intent.refused = unfit_name(in["version"], "release");
  // An undo brings the former history with it; otherwise it grows by one entry.
  const bool given = !in["history"].is_null();
  const bool known = seen.known() && in["version"].known();
  Value history = given ? in["history"] : known ? Value(grown_history(in, seen, id)) : Value::unknown(join({in["version"], seen}).waits_for());
  const bool standing = known && !given && seen["current"] == in["version"];
  if (standing) history = seen["history"];
  if (!intent.refused && known && seen["installed"] == Value(false))
    intent.refused = Failure{Cause::missing, Reached::no, fmt::format("release {} is not installed under {}", bare_json(in["version"]), bare_json(in["root"])), ""};
  intent.extra = Value::object({{"root", in["root"]}, {"version", none ? Value("") : in["version"]}, {"history", history}});
  Files files;
  files.changes.push_back({"write", file, history, 0644});
  if (none) files.changes.push_back({"remove", link, {}, 0});
  else files.changes.push_back({"link", link, join({"releases/", in["version"]}), 0});
  intent.act = std::move(files);
  intent.equivalent = none ? "rm " + shell_word(link) : shell_line({"ln", "-sfn", join({"releases/", in["version"]}), link});
  intent.nothing = standing || (known && given && seen["current"] == intent.extra["version"] && seen["history"] == history);
  intent.touches = {"file:" + bare_json(link), "file:" + bare_json(file)};
  intent.outputs = Value::object({{"release", in["version"]}, {"before", seen["current"]}});
  return intent;
}

Outcome judge_link(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  const bool done = now["current"] == intent.extra["version"] && now["history"] == intent.extra["history"];
  outcome.state = done ? State::done : State::not_seen;
  return outcome;
}

Standing standing_link(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const bool link = now["current"] == intent.extra["version"] || now["current"] == seen["current"];
  const bool history = now["history"] == intent.extra["history"] || now["history"] == seen["history"];
  return link && history ? Standing::as_left : Standing::otherwise;
}

Value undo_link(const Intent& intent, const Value& seen, const Value&) {
  if (seen["current"] == intent.extra["version"]) return {};
  return Value::object({{"root", intent.extra["root"]}, {"version", seen["current"]}, {"history", seen["history"]}});
}

} // namespace belay::modules::host_parts
