#pragma once
#include "belay/state.hpp"
#include "ports/sqlite_database.hpp"
#include <variant>
#include <vector>

/// Claims in the state database. Each function is one transaction, or (`check`) a part of the caller's.
namespace belay::sqlite_claims {

struct Taker {
  const Holder& holder;
  Duration lease;
  bool (*dead)(const Machine&, const ProcessMark&);
  const Machine& machine;
  std::string id; ///< of the grant, should it be given
  Timestamp now;
  Duration steady;
};
Expected<std::variant<Grant, Taken>> take(SqliteDatabase& database, const std::string& claim, const Taker& taker);
Expected<void> renew(SqliteDatabase& database, const Grant& grant, Duration lease, Timestamp now, Duration steady);
Expected<void> release(SqliteDatabase& database, const Grant& grant, bool park, Timestamp now);
Expected<void> unlock(SqliteDatabase& database, const std::string& claim, const std::string& id);
Expected<std::vector<Taken>> all(SqliteDatabase& database);

/// `fenced` unless the grant is the claim's own, held and not parked.
Expected<void> check(SqliteDatabase& database, const Grant& grant);

} // namespace belay::sqlite_claims
