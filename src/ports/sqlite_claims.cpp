#include "ports/sqlite_claims.hpp"
#include <fmt/core.h>

namespace belay::sqlite_claims {
namespace {

enum Standing : std::int64_t { k_free, k_held, k_parked };

/// A row of the table: the claim as others see it, and what the lease is judged by.
struct Row {
  Taken taken;
  std::int64_t standing = k_free, renewals = 0, seen_renewals = 0;
  Duration lease{}, renewed{}, seen{};
  std::string seen_boot;
};

constexpr const char* k_columns = "claim, epoch, state, id, run, who, reason, host, boot, pid, process_started, since_s, since_n, renewed_s, renewed_n, lease, renewals, renewed_steady, "
                                  "seen_boot, seen_steady, seen_renewals";

Row row_of(const SqliteStatement& from) {
  Row row;
  Taken& taken = row.taken;
  taken.claim = from.text(0);
  taken.epoch = static_cast<std::uint64_t>(from.number(1));
  row.standing = from.number(2);
  taken.parked = row.standing == k_parked;
  taken.id = from.text(3);
  taken.by = {from.text(4), from.text(5), from.text(6), {from.text(7), from.text(8), from.number(9), static_cast<std::uint64_t>(from.number(10))}};
  taken.since = from.timestamp(11);
  taken.renewed = from.timestamp(13);
  row.lease = Duration(from.number(15));
  row.renewals = from.number(16);
  row.renewed = Duration(from.number(17));
  row.seen_boot = from.text(18);
  row.seen = Duration(from.number(19));
  row.seen_renewals = from.number(20);
  return row;
}

Expected<std::optional<Row>> find(SqliteDatabase& database, const std::string& claim) {
  auto statement = database.prepare(fmt::format("SELECT {} FROM claims WHERE claim = ?", k_columns));
  if (!statement) return Unexpected(statement.error());
  const auto there = statement->bind(claim).step();
  if (!there) return Unexpected(there.error());
  if (!*there) return std::nullopt;
  return row_of(*statement);
}

/// Whether the lease has run out, by a clock that the taker shares with the holder, or by the taker's own observation.
bool expired(const Row& row, const Taker& taker) {
  const std::string& boot = taker.holder.process.boot;
  if (!boot.empty() && boot == row.taken.by.process.boot) return taker.steady - row.renewed > row.lease;
  return !boot.empty() && boot == row.seen_boot && row.seen_renewals == row.renewals && taker.steady - row.seen > row.lease;
}

bool may_take(const Row& row, const Taker& taker) {
  if (row.standing == k_free) return true;
  if (row.standing == k_parked) return row.taken.by.run == taker.holder.run;
  const ProcessMark& process = row.taken.by.process;
  return expired(row, taker) || (taker.dead && process.host == taker.machine.host() && taker.dead(taker.machine, process));
}

/// Notes when a taker of another boot first saw this renewal.
Expected<void> observe(SqliteDatabase& database, const Row& row, const Taker& taker) {
  const std::string& boot = taker.holder.process.boot;
  if (row.standing != k_held || boot.empty() || boot == row.taken.by.process.boot) return {};
  if (boot == row.seen_boot && row.seen_renewals == row.renewals) return {};
  auto statement = database.prepare("UPDATE claims SET seen_boot = ?, seen_steady = ?, seen_renewals = ? WHERE claim = ?");
  if (!statement) return Unexpected(statement.error());
  return statement->bind(boot).bind(taker.steady.count()).bind(row.renewals).bind(row.taken.claim).run();
}

Expected<Grant> grant(SqliteDatabase& database, const std::string& claim, std::uint64_t epoch, const Taker& taker) {
  auto statement = database.prepare(fmt::format("INSERT OR REPLACE INTO claims({}) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,?,'',0,-1)", k_columns));
  if (!statement) return Unexpected(statement.error());
  const ProcessMark& process = taker.holder.process;
  statement->bind(claim).bind(static_cast<std::int64_t>(epoch)).bind(std::int64_t{k_held}).bind(taker.id);
  statement->bind(taker.holder.run).bind(taker.holder.who).bind(taker.holder.reason);
  statement->bind(process.host).bind(process.boot).bind(process.pid).bind(static_cast<std::int64_t>(process.started));
  statement->bind(taker.now).bind(taker.now).bind(taker.lease.count()).bind(taker.steady.count());
  if (auto done = statement->run(); !done) return Unexpected(done.error());
  return Grant{claim, taker.id, epoch};
}

Unexpected fenced(const Grant& grant, const std::optional<Row>& row) {
  std::string now = "nobody holds it";
  if (row && row->standing != k_free)
    now = fmt::format("run {} {} it (epoch {})", row->taken.by.run, row->standing == k_parked ? "parked" : "holds", row->taken.epoch);
  return Unexpected(Failure{Cause::fenced, Reached::no, fmt::format("the claim {} is no longer this run's (epoch {}): {}", grant.claim, grant.epoch, now),
                            "nothing more is done by this run; `belay runs list` shows who goes on"});
}

/// The row that the grant holds, or `fenced`.
Expected<Row> held_by(SqliteDatabase& database, const Grant& grant) {
  const auto row = find(database, grant.claim);
  if (!row) return Unexpected(row.error());
  if (!*row || (*row)->standing != k_held || (*row)->taken.epoch != grant.epoch || (*row)->taken.id != grant.id) return fenced(grant, *row);
  return **row;
}

} // namespace

Expected<std::variant<Grant, Taken>> take(SqliteDatabase& database, const std::string& claim, const Taker& taker) {
  auto transaction = SqliteTransaction::begin(database);
  if (!transaction) return Unexpected(transaction.error());
  const auto row = find(database, claim);
  if (!row) return Unexpected(row.error());
  if (*row && !may_take(**row, taker)) {
    if (auto done = observe(database, **row, taker); !done) return Unexpected(done.error());
    if (auto done = transaction->commit(); !done) return Unexpected(done.error());
    return (*row)->taken;
  }
  const auto granted = grant(database, claim, *row ? (*row)->taken.epoch + 1 : 1, taker);
  if (!granted) return Unexpected(granted.error());
  if (auto done = transaction->commit(); !done) return Unexpected(done.error());
  return *granted;
}

Expected<void> renew(SqliteDatabase& database, const Grant& grant, Duration lease, Timestamp now, Duration steady) {
  auto transaction = SqliteTransaction::begin(database);
  if (!transaction) return Unexpected(transaction.error());
  const auto row = held_by(database, grant);
  if (!row) return Unexpected(row.error());
  auto statement = database.prepare("UPDATE claims SET renewed_s = ?, renewed_n = ?, lease = ?, renewed_steady = ?, renewals = renewals + 1 WHERE claim = ?");
  if (!statement) return Unexpected(statement.error());
  if (auto done = statement->bind(now).bind(lease.count()).bind(steady.count()).bind(grant.claim).run(); !done) return done;
  return transaction->commit();
}

Expected<void> release(SqliteDatabase& database, const Grant& grant, bool park, Timestamp now) {
  auto transaction = SqliteTransaction::begin(database);
  if (!transaction) return Unexpected(transaction.error());
  const auto row = held_by(database, grant);
  if (!row) return Unexpected(row.error());
  // The row stays: its epoch must go on growing.
  auto statement = database.prepare("UPDATE claims SET state = ?, renewed_s = ?, renewed_n = ? WHERE claim = ?");
  if (!statement) return Unexpected(statement.error());
  if (auto done = statement->bind(std::int64_t{park ? k_parked : k_free}).bind(now).bind(grant.claim).run(); !done) return done;
  return transaction->commit();
}

Expected<void> unlock(SqliteDatabase& database, const std::string& claim, const std::string& id) {
  auto transaction = SqliteTransaction::begin(database);
  if (!transaction) return Unexpected(transaction.error());
  const auto row = find(database, claim);
  if (!row) return Unexpected(row.error());
  if (!*row || (*row)->standing == k_free) return Unexpected(Failure{Cause::missing, Reached::no, fmt::format("nobody holds the claim {}", claim), "nothing is to be unlocked"});
  if ((*row)->taken.id != id)
    return Unexpected(Failure{Cause::conflict, Reached::no, fmt::format("the claim {} is held under another grant: by run {}, id {}", claim, (*row)->taken.by.run, (*row)->taken.id),
                              "it went to another since it was looked at; make sure that its holder is gone, then name that id"});
  auto statement = database.prepare("UPDATE claims SET state = ? WHERE claim = ?");
  if (!statement) return Unexpected(statement.error());
  if (auto done = statement->bind(std::int64_t{k_free}).bind(claim).run(); !done) return done;
  return transaction->commit();
}

Expected<std::vector<Taken>> all(SqliteDatabase& database) {
  auto statement = database.prepare(fmt::format("SELECT {} FROM claims WHERE state <> ? ORDER BY claim", k_columns));
  if (!statement) return Unexpected(statement.error());
  statement->bind(std::int64_t{k_free});
  std::vector<Taken> taken;
  while (true) {
    const auto row = statement->step();
    if (!row) return Unexpected(row.error());
    if (!*row) return taken;
    taken.push_back(row_of(*statement).taken);
  }
}

Expected<void> check(SqliteDatabase& database, const Grant& grant) {
  const auto row = held_by(database, grant);
  if (!row) return Unexpected(row.error());
  return {};
}

} // namespace belay::sqlite_claims
