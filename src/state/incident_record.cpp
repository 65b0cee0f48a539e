#include "state/incident_record.hpp"
#include "state/record_codec.hpp"
#include "state/stream.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::incidents {

template <class Io> void members(Io& io, Opened& x) {
  io("id", x.id), io("title", x.title), io("service", x.service), io("environment", x.environment), io("who", x.who), io("level", x.level), io("began", x.began);
}
template <class Io> void members(Io& io, Acknowledged& x) { io("who", x.who), io("text", x.text); }
template <class Io> void members(Io& io, Updated& x) { io("who", x.who), io("text", x.text), io("level", x.level); }
template <class Io> void members(Io& io, RoleSet& x) { io("who", x.who), io("role", x.role), io("person", x.person); }
template <class Io> void members(Io& io, Mitigated& x) { io("who", x.who), io("text", x.text); }
template <class Io> void members(Io& io, Resolved& x) { io("who", x.who), io("text", x.text); }
template <class Io> void members(Io& io, Closed& x) { io("who", x.who), io("text", x.text); }
template <class Io> void members(Io& io, Noted& x) { io("who", x.who), io("text", x.text); }
template <class Io> void members(Io& io, ActionAdded& x) { io("who", x.who), io("text", x.text), io("owner", x.owner), io("due", x.due); }
template <class Io> void members(Io& io, RunAttached& x) {
  io("run", x.run), io("what", x.what), io("who", x.who), io("state", x.state), io("exit", x.exit), io("started", x.started), io("changed", x.changed), io("undone", x.undone), io("stands", x.stands);
}

namespace {

constexpr int k_a_day = 999;
constexpr unsigned k_listed = 1000; // incidents of one status

std::string stream_of(const std::string& id) { return "incident/" + id; }

Row row_of(const Incident& incident) {
  Row row;
  row.kind = "incident";
  row.service = incident.opened.service;
  row.environment = incident.opened.environment;
  row.status = word(incident.status);
  row.label = fmt::format("{} {}", incident.severity.name, incident.opened.title);
  row.started = incident.opened.at;
  row.changed = incident.changed;
  return row;
}

Expected<Incident> incident_of(const std::string& stream, const std::vector<Record>& from) {
  const auto facts = records::Decoder<Fact>::all(stream, from);
  if (!facts) return Unexpected(facts.error());
  return fold(*facts);
}

Failure none_of_that_id(Store& store, const std::string& id) {
  std::vector<std::string> ids;
  if (const auto rows = store.list({.kind = "incident"}))
    for (const Row& row : *rows) ids.push_back(row.stream.substr(row.stream.find('/') + 1));
  return {Cause::missing, Reached::no, fmt::format("there is no incident '{}'", id), ids.empty() ? "none was ever opened here" : did_you_mean(id, ids)};
}

} // namespace

Expected<Incident> open(Store& store, Opened opened) {
  const std::string day = "INC-" + rfc3339(opened.at).substr(0, 10);
  for (int number = 1; number <= k_a_day; ++number) {
    opened.id = fmt::format("{}-{:03}", day, number);
    const auto head = store.head(stream_of(opened.id));
    if (!head) return Unexpected(head.error());
    if (head->seq != 0) continue;
    const auto incident = fold({opened});
    if (!incident) return incident;
    const auto done = StreamWriter::fresh(store, stream_of(opened.id)).append({records::encode_one(opened)}, row_of(*incident));
    if (done) return incident;
    if (done.error().cause != Cause::conflict) return Unexpected(done.error());
  }
  return Unexpected(Failure{Cause::full, Reached::no, fmt::format("{} incidents were opened on {} already", k_a_day, day.substr(4)), "add to one of them"});
}

Expected<Incident> read(Store& store, const std::string& id) {
  const auto records = read_verified(store, stream_of(id));
  if (!records) return Unexpected(records.error());
  if (records->empty()) return Unexpected(none_of_that_id(store, id));
  return incident_of(stream_of(id), *records);
}

Expected<Incident> add(Store& store, const std::string& id, const Fact& fact) {
  const std::string stream = stream_of(id);
  const Record record = records::encode(fact);
  Expected<Incident> result;
  const auto done = append_after_reading(store, stream, [&](const std::vector<Record>& before) -> Expected<Addition> {
    if (before.empty()) return Unexpected(none_of_that_id(store, id));
    const auto now = incident_of(stream, before);
    if (!now) return Unexpected(now.error());
    if (auto why = refusal(*now, fact)) return Unexpected(*why);
    auto all = before;
    all.push_back(record);
    result = incident_of(stream, all);
    if (!result) return Unexpected(result.error());
    return Addition{{record}, row_of(*result)};
  });
  if (!done) return Unexpected(done.error());
  return result;
}

Expected<std::vector<Incident>> going_on(Store& store, const std::string& service, const std::string& environment) {
  std::vector<Incident> found;
  for (const Status status : {Status::open, Status::acknowledged, Status::mitigated}) {
    const auto rows = store.list({.kind = "incident", .service = service, .environment = environment, .status = std::string(word(status)), .limit = k_listed});
    if (!rows) return Unexpected(rows.error());
    for (const Row& row : *rows) {
      auto incident = read(store, row.stream.substr(row.stream.find('/') + 1));
      if (!incident) return Unexpected(incident.error());
      found.push_back(std::move(*incident));
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Incident& a, const Incident& b) { return a.opened.at > b.opened.at; });
  return found;
}

Expected<Attached> attach_run(Store& store, const std::string& service, const std::string& environment, const RunAttached& run) {
  const auto incidents = going_on(store, service, environment);
  if (!incidents) return Unexpected(incidents.error());
  Attached attached;
  for (const Incident& incident : *incidents) {
    const auto done = add(store, incident.opened.id, run);
    if (!done && done.error().cause == Cause::refused) continue; // closed in this moment
    if (!done) return Unexpected(done.error());
    attached.ids.push_back(incident.opened.id);
  }
  if (attached.ids.size() > 1) attached.note = fmt::format("{} incidents are open for {} in {}: the run was added to each ({})", attached.ids.size(), service, environment, fmt::join(attached.ids, ", "));
  return attached;
}

} // namespace belay::incidents
