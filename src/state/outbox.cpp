#include "state/outbox.hpp"
#include "state/record_codec.hpp"
#include "state/stream.hpp"
#include <algorithm>

namespace belay::outbox {

template <class Io> void members(Io& io, Queued& x) {
  io("id", x.id), io("notifier", x.notifier), io("subject", x.subject), io("text", x.text), io("run", x.run), io("incident", x.incident), io("data", x.data);
}
template <class Io> void members(Io& io, Delivered& x) { io("id", x.id), io("detail", x.detail); }
template <class Io> void members(Io& io, Failed& x) { io("id", x.id), io("why", x.why), io("final", x.final); }

namespace {

constexpr std::int64_t k_day = 86400;
constexpr unsigned k_streams = 10000; // listed at most: days with something waiting

std::string stream_of(Timestamp at) { return "outbox/" + rfc3339(at).substr(0, 10); }

Expected<std::vector<Message>> messages_of(const std::string& stream, const std::vector<Record>& from) {
  const auto facts = records::Decoder<Fact>::all(stream, from);
  if (!facts) return Unexpected(facts.error());
  return fold(stream, *facts);
}

Row row_of(const std::vector<Message>& messages, Timestamp at) {
  Row row;
  row.kind = "outbox";
  const auto count = std::count_if(messages.begin(), messages.end(), [](const Message& message) { return message.waits(); });
  row.status = count > 0 ? "waiting" : "empty";
  row.label = fmt::format("{} waiting of {}", count, messages.size());
  row.started = messages.empty() ? at : messages.front().what.at;
  row.changed = at;
  return row;
}

/// Adds the fact unless `skip` says of the messages before that it is not needed.
Expected<void> add(Store& store, const std::string& stream, const Fact& fact, bool (*skip)(const std::vector<Message>&, const std::string& id), const std::string& id) {
  const auto done = append_after_reading(store, stream, [&](const std::vector<Record>& before) -> Expected<Addition> {
    const auto messages = messages_of(stream, before);
    if (!messages) return Unexpected(messages.error());
    if (skip(*messages, id)) return Addition{};
    Addition addition{{records::encode(fact)}, {}};
    auto all = before;
    all.push_back(addition.records.front());
    const auto after = messages_of(stream, all);
    if (!after) return Unexpected(after.error());
    addition.row = row_of(*after, addition.records.front().at);
    return addition;
  });
  if (!done) return Unexpected(done.error());
  return {};
}

bool is_known(const std::vector<Message>& messages, const std::string& id) {
  return std::any_of(messages.begin(), messages.end(), [&](const Message& message) { return message.what.id == id; });
}
bool is_settled(const std::vector<Message>& messages, const std::string& id) {
  return std::none_of(messages.begin(), messages.end(), [&](const Message& message) { return message.what.id == id && message.waits(); });
}

} // namespace

std::vector<Message> fold(const std::string& stream, const std::vector<Fact>& facts) {
  std::vector<Message> messages;
  const auto find = [&](const std::string& id) -> Message* {
    const auto found = std::find_if(messages.begin(), messages.end(), [&](const Message& message) { return message.what.id == id; });
    return found == messages.end() ? nullptr : &*found;
  };
  for (const Fact& fact : facts) {
    if (const auto* queued = std::get_if<Queued>(&fact); queued && !find(queued->id)) messages.push_back({*queued, stream, 0, {}, {}, {}, {}});
    if (const auto* delivered = std::get_if<Delivered>(&fact))
      if (Message* message = find(delivered->id)) message->delivered = message->last_try = delivered->at;
    if (const auto* failed = std::get_if<Failed>(&fact))
      if (Message* message = find(failed->id)) {
        ++message->failures;
        message->last_failure = failed->why;
        message->last_try = failed->at;
        if (failed->final) message->given_up = failed->at;
      }
  }
  return messages;
}

Expected<void> queue(Store& store, const Queued& message) {
  const std::string yesterday = stream_of({message.at.seconds - k_day, 0});
  const auto before = read_verified(store, yesterday); // a run that is resumed after midnight
  if (!before) return Unexpected(before.error());
  const auto messages = messages_of(yesterday, *before);
  if (!messages) return Unexpected(messages.error());
  if (is_known(*messages, message.id)) return {};
  return add(store, stream_of(message.at), message, is_known, message.id);
}

Expected<std::vector<Message>> waiting(Store& store) {
  const auto rows = store.list({.kind = "outbox", .status = "waiting", .limit = k_streams});
  if (!rows) return Unexpected(rows.error());
  std::vector<Message> all;
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    const auto records = read_verified(store, row->stream);
    if (!records) return Unexpected(records.error());
    auto messages = messages_of(row->stream, *records);
    if (!messages) return Unexpected(messages.error());
    std::copy_if(messages->begin(), messages->end(), std::back_inserter(all), [](const Message& message) { return message.waits(); });
  }
  return all;
}

Expected<void> note_delivered(Store& store, const Message& message, const std::string& detail, Timestamp at) {
  return add(store, message.stream, Delivered{message.what.id, detail, at}, is_settled, message.what.id);
}

Expected<void> note_failed(Store& store, const Message& message, const std::string& why, bool final, Timestamp at) {
  return add(store, message.stream, Failed{message.what.id, why, final, at}, is_settled, message.what.id);
}

} // namespace belay::outbox
