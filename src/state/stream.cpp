#include "state/stream.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay {
namespace {

constexpr unsigned k_page = 1000; // records read at a time

/// Hands each page to `use`, with the head before it; ends when `use` says so or at the end. Gives the head reached.
Expected<Head> walk(Store& store, const std::string& stream, const std::function<bool(const Head&, std::vector<Record>&)>& use) {
  Head head;
  while (true) {
    auto page = store.read(stream, head.seq + 1, k_page);
    if (!page) return Unexpected(page.error());
    if (page->empty() || !use(head, *page)) return head;
    head.seq += page->size();
    head.hash = page->back().hash;
    if (page->size() < k_page) return head;
  }
}

Failure damaged(const std::string& stream, const chain::Broken& broken) {
  return {Cause::malformed, Reached::no, fmt::format("the journal {} is damaged: {}", stream, broken.why),
          "nothing was done; keep the state as it is for examination, and see `belay runs verify`"};
}

/// Reads all, twice if a writer was at work between the two reads of head and records.
Expected<Verified> verify_into(Store& store, const std::string& stream, std::vector<Record>* kept) {
  const auto before = store.head(stream);
  if (!before) return Unexpected(before.error());
  Verified result;
  const auto reached = walk(store, stream, [&](const Head& head, std::vector<Record>& page) {
    result.broken = chain::verify(head, stream, page);
    if (kept) kept->insert(kept->end(), std::make_move_iterator(page.begin()), std::make_move_iterator(page.end()));
    return !result.broken;
  });
  if (!reached) return Unexpected(reached.error());
  result.head = *reached;
  if (result.broken) return result;
  const auto after = store.head(stream);
  if (!after) return Unexpected(after.error());
  // The stream may have grown while it was read: its end then lies between the two heads.
  if (reached->seq < before->seq) result.broken = chain::ends(*reached, *before);
  if (reached->seq > after->seq || (reached->seq == after->seq && reached->hash != after->hash)) result.broken = chain::ends(*reached, *after);
  return result;
}

} // namespace

Expected<std::vector<Record>> read_verified(Store& store, const std::string& stream) {
  std::vector<Record> records;
  const auto verified = verify_into(store, stream, &records);
  if (!verified) return Unexpected(verified.error());
  if (verified->broken) return Unexpected(damaged(stream, *verified->broken));
  return records;
}

Expected<Verified> verify_stream(Store& store, const std::string& stream) { return verify_into(store, stream, nullptr); }

StreamWriter::StreamWriter(Store& store, std::string stream, std::optional<Grant> grant, Head head)
    : m_store(&store), m_stream(std::move(stream)), m_grant(std::move(grant)), m_head(head) {}

Expected<StreamWriter> StreamWriter::open(Store& store, std::string stream, std::optional<Grant> grant) {
  const auto head = store.head(stream);
  if (!head) return Unexpected(head.error());
  return StreamWriter(store, std::move(stream), std::move(grant), *head);
}

StreamWriter StreamWriter::fresh(Store& store, std::string stream, std::optional<Grant> grant) { return {store, std::move(stream), std::move(grant), Head{}}; }

Expected<void> StreamWriter::reopen() {
  const auto head = m_store->head(m_stream);
  if (!head) return Unexpected(head.error());
  m_head = *head;
  return {};
}

Expected<Head> StreamWriter::append(std::vector<Record> records, const Row& row, Durable durable) {
  const Head wanted = chain::link(m_head, m_stream, records);
  auto given = m_store->append(m_stream, m_head, records, row, m_grant, durable);
  if (given) return m_head = *given;
  if (given.error().reached != Reached::no && given.error().cause != Cause::conflict && given.error().cause != Cause::fenced) {
    const auto now = m_store->head(m_stream);
    if (now && now->seq == wanted.seq && now->hash == wanted.hash) return m_head = wanted;
  }
  return given;
}

Expected<Head> append_after_reading(Store& store, const std::string& stream, const std::function<Expected<Addition>(const std::vector<Record>&)>& make) {
  for (int attempt = 1;; ++attempt) {
    const auto records = read_verified(store, stream);
    if (!records) return Unexpected(records.error());
    Head head{records->size(), records->empty() ? Hash{} : records->back().hash};
    auto addition = make(*records);
    if (!addition) return Unexpected(addition.error());
    if (addition->records.empty()) return head;
    chain::link(head, stream, addition->records);
    auto given = store.append(stream, head, addition->records, addition->row, std::nullopt, Durable::now);
    if (given || given.error().cause != Cause::conflict || attempt == k_conflicts_borne) return given;
  }
}

} // namespace belay
