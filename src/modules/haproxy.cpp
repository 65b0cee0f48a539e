#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/haproxy_reads.hpp"
#include "modules/inputs.hpp"
#include "modules/probing.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/core.h>

/// HAProxy through its admin socket: who gets which share of the traffic, and what came of it.
namespace belay::modules {
namespace {

using haproxy_reads::address;

/// Server → {state, weight} of those named; a server that is not there fails with the nearest names.
Expected<Value> seen_of(const std::vector<std::string>& names, const Call& call, const Reads& reads) {
  const auto backend = text_or(call.in["backend"], "");
  const auto found = haproxy_reads::servers(call.in["socket"], backend, call, reads);
  if (!found) return Unexpected(found.error());
  std::vector<std::string> known;
  for (const auto& server : *found) known.push_back(server.name);
  std::vector<std::pair<std::string, Value>> members;
  for (const auto& name : names) {
    const auto at = std::find(known.begin(), known.end(), name);
    if (at == known.end()) return Unexpected(Failure{Cause::missing, Reached::yes, fmt::format("HAProxy's backend '{}' has no server '{}'", backend, name), did_you_mean(name, known)});
    const auto& server = (*found)[static_cast<std::size_t>(at - known.begin())];
    members.emplace_back(name, Value::object({{"state", server.state}, {"weight", server.weight}, {"address", server.address}, {"port", server.port}}));
  }
  return Value::object(std::move(members));
}

/// One line of commands, so that HAProxy takes them in one pass; the answer is read for complaints.
Exchange exchange(const Value& socket, std::vector<Value> commands) {
  std::vector<Value> pieces;
  for (auto& command : commands) {
    if (!pieces.empty()) pieces.emplace_back("; ");
    pieces.push_back(std::move(command));
  }
  return {address(socket), {join(pieces)}};
}

std::string pasted(const Exchange& exchange) {
  return fmt::format("echo '{}' | socat - {}", bare_json(exchange.lines.front()), bare_json(exchange.address));
}

std::vector<std::string> touches(const Value& in) {
  return {fmt::format("haproxy:{}/{}", bare_json(address(in["socket"])), bare_json(in["backend"]))};
}
std::vector<std::string> touches_socket(const Value& in) { return touches(in); }

/// Why a name from outside may not be spliced into a command.
std::optional<Failure> unfit(const Value& name, std::string_view what) {
  if (name.is_unknown() || (name.kind() == Kind::text && haproxy_text::is_name(name.text()))) return std::nullopt;
  return Failure{Cause::refused, Reached::no, fmt::format("{} is no name of a {}", show(name), what), "letters, digits and _ . : -, not beginning with -"};
}
std::optional<Failure> unfit_weight(const Value& weight) {
  if (weight.is_unknown() || weight.is_null()) return std::nullopt;
  if (weight.kind() == Kind::integer && weight.integer() >= 0 && weight.integer() <= 256) return std::nullopt;
  return Failure{Cause::refused, Reached::no, fmt::format("{} is no weight", show(weight)), "0 to 256"};
}

Outcome replied(const Intent& intent, const Expected<Value>& reply) {
  if (!reply) {
    Outcome outcome = failed_outcome(reply.error());
    outcome.state = reply.error().reached == Reached::no ? State::no_effect : State::unknown;
    return outcome;
  }
  Outcome outcome;
  outcome.outputs = intent.outputs;
  if (auto failure = haproxy_text::complaint(text_or(*reply, ""))) {
    // HAProxy goes on after a command that it refuses, so the others of the line may hold.
    outcome.state = State::partial;
    outcome.failure = std::move(failure);
  }
  return outcome;
}

// server: one server's administrative state and weight

bool server_holds(const Value& extra, const Value& server) {
  return server["state"] == extra["state"] && (extra["weight"].is_null() || server["weight"] == extra["weight"]) &&
         (extra["address"].is_null() || (server["address"] == extra["address"] && server["port"] == extra["port"]));
}

Expected<Value> observe_server(const Call& call, const Value&, const Reads& reads) {
  const auto name = text_or(call.in["server"], "");
  auto seen = seen_of({name}, call, reads);
  if (!seen) return seen;
  return (*seen)[name];
}

Intent prepare_server(const Value& in, const Value& seen, const Identity&) {
  const Value name = join({in["backend"], "/", in["server"]});
  const auto state = in["state"], weight = in["weight"], to = in["address"], port = in["port"];
  Intent intent;
  intent.extra = Value::object({{"socket", in["socket"]}, {"backend", in["backend"]}, {"server", in["server"]}, {"state", state}, {"weight", weight}, {"address", to}, {"port", port}});
  intent.refused = unfit(in["backend"], "backend");
  if (!intent.refused) intent.refused = unfit(in["server"], "server");
  if (!intent.refused) intent.refused = unfit_weight(weight);
  if (!intent.refused && !to.is_null()) intent.refused = unfit(to, "address");
  const auto wanted = text_or(state, "ready");
  if (!intent.refused && wanted != "ready" && wanted != "drain" && wanted != "maint")
    intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' is no state of a server", wanted), "ready, drain or maint"};
  std::vector<Value> commands;
  if (!to.is_null()) commands.push_back(join({"set server ", name, " addr ", to, " port ", port}));
  // The weight first: a server that becomes ready gets its share at once.
  if (!weight.is_null()) commands.push_back(join({"set server ", name, " weight ", weight}));
  commands.push_back(join({"set server ", name, " state ", state}));
  auto act = exchange(in["socket"], std::move(commands));
  intent.equivalent = pasted(act);
  intent.act = std::move(act);
  intent.touches = touches(in);
  intent.nothing = !intent.refused && server_holds(intent.extra, seen);
  intent.outputs = Value::object({{"state", state}, {"weight", weight.is_null() ? seen["weight"] : weight}, {"before", seen}});
  return intent;
}

Outcome judge_server(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  outcome.state = server_holds(intent.extra, now) ? State::done : State::not_seen;
  return outcome;
}

Value undo_server(const Intent& intent, const Value& seen, const Value&) {
  if (server_holds(intent.extra, seen)) return {};
  const auto& in = intent.extra;
  const bool moved = !in["address"].is_null();
  return Value::object({{"socket", in["socket"]}, {"backend", in["backend"]}, {"server", in["server"]}, {"state", seen["state"]}, {"weight", seen["weight"]},
                        {"address", moved ? seen["address"] : Value()}, {"port", moved ? seen["port"] : Value()}});
}

/// Each of what an undo writes is as this act left it, or as it was before.
Standing standing_server(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const auto& wanted = intent.extra;
  const auto ours = [&](const char* part) { return now[part] == seen[part] || (!wanted[part].is_null() && now[part] == wanted[part]); };
  const bool moved = !wanted["address"].is_null();
  const bool all = ours("state") && ours("weight") && (!moved || (ours("address") && ours("port")));
  return all ? Standing::as_left : Standing::otherwise;
}

// weights: the shares of several servers in one act, so that there is no moment with only half of it

std::vector<std::string> named_servers(const Value& weights) {
  std::vector<std::string> names;
  for (const auto& [name, weight] : named(weights))
    if (!name.empty()) names.push_back(name);
  return names;
}

bool weights_hold(const Value& weights, const Value& servers) {
  const auto all = named(weights);
  return !all.empty() && std::all_of(all.begin(), all.end(), [&](const auto& one) { return servers[one.first]["weight"] == one.second; });
}

Expected<Value> observe_weights(const Call& call, const Value&, const Reads& reads) { return seen_of(named_servers(call.in["weights"]), call, reads); }

Intent prepare_weights(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.extra = Value::object({{"socket", in["socket"]}, {"backend", in["backend"]}, {"weights", in["weights"]}});
  intent.refused = unfit(in["backend"], "backend");
  std::vector<Value> commands;
  // Shares grow before others shrink: at no moment is there nobody to serve.
  auto shares = named(in["weights"]);
  std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return integer_or(a.second, 0) > integer_or(b.second, 0); });
  for (const auto& [name, weight] : shares) {
    if (!intent.refused && !name.empty()) intent.refused = unfit(name, "server");
    if (!intent.refused) intent.refused = name.empty() ? std::nullopt : unfit_weight(weight);
    commands.push_back(name.empty() ? weight : join({"set server ", in["backend"], "/", name, " weight ", weight}));
  }
  if (commands.empty()) intent.refused = Failure{Cause::refused, Reached::no, "weights names no server", ""};
  auto act = exchange(in["socket"], std::move(commands));
  intent.equivalent = pasted(act);
  intent.act = std::move(act);
  intent.touches = touches(in);
  intent.nothing = !intent.refused && weights_hold(in["weights"], seen);
  intent.outputs = Value::object({{"weights", in["weights"]}, {"before", seen}});
  return intent;
}

