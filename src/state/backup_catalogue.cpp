#include "state/backup_catalogue.hpp"
#include "state/record_codec.hpp"
#include "state/stream.hpp"
#include <algorithm>
#include <chrono>

namespace belay::backups {

template <class Io> void members(Io& io, Created& x) {
  io("id", x.id), io("kind", x.kind), io("path", x.path), io("database", x.database), io("environment", x.environment), io("run", x.run), io("sha256", x.sha256);
  io("server", x.server), io("tool", x.tool), io("name", x.name), io("stored_bytes", x.stored_bytes), io("plain_bytes", x.plain_bytes), io("counts", x.counts);
  io("taken", x.taken), io("started", x.started), io("finished", x.finished);
}
template <class Io> void members(Io& io, Verified& x) { io("id", x.id), io("run", x.run), io("details", x.details), io("ok", x.ok), io("took", x.took); }
template <class Io> void members(Io& io, Drilled& x) { io("id", x.id), io("run", x.run), io("details", x.details), io("ok", x.ok), io("took", x.took); }
template <class Io> void members(Io& io, Restored& x) { io("id", x.id), io("run", x.run), io("into", x.into), io("kept", x.kept); }
template <class Io> void members(Io& io, Pruned& x) { io("id", x.id), io("run", x.run), io("why", x.why); }

namespace {

std::string stream_of(const std::string& service) { return "backup/" + service; }

Backup* find_in(std::vector<Backup>& backups, const std::string& id) {
  const auto found = std::find_if(backups.begin(), backups.end(), [&](const Backup& backup) { return backup.created.id == id; });
  return found == backups.end() ? nullptr : &*found;
}

void apply(std::vector<Backup>& backups, const Created& fact) {
  if (!find_in(backups, fact.id)) backups.push_back({fact, {}, {}, {}, {}});
}
void apply(std::vector<Backup>& backups, const Verified& fact) {
  if (Backup* backup = find_in(backups, fact.id)) backup->verified = fact;
}
void apply(std::vector<Backup>& backups, const Drilled& fact) {
  if (Backup* backup = find_in(backups, fact.id)) backup->drilled = fact;
}
void apply(std::vector<Backup>& backups, const Restored& fact) {
  if (Backup* backup = find_in(backups, fact.id)) backup->restored = fact;
}
void apply(std::vector<Backup>& backups, const Pruned& fact) {
  if (Backup* backup = find_in(backups, fact.id)) backup->pruned = fact;
}

Row row_of(const std::string& service, const Catalogue& catalogue, Timestamp at) {
  Row row;
  row.kind = "backup";
  row.service = service;
  const auto exist = std::count_if(catalogue.backups.begin(), catalogue.backups.end(), [](const Backup& backup) { return backup.exists(); });
  row.label = fmt::format("{} backup{}", exist, exist == 1 ? "" : "s");
  row.status = exist > 0 ? "kept" : "none";
  row.started = catalogue.backups.empty() ? at : catalogue.backups.front().created.taken;
  row.changed = at;
  return row;
}

} // namespace

const Backup* Catalogue::find(const std::string& id) const {
  const auto found = std::find_if(backups.begin(), backups.end(), [&](const Backup& backup) { return backup.created.id == id; });
  return found == backups.end() ? nullptr : &*found;
}

Catalogue fold(const std::vector<Fact>& facts) {
  Catalogue catalogue;
  for (const Fact& fact : facts) std::visit([&](const auto& one) { apply(catalogue.backups, one); }, fact);
  std::stable_sort(catalogue.backups.begin(), catalogue.backups.end(), [](const Backup& a, const Backup& b) { return a.created.taken < b.created.taken; });
  return catalogue;
}

Expected<Catalogue> read(Store& store, const std::string& service) {
  const auto records = read_verified(store, stream_of(service));
  if (!records) return Unexpected(records.error());
  const auto facts = records::Decoder<Fact>::all(stream_of(service), *records);
  if (!facts) return Unexpected(facts.error());
  return fold(*facts);
}

Expected<void> note(Store& store, const std::string& service, const Fact& fact) {
  const std::string stream = stream_of(service);
  const Record record = records::encode(fact);
  const bool of_run = std::visit([](const auto& one) { return !one.run.empty(); }, fact);
  const auto done = append_after_reading(store, stream, [&](const std::vector<Record>& before) -> Expected<Addition> {
    const bool known = of_run && std::any_of(before.begin(), before.end(), [&](const Record& old) { return old.kind == record.kind && old.body == record.body; });
    if (known) return Addition{};
    auto all = before;
    all.push_back(record);
    const auto facts = records::Decoder<Fact>::all(stream, all);
    if (!facts) return Unexpected(facts.error());
    return Addition{{record}, row_of(service, fold(*facts), record.at)};
  });
  if (!done) return Unexpected(done.error());
  return {};
}

} // namespace belay::backups
