#include "fakes/effect_server.hpp"
#include "belay/reveal.hpp"
#include "modules/catalog.hpp"
#include "value/json.hpp"

namespace belay::fakes {
namespace {

std::string header(const Request& r, const std::string& name) {
  for (const auto& [key, value] : r.headers)
    if (key == name) return value.text();
  return {};
}
std::string last(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string text(const Value& v) { return v.kind() == Kind::text ? Reveal::text(v) : bare_json(v); }

Outcome with(State state, Value outputs = {}) {
  Outcome out;
  out.state = state;
  out.outputs = std::move(outputs);
  return out;
}

Expected<Value> look_at(const Call& call, const Value&, const Reads& reads) {
  Request r;
  r.url = join({Value("/res/"), call.in["name"]});
  auto answer = reads.http.read(r, call.stop);
  if (!answer) return Unexpected(answer.error());
  return parse_json(answer->body);
}

Intent prepare_put(const Value& in, const Value& seen, bool conditional) {
  Request r;
  r.method = "PUT";
  r.url = join({Value("/res/"), in["name"]});
  r.body = in["value"];
  if (conditional) r.headers.emplace_back("if-match", join({seen["version"]}));
  Intent intent;
  intent.outputs = Value::object({{"was", seen["value"]}, {"value", in["value"]}});
  intent.touches = {"res:" + text(in["name"].is_unknown() ? Value("") : in["name"])};
  intent.equivalent = "curl -X PUT " + show(r.url);
  intent.act = std::move(r);
  intent.nothing = seen.known() && in.known() && !in.has_secret() && seen["value"] == in["value"];
  return intent;
}
Intent prepare_set(const Value& in, const Value& seen, const Identity&) { return prepare_put(in, seen, true); }
Intent prepare_same(const Value& in, const Value& seen, const Identity&) { return prepare_put(in, seen, false); }

Outcome judge_set(const Intent& intent, const Value& seen, const Value& now) {
  if (now["version"] == seen["version"]) return with(State::not_seen);
  return with(now["value"] == std::get<Request>(intent.act).body ? State::done : State::no_effect);
}
Outcome judge_same(const Intent& intent, const Value&, const Value& now) { return with(now["value"] == std::get<Request>(intent.act).body ? State::done : State::not_seen); }
Standing standing_same(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const Value& body = std::get<Request>(intent.act).body;
  if (now["value"] == seen["value"] || (body.known() && text(now["value"]) == text(body))) return Standing::as_left;
  return body.known() ? Standing::otherwise : Standing::unclear;
}
Value undo_put(const Intent& intent, const Value& seen, const Value&) {
  return Value::object({{"name", Value(last(text(std::get<Request>(intent.act).url)))}, {"value", seen["value"]}});
}

Intent prepare_add(const Value& in, const Value&, const Identity& id) {
  Request r;
  r.method = "POST";
  r.url = Value("/list");
  r.body = in["value"];
  r.headers.emplace_back("idempotency-key", Value(id.key));
  Intent intent;
  intent.act = std::move(r);
  intent.outputs = Value::object({{"value", in["value"]}});
  return intent;
}
Intent prepare_fire(const Value& in, const Value&, const Identity&) {
  Request r;
  r.method = "POST";
  r.url = join({Value("/fire/"), in["name"]});
  Intent intent;
  intent.act = std::move(r);
  intent.outputs = Value::object({});
  return intent;
}

Intent prepare_follow(const Value& in, const Value&, const Identity&) {
  Request r;
  r.method = "POST";
  r.url = join({Value("/ops/"), in["name"]});
  Intent intent;
  intent.act = std::move(r);
  intent.outputs = Value::object({{"operation", Value::minted("operation")}});
  intent.touches = {"op:" + text(in["name"])};
  return intent;
}
Outcome answer_follow(const Intent&, const Expected<Answer>& answer) {
  Outcome out = with(State::pending);
  out.handle = Value(answer->body);
  out.again = std::chrono::seconds(3);
  return out;
}
Expected<Value> look_at_operation(const Call& call, const Value& handle, const Reads& reads) {
  if (handle.is_null()) return Value::object({{"done", Value(false)}});
  Request r;
  r.url = join({Value("/ops/"), handle});
  auto answer = reads.http.read(r, call.stop);
  if (!answer) return Unexpected(answer.error());
  return parse_json(answer->body);
}
Outcome judge_follow(const Intent&, const Value&, const Value& now) {
  if (now["id"].is_null()) return with(State::unknown);
  if (now["done"] == Value(true)) return with(State::done, Value::object({{"operation", now["id"]}}));
  Outcome out = with(State::pending);
  out.handle = now["id"];
  out.again = std::chrono::seconds(3);
  return out;
}

Outcome read_value(const Call& call, const Reads& reads) {
  auto seen = look_at(call, {}, reads);
  if (!seen) {
    Outcome out = with(State::failed);
    out.failure = seen.error();
    return out;
  }
  return with(State::done, *seen);
}
std::vector<std::string> touches_name(const Value& in) { return {"res:" + text(in["name"])}; }

Tick tick_until(const Value& in, const Value& state, const Value& sample, Duration) {
  Tick tick;
  tick.state = Value((state.is_null() ? std::int64_t{0} : state.integer()) + 1);
  tick.measures = {{"looks", static_cast<double>(tick.state.integer()), static_cast<double>(in["looks"].integer()), ""}};
  tick.thin = sample["probe"].is_null();
  tick.why = "looked " + std::to_string(tick.state.integer()) + " times";
  if (sample["value"] == in["bad"]) tick.verdict = Verdict::fail;
  else if (tick.state.integer() >= in["looks"].integer()) tick.verdict = Verdict::pass;
  return tick;
}

struct Lamp final : Child {
  explicit Lamp(Http& h) : http(h) {}
  ~Lamp() override = default;
  bool running() override { return lit; }
  std::int64_t pid() const override { return 7; }
  Expected<Ended> end(Duration) override {
    lit = false;
    return Ended{};
  }
  Http& http;
  bool lit = true;
};
Intent prepare_tunnel(const Value& in, const Identity&) {
  Intent intent;
  Command c;
  c.argv = {Value("tunnel"), in["to"]};
  intent.act = std::move(c);
  intent.outputs = Value::object({{"port", Value::minted("port")}});
  return intent;
}
Expected<Held> open_tunnel(const Intent&, const Call&, Ports& ports) {
  auto& server = static_cast<EffectServer&>(ports.http);
  std::lock_guard guard(server.lock);
  server.ledger.push_back("tunnel opened");
  return Held{Value::object({{"port", Value(static_cast<std::int64_t>(40000 + server.ledger.size()))}}), std::make_unique<Lamp>(ports.http)};
}

constexpr Type k_text{Kind::text}, k_any{Kind::any}, k_integer{Kind::integer}, k_duration{Kind::duration};
constexpr Field k_name[] = {{.name = "name", .type = k_text}, {.name = "probe", .type = {Kind::boolean}, .required = false}};
constexpr Field k_put[] = {{.name = "name", .type = k_text}, {.name = "value", .type = k_any, .secret = true}, {.name = "pause", .type = k_duration, .required = false, .standard = "5s"}};
constexpr Field k_add[] = {{.name = "value", .type = k_any}};
constexpr Field k_gate[] = {{.name = "looks", .type = k_integer, .required = false, .standard = "2"}, {.name = "bad", .type = k_text, .required = false, .standard = "broken"}};
constexpr Field k_to[] = {{.name = "to", .type = k_text}};
constexpr Field k_seen[] = {{.name = "value", .type = k_text}, {.name = "version", .type = k_integer}};
constexpr Field k_put_out[] = {{.name = "was", .type = k_text}, {.name = "value", .type = k_any}};
constexpr Field k_operation[] = {{.name = "operation", .type = k_text}};
constexpr Field k_port[] = {{.name = "port", .type = k_integer}};

constexpr Action k_actions[] = {
    {"read", "Reads a resource", k_name, k_seen, Read{.read = read_value, .touches = touches_name}},
    {"look", "Reads a resource, and does not say which", k_name, k_seen, Read{.read = read_value}},
    {"set", "Writes a resource under its version", k_put, k_put_out,
     Change{.repeat = Repeat::conditional, .observe = look_at, .prepare = prepare_set, .judge = judge_set, .undo = undo_put, .touches = touches_name}},
    {"put", "Writes a resource", k_put, k_put_out,
     Change{.repeat = Repeat::same_state, .observe = look_at, .prepare = prepare_same, .judge = judge_same, .undo = undo_put, .standing = standing_same, .touches = touches_name, .lateness = std::chrono::seconds(2)}},
    {"add", "Adds to the list under a key", k_add, k_add, Change{.effect = Effect::adds, .repeat = Repeat::keyed, .prepare = prepare_add, .touches = nullptr}},
    {"fire", "Fires", k_name, {}, Change{.repeat = Repeat::once, .prepare = prepare_fire, .touches = nullptr}},
    {"follow", "Begins an operation and follows it", k_name, k_operation,
     Change{.repeat = Repeat::once, .observe = look_at_operation, .prepare = prepare_follow, .answer = answer_follow, .judge = judge_follow, .touches = touches_name}},
    {"gate", "Looks until it has looked often enough", k_gate, {}, Gate{tick_until}},
    {"tunnel", "Holds a tunnel", k_to, k_port, Hold{prepare_tunnel, open_tunnel}},
};
constinit const Module k_test{"test", "Speaks to a server in memory", k_actions};
const Module* const k_modules[] = {&k_test, &modules::core, &modules::manual};

} // namespace

Catalog test_catalog() { return k_modules; }

Expected<Answer> EffectServer::read(const Request& r, const Stop& stop, Sink*) {
  std::lock_guard guard(lock);
  if (r.method != "GET") throw std::logic_error("a " + r.method + " was sent through a reading port");
  if (stop) return Unexpected(Failure{Cause::stopped, Reached::no, "stopped", ""});
  if (before_read)
    if (auto failure = before_read()) return Unexpected(*failure);
  const std::string path = r.url.text();
  asked.push_back(path);
  Answer a;
  a.status = 200;
  if (path.starts_with("/res/")) {
    const Resource& found = resources[last(path)];
    a.body = canonical_json(Value::object({{"value", Value(found.value)}, {"version", Value(std::int64_t{found.version})}}));
  } else if (path.starts_with("/ops/")) {
    const std::string id = last(path);
    a.body = canonical_json(Value::object({{"id", Value(id)}, {"done", Value(++looks[id] >= 2)}}));
  } else {
    throw std::logic_error("a read of " + path + " was not expected");
  }
  return a;
}

Expected<Answer> EffectServer::send(const Request& r, Source*, const Stop& stop) {
  std::lock_guard guard(lock);
  if (stop) return Unexpected(Failure{Cause::stopped, Reached::no, "stopped", ""});
  const int number = ++sends;
  if (before)
    if (auto failure = before(number)) return Unexpected(*failure);
  Answer answer = apply(r);
  if (after)
    if (auto failure = after(number)) return Unexpected(*failure);
  return answer;
}

Answer EffectServer::apply(const Request& r) {
  const std::string path = r.url.text();
  Answer a;
  a.status = 200;
  if (r.method == "PUT" && path.starts_with("/res/")) {
    Resource& found = resources[last(path)];
    const std::string condition = header(r, "if-match");
    if (!condition.empty() && condition != std::to_string(found.version)) {
      a.status = 412;
      return a;
    }
    found.value = text(r.body);
    ++found.version;
    ledger.push_back(last(path) + "=" + found.value);
  } else if (r.method == "POST" && path == "/list") {
    if (++keys[header(r, "idempotency-key")] == 1) ledger.push_back("add " + text(r.body));
  } else if (r.method == "POST" && path.starts_with("/fire/")) {
    ledger.push_back("fire " + last(path));
  } else if (r.method == "POST" && path.starts_with("/ops/")) {
    ledger.push_back("operation " + last(path));
    a.body = last(path) + "-1";
  } else {
    throw std::logic_error(r.method + " " + path + " was not expected");
  }
  return a;
}

} // namespace belay::fakes
