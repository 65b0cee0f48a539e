#include "ports/sql_connect.hpp"
#include "belay/reveal.hpp"
#include "ports/socket.hpp"
#include "ports/sql_failure.hpp"
#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/core.h>
#include <optional>
#include <poll.h>
#include <thread>
#include <unistd.h>

namespace belay {
namespace {

constexpr Duration k_connect_limit = std::chrono::seconds(10), k_cancel_grace = std::chrono::milliseconds(60);
constexpr const char* k_system_authorities = "/etc/ssl/certs/ca-certificates.crt";

using Keywords = std::vector<std::pair<std::string, std::string>>;

std::string* find(Keywords& keywords, std::string_view name) {
  for (auto& [key, value] : keywords)
    if (key == name) return &value;
  return nullptr;
}
std::string value_of(Keywords& keywords, std::string_view name) {
  const std::string* found = find(keywords, name);
  return found ? *found : "";
}
void put(Keywords& keywords, std::string_view name, std::string value) {
  if (std::string* found = find(keywords, name)) *found = std::move(value);
  else keywords.emplace_back(name, std::move(value));
}

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text ? text : "";
}

Expected<Keywords> keywords_of(const Value& target) {
  const auto malformed = [](std::string message) {
    return Unexpected(Failure{Cause::refused, Reached::no, std::move(message), "write postgresql://user@host:port/database, or a map of host, port, dbname, user, password, sslmode"});
  };
  if (!target.known()) return malformed("the address of a database is not known yet");
  const Value plain = Reveal::plain(target);
  Keywords keywords;
  if (plain.kind() == Kind::map) {
    for (const auto& [name, value] : plain.map()) {
      if (value.is_null() || name.kind() != Kind::text) continue;
      put(keywords, name.text(), value.kind() == Kind::text ? value.text() : Reveal::json(value));
    }
    return keywords;
  }
  if (plain.kind() != Kind::text) return malformed("the address of a database must be text or a map");
  char* error = nullptr;
  PQconninfoOption* options = pq().PQconninfoParse(plain.text().c_str(), &error);
  pq().PQfreemem(error); // it may repeat a part of the text, password included
  if (!options) return malformed("the address of a database is neither a URI nor keyword=value pairs");
  for (const PQconninfoOption* one = options; one->keyword; ++one)
    if (one->val) put(keywords, one->keyword, one->val);
  pq().PQconninfoFree(options);
  return keywords;
}

/// libpq would look the name up without a time limit: it gets the address and keeps the name for the certificate.
Expected<void> look_up(Keywords& keywords, const Stop& stop) {
  const std::string host = value_of(keywords, "host");
  if (host.empty() || host.front() == '/' || host.find(',') != std::string::npos || find(keywords, "hostaddr")) return {};
  const std::string port = value_of(keywords, "port");
  auto endpoints = resolve(host, port.empty() ? 5432 : std::atoi(port.c_str()), stop);
  if (!endpoints) return Unexpected(endpoints.error());
  std::string hosts, addresses;
  for (const Endpoint& endpoint : *endpoints) {
    hosts += (hosts.empty() ? "" : ",") + host;
    addresses += (addresses.empty() ? "" : ",") + endpoint.number();
  }
  put(keywords, "host", hosts);
  put(keywords, "hostaddr", addresses);
  return {};
}

void secure(Keywords& keywords, const std::string& host) {
  if (find(keywords, "sslmode") || !variable("PGSSLMODE").empty()) return;
  bool near = true;
  for (std::size_t begin = 0; begin <= host.size();) {
    const auto end = std::min(host.find(',', begin), host.size());
    near = near && is_loopback(host.substr(begin, end - begin));
    begin = end + 1;
  }
  if (near) return;
  put(keywords, "sslmode", "verify-full");
  if (find(keywords, "sslrootcert") || !variable("PGSSLROOTCERT").empty()) return;
  const std::string named = variable("SSL_CERT_FILE");
  const std::string own = variable("HOME") + "/.postgresql/root.crt";
  if (!named.empty()) put(keywords, "sslrootcert", named);
  else if (::access(own.c_str(), R_OK) != 0) put(keywords, "sslrootcert", k_system_authorities);
}

Expected<void> finish_connecting(PGconn* connection, const std::string& shown, Duration limit, const Stop& stop) {
  for (auto polled = PGRES_POLLING_WRITING; polled != PGRES_POLLING_OK; polled = pq().PQconnectPoll(connection)) {
    if (polled == PGRES_POLLING_FAILED || pq().PQstatus(connection) == CONNECTION_BAD) return Unexpected(connect_failure(connection, shown));
    const Waited waited = wait_ready(pq().PQsocket(connection), polled == PGRES_POLLING_READING ? POLLIN : POLLOUT, stop, limit);
    if (waited == Waited::ready) continue;
    if (stop) return Unexpected(stop_failure(stop, Reached::no, "connecting to " + shown));
    return Unexpected(Failure{Cause::timeout, Reached::no, fmt::format("{} did not answer within {} s", shown, std::chrono::duration_cast<std::chrono::seconds>(limit).count()), "is it running, and is the address right?"});
  }
  return {};
}

/// Asks the server to give up; on a thread, because libpq waits for that connection without a limit.
void request_cancel(PGconn* connection) {
  std::shared_ptr<PGcancel> cancel(pq().PQgetCancel(connection), pq().PQfreeCancel);
  if (!cancel) return;
  std::thread([cancel] {
    std::array<char, 256> error{};
    pq().PQcancel(cancel.get(), error.data(), error.size());
  }).detach();
}

bool ready_within(PGconn* connection, Duration limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    if (!pq().PQconsumeInput(connection)) return false;
    if (!pq().PQisBusy(connection)) return true;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd fd{pq().PQsocket(connection), POLLIN, 0};
    if (left <= 0 || ::poll(&fd, 1, static_cast<int>(left)) <= 0) return false;
  }
}

