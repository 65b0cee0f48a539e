#include "catch.hpp"
#include "modules/catalog.hpp"
#include "modules/haproxy_text.hpp"

using namespace belay;
namespace text = belay::modules::haproxy_text;

namespace {

// As HAProxy 2.6 answers: blue was made ready by the administrator, green is in maintenance by configuration, red drains.
constexpr const char* k_state = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status "
                                "srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl "
                                "srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n"
                                "3 shop 1 blue 127.0.0.1 0 4 90 1 3 8 2 0 6 0 0 0 - 18556 - 0 0 - - 0\n3 shop 2 green 127.0.0.1 0 5 10 1 1 1 0 0 14 0 0 0 - 18557 - 0 0 - - 0\n"
                                "3 shop 3 red 127.0.0.1 2 8 0 1 1 1 1 0 14 0 0 0 - 18558 - 0 0 - - 0\n4 other 1 blue 127.0.0.1 0 5 1 1 1 1 0 0 14 0 0 0 - 1 - 0 0 - - 0\n\n";

const Change& change(const char* name) { return std::get<Change>(find_action(modules::catalog(), name)->does); }

Value server_in(const char* state, Value weight = {}) {
  return Value::object({{"socket", "/run/h.sock"}, {"backend", "shop"}, {"server", "blue"}, {"state", state}, {"weight", std::move(weight)}});
}
Value seen(const char* state, int weight) { return Value::object({{"state", state}, {"weight", weight}, {"address", "127.0.0.1"}, {"port", 8001}}); }
std::string line_of(const Intent& intent) { return show(std::get<Exchange>(intent.act).lines.at(0)); }

} // namespace

TEST_CASE("HAProxy's server states are read as the administrator wants them", "[modules]") {
  const auto servers = text::servers(k_state, "shop");
  REQUIRE(servers);
  REQUIRE(servers->size() == 3);
  CHECK((*servers)[0].name == "blue");
  CHECK((*servers)[0].state == "ready");
  CHECK((*servers)[0].weight == 90);
  CHECK((*servers)[0].port == 18556);
  CHECK((*servers)[1].state == "maint");
  CHECK((*servers)[2].state == "drain");
}

TEST_CASE("an answer of HAProxy that is an error is never read as an empty table", "[modules]") {
  CHECK(text::servers("Can't find backend.\n\n", "shop").error().cause == Cause::missing);
  CHECK(text::servers("", "shop").error().cause == Cause::malformed);
  CHECK(text::rows("Permission denied\n").error().cause == Cause::refused);
  CHECK(text::rows("").error().cause == Cause::malformed);
}

TEST_CASE("a failed request counts once, whatever HAProxy retried for it", "[modules]") {
  const auto rows = text::rows("# pxname,svname,econ,eresp,wretr,wredis,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,\nshop,blue,2,1,9,4,0,100,5,10,3,0,\n\n");
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  CHECK(text::requests(rows->front()) == 121);
  CHECK(text::failures(rows->front()) == 6);
  CHECK(text::counter(rows->front(), "not_there") == 0);
}

TEST_CASE("HAProxy's complaint fails the act that it answers", "[modules]") {
  CHECK_FALSE(text::complaint("\n"));
  CHECK_FALSE(text::complaint("\n\n"));
  CHECK_FALSE(text::complaint("no need to change the addr, port changed from '29991' to '29992' by 'stats socket command'\n\n\n"));
  CHECK(text::complaint("no need to change the addr, port changed from '29991' to '29992' by 'stats socket command'\n\nNo such server.\n"));
  REQUIRE(text::complaint("\nNo such server.\n\n"));
  CHECK(text::complaint("No such server.\n\n")->cause == Cause::missing);
  CHECK(text::complaint("Absolute weight can only be between 0 and 256 inclusive.\n")->cause == Cause::rejected);
  const auto& server = change("haproxy.server");
  const auto intent = server.prepare(server_in("drain"), seen("ready", 100), {});
  CHECK(server.replied(intent, Value("No such server.\n")).state == State::partial);
  CHECK(server.replied(intent, Value("No such server.\n")).failure->message.find("No such server") != std::string::npos);
  CHECK(server.replied(intent, Value("")).state == State::done);
}

TEST_CASE("a server's share is set before it is made ready", "[modules]") {
  const auto intent = change("haproxy.server").prepare(server_in("ready", 10), seen("maint", 100), {});
  CHECK(line_of(intent) == "\"set server shop/blue weight 10; set server shop/blue state ready\"");
  CHECK_FALSE(intent.refused);
  CHECK_FALSE(intent.nothing);
}

