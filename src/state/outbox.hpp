#pragma once
#include "belay/state.hpp"
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Messages that are to be delivered: written here first, delivered by the same command or the next one, so that none is lost to a crash. A stream for each
/// day (`outbox/2026-11-21`), whose row says whether something in it still waits.
namespace belay::outbox {

/// `id` is the sender's: the same message queued again (a resumed run) is no second one.
struct Queued {
  static constexpr std::string_view k_kind = "queued";
  std::string id, notifier, subject, text, run, incident;
  Value data; ///< what a template or a machine needs besides; holds no secret
  Timestamp at;
};
struct Delivered {
  static constexpr std::string_view k_kind = "delivered";
  std::string id, detail;
  Timestamp at;
};
/// `final`: it will not be tried again.
struct Failed {
  static constexpr std::string_view k_kind = "failed";
  std::string id, why;
  bool final = false;
  Timestamp at;
};
using Fact = std::variant<Queued, Delivered, Failed>;

struct Message {
  Queued what;
  std::string stream;
  unsigned failures = 0; ///< attempts that failed so far
  std::string last_failure;
  std::optional<Timestamp> delivered, given_up, last_try;
  bool waits() const { return !delivered && !given_up; }
};

/// The messages of one day's stream, in the order in which they were queued.
std::vector<Message> fold(const std::string& stream, const std::vector<Fact>& facts);

/// Queues, durably. Nothing is added where that id was queued that day or the day before.
Expected<void> queue(Store& store, const Queued& message);
/// All that waits, oldest first, whatever day it is of.
Expected<std::vector<Message>> waiting(Store& store);
Expected<void> note_delivered(Store& store, const Message& message, const std::string& detail, Timestamp at);
Expected<void> note_failed(Store& store, const Message& message, const std::string& why, bool final, Timestamp at);

} // namespace belay::outbox