/// After a cancel: whether the server said that the statement ended without effect. The session is of no use afterwards.
Failure cancelled(Database& database, const Stop& stop) {
  request_cancel(database.connection.get());
  Failure failure = stop_failure(stop, Reached::perhaps, "waiting for " + database.shown);
  while (ready_within(database.connection.get(), k_cancel_grace)) {
    const Result result(pq().PQgetResult(database.connection.get()));
    if (!result) break;
    if (is_cancel(result.get())) failure.reached = Reached::yes;
  }
  database.connection.reset();
  return failure;
}

} // namespace

std::vector<std::pair<std::string, std::string>> protection_of(std::string_view service) {
  Keywords keywords;
  while (!service.empty()) {
    const auto line = service.substr(0, service.find('\n'));
    service.remove_prefix(std::min(service.size(), line.size() + 1));
    if (const auto equals = line.find('='); equals != std::string_view::npos) put(keywords, line.substr(0, equals), std::string(line.substr(equals + 1)));
  }
  const std::size_t own = keywords.size();
  secure(keywords, value_of(keywords, "host"));
  std::vector<std::pair<std::string, std::string>> variables;
  for (std::size_t i = own; i < keywords.size(); ++i) variables.emplace_back(keywords[i].first == "sslmode" ? "PGSSLMODE" : "PGSSLROOTCERT", keywords[i].second);
  return variables;
}

Expected<Database> connect_database(const Value& target, bool read_only, const Stop& stop) {
  if (auto there = open_pq(); !there) return Unexpected(there.error());
  auto keywords = keywords_of(target);
  if (!keywords) return Unexpected(keywords.error());
  const std::string host = value_of(*keywords, "host"), port = value_of(*keywords, "port"), name = value_of(*keywords, "dbname");
  Database database;
  database.shown = fmt::format("database {}{}{}{}{}", name.empty() ? "(default)" : name, host.empty() ? "" : " on ", host, port.empty() ? "" : ":", port);
  Duration limit = k_connect_limit;
  if (const int seconds = std::atoi(value_of(*keywords, "connect_timeout").c_str()); seconds > 0) limit = std::chrono::seconds(seconds);
  secure(*keywords, host);
  if (auto found = look_up(*keywords, stop); !found) return Unexpected(found.error());
  put(*keywords, "fallback_application_name", "belay");
  put(*keywords, "client_encoding", "UTF8");
  std::vector<const char*> names, values;
  for (const auto& [key, value] : *keywords) {
    names.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  database.connection.reset(pq().PQconnectStartParams(names.data(), values.data(), 0));
  PGconn* connection = database.connection.get();
  if (!connection) return Unexpected(Failure{Cause::full, Reached::no, "no memory for a connection to " + database.shown, ""});
  pq().PQsetNoticeReceiver(connection, [](void*, const PGresult*) {}, nullptr);
  if (auto connected = finish_connecting(connection, database.shown, limit, stop); !connected) return Unexpected(connected.error());
  pq().PQsetnonblocking(connection, 1);
  std::string settings = "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'iso_8601'; SET bytea_output = 'hex'; SET standard_conforming_strings = on";
  if (read_only) settings += "; SET default_transaction_read_only = on";
  pq().PQsendQuery(connection, settings.c_str());
  if (auto set = collect(database, stop, nullptr, nullptr); !set) {
    set.error().reached = Reached::no; // nothing of the caller's was sent
    return Unexpected(set.error());
  }
  return database;
}

Expected<void> collect(Database& database, const Stop& stop, bool (*each)(PGresult*, void*), void* context) {
  PGconn* connection = database.connection.get();
  std::optional<Failure> failure;
  const auto wait_for = [&](short events) -> bool {
    if (wait_ready(pq().PQsocket(connection), events, stop) == Waited::ready) return true;
    failure = cancelled(database, stop);
    return false;
  };
  for (int left = pq().PQflush(connection); left == 1; left = pq().PQflush(connection)) {
    if (!wait_for(POLLIN | POLLOUT)) return Unexpected(*failure);
    if (!pq().PQconsumeInput(connection)) break; // the server's last words are read below
  }
  for (;;) {
    while (pq().PQisBusy(connection)) {
      if (!wait_for(POLLIN)) return Unexpected(*failure);
      if (!pq().PQconsumeInput(connection)) break;
    }
    Result result(pq().PQgetResult(connection));
    if (!result) break;
    const ExecStatusType status = pq().PQresultStatus(result.get());
    if (status == PGRES_COPY_OUT || status == PGRES_COPY_IN || status == PGRES_COPY_BOTH) {
      database.connection.reset();
      return Unexpected(Failure{Cause::refused, Reached::yes, "COPY to or from the client is no statement for a session", "the connection was closed, so it had no effect"});
    }
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      if (!failure) failure = server_failure(connection, result.get(), database.shown);
    } else if (!failure && each && !each(result.get(), context)) {
      failure = Failure{Cause::full, Reached::yes, "the rows are more than the 16 MiB that are kept", "ask for fewer: add a LIMIT"};
      database.connection.reset();
      return Unexpected(*failure);
    }
  }
  if (failure) return Unexpected(*failure);
  return {};
}

} // namespace belay
