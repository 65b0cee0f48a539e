#pragma once
#include <libpq-fe.h>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace shop {

/// Where a process of the shop came from: what it writes into its own ledger tables.
struct Origin {
  std::string version, run; ///< run: the variable BELAY_RUN; empty when a person started it
  int port = 0;
};

/// The shop's tables on PostgreSQL, found through libpq's own variables. Every failure is a std::runtime_error with the server's words.
class Database {
public:
  /// Applies what `shop_migrations` does not name yet, under a lock, in one transaction.
  void migrate(const Origin&);
  /// One row of `shop_starts` for this process.
  void record_start(const Origin&);
  void ping();
  std::string items();                    ///< the newest 20, as a JSON list
  std::string add(const std::string& name); ///< the new item as JSON

private:
  using Connection = std::unique_ptr<PGconn, void (*)(PGconn*)>;
  using Result = std::unique_ptr<PGresult, void (*)(PGresult*)>;
  static Connection connect();
  static Result run(PGconn*, const std::string& sql, const std::vector<std::string>& arguments = {});
  template <class Work> auto with(Work);

  std::mutex m_mutex;
  std::vector<Connection> m_idle;
};

} // namespace shop
