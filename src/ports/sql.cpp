#include "ports/sql.hpp"
#include "ports/socket.hpp"
#include "ports/sql_connect.hpp"
#include "ports/sql_values.hpp"
#include <charconv>

namespace belay {
namespace {

constexpr std::size_t k_keep = 16U << 20;

struct Rows {
  Value::List list;
  std::int64_t count = 0;
  std::size_t bytes = 0;
};

bool take(PGresult* result, void* context) {
  auto& rows = *static_cast<Rows*>(context);
  const std::string_view affected = pq().PQcmdTuples(result);
  if (!affected.empty()) std::from_chars(affected.data(), affected.data() + affected.size(), rows.count);
  for (int row = 0; row < pq().PQntuples(result); ++row) {
    for (int column = 0; column < pq().PQnfields(result); ++column) rows.bytes += static_cast<std::size_t>(pq().PQgetlength(result, row, column)) + 64;
    if (rows.bytes > k_keep) return false;
    rows.list.push_back(sql_row(result, row));
  }
  return true;
}

class PqSession : public Session {
public:
  PqSession(Database database, bool read_only) : m_database(std::move(database)), m_read_only(read_only) {}

  Expected<Value> run(const Statement& statement, const Stop& stop) override {
    if (!m_database.connection) return Unexpected(Failure{Cause::transport, Reached::no, "the connection to " + m_database.shown + " is closed", "it ended with the statement before"});
    if (stop) return Unexpected(stop_failure(stop, Reached::no, "about to run a statement"));
    for (const Value& argument : statement.arguments)
      if (!argument.known()) return Unexpected(Failure{Cause::refused, Reached::no, "an argument of a statement is not known yet", ""});
    if (!m_read_only) return send(statement, stop);
    // PostgreSQL lets a transaction that only reads write the server's files and start programs there (COPY … TO PROGRAM).
    if (first_word(statement.sql) == "copy") return Unexpected(Failure{Cause::refused, Reached::no, "COPY may write files of the server, and this is a read", "select the rows"});
    // A transaction that is marked as one that only reads, whatever the statements before have set.
    const auto standing = pq().PQtransactionStatus(m_database.connection.get());
    if (standing == PQTRANS_INERROR) return send(statement, stop); // only a rollback can do anything there
    const bool inside = standing == PQTRANS_INTRANS;
    if (auto marked = command(inside ? "SET TRANSACTION READ ONLY" : "BEGIN READ ONLY", stop); !marked) return Unexpected(marked.error());
    auto result = send(statement, stop);
    const bool asked = begins(statement.sql);
    if (!inside && !asked && m_database.connection) {
      // COMMIT, because a read may have exported or set something for its transaction only; of a failed one it is a rollback.
      if (auto ended = command("COMMIT", stop); !ended && result) return Unexpected(ended.error());
    }
    return result;
  }

private:
  /// In lower case; blanks and comments before it are passed over.
  static std::string first_word(std::string_view sql) {
    int depth = 0; // comments with stars nest
    std::size_t i = 0;
    for (; i < sql.size(); ++i) {
      const auto two = sql.substr(i, 2);
      if (two == "/*") ++depth, ++i;
      else if (depth > 0 && two == "*/") --depth, ++i;
      else if (depth == 0 && two == "--") i = std::min(sql.find('\n', i), sql.size() - 1);
      else if (depth == 0 && !std::isspace(static_cast<unsigned char>(sql[i]))) break;
    }
    std::string word;
    for (; i < sql.size() && std::isalpha(static_cast<unsigned char>(sql[i])); ++i) word += static_cast<char>(std::tolower(static_cast<unsigned char>(sql[i])));
    return word;
  }

  /// A transaction that the caller opens goes on; the one around it became his.
  static bool begins(std::string_view sql) {
    const std::string word = first_word(sql);
    return word == "begin" || word == "start";
  }

  Expected<void> command(const char* sql, const Stop& stop) {
    pq().PQsendQuery(m_database.connection.get(), sql);
    return collect(m_database, stop, nullptr, nullptr);
  }

  Expected<Value> send(const Statement& statement, const Stop& stop) {
    PGconn* connection = m_database.connection.get();
    const SqlArguments arguments(statement.arguments);
    // One statement only: the server refuses a second one after `;` in this protocol.
    if (!pq().PQsendQueryParams(connection, statement.sql.c_str(), arguments.count(), nullptr, arguments.pointers(), arguments.lengths(), arguments.formats(), 0)) {
      const bool broken = pq().PQstatus(connection) == CONNECTION_BAD;
      return Unexpected(Failure{broken ? Cause::transport : Cause::refused, Reached::no, "the statement could not be sent to " + m_database.shown, ""});
    }
    pq().PQsetSingleRowMode(connection);
    Rows rows;
    if (auto collected = collect(m_database, stop, take, &rows); !collected) return Unexpected(collected.error());
    return Value::object({{"rows", Value(std::move(rows.list))}, {"count", rows.count}});
  }

  Database m_database;
  bool m_read_only;
};

class PqSql : public Sql {
public:
  Expected<std::unique_ptr<Session>> open_read_only(const Value& target, const Stop& stop) override { return session(target, true, stop); }
  Expected<std::unique_ptr<Session>> open(const Value& target, const Stop& stop) override { return session(target, false, stop); }

private:
  static Expected<std::unique_ptr<Session>> session(const Value& target, bool read_only, const Stop& stop) {
    if (stop) return Unexpected(stop_failure(stop, Reached::no, "about to connect to a database"));
    auto database = connect_database(target, read_only, stop);
    if (!database) return Unexpected(database.error());
    return std::make_unique<PqSession>(std::move(*database), read_only);
  }
};

} // namespace

std::unique_ptr<Sql> make_sql() { return std::make_unique<PqSql>(); }

} // namespace belay
