#include "ports/sql_failure.hpp"
#include "ports/pq_library.hpp"
#include <fmt/core.h>

namespace belay {
namespace {

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) line += c == '\n' ? ' ' : c;
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string field(const PGresult* result, int which) {
  const char* text = pq().PQresultErrorField(result, which);
  return text ? one_line(text) : "";
}

/// By the classes of appendix A of PostgreSQL's manual.
Cause cause_of(std::string_view state) {
  const std::string_view kind = state.substr(0, 2);
  if (state == "3D000" || state == "3F000" || state == "42P01" || state == "42883" || state == "42703" || state == "42704") return Cause::missing;
  if (kind == "23" || kind == "40" || state == "55P03" || state == "55006" || state == "42P04" || state == "42P07") return Cause::conflict;
  if (state == "53100") return Cause::full;
  if (kind == "53") return Cause::throttled;
  if (state == "57014") return Cause::timeout;
  if (kind == "08" || kind == "57") return Cause::transport;
  return Cause::rejected;
}

/// The server said it and went away: what it was doing was rolled back, unless it was already committing.
bool ended_by_server(std::string_view state) { return state == "57P01" || state == "57P02" || state == "57P03" || state == "57P05"; }

} // namespace

Failure connect_failure(PGconn* connection, const std::string& shown) {
  const std::string said = one_line(pq().PQerrorMessage(connection));
  Failure failure{Cause::transport, Reached::no, fmt::format("cannot connect to {}: {}", shown, said), {}};
  const auto says = [&](std::string_view text) { return said.find(text) != std::string::npos; };
  if (says("Connection refused") || says("No such file")) failure.hint = "is the server running, and is the address right?";
  else if (says("password authentication failed") || says("no password supplied") || says("pg_hba.conf") || says("authentication failed")) {
    failure.cause = Cause::rejected;
    failure.hint = "the server is there and does not let this user in: look at user, password and pg_hba.conf";
  } else if (says("does not exist")) failure.cause = Cause::missing;
  else if (says("too many clients") || says("remaining connection slots")) failure.cause = Cause::throttled;
  else if (says("certificate") || says("SSL")) failure.hint = "off this host the server's certificate is verified: name its authority in `sslrootcert`, or state `sslmode`";
  return failure;
}

Failure server_failure(PGconn* connection, const PGresult* result, const std::string& shown) {
  const std::string state = field(result, PG_DIAG_SQLSTATE);
  if (state.empty() || (pq().PQstatus(connection) == CONNECTION_BAD && !ended_by_server(state)))
    return {Cause::transport, Reached::perhaps, fmt::format("the connection to {} broke while a statement ran: {}", shown, one_line(pq().PQresultErrorMessage(result))), "look at whether the server restarted"};
  Failure failure{cause_of(state), ended_by_server(state) ? Reached::perhaps : Reached::yes, {}, field(result, PG_DIAG_MESSAGE_HINT)};
  failure.message = fmt::format("{} (SQLSTATE {})", field(result, PG_DIAG_MESSAGE_PRIMARY), state);
  if (const std::string detail = field(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty()) failure.message += ": " + detail;
  if (const std::string position = field(result, PG_DIAG_STATEMENT_POSITION); !position.empty()) failure.message += fmt::format("; at character {}", position);
  if (const std::string where = field(result, PG_DIAG_CONTEXT); !where.empty()) failure.message += "; in " + where.substr(0, 300);
  return failure;
}

bool is_cancel(const PGresult* result) { return field(result, PG_DIAG_SQLSTATE) == "57014"; }

} // namespace belay
