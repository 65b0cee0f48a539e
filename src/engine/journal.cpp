#include "engine/journal.hpp"
#include "state/fact_codec.hpp"
#include "state/fact_members.hpp"
#include "state/ledger.hpp"
#include <algorithm>
#include <string_view>
#include <type_traits>

namespace belay::engine {
namespace {

/// What a resume finds its way by, and must read back byte for byte though a weak secret may be a part of it: names that a project's
/// files give, where settings hold references only. Keys of loops, which come from outside, are looked at before they become paths.
constexpr std::string_view k_exact[] = {"definition", "settings", "secrets", "run", "runbook", "service", "environment", "claim", "path", "key",
                                        "keys", "from", "only", "action", "digest", "plan_digest", "artifact"};

/// Visits the members of a fact and cleans what is text.
class Cleaner {
public:
  explicit Cleaner(const Redactor& redactor) : m_redactor(redactor) {}
  template <class T> void operator()(std::string_view name, T& x) {
    if (std::find(std::begin(k_exact), std::end(k_exact), name) == std::end(k_exact)) clean(x);
  }

private:
  const Redactor& m_redactor;

  template <class T> void clean(T& x) {
    if constexpr (std::is_same_v<T, std::string>) x = m_redactor.clean(std::string_view(x));
    else if constexpr (std::is_same_v<T, Value>) x = m_redactor.clean(static_cast<const Value&>(x));
    else if constexpr (!std::is_arithmetic_v<T> && !std::is_enum_v<T> && !std::is_same_v<T, Duration> && !std::is_same_v<T, Timestamp>) structure(x);
  }
  template <class T> void structure(std::optional<T>& x) {
    if (x) clean(*x);
  }
  template <class T> void structure(std::vector<T>& x) {
    for (T& item : x) clean(item);
  }
  template <class T> void structure(T& x) { members(*this, x); }
};

} // namespace

Fact cleaned(const Fact& fact, const Redactor& redactor) {
  Fact copy = fact;
  Cleaner cleaner(redactor);
  std::visit([&](auto& x) { members(cleaner, x); }, copy);
  return copy;
}

Journal::Journal(const World& world, const std::string& run) : m_world(world), m_stream("run/" + run) {
  m_writer = StreamWriter::fresh(world.store, m_stream);
}

Expected<std::vector<Event>> Journal::open() {
  auto records = read_verified(m_world.store, m_stream);
  if (!records) return Unexpected(records.error());
  if (records->empty()) return Unexpected(Failure{Cause::missing, Reached::no, "there is no run '" + m_stream.substr(4) + "'", "`belay runs list` shows those there are"});
  auto events = decode_events(m_stream, 1, *records);
  if (!events) return events;
  auto writer = StreamWriter::open(m_world.store, m_stream);
  if (!writer) return Unexpected(writer.error());
  if (writer->head().seq != records->size()) return Unexpected(Failure{Cause::conflict, Reached::no, "the run is being written by another process", "`belay runs follow` shows it"});
  std::lock_guard guard(m_lock);
  m_writer = std::move(*writer);
  m_writer->grant(m_grant);
  m_view = fold(*events);
  return events;
}

void Journal::hold(const Grant& grant) {
  std::lock_guard guard(m_lock);
  m_grant = grant;
  m_writer->grant(m_grant);
}

void Journal::write(std::vector<Record> records, Durable durable) {
  auto put = [&](std::vector<Record> some, Durable how) {
    auto head = m_writer->append(std::move(some), row_of(m_view, m_stream), how);
    if (!head) throw JournalLost{head.error()};
  };
  if (m_writer->head().seq > 0) return put(std::move(records), durable);
  // The first record alone, so that the ledger can name it; the ledger's own append makes all of them durable.
  const Timestamp at = records.front().at;
  std::vector<Record> first(1, std::move(records.front()));
  records.erase(records.begin());
  put(std::move(first), Durable::with_next);
  const Hash named = m_writer->head().hash;
  if (!records.empty()) put(std::move(records), Durable::with_next);
  if (auto noted = ledger::note_start(m_world.store, m_stream.substr(4), named, at); !noted) throw JournalLost{noted.error()};
}

void Journal::close() {
  std::lock_guard guard(m_lock);
  // The journal itself is whole; without the note a cut tail is found by the store's own head alone.
  [[maybe_unused]] auto noted = ledger::note_end(m_world.store, m_stream.substr(4), m_writer->head(), m_world.time.wall());
}

std::uint64_t Journal::append(Fact fact, Durable durable) {
  std::lock_guard guard(m_lock);
  Event event{m_stream, 0, m_world.time.wall(), cleaned(fact, m_redactor)};
  Record record = encode_fact(event.fact, event.at);
  event.seq = m_view.seq + 1;
  apply(m_view, event);
  if (m_deferred) {
    m_kept.push_back(std::move(record));
  } else {
    std::vector<Record> records;
    records.push_back(std::move(record));
    write(std::move(records), durable);
  }
  tell(event);
  return event.seq;
}

void Journal::flush() {
  std::lock_guard guard(m_lock);
  m_deferred = false;
  if (m_kept.empty()) return;
  write(std::exchange(m_kept, {}), Durable::now);
}

void Journal::show(Sign sign) {
  // A step's own output was cleaned as it came.
  if (auto* began = std::get_if<sign::Began>(&sign)) began->title = m_redactor.clean(began->title);
  if (auto* retrying = std::get_if<sign::Retrying>(&sign)) retrying->because = m_redactor.clean(retrying->because);
  if (auto* note = std::get_if<sign::Note>(&sign)) note->text = m_redactor.clean(note->text);
  std::lock_guard guard(m_lock);
  for (Observer* observer : m_world.observers) {
    try {
      observer->on(sign);
    } catch (const std::exception&) { // a view that fails stops no run
    }
  }
}

void Journal::tell(const Event& event) {
  for (Observer* observer : m_world.observers) {
    try {
      observer->on(event);
    } catch (const std::exception&) { // a view that fails stops no run
    }
  }
}

RunView Journal::view() const {
  std::lock_guard guard(m_lock);
  return m_view;
}

} // namespace belay::engine
