#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace belay {

// What belay and its guard say to each other. Each child has a socket of its own, sent with its standard streams over the
// guard's socket: on it go the request, then `GuardOrder`s; back come `GuardReport`s. Closing it gives the child up.

struct SpawnRequest {
  std::string program; ///< absolute path
  std::vector<std::string> argv, environment;
  std::string folder;                      ///< empty: the guard's own
  std::vector<std::string> private_files; ///< to be removed by the guard should belay be gone, their folder last
};

/// With its length in front.
std::string encode(const SpawnRequest&);
/// Takes a whole request off the front of what has arrived; nothing while it is not whole.
std::optional<SpawnRequest> take_request(std::string& arrived);

/// The first message on a child's socket pair, sent with the descriptors: the child's socket, then those streams that are named.
enum GuardStreams : std::uint8_t { k_has_input = 1, k_has_output = 2, k_has_errors = 4 };

/// TERM to the group now, KILL after the grace; a later order may only shorten it.
struct GuardOrder {
  std::int64_t grace_milliseconds = 0;
};

struct GuardReport {
  enum What : std::int32_t { started, not_started, exited, gone };
  std::int32_t what = started;
  std::int32_t value = 0; ///< the pid; errno; the wait status; how many processes it had left behind and had to be ended
};

} // namespace belay
