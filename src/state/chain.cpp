#include "state/chain.hpp"
#include "codec/sha256.hpp"
#include <fmt/core.h>

namespace belay::chain {
namespace {

void feed_number(Sha256& sum, std::uint64_t number) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(number >> (56 - 8 * i));
  sum.feed({bytes, 8});
}

void feed_text(Sha256& sum, std::string_view text) {
  feed_number(sum, text.size());
  sum.feed(text);
}

} // namespace

Hash hash_of(const Hash& before, std::uint64_t seq, const std::string& stream, const Record& record) {
  Sha256 sum;
  feed_text(sum, "belay record 1"); // names the encoding, so that a later one cannot be taken for it
  sum.feed({reinterpret_cast<const char*>(before.data()), before.size()});
  feed_number(sum, seq);
  feed_text(sum, stream);
  feed_text(sum, record.kind);
  feed_number(sum, static_cast<std::uint64_t>(record.at.seconds));
  feed_number(sum, static_cast<std::uint64_t>(record.at.nanos));
  feed_text(sum, record.body);
  return sum.finish();
}

Head link(const Head& after, const std::string& stream, std::span<Record> records) {
  Head head = after;
  for (Record& record : records) {
    record.hash = hash_of(head.hash, ++head.seq, stream, record);
    head.hash = record.hash;
  }
  return head;
}

std::optional<Broken> verify(const Head& after, const std::string& stream, std::span<const Record> records) {
  Head head = after;
  for (const Record& record : records) {
    const Hash wanted = hash_of(head.hash, ++head.seq, stream, record);
    if (record.hash != wanted)
      return Broken{head.seq, fmt::format("record {} of {} was edited, or one before it was removed, added or moved: its hash is {}…, its contents give {}…", head.seq, stream,
                                          hex(record.hash).substr(0, 12), hex(wanted).substr(0, 12))};
    head.hash = record.hash;
  }
  return std::nullopt;
}

std::optional<Broken> ends(const Head& reached, const Head& anchor) {
  if (reached.seq < anchor.seq) return Broken{reached.seq + 1, fmt::format("the tail was cut off: it ends at record {}, and {} were written", reached.seq, anchor.seq)};
  if (reached.seq > anchor.seq) return Broken{anchor.seq + 1, fmt::format("{} records stand where {} were written", reached.seq, anchor.seq)};
  if (reached.hash != anchor.hash) return Broken{reached.seq, fmt::format("record {} is not the one that was written last: the whole chain was written anew", reached.seq)};
  return std::nullopt;
}

} // namespace belay::chain