Outcome judge_weights(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  outcome.state = weights_hold(intent.extra["weights"], now) ? State::done : State::not_seen;
  return outcome;
}

Value undo_weights(const Intent& intent, const Value& seen, const Value&) {
  const auto& in = intent.extra;
  if (weights_hold(in["weights"], seen)) return {};
  std::vector<std::pair<std::string, Value>> former;
  for (const auto& name : named_servers(in["weights"])) former.emplace_back(name, seen[name]["weight"]);
  return Value::object({{"socket", in["socket"]}, {"backend", in["backend"]}, {"weights", Value::object(std::move(former))}});
}

Standing standing_weights(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const auto all = named(intent.extra["weights"]);
  const bool ours = std::all_of(all.begin(), all.end(), [&](const auto& one) {
    const Value weight = now[one.first]["weight"];
    return weight == one.second || weight == seen[one.first]["weight"];
  });
  return ours ? Standing::as_left : Standing::otherwise;
}

#define BELAY_HAPROXY_FIELDS                                                                                                         \
  {.name = "socket", .type = k_text, .help = "the admin socket: a path, or tcp:HOST:PORT; it needs `level admin` to change anything"}, \
      {.name = "backend", .type = k_text, .help = "the backend's name"}

constexpr Field k_servers_in[] = {
    BELAY_HAPROXY_FIELDS,
    {.name = "judge", .type = k_boolean, .required = false, .standard = "false", .help = "whether a server that is down, and a backend without any, are findings"},
};
constexpr Field k_servers_out[] = {
    {.name = "servers", .type = k_map, .help = "name: {state, weight, address, port, status, check, current, since}; current: requests under way or queued"},
    {.name = "serving", .type = k_texts, .help = "the servers that are ready with a weight above 0"},
};
constexpr Field k_counters_in[] = {
    BELAY_HAPROXY_FIELDS,
    BELAY_PROBE_FIELDS,
};
constexpr Field k_counters_out[] = {
    {.name = "servers", .type = k_map,
     .help = "name: {requests, failures, answered_5xx, connection_errors, response_errors, retries, redispatches, sessions, weight, status, since}, since HAProxy started"},
    {.name = "backend", .type = k_map, .help = "{requests, failures} of the whole backend"},
    {.name = "probes", .type = k_map, .help = "{sent, failed, seconds} of this sample"},
};
constexpr Field k_server_in[] = {
    BELAY_HAPROXY_FIELDS,
    {.name = "server", .type = k_text, .help = "the server's name"},
    {.name = "state", .type = k_text, .help = "ready, drain (finishes what it has, gets nothing new) or maint"},
    {.name = "weight", .type = k_integer, .required = false, .help = "0 to 256, against those of the others; as it is without it"},
    {.name = "address", .type = k_text, .required = false, .help = "where the server is to be found from now on"},
    {.name = "port", .type = k_integer, .required = false, .help = "its port, with `address`"},
};
constexpr Field k_server_out[] = {
    {.name = "state", .type = k_text, .help = "the wanted state"},
    {.name = "weight", .type = k_integer, .help = "its weight now"},
    {.name = "before", .type = k_map, .help = "{state, weight, address, port} as they were"},
};
constexpr Field k_weights_in[] = {BELAY_HAPROXY_FIELDS, {.name = "weights", .type = k_map, .help = "server: weight, 0 to 256; the others stay as they are"}};
constexpr Field k_weights_out[] = {
    {.name = "weights", .type = k_map, .help = "the wanted weights"},
    {.name = "before", .type = k_map, .help = "server: {state, weight, address, port} as they were"},
};
#undef BELAY_HAPROXY_FIELDS

// A line whose connection is closed is taken by HAProxy within its next loop; a second is generous.
constexpr Duration k_lateness = std::chrono::seconds(1);

constexpr Action k_actions[] = {
    {"servers", "The servers of a backend: their states, weights and requests under way", k_servers_in, k_servers_out,
     Read{.read = haproxy_reads::read_servers, .touches = touches_socket}},
    {"counters", "Requests and failures of each server of a backend; a gate's sample", k_counters_in, k_counters_out,
     Read{.read = haproxy_reads::read_counters, .touches = touches_socket}},
    {"server", "Makes one server ready, drained or out of service, with a weight", k_server_in, k_server_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_server, .prepare = prepare_server, .replied = replied, .judge = judge_server,
            .undo = undo_server, .standing = standing_server, .touches = touches, .lateness = k_lateness}},
    {"weights", "Splits the traffic between servers, in one act", k_weights_in, k_weights_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_weights, .prepare = prepare_weights, .replied = replied, .judge = judge_weights,
            .undo = undo_weights, .standing = standing_weights, .touches = touches, .lateness = k_lateness}},
};

} // namespace

constinit const Module haproxy{"haproxy", "Traffic through HAProxy's admin socket", k_actions};

} // namespace belay::modules
