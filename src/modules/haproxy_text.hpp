#pragma once
#include "belay/error.hpp"
#include "belay/value.hpp"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What HAProxy's admin socket says, read. Its errors come as text with no status: `malformed`, `missing` or `rejected` here.
namespace belay::modules::haproxy_text {

/// One server as `show servers state` tells it. state: ready, drain or maint, as the administrator wants it; weight: the current absolute one.
struct Server {
  std::string name, state, address;
  std::int64_t weight = 0, port = 0;
};
/// Of `show servers state BACKEND`; `missing` with HAProxy's words where it knows no such backend.
Expected<std::vector<Server>> servers(std::string_view text, std::string_view backend);

/// One row of `show stat`: column → text. Rows of all proxies, in order.
using Row = std::map<std::string, std::string, std::less<>>;
Expected<std::vector<Row>> rows(std::string_view text);
/// A counter of a row; 0 where the column is empty or absent.
std::int64_t counter(const Row&, std::string_view column);

/// Requests that a row's server answered or failed to answer, and those that failed: status 5xx, no connection, no valid answer. A retried
/// request ends once, so it counts once.
std::int64_t requests(const Row&);
std::int64_t failures(const Row&);

/// The failure in an answer to `set …` commands: anything that is not blank is an error.
std::optional<Failure> complaint(std::string_view answer);

/// Backends and servers are spliced into command lines: only letters, digits and `_.:-`, and no leading `-`.
bool is_name(std::string_view);

} // namespace belay::modules::haproxy_text
