#include "clients/backup_manifest.hpp"
#include "codec/sha256.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <stdexcept>

namespace belay {
namespace {

constexpr int k_format = 1;

Failure bad(std::string why) { return {Cause::malformed, Reached::no, "the manifest cannot be trusted: " + std::move(why), "use another backup; `backup list` names them"}; }

Value body_of(const Manifest& m) {
  Value::List tables;
  for (const auto& table : m.census.tables) {
    std::vector<std::pair<std::string, Value>> row{{"schema", table.schema}, {"name", table.name}, {"rows", table.rows}};
    if (!table.hash.empty()) row.emplace_back("hash", table.hash);
    tables.push_back(Value::object(std::move(row)));
  }
  std::vector<std::pair<std::string, Value>> objects, extensions;
  for (const auto& [kind, number] : m.census.objects) objects.emplace_back(kind, number);
  for (const auto& [name, version] : m.census.extensions) extensions.emplace_back(name, version);
  return Value::object({{"format", k_format},
                        {"id", m.id},
                        {"service", m.service},
                        {"environment", m.environment},
                        {"run", m.run},
                        {"step", m.step},
                        {"started", rfc3339(m.started)},
                        {"taken", rfc3339(m.taken)},
                        {"finished", rfc3339(m.finished)},
                        {"lsn", m.lsn},
                        {"server", m.server},
                        {"server_text", m.server_text},
                        {"tool", m.tool},
                        {"database", m.database},
                        {"size", static_cast<std::int64_t>(m.size)},
                        {"raw_size", static_cast<std::int64_t>(m.raw_size)},
                        {"sha256", m.sha256},
                        {"tables", std::move(tables)},
                        {"objects", Value::object(std::move(objects))},
                        {"extensions", Value::object(std::move(extensions))}});
}

Timestamp time_in(const Value& body, std::string_view name) {
  const auto parsed = parse_rfc3339(body[name].text());
  if (!parsed) throw std::logic_error("a time");
  return *parsed;
}

// Throws std::logic_error where a member is missing or of another kind; read_manifest turns that into a failure.
Manifest manifest_of(const Value& body) {
  Manifest m;
  m.id = body["id"].text();
  m.service = body["service"].text();
  m.environment = body["environment"].text();
  m.run = body["run"].text();
  m.step = body["step"].text();
  m.started = time_in(body, "started");
  m.taken = time_in(body, "taken");
  m.finished = time_in(body, "finished");
  m.lsn = body["lsn"].text();
  m.server = static_cast<int>(body["server"].integer());
  m.server_text = body["server_text"].text();
  m.tool = body["tool"].text();
  m.database = body["database"];
  m.size = static_cast<std::uint64_t>(body["size"].integer());
  m.raw_size = static_cast<std::uint64_t>(body["raw_size"].integer());
  m.sha256 = body["sha256"].text();
  for (const Value& row : body["tables"].list())
    m.census.tables.push_back({row["schema"].text(), row["name"].text(), row["rows"].integer(), row.has("hash") ? row["hash"].text() : std::string()});
  for (const auto& [kind, number] : body["objects"].map()) m.census.objects.emplace_back(kind.text(), number.integer());
  for (const auto& [name, version] : body["extensions"].map()) m.census.extensions.emplace_back(name.text(), version.text());
  return m;
}

} // namespace

std::string write_manifest(const Manifest& m) {
  const Value body = body_of(m);
  Value::Map members = body.map();
  members.emplace_back("digest", hex(sha256(canonical_json(body))));
  return canonical_json(Value(std::move(members))) + "\n";
}

Expected<Manifest> read_manifest(std::string_view text) {
  if (text.empty() || text.back() != '\n') return Unexpected(bad("it does not end with a line feed, so it is cut"));
  const auto parsed = parse_json(text.substr(0, text.size() - 1));
  if (!parsed) return Unexpected(bad(parsed.error().message));
  if (parsed->kind() != Kind::map) return Unexpected(bad("it is no JSON object"));
  if ((*parsed)["format"] != Value(k_format)) return Unexpected(bad(fmt::format("its format is {}, and this belay reads format {}", show((*parsed)["format"]), k_format)));
  try {
    const Manifest m = manifest_of(*parsed);
    if (!is_backup_id(m.id)) return Unexpected(bad(fmt::format("'{}' is no id of a backup", m.id)));
    if (write_manifest(m) != text) return Unexpected(bad("its digest does not match what it says, so it was changed after the backup was made"));
    return m;
  } catch (const std::logic_error&) {
    return Unexpected(bad("a member is missing or of another type"));
  }
}

std::string backup_id(Timestamp run_started, std::string_view run, std::string_view path) {
  std::string time = rfc3339({run_started.seconds, 0});
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}-{}", time, hex(sha256(fmt::format("{}\n{}", run, path))).substr(0, 8));
}

bool is_backup_id(std::string_view id) {
  constexpr std::string_view k_shape = "ddddddddTddddddZ-xxxxxxxx";
  if (id.size() != k_shape.size()) return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool digit = id[i] >= '0' && id[i] <= '9', letter = id[i] >= 'a' && id[i] <= 'f';
    if (k_shape[i] == 'd' ? !digit : k_shape[i] == 'x' ? !(digit || letter) : id[i] != k_shape[i]) return false;
  }
  return true;
}

std::optional<Timestamp> backup_time(std::string_view id) {
  if (!is_backup_id(id)) return std::nullopt;
  const auto at = parse_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}Z", id.substr(0, 4), id.substr(4, 2), id.substr(6, 2), id.substr(9, 2), id.substr(11, 2), id.substr(13, 2)));
  return at ? std::optional(*at) : std::nullopt;
}

std::vector<std::string> differences(const Census& recorded, const Census& found) {
  std::vector<std::string> out;
  std::map<std::pair<std::string, std::string>, const TableCount*> there;
  for (const auto& table : found.tables) there[{table.schema, table.name}] = &table;
  for (const auto& table : recorded.tables) {
    const auto at = there.find({table.schema, table.name});
    if (at == there.end()) {
      out.push_back(fmt::format("table {}.{} is missing (it had {} rows)", table.schema, table.name, table.rows));
      continue;
    }
    if (at->second->rows != table.rows) out.push_back(fmt::format("table {}.{} has {} rows, the backup recorded {}", table.schema, table.name, at->second->rows, table.rows));
    else if (!table.hash.empty() && !at->second->hash.empty() && table.hash != at->second->hash)
      out.push_back(fmt::format("table {}.{} has the right number of rows but other contents", table.schema, table.name));
    there.erase(at);
  }
  for (const auto& [name, table] : there) out.push_back(fmt::format("table {}.{} is there, and the backup recorded none", name.first, name.second));
  std::map<std::string, std::int64_t> objects(found.objects.begin(), found.objects.end());
  for (const auto& [kind, number] : recorded.objects)
    if (objects[kind] != number) out.push_back(fmt::format("{}: {} are there, the backup recorded {}", kind, objects[kind], number));
  std::map<std::string, std::string> extensions(found.extensions.begin(), found.extensions.end());
  for (const auto& [name, version] : recorded.extensions)
    if (!extensions.contains(name)) out.push_back(fmt::format("extension {} {} is missing", name, version));
  return out;
}

} // namespace belay
