#include "ports/sqlite_store.hpp"
#include "codec/sha256.hpp"
#include "ports/sqlite_claims.hpp"
#include "ports/sqlite_database.hpp"
#include <cstring>
#include <fmt/core.h>
#include <mutex>

namespace belay {
namespace {

Expected<Hash> hash_of(const SqliteStatement& row, int column) {
  const std::string bytes = row.text(column);
  Hash hash{};
  if (bytes.size() != hash.size()) return Unexpected(Failure{Cause::malformed, Reached::no, "a hash in the state database has the wrong length", "the journal was edited; `belay runs verify` names the place"});
  std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

Record record_of(const SqliteStatement& row) {
  Record record{row.text(0), row.text(1), row.timestamp(2), {}};
  const std::string bytes = row.text(4);
  if (bytes.size() == record.hash.size()) std::memcpy(record.hash.data(), bytes.data(), bytes.size()); // another length stays zero, which no chain accepts
  return record;
}

class SqliteStore final : public Store {
public:
  SqliteStore(std::string path, const Time& time, Entropy& entropy) : m_path(std::move(path)), m_time(time), m_entropy(entropy) {}

  Expected<Head> append(const std::string& stream, const Head& at, std::span<const Record> records, const Row& row, const std::optional<Grant>& grant, Durable durable) override {
    const std::lock_guard lock(m_mutex);
    const auto database = for_writing();
    if (!database) return Unexpected(database.error());
    if (auto done = (*database)->sync_each_commit(durable == Durable::now); !done) return Unexpected(done.error());
    auto given = append_in_transaction(**database, stream, at, records, row, grant);
    if (auto done = (*database)->sync_each_commit(true); !done && given) return Unexpected(done.error());
    return given;
  }

  Expected<std::vector<Record>> read(const std::string& stream, std::uint64_t from, unsigned limit) override {
    const std::lock_guard lock(m_mutex);
    const auto database = for_reading();
    if (!database) return Unexpected(database.error());
    std::vector<Record> records;
    if (!*database) return records;
    auto statement = (*database)->prepare("SELECT r.kind, r.body, r.at_s, r.at_n, r.hash FROM records r WHERE r.stream = (SELECT id FROM streams WHERE name = ?) AND r.seq >= ? ORDER BY r.seq LIMIT ?");
    if (!statement) return Unexpected(statement.error());
    statement->bind(stream).bind(static_cast<std::int64_t>(from)).bind(std::int64_t{limit});
    while (true) {
      const auto there = statement->step();
      if (!there) return Unexpected(there.error());
      if (!*there) return records;
      records.push_back(record_of(*statement));
    }
  }

  Expected<Head> head(const std::string& stream) override {
    const std::lock_guard lock(m_mutex);
    const auto database = for_reading();
    if (!database) return Unexpected(database.error());
    if (!*database) return Head{};
    std::int64_t id = 0;
    return head_in(**database, stream, id);
  }

  Expected<std::vector<Row>> list(const Query& query) override {
    const std::lock_guard lock(m_mutex);
    const auto database = for_reading();
    if (!database) return Unexpected(database.error());
    std::vector<Row> rows;
    if (!*database) return rows;
    std::string sql = "SELECT name, kind, service, environment, status, label, started_s, started_n, changed_s, changed_n FROM streams WHERE (started_s, started_n) >= (?, ?)";
    const std::pair<const char*, const std::string&> wanted[] = {{"kind", query.kind}, {"service", query.service}, {"environment", query.environment}, {"status", query.status}};
    for (const auto& [column, value] : wanted)
      if (!value.empty()) sql += fmt::format(" AND {} = ?", column);
    sql += " ORDER BY started_s DESC, started_n DESC, id DESC LIMIT ?";
    auto statement = (*database)->prepare(sql);
    if (!statement) return Unexpected(statement.error());
    statement->bind(query.since);
    for (const auto& [column, value] : wanted)
      if (!value.empty()) statement->bind(value);
    statement->bind(std::int64_t{query.limit});
    while (true) {
      const auto there = statement->step();
      if (!there) return Unexpected(there.error());
      if (!*there) return rows;
      rows.push_back({statement->text(0), statement->text(1), statement->text(2), statement->text(3), statement->text(4), statement->text(5), statement->timestamp(6), statement->timestamp(8)});
    }
  }

  Expected<std::variant<Grant, Taken>> take(const std::string& claim, const Holder& holder, Duration lease, bool (*dead)(const Machine&, const ProcessMark&), const Machine& machine) override {
    const std::lock_guard lock(m_mutex);
    const auto database = for_writing();
    if (!database) return Unexpected(database.error());
    return sqlite_claims::take(**database, claim, {holder, lease, dead, machine, random_name(), m_time.wall(), m_time.steady()});
  }
  Expected<Grant> renew(const Grant& grant, Duration lease) override {
    const std::lock_guard lock(m_mutex);
    const auto database = for_writing();
    if (!database) return Unexpected(database.error());
    if (auto done = sqlite_claims::renew(**database, grant, lease, m_time.wall(), m_time.steady()); !done) return Unexpected(done.error());
    return grant;
  }
  Expected<void> release(const Grant& grant, bool park) override {
    const std::lock_guard lock(m_mutex);
    const auto database = for_writing();
    if (!database) return Unexpected(database.error());
    return sqlite_claims::release(**database, grant, park, m_time.wall());
  }
  Expected<void> unlock(const std::string& claim, const std::string& id) override {
    const std::lock_guard lock(m_mutex);
    const auto database = for_writing();
    if (!database) return Unexpected(database.error());
    return sqlite_claims::unlock(**database, claim, id);
  }
  Expected<std::vector<Taken>> claims() override {
    const std::lock_guard lock(m_mutex);
    const auto database = for_reading();
    if (!database) return Unexpected(database.error());
    if (!*database) return std::vector<Taken>();
    return sqlite_claims::all(**database);
  }

  Expected<void> post(const Post& post) override {
    const std::lock_guard lock(m_mutex);
    const auto database = for_writing();
    if (!database) return Unexpected(database.error());
    auto statement = (*database)->prepare("INSERT INTO posts(run, kind, who, body, at_s, at_n) VALUES(?, ?, ?, ?, ?, ?)");
    if (!statement) return Unexpected(statement.error());
    return statement->bind(post.run).bind(post.kind).bind(post.who).bind(post.body).bind(post.at).run();
  }
  Expected<std::vector<Post>> posts(const std::string& run, std::uint64_t after) override {
    const std::lock_guard lock(m_mutex);
    const auto database = for_reading();
    if (!database) return Unexpected(database.error());
    std::vector<Post> posts;
    if (!*database) return posts;
    auto statement = (*database)->prepare("SELECT id, run, kind, who, body, at_s, at_n FROM posts WHERE run = ? AND id > ? ORDER BY id");
    if (!statement) return Unexpected(statement.error());
    statement->bind(run).bind(static_cast<std::int64_t>(after));
    while (true) {
      const auto there = statement->step();
      if (!there) return Unexpected(there.error());
      if (!*there) return posts;
      posts.push_back({static_cast<std::uint64_t>(statement->number(0)), statement->text(1), statement->text(2), statement->text(3), statement->text(4), statement->timestamp(5)});
    }
  }

private:
  std::string random_name() {
    char bytes[12];
    m_entropy.fill(std::as_writable_bytes(std::span(bytes)));
    return hex({bytes, sizeof bytes});
  }

  /// Null where there is no state yet.
  Expected<SqliteDatabase*> for_reading() {
    if (m_database) return m_database.get();
    auto opened = SqliteDatabase::open(m_path);
    if (!opened && opened.error().cause == Cause::missing) return nullptr;
    if (!opened) return Unexpected(opened.error());
    m_database = std::move(*opened);
    return m_database.get();
  }
  Expected<SqliteDatabase*> for_writing() {
    auto database = for_reading();
    if (!database || *database) return database;
    if (auto made = SqliteDatabase::create(m_path, random_name()); !made) return Unexpected(made.error());
    database = for_reading();
    if (database && !*database) return Unexpected(Failure{Cause::transport, Reached::no, "the state database " + m_path + " went away as it was made", "does something clean this folder?"});
    return database;
  }

  static Expected<Head> head_in(SqliteDatabase& database, const std::string& stream, std::int64_t& id) {
    auto statement = database.prepare("SELECT id, seq, hash FROM streams WHERE name = ?");
    if (!statement) return Unexpected(statement.error());
    const auto there = statement->bind(stream).step();
    if (!there) return Unexpected(there.error());
    if (!*there) return Head{};
    id = statement->number(0);
    const auto hash = hash_of(*statement, 2);
    if (!hash) return Unexpected(hash.error());
    return Head{static_cast<std::uint64_t>(statement->number(1)), *hash};
  }

  /// Only the end of the stream moved, which is so for nearly every append: no index holds these columns, so one page is written instead of six. False: more changed.
  static Expected<bool> move_end(SqliteDatabase& database, const std::string& stream, const Head& head, const Row& row) {
    auto statement = database.prepare("UPDATE streams SET seq = ?, hash = ?, changed_s = ?, changed_n = ? WHERE name = ? AND kind = ? AND service = ? AND environment = ? AND status = ? AND label = ? "
                                      "AND started_s = ? AND started_n = ? RETURNING id");
    if (!statement) return Unexpected(statement.error());
    statement->bind(static_cast<std::int64_t>(head.seq)).bind_bytes(head.hash.data(), head.hash.size()).bind(row.changed).bind(stream);
    statement->bind(row.kind).bind(row.service).bind(row.environment).bind(row.status).bind(row.label).bind(row.started);
    const auto there = statement->step();
    if (!there) return Unexpected(there.error());
    if (!*there) return false;
    if (auto done = statement->run(); !done) return Unexpected(done.error());
    return true;
  }

  static Expected<void> write_row(SqliteDatabase& database, const std::string& stream, const Head& head, const Row& row, std::int64_t& id) {
    auto statement = database.prepare("INSERT INTO streams(name, seq, hash, kind, service, environment, status, label, started_s, started_n, changed_s, changed_n) VALUES(?,?,?,?,?,?,?,?,?,?,?,?) "
                                      "ON CONFLICT(name) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, kind = excluded.kind, service = excluded.service, environment = excluded.environment, "
                                      "status = excluded.status, label = excluded.label, started_s = excluded.started_s, started_n = excluded.started_n, changed_s = excluded.changed_s, "
                                      "changed_n = excluded.changed_n RETURNING id");
    if (!statement) return Unexpected(statement.error());
    statement->bind(stream).bind(static_cast<std::int64_t>(head.seq)).bind_bytes(head.hash.data(), head.hash.size());
    statement->bind(row.kind).bind(row.service).bind(row.environment).bind(row.status).bind(row.label).bind(row.started).bind(row.changed);
    const auto there = statement->step();
    if (!there) return Unexpected(there.error());
    id = statement->number(0);
    return statement->run();
  }

  static Expected<Head> append_in_transaction(SqliteDatabase& database, const std::string& stream, const Head& at, std::span<const Record> records, const Row& row, const std::optional<Grant>& grant) {
    auto transaction = SqliteTransaction::begin(database);
    if (!transaction) return Unexpected(transaction.error());
    if (grant)
      if (auto held = sqlite_claims::check(database, *grant); !held) return Unexpected(held.error());
    std::int64_t id = 0;
    const auto now = head_in(database, stream, id);
    if (!now) return Unexpected(now.error());
    if (now->seq != at.seq || now->hash != at.hash)
      return Unexpected(Failure{Cause::conflict, Reached::no, fmt::format("the journal {} ends at record {}, not at {}: another process wrote to it", stream, now->seq, at.seq), "nothing was written; read it again, then decide"});
    Head head{at.seq + records.size(), records.empty() ? at.hash : records.back().hash};
    const auto moved = id == 0 ? Expected<bool>(false) : move_end(database, stream, head, row);
    if (!moved) return Unexpected(moved.error());
    if (!*moved)
      if (auto done = write_row(database, stream, head, row, id); !done) return Unexpected(done.error());
    std::uint64_t seq = at.seq;
    for (const Record& record : records) {
      auto statement = database.prepare("INSERT INTO records(stream, seq, kind, body, at_s, at_n, hash) VALUES(?, ?, ?, ?, ?, ?, ?)");
      if (!statement) return Unexpected(statement.error());
      statement->bind(id).bind(static_cast<std::int64_t>(++seq)).bind(record.kind).bind_bytes(record.body.data(), record.body.size()).bind(record.at).bind_bytes(record.hash.data(), record.hash.size());
      if (auto done = statement->run(); !done) return Unexpected(done.error());
    }
    if (auto done = transaction->commit(); !done) return Unexpected(done.error());
    return head;
  }

  std::string m_path;
  const Time& m_time;
  Entropy& m_entropy;
  std::mutex m_mutex;
  std::unique_ptr<SqliteDatabase> m_database;
};

} // namespace

std::unique_ptr<Store> open_sqlite_store(std::string path, const Time& time, Entropy& entropy) { return std::make_unique<SqliteStore>(std::move(path), time, entropy); }

} // namespace belay
