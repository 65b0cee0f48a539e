#pragma once
#include "ports/sqlite_database.hpp"
#include <array>

namespace belay {

/// Times are two columns, seconds and nanoseconds, since years 1 to 9999 do not fit 64-bit nanoseconds.
inline constexpr std::array<SqliteMigration, 1> k_sqlite_migrations = {{
    {1, 1, R"sql(
CREATE TABLE migrations(version INTEGER PRIMARY KEY, needs INTEGER NOT NULL, belay TEXT NOT NULL) STRICT;
CREATE TABLE streams(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL, hash BLOB NOT NULL,
  kind TEXT NOT NULL, service TEXT NOT NULL, environment TEXT NOT NULL, status TEXT NOT NULL, label TEXT NOT NULL,
  started_s INTEGER NOT NULL, started_n INTEGER NOT NULL, changed_s INTEGER NOT NULL, changed_n INTEGER NOT NULL) STRICT;
CREATE INDEX streams_by_time ON streams(started_s, started_n);
CREATE INDEX streams_by_kind ON streams(kind, started_s, started_n);
CREATE INDEX streams_by_service ON streams(service, started_s, started_n);
CREATE INDEX streams_by_kind_service ON streams(kind, service, started_s, started_n);
CREATE INDEX streams_by_kind_status ON streams(kind, status, started_s, started_n);
CREATE TABLE records(
  stream INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
  at_s INTEGER NOT NULL, at_n INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(stream, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE claims(
  claim TEXT PRIMARY KEY, epoch INTEGER NOT NULL, state INTEGER NOT NULL, id TEXT NOT NULL,
  run TEXT NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL,
  host TEXT NOT NULL, boot TEXT NOT NULL, pid INTEGER NOT NULL, process_started INTEGER NOT NULL,
  since_s INTEGER NOT NULL, since_n INTEGER NOT NULL, renewed_s INTEGER NOT NULL, renewed_n INTEGER NOT NULL,
  lease INTEGER NOT NULL, renewals INTEGER NOT NULL, renewed_steady INTEGER NOT NULL,
  seen_boot TEXT NOT NULL, seen_steady INTEGER NOT NULL, seen_renewals INTEGER NOT NULL) STRICT;
CREATE TABLE posts(
  id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL, body TEXT NOT NULL,
  at_s INTEGER NOT NULL, at_n INTEGER NOT NULL) STRICT;
CREATE INDEX posts_by_run ON posts(run, id);
)sql"},
}};

/// Marks the file as belay's ("BLAY").
inline constexpr int k_sqlite_application = 0x424c4159;

} // namespace belay
