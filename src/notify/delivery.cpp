#include "notify/delivery.hpp"
#include "state/fact_codec.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::notify {
namespace {

constexpr unsigned k_attempts = 10;

std::string text_of(const Value& value) { return !value.is_unknown() && !value.is_secret() && value.kind() == Kind::text ? value.text() : ""; }

std::string in_words(std::string name) {
  std::replace(name.begin(), name.end(), '-', ' ');
  return name;
}

std::string about(const fact::RunStarted& started) {
  if (started.service.empty()) return started.runbook;
  return started.environment.empty() ? started.service : started.service + " in " + started.environment;
}

bool rests(const outbox::Message& message, Timestamp now) {
  if (message.failures == 0 || !message.last_try) return false;
  return now.seconds - message.last_try->seconds < (std::int64_t{10} << std::min(message.failures, 12U));
}

} // namespace

std::vector<outbox::Queued> messages_of(const std::string& stream, const fact::Settled& settled, const std::string& about, Timestamp now) {
  std::vector<outbox::Queued> messages;
  if (settled.action != "notify.send" || settled.outcome.state != State::done) return messages;
  const Value& said = settled.outcome.outputs;
  const std::string title = text_of(said["title"]).empty() ? in_words(text_of(said["template"])) : text_of(said["title"]);
  const Value to = said["to"];
  if (to.is_unknown() || to.is_secret() || to.kind() != Kind::list) return messages;
  for (const Value& notifier : to.list()) {
    outbox::Queued message;
    message.notifier = text_of(notifier);
    message.id = stream + "/" + settled.path + "/" + message.notifier;
    message.subject = about.empty() ? title : title.empty() ? about : about + ": " + title;
    // What was masked is told as such: a message that arrives empty tells nobody anything.
    message.text = said["text"].has_secret() ? "(secret)" : text_of(said["text"]);
    message.run = stream.starts_with("run/") ? stream.substr(4) : "";
    message.data = Value::object({{"severity", said["severity"]}, {"template", said["template"]}, {"data", said["data"]}});
    message.at = now;
    messages.push_back(std::move(message));
  }
  return messages;
}

/// A run that is resumed does not begin again: its first record says whose it is.
void Queueing::begin(const std::string& stream) {
  if (m_stream == stream) return;
  m_stream = stream;
  m_about.clear();
  const auto first = m_store.read(stream, 1, 1);
  if (!first || first->empty()) return;
  const auto fact = decode_fact(first->front());
  if (fact)
    if (const auto* started = std::get_if<fact::RunStarted>(&*fact)) m_about = about(*started);
}

void Queueing::on(const Event& event) {
  const auto* started = std::get_if<fact::RunStarted>(&event.fact);
  const auto* settled = std::get_if<fact::Settled>(&event.fact);
  if (std::holds_alternative<fact::Resumed>(event.fact)) return again(event.stream);
  if (!started && !(settled && settled->action == "notify.send")) return;
  std::lock_guard guard(m_lock);
  if (started) {
    m_stream = event.stream;
    m_about = about(*started);
    return;
  }
  begin(event.stream);
  for (const auto& message : messages_of(event.stream, *settled, m_about, m_time.wall()))
    if (auto queued = outbox::queue(m_store, message); !queued) m_failures.push_back(fmt::format("a message of {} could not be queued: {}", settled->path, queued.error().message));
}

/// A crash between a message's fact and its place in the outbox would lose it. It is queued as of its own day, where it is known if it was queued.
void Queueing::again(const std::string& stream) {
  std::lock_guard guard(m_lock);
  begin(stream);
  constexpr unsigned k_piece = 500;
  for (std::uint64_t from = 1;; from += k_piece) {
    const auto records = m_store.read(stream, from, k_piece);
    if (!records) return m_failures.push_back("whether an earlier message was queued cannot be told: " + records.error().message);
    for (const Record& record : *records) {
      const auto fact = decode_fact(record);
      const auto* settled = fact ? std::get_if<fact::Settled>(&*fact) : nullptr;
      if (!settled) continue;
      for (const auto& message : messages_of(stream, *settled, m_about, record.at))
        if (auto queued = outbox::queue(m_store, message); !queued) m_failures.push_back(fmt::format("a message of {} could not be queued: {}", settled->path, queued.error().message));
    }
    if (records->size() < k_piece) return;
  }
}

Delivery deliver_waiting(Store& store, const Time& time, std::span<Notifier* const> notifiers) {
  Delivery delivery;
  const auto waiting = outbox::waiting(store);
  if (!waiting) {
    delivery.problems.push_back("the messages that wait cannot be read: " + waiting.error().message);
    return delivery;
  }
  for (const outbox::Message& message : *waiting) {
    const Timestamp now = time.wall();
    if (rests(message, now)) {
      ++delivery.waiting;
      continue;
    }
    const auto found = std::find_if(notifiers.begin(), notifiers.end(), [&](const Notifier* one) { return one->name() == message.what.notifier; });
    Expected<std::string> went = found == notifiers.end() ? Unexpected(Failure{Cause::missing, Reached::no, fmt::format("there is no notifier '{}'", message.what.notifier), ""}) : (*found)->deliver(message.what);
    if (went) {
      ++delivery.delivered;
      // Should this note be lost, the message is delivered again: twice told is better than never.
      if (auto noted = outbox::note_delivered(store, message, *went, now); !noted) delivery.problems.push_back("a message was delivered and that could not be noted: " + noted.error().message);
      continue;
    }
    const bool final = found == notifiers.end() || message.failures + 1 >= k_attempts;
    if (!final) ++delivery.waiting;
    delivery.problems.push_back(fmt::format("message '{}' to {}: {}{}", message.what.subject, message.what.notifier, went.error().message, final ? "; given up" : ""));
    if (auto noted = outbox::note_failed(store, message, went.error().message, final, now); !noted) delivery.problems.push_back("that could not be noted: " + noted.error().message);
  }
  return delivery;
}

} // namespace belay::notify
