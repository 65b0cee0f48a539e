#include "state/ledger.hpp"
#include "codec/sha256.hpp"
#include "state/record_codec.hpp"
#include "state/stream.hpp"
#include <algorithm>
#include <map>

namespace belay::ledger {
namespace {

struct Started {
  static constexpr std::string_view k_kind = "run-started";
  std::string run, first;
  Timestamp at;
};
struct Ended {
  static constexpr std::string_view k_kind = "run-ended";
  std::string run, hash;
  std::uint64_t seq = 0;
  Timestamp at;
};
template <class Io> void members(Io& io, Started& x) { io("run", x.run), io("first", x.first); }
template <class Io> void members(Io& io, Ended& x) { io("run", x.run), io("hash", x.hash), io("seq", x.seq); }
using Entry = std::variant<Started, Ended>;

/// Entries do not depend on those before them, so a conflict is only a reason to go to the new end.
Expected<void> add(Store& store, const Record& record) {
  auto writer = StreamWriter::open(store, k_stream);
  if (!writer) return Unexpected(writer.error());
  Row row;
  row.kind = k_stream;
  row.changed = record.at;
  for (int attempt = 1;; ++attempt) {
    const auto done = writer->append({record}, row);
    if (done) return {};
    if (done.error().cause != Cause::conflict || attempt == k_conflicts_borne) return Unexpected(done.error());
    if (auto again = writer->reopen(); !again) return again;
  }
}

/// What is wrong with the record numbered `seq`, which was noted with this hash; empty: nothing.
Expected<std::string> compare(Store& store, const std::string& run, std::uint64_t seq, const std::string& hash) {
  const auto records = store.read("run/" + run, seq, 1);
  if (!records) return Unexpected(records.error());
  if (records->empty()) return fmt::format("record {} of its journal was written and is gone", seq);
  if (hex(records->front().hash) != hash) return fmt::format("record {} of its journal is not the one that was written", seq);
  return std::string();
}

} // namespace

Expected<void> note_start(Store& store, const std::string& run, const Hash& first, Timestamp at) { return add(store, records::encode_one(Started{run, hex(first), at})); }
Expected<void> note_end(Store& store, const std::string& run, const Head& head, Timestamp at) { return add(store, records::encode_one(Ended{run, hex(head.hash), head.seq, at})); }

Expected<std::vector<Wrong>> check(Store& store) {
  std::vector<Wrong> wrong;
  const auto verified = verify_stream(store, k_stream);
  if (!verified) return Unexpected(verified.error());
  if (verified->broken) {
    wrong.push_back({"", verified->broken->why});
    return wrong; // what it says of runs cannot be believed
  }
  const auto records = read_verified(store, k_stream);
  if (!records) return Unexpected(records.error());
  const auto entries = records::Decoder<Entry>::all(k_stream, *records);
  if (!entries) return Unexpected(entries.error());
  std::map<std::string, Ended> newest; // the earlier ends of a run lie in the chain below its newest
  for (const Entry& entry : *entries) {
    if (const auto* ended = std::get_if<Ended>(&entry)) newest[ended->run] = *ended;
    const auto* started = std::get_if<Started>(&entry);
    if (!started) continue;
    const auto head = store.head("run/" + started->run);
    if (!head) return Unexpected(head.error());
    const auto why = head->seq == 0 ? Expected<std::string>("its whole journal is gone") : compare(store, started->run, 1, started->first);
    if (!why) return Unexpected(why.error());
    if (!why->empty()) wrong.push_back({started->run, *why});
  }
  for (const auto& [run, ended] : newest) {
    const bool known = std::any_of(wrong.begin(), wrong.end(), [&, name = run](const Wrong& each) { return each.run == name; });
    if (known) continue;
    const auto why = compare(store, run, ended.seq, ended.hash);
    if (!why) return Unexpected(why.error());
    if (!why->empty()) wrong.push_back({run, *why});
  }
  return wrong;
}

} // namespace belay::ledger
