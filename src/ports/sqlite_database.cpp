#include "ports/sqlite_database.hpp"
#include "ports/sqlite_files.hpp"
#include "ports/sqlite_schema.hpp"
#include <fmt/core.h>
#include <sqlite3.h>
#include <utility>

namespace belay {
namespace {

constexpr int k_busy_milliseconds = 10000;
constexpr int k_pages_to_checkpoint = 1000; // 4 MiB: a first opener reads the whole log again

Failure failure_of(int code, const std::string& path, const char* detail, Reached reached) {
  const std::string at = "the state database " + path;
  switch (code & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return {Cause::timeout, Reached::no, fmt::format("{} was locked by another process for {} s", at, k_busy_milliseconds / 1000), "try again; `fuser` on the file tells who has it open"};
  case SQLITE_FULL: return {Cause::full, reached, "no space is left for " + at, "make room in its file system, then continue: what was written before stands"};
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH: return {Cause::refused, Reached::no, at + " cannot be written: it or its folder is read-only for this user", "check owner and mode of both (0600 in 0700), or use --state"};
  case SQLITE_CANTOPEN:
    return {Cause::refused, Reached::no, fmt::format("{} cannot be opened: {}", at, detail), "its folder must be writable even to read (the log's index lives there); check owner and mode, or use --state"};
  case SQLITE_NOTADB: return {Cause::malformed, Reached::no, at + " is not a database: another file stands in its place, or it was overwritten", "nothing was changed; move it away, or use --state"};
  case SQLITE_CORRUPT:
    return {Cause::malformed, reached, fmt::format("{} is damaged: {}", at, detail), "copy the file with its -wal beside it before anything else; `sqlite3 FILE .recover` reads what can be read"};
  default: return {Cause::transport, reached, fmt::format("{}: {} ({})", at, detail, sqlite3_errstr(code)), "check the disk and the kernel's log"};
  }
}

Failure failure_of(sqlite3* database, const std::string& path, Reached reached = Reached::no) {
  return failure_of(sqlite3_extended_errcode(database), path, sqlite3_errmsg(database), reached);
}

Expected<void> execute(sqlite3* database, const std::string& path, const char* sql, Reached reached = Reached::no) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return Unexpected(failure_of(database, path, reached));
}

Expected<sqlite3*> open_file(const std::string& path) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code == SQLITE_OK) return database;
  const Failure failure = failure_of(code, path, database ? sqlite3_errmsg(database) : "no memory", Reached::no);
  sqlite3_close(database);
  return Unexpected(failure);
}

Expected<std::int64_t> number_of(SqliteDatabase& database, const char* sql) {
  auto statement = database.prepare(sql);
  if (!statement) return Unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return Unexpected(row.error());
  return *row ? statement->number(0) : 0;
}

} // namespace

SqliteStatement::SqliteStatement(sqlite3_stmt* statement, sqlite3* database, const std::string& path) : m_statement(statement), m_database(database), m_path(&path) {}
SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept
    : m_statement(std::exchange(other.m_statement, nullptr)), m_database(other.m_database), m_path(other.m_path), m_next(other.m_next) {}
SqliteStatement::~SqliteStatement() {
  if (!m_statement) return;
  sqlite3_reset(m_statement);
  sqlite3_clear_bindings(m_statement);
}
SqliteStatement& SqliteStatement::bind(std::int64_t number) {
  sqlite3_bind_int64(m_statement, m_next++, number);
  return *this;
}
SqliteStatement& SqliteStatement::bind(std::string_view text) {
  // A null pointer would bind NULL.
  sqlite3_bind_text(m_statement, m_next++, text.data() ? text.data() : "", static_cast<int>(text.size()), SQLITE_STATIC);
  return *this;
}
SqliteStatement& SqliteStatement::bind_bytes(const void* bytes, std::size_t size) {
  sqlite3_bind_blob64(m_statement, m_next++, bytes ? bytes : "", size, SQLITE_STATIC);
  return *this;
}
SqliteStatement& SqliteStatement::bind(Timestamp at) { return bind(at.seconds).bind(std::int64_t{at.nanos}); }
Expected<bool> SqliteStatement::step() {
  const int code = sqlite3_step(m_statement);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return Unexpected(failure_of(m_database, *m_path));
}
Expected<void> SqliteStatement::run() {
  while (true) {
    const auto row = step();
    if (!row) return Unexpected(row.error());
    if (!*row) return {};
  }
}
std::int64_t SqliteStatement::number(int column) const { return sqlite3_column_int64(m_statement, column); }
std::string SqliteStatement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(m_statement, column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(m_statement, column))) : std::string();
}
Timestamp SqliteStatement::timestamp(int column) const { return {number(column), static_cast<std::int32_t>(number(column + 1))}; }

SqliteDatabase::SqliteDatabase(sqlite3* database, std::string path) : m_database(database), m_path(std::move(path)) {}
SqliteDatabase::~SqliteDatabase() {
  for (const auto& [sql, statement] : m_statements) sqlite3_finalize(statement);
  sqlite3_close(m_database);
}