TEST_CASE("a server that is as wanted is left alone, and then there is nothing to take back", "[modules]") {
  const auto& server = change("haproxy.server");
  const auto intent = server.prepare(server_in("ready"), seen("ready", 100), {});
  CHECK(intent.nothing);
  CHECK(server.undo(intent, seen("ready", 100), {}).is_null());
}

TEST_CASE("a server goes back to the state and weight it had", "[modules]") {
  const auto& server = change("haproxy.server");
  const auto before = seen("maint", 77);
  const auto intent = server.prepare(server_in("ready", 10), before, {});
  const auto back = server.undo(intent, before, intent.outputs);
  CHECK(back["state"] == Value("maint"));
  CHECK(back["weight"] == Value(77));
  CHECK(line_of(server.prepare(back, seen("ready", 10), {})) == "\"set server shop/blue weight 77; set server shop/blue state maint\"");
  CHECK(server.judge(intent, before, seen("ready", 10)).state == State::done);
  CHECK(server.judge(intent, before, before).state == State::not_seen);
}

TEST_CASE("a name that would smuggle a second command is refused", "[modules]") {
  for (const char* name : {"blue; shutdown sessions server shop/green", "blue\nset x", "-blue", "", "a b"}) {
    INFO(name);
    const auto in = Value::object({{"socket", "/s"}, {"backend", "shop"}, {"server", name}, {"state", "ready"}});
    CHECK(change("haproxy.server").prepare(in, seen("maint", 1), {}).refused);
    const auto weights = Value::object({{"socket", "/s"}, {"backend", "shop"}, {"weights", Value::object({{name, 1}})}});
    if (*name != '\0') CHECK(change("haproxy.weights").prepare(weights, {}, {}).refused);
  }
  CHECK(change("haproxy.server").prepare(server_in("gone"), seen("maint", 1), {}).refused);
  CHECK(change("haproxy.server").prepare(server_in("ready", 257), seen("maint", 1), {}).refused);
}

TEST_CASE("a split of the traffic is one line, larger shares first, and is taken back whole", "[modules]") {
  const auto& weights = change("haproxy.weights");
  const auto in = Value::object({{"socket", "/s"}, {"backend", "shop"}, {"weights", Value::object({{"blue", 0}, {"green", 100}})}});
  const auto before = Value::object({{"blue", seen("ready", 90)}, {"green", seen("ready", 10)}});
  const auto intent = weights.prepare(in, before, {});
  CHECK(line_of(intent) == "\"set server shop/green weight 100; set server shop/blue weight 0\"");
  CHECK(weights.undo(intent, before, {})["weights"] == Value::object({{"blue", 90}, {"green", 10}}));
  CHECK(weights.judge(intent, before, before).state == State::not_seen);
  CHECK(weights.judge(intent, before, Value::object({{"blue", seen("ready", 0)}, {"green", seen("ready", 100)}})).state == State::done);
}

TEST_CASE("a server known only later is shown, not refused", "[modules]") {
  const auto in = Value::object({{"socket", "/s"}, {"backend", "shop"}, {"server", Value::unknown({"choose"})}, {"state", "ready"}, {"weight", 10}});
  const auto intent = change("haproxy.server").prepare(in, Value::unknown({"choose"}), {});
  CHECK_FALSE(intent.refused);
  CHECK_FALSE(intent.nothing);
  CHECK(line_of(intent) == "set server shop/(known after choose) weight 10; set server shop/(known after choose) state ready");
}

TEST_CASE("what others made of a server or of the shares since is told from what this run left", "[modules]") {
  const auto& server = change("haproxy.server");
  const auto before = seen("ready", 100);
  const auto drain = server.prepare(server_in("drain"), before, {});
  CHECK(server.standing(drain, before, {}, seen("drain", 100)) == Standing::as_left);
  CHECK(server.standing(drain, before, {}, seen("maint", 100)) == Standing::otherwise);
  CHECK(server.standing(drain, before, {}, seen("drain", 50)) == Standing::otherwise); // its undo would write the weight too
  const auto& weights = change("haproxy.weights");
  const auto shares = [](int blue, int green) { return Value::object({{"blue", seen("ready", blue)}, {"green", seen("ready", green)}}); };
  const auto half = weights.prepare(Value::object({{"socket", "/s"}, {"backend", "shop"}, {"weights", Value::object({{"blue", 50}, {"green", 50}})}}), shares(90, 10), {});
  CHECK(weights.standing(half, shares(90, 10), {}, shares(50, 50)) == Standing::as_left);
  CHECK(weights.standing(half, shares(90, 10), {}, shares(90, 50)) == Standing::as_left); // half of it is taken back already
  CHECK(weights.standing(half, shares(90, 10), {}, shares(100, 0)) == Standing::otherwise);
}
