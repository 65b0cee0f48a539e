#include "cli/find_run.hpp"
#include "state/fact_codec.hpp"
#include "state/stream.hpp"
#include "value/nearest.hpp"
#include <fmt/format.h>

namespace belay::cli {
namespace {

constexpr unsigned k_looked_through = 10'000;

std::string id_of(const Row& row) { return row.stream.substr(row.stream.find('/') + 1); }

} // namespace

std::string find_run(const std::string& wanted, Context& c) {
  Query query;
  query.kind = "run";
  query.limit = k_looked_through;
  const auto rows = c.readable_store().list(query);
  if (!rows) throw Error(Exit::usage, "the runs cannot be listed: " + rows.error().message, rows.error().hint);
  if (wanted == "latest" && !rows->empty()) return id_of(rows->front());
  std::vector<std::string> matches, all;
  for (const Row& row : *rows) {
    const std::string id = id_of(row);
    if (id == wanted) return id;
    if (id.rfind(wanted, 0) == 0 || (id.size() >= wanted.size() && id.compare(id.size() - wanted.size(), wanted.size(), wanted) == 0)) matches.push_back(id);
    all.push_back(id);
  }
  if (matches.size() == 1) return matches.front();
  if (matches.size() > 1) throw Error(Exit::usage, fmt::format("'{}' fits {} runs: {} …", wanted, matches.size(), matches.front()), "give more of the id: `belay runs list`");
  const std::string hint = did_you_mean(wanted, all);
  throw Error(Exit::usage, "there is no run '" + wanted + "'", hint.empty() ? "`belay runs list` shows them" : hint);
}

std::vector<Event> events_of(const std::string& run, Context& c) {
  const std::string stream = "run/" + run;
  const auto records = read_verified(c.readable_store(), stream);
  if (!records) throw Error(Exit::finding, "the journal of run " + run + " cannot be trusted: " + records.error().message, records.error().hint);
  const auto events = decode_events(stream, 1, *records);
  if (!events) throw Error(Exit::finding, "the journal of run " + run + " cannot be read: " + events.error().message, events.error().hint);
  return *events;
}

RunView view_of(const std::string& run, Context& c) { return fold(events_of(run, c)); }

} // namespace belay::cli