Expected<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::string& path) {
  const auto real = sqlite_files::check(path);
  if (!real) return Unexpected(real.error());
  const auto file = open_file(*real);
  if (!file) return Unexpected(file.error());
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(*file, *real));
  if (auto done = database->configure(); !done) return Unexpected(done.error());
  if (auto done = database->migrate(); !done) return Unexpected(done.error());
  return database;
}

Expected<void> SqliteDatabase::configure() {
  sqlite3_busy_timeout(m_database, k_busy_milliseconds);
  sqlite3_db_config(m_database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(m_database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(m_database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_wal_autocheckpoint(m_database, k_pages_to_checkpoint);
  return run("PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON;");
}

Expected<void> SqliteDatabase::migrate() {
  const auto application = number_of(*this, "PRAGMA application_id");
  if (!application) return Unexpected(application.error());
  if (*application != k_sqlite_application)
    return Unexpected(Failure{Cause::refused, Reached::no, m_path + " is a database of another program", "nothing was changed; name another file with --state"});
  const int current = k_sqlite_migrations.back().version;
  const auto needs = number_of(*this, "SELECT max(needs) FROM migrations");
  if (!needs) return Unexpected(needs.error());
  if (*needs > current)
    return Unexpected(Failure{Cause::refused, Reached::no, fmt::format("the state database {} was written by a newer belay (schema {}, this one knows {})", m_path, *needs, current),
                              "nothing was changed; use the newer belay, or another --state"});
  const auto version = number_of(*this, "SELECT max(version) FROM migrations");
  if (!version) return Unexpected(version.error());
  if (*version >= current) return {};
  auto transaction = SqliteTransaction::begin(*this);
  if (!transaction) return Unexpected(transaction.error());
  const auto still = number_of(*this, "SELECT max(version) FROM migrations"); // another process may have been first
  if (!still) return Unexpected(still.error());
  for (const SqliteMigration& step : k_sqlite_migrations) {
    if (step.version <= *still) continue;
    if (auto done = run(step.sql); !done) return done;
    auto note = prepare("INSERT INTO migrations(version, needs, belay) VALUES(?, ?, ?)");
    if (!note) return Unexpected(note.error());
    if (auto done = note->bind(std::int64_t{step.version}).bind(std::int64_t{step.needs}).bind(std::string_view(BELAY_VERSION)).run(); !done) return done;
  }
  return transaction->commit();
}

Expected<void> SqliteDatabase::create(const std::string& path, const std::string& random) {
  const auto draft = sqlite_files::begin_draft(path, random);
  if (!draft) return Unexpected(draft.error());
  const auto build = [&]() -> Expected<void> {
    const auto file = open_file(draft->temporary);
    if (!file) return Unexpected(file.error());
    SqliteDatabase database(*file, draft->temporary);
    const auto mark = fmt::format("PRAGMA application_id={}; PRAGMA auto_vacuum=NONE; BEGIN IMMEDIATE;", k_sqlite_application);
    if (auto done = database.run(mark.c_str()); !done) return done;
    for (const SqliteMigration& step : k_sqlite_migrations) {
      const auto note = fmt::format("{} INSERT INTO migrations(version, needs, belay) VALUES({}, {}, '" BELAY_VERSION "');", step.sql, step.version, step.needs);
      if (auto done = database.run(note.c_str()); !done) return done;
    }
    if (auto done = database.run("COMMIT"); !done) return done;
    return database.run("PRAGMA journal_mode=WAL"); // closing takes the empty log away again
  };
  if (auto built = build(); !built) {
    sqlite_files::discard_draft(*draft);
    built.error().message += " (while it was being made)";
    return built;
  }
  return sqlite_files::publish_draft(*draft);
}

Expected<SqliteStatement> SqliteDatabase::prepare(const std::string& sql) {
  auto& statement = m_statements[sql];
  if (!statement && sqlite3_prepare_v3(m_database, sql.c_str(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
    return Unexpected(failure_of(m_database, m_path));
  return SqliteStatement(statement, m_database, m_path);
}

Expected<void> SqliteDatabase::run(const char* sql) { return execute(m_database, m_path, sql); }

Expected<void> SqliteDatabase::sync_each_commit(bool on) {
  if (on == m_syncs) return {};
  if (auto done = run(on ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"); !done) return done;
  m_syncs = on;
  return {};
}

Expected<SqliteTransaction> SqliteTransaction::begin(SqliteDatabase& database) {
  auto statement = database.prepare("BEGIN IMMEDIATE");
  if (!statement) return Unexpected(statement.error());
  if (auto done = statement->run(); !done) return Unexpected(done.error());
  return SqliteTransaction(database);
}
SqliteTransaction::SqliteTransaction(SqliteTransaction&& other) noexcept : m_database(std::exchange(other.m_database, nullptr)) {}
SqliteTransaction::~SqliteTransaction() {
  if (m_database) (void)m_database->run("ROLLBACK");
}
Expected<void> SqliteTransaction::commit() {
  auto statement = m_database->prepare("COMMIT");
  if (!statement) return Unexpected(statement.error());
  if (auto done = statement->run(); !done) {
    done.error().reached = Reached::perhaps;
    return done;
  }
  m_database = nullptr;
  return {};
}

} // namespace belay
