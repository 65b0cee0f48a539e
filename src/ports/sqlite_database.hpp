#pragma once
#include "belay/error.hpp"
#include "belay/value.hpp"
#include <map>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace belay {

/// One use of a prepared statement: parameters are bound from 1, columns read from 0. It is reset when it goes, and kept by its database.
class SqliteStatement {
public:
  SqliteStatement(sqlite3_stmt* statement, sqlite3* database, const std::string& path);
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement(SqliteStatement&& other) noexcept;
  ~SqliteStatement();
  SqliteStatement& bind(std::int64_t number);
  SqliteStatement& bind(std::string_view text); ///< the text must outlive the statement's use
  SqliteStatement& bind_bytes(const void* bytes, std::size_t size);
  SqliteStatement& bind(Timestamp at); ///< two parameters: seconds, nanos
  Expected<bool> step();               ///< true: there is a row
  Expected<void> run();                ///< to its end, rows ignored
  std::int64_t number(int column) const;
  std::string text(int column) const; ///< text or bytes
  Timestamp timestamp(int column) const;

private:
  sqlite3_stmt* m_statement;
  sqlite3* m_database;
  const std::string* m_path;
  int m_next = 1;
};

/// The state database: one file in WAL mode, of the current schema. Used by one thread at a time.
class SqliteDatabase {
public:
  /// Opens what is there; `missing` when there is nothing. Older schemas are migrated. Failures: `refused` (no right to it, a
  /// link, a newer schema, another program's), `malformed` (not a database, damaged), `full`, `transport`.
  static Expected<std::unique_ptr<SqliteDatabase>> open(const std::string& path);
  /// Makes it, complete or not at all, with its folder (0700); of several at once one is kept and all succeed. `random`: part of a temporary name.
  static Expected<void> create(const std::string& path, const std::string& random);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;

  Expected<SqliteStatement> prepare(const std::string& sql);
  Expected<void> run(const char* sql);
  Expected<void> sync_each_commit(bool on); ///< outside a transaction

private:
  SqliteDatabase(sqlite3* database, std::string path);
  Expected<void> configure();
  Expected<void> migrate();
  sqlite3* m_database;
  std::string m_path;
  std::map<std::string, sqlite3_stmt*> m_statements;
  bool m_syncs = true;
};

/// Writes of one unit: rolled back unless committed. A failed commit has `reached` perhaps, everything before it no.
class SqliteTransaction {
public:
  static Expected<SqliteTransaction> begin(SqliteDatabase& database);
  SqliteTransaction(SqliteTransaction&& other) noexcept;
  ~SqliteTransaction();
  Expected<void> commit();

private:
  explicit SqliteTransaction(SqliteDatabase& database) : m_database(&database) {}
  SqliteDatabase* m_database;
};

/// What the schema's steps are, oldest first; `needs`: the oldest schema number whose belay can still use the result.
struct SqliteMigration {
  int version, needs;
  const char* sql;
};

} // namespace belay
