#include "modules/probing.hpp"
#include <algorithm>

namespace belay::modules {

Value probed(const Call& call, const Reads& reads) {
  std::vector<Value> seconds;
  std::int64_t sent = 0, failed = 0;
  if (boolean_or(call.in["probe"], false) && call.in["probe_url"].kind() == Kind::text) {
    Request request;
    request.url = call.in["probe_url"];
    request.limit = duration_or(call.in["probe_limit"], std::chrono::seconds(2));
    const std::vector<Request> all(static_cast<std::size_t>(std::clamp<std::int64_t>(integer_or(call.in["probe_count"], 20), 0, 1000)), request);
    const auto each = [&](std::size_t, const Expected<Answer>& answer) {
      ++sent;
      if (!answer || answer->status >= 500) ++failed; // no duration of it is of any worth
      else seconds.emplace_back(std::chrono::duration<double>(answer->took).count());
    };
    reads.http.read_all(all, 4, each, call.stop);
  }
  return Value::object({{"sent", sent}, {"failed", failed}, {"seconds", std::move(seconds)}});
}

} // namespace belay::modules
