#include "catch.hpp"
#include "modules/catalog.hpp"
#include "modules/host_program.hpp"
#include "value/json.hpp"

using namespace belay;
namespace program = belay::modules::host_program;

namespace {

const Change& change(const char* name) { return std::get<Change>(find_action(modules::catalog(), name)->does); }

struct Nobody final : Tell {
  void output(std::string_view) override {}
  void progress(std::int64_t, std::int64_t, std::string_view) override {}
};
struct NoTime final : Time {
  Timestamp wall() const override { return {}; }
  Duration steady() const override { return {}; }
  bool sleep(Duration, const Stop&) const override { return true; }
};
/// Runs a pure read: it gets ports that are not there.
Outcome pure(const char* name, const Value& in) {
  const auto& read = std::get<Read>(find_action(modules::catalog(), name)->does);
  REQUIRE(read.pure);
  const NoTime time;
  const Stop stop(time);
  Nobody nobody;
  const Identity id;
  alignas(Reads) static std::byte nothing[sizeof(Reads)]; // a pure read that touches a port reads zeroes and crashes
  return read.read({in, id, stop, nobody}, *reinterpret_cast<const Reads*>(nothing));
}

Value entry(const char* release, const char* bad = "") {
  return *bad != '\0' ? Value::object({{"release", release}, {"run", "r1"}, {"at", "2026-11-21T22:00:00Z"}, {"bad", bad}})
                      : Value::object({{"release", release}, {"run", "r1"}, {"at", "2026-11-21T22:00:00Z"}});
}
Value last_good(Value::List history, const char* serving, Value::List releases = {"1.0.0", "1.1.0", "1.2.0"}, const char* wanted = "") {
  return Value::object({{"releases", std::move(releases)}, {"history", std::move(history)}, {"serving", serving}, {"wanted", wanted}});
}
Value slots_in(const char* blue, int blue_weight, const char* green, int green_weight) {
  const auto server = [](const char* state, int weight) { return Value::object({{"state", state}, {"weight", weight}}); };
  return Value::object({{"service", "shop"},
                        {"slots", Value::object({{"blue", 8001}, {"green", 8002}})},
                        {"servers", Value::object({{"blue", server(blue, blue_weight)}, {"green", server(green, green_weight)}})},
                        {"instances", Value::object({{"shop-blue", Value::object({{"release", "1.0.0"}})}})}});
}

Value instance_in(Value state = "running") {
  return Value::object({{"supervisor", "/s.conf"}, {"programs", "/s.d"}, {"root", "/srv/shop"}, {"name", "shop-blue"}, {"state", std::move(state)}, {"release", "1.1.0"}, {"port", 8001},
                        {"command", Value::List{"./shop", "--port", "8001"}}, {"environment", Value::object({{"GREETING", "100% \"ok\""}})}, {"health", "http://127.0.0.1:8001/health"}});
}
Value standing(Value kept, const char* process, bool applied, bool healthy) {
  return Value::object({{"kept", std::move(kept)}, {"process", process}, {"applied", applied}, {"healthy", healthy}});
}
std::string contents(const Intent& intent) { return std::get<Files>(intent.act).changes.back().to.text(); }
Identity identity(const char* run = "run-7") {
  Identity id;
  id.run = run;
  return id;
}

} // namespace

TEST_CASE("rollback goes to the newest release that served and was not left as bad", "[modules]") {
  const auto chosen = pure("host.last-good", last_good({entry("1.0.0"), entry("1.1.0"), entry("1.2.0")}, "1.2.0"));
  CHECK(chosen.state == State::done);
  CHECK(chosen.outputs["release"] == Value("1.1.0"));
  CHECK(chosen.outputs["candidates"].list().size() == 3);
  CHECK(chosen.outputs["candidates"].list().front()["why_not"] == Value("it serves now"));
}

TEST_CASE("a second rollback does not go forward again", "[modules]") {
  const auto chosen = pure("host.last-good", last_good({entry("1.0.0"), entry("1.1.0", "rolled back by run r2"), entry("1.0.0")}, "1.0.0"));
  CHECK(chosen.state == State::failed);
  CHECK(chosen.failure->message.find("1.1.0: rolled back by run r2") != std::string::npos);
  const auto asked = pure("host.last-good", last_good({entry("1.0.0"), entry("1.1.0", "rolled back by run r2"), entry("1.0.0")}, "1.0.0", {"1.0.0", "1.1.0"}, "1.1.0"));
  CHECK(asked.outputs["release"] == Value("1.1.0"));
  CHECK(asked.outputs["why"].text().find("although: rolled back") != std::string::npos);
}

TEST_CASE("a release that is gone is no candidate, and one that never was is named with the nearest", "[modules]") {
  CHECK(pure("host.last-good", last_good({entry("1.0.0"), entry("1.1.0")}, "1.1.0", {"1.1.0"})).state == State::failed);
  const auto wrong = pure("host.last-good", last_good({}, "1.1.0", {"1.0.0", "1.1.0"}, "1.0.9"));
  CHECK(wrong.failure->cause == Cause::missing);
  CHECK(wrong.failure->hint.find("1.0.0") != std::string::npos);
  CHECK(pure("host.last-good", last_good({}, "1.1.0", {"1.0.0", "1.1.0"}, "1.1.0")).state == State::failed);
}

TEST_CASE("the slot without traffic takes the next release", "[modules]") {
  const auto second = pure("host.slots", slots_in("ready", 100, "maint", 100));
  CHECK(second.outputs["serving"] == Value("blue"));
  CHECK(second.outputs["serving_release"] == Value("1.0.0"));
  CHECK(second.outputs["free"] == Value("green"));
  CHECK(second.outputs["free_port"] == Value(8002));
  const auto first = pure("host.slots", slots_in("maint", 1, "maint", 1));
  CHECK(first.outputs["first"] == Value(true));
  CHECK(first.outputs["free"] == Value("blue"));
  // Ready without a share is not serving.
  CHECK(pure("host.slots", slots_in("ready", 0, "ready", 100)).outputs["serving"] == Value("green"));
}

TEST_CASE("a split that an earlier run left is refused, and said what to do about it", "[modules]") {
  const auto split = pure("host.slots", slots_in("ready", 90, "ready", 10));
  CHECK(split.state == State::failed);
  CHECK(split.failure->cause == Cause::conflict);
  CHECK(split.failure->hint.find("runs resume") != std::string::npos);
}

TEST_CASE("a program's file reads back as it was wanted, and quotes what supervisor would expand", "[modules]") {
  const auto& instance = change("host.instance");
  const auto intent = instance.prepare(instance_in(), standing({}, "", true, false), identity());
  REQUIRE_FALSE(intent.refused);
  const auto text = contents(intent);
  CHECK(text.find("[program:shop-blue]\ncommand=\"/srv/shop/releases/1.1.0/shop\" \"--port\" \"8001\"\ndirectory=/srv/shop/releases/1.1.0\n") != std::string::npos);
  CHECK(text.find("environment=BELAY_RUN=\"run-7\",GREETING=\"100%% \\\"ok\\\"\"\n") != std::string::npos);
  CHECK(text.find("\nautostart=true\n") != std::string::npos);
  const auto back = program::read_back(text);
  CHECK(program::same(back, intent.extra["wanted"]));
  CHECK(back["run"] == Value("run-7"));
  CHECK(program::read_back("[program:other]\ncommand=x\n").is_null());
}

TEST_CASE("an instance is done only when supervisor runs by the new file and the program answers", "[modules]") {
  const auto& instance = change("host.instance");
  const auto before = standing({}, "", true, false);
  const auto intent = instance.prepare(instance_in(), before, identity());
  const Value wanted = intent.extra["wanted"];
  CHECK(instance.judge(intent, before, standing(wanted, "RUNNING", true, true)).state == State::done);
  CHECK(instance.judge(intent, before, standing(wanted, "RUNNING", false, true)).state == State::not_seen); // the file is new, the process is the old one
  CHECK(instance.judge(intent, before, standing(wanted, "RUNNING", true, false)).state == State::not_seen);
  CHECK(instance.judge(intent, before, standing(wanted, "STARTING", true, false)).state == State::not_seen);
  CHECK(instance.judge(intent, before, before).state == State::not_seen);
  CHECK(instance.prepare(instance_in(), standing(wanted, "RUNNING", true, true), identity("another")).nothing);
}

TEST_CASE("an instance goes back to what it was, or away", "[modules]") {
  const auto& instance = change("host.instance");
  const auto nothing = standing({}, "", true, false);
  const auto first = instance.prepare(instance_in(), nothing, identity());
  CHECK(instance.undo(first, nothing, {})["state"] == Value("absent"));
  const auto old = standing(program::read_back(contents(first)), "RUNNING", true, true);
  const auto stop = instance.prepare(instance_in("stopped"), old, identity());
  const auto back = instance.undo(stop, old, {});
  CHECK(back["state"] == Value("running"));
  CHECK(back["release"] == Value("1.1.0"));
  CHECK(back["health"] == Value("http://127.0.0.1:8001/health"));
  CHECK(contents(instance.prepare(back, standing({}, "", true, false), identity())) == contents(first));
  CHECK(instance.undo(first, old, {}).is_null());
}

TEST_CASE("what would break out of supervisor's configuration is refused", "[modules]") {
  const auto with = [](std::string_view name, Value value) {
    Value::Map members = instance_in().map();
    for (auto& [key, member] : members)
      if (key == Value(std::string(name))) member = value;
    return Value(std::move(members));
  };
  const auto refused = [](const Value& in) { return change("host.instance").prepare(in, standing({}, "", true, false), identity()).refused.has_value(); };
  CHECK_FALSE(refused(instance_in()));
  CHECK(refused(with("name", "a]\n[program:b")));
  CHECK(refused(with("name", "../x")));
  CHECK(refused(with("release", "../../etc")));
  CHECK(refused(with("release", "-rf")));
  CHECK(refused(with("command", Value::List{"./shop\nuser=root"})));
  CHECK(refused(with("command", Value::List{"./shop", "a ; b"})));
  CHECK(refused(with("command", Value::List{})));
  CHECK(refused(with("environment", Value::object({{"A", "x\ny"}}))));
  CHECK(refused(with("environment", Value::object({{"A", Value("hidden").as_secret()}}))));
  CHECK(refused(with("state", "paused")));
}

TEST_CASE("an instance of a release known only later is shown with what it waits for", "[modules]") {
  Value::Map members = instance_in().map();
  for (auto& [key, member] : members)
    if (key == Value("release")) member = Value::unknown({"choose"});
  const auto intent = change("host.instance").prepare(Value(std::move(members)), Value::unknown({"choose"}), identity());
  CHECK_FALSE(intent.refused);
  CHECK_FALSE(intent.nothing);
  CHECK(std::get<Files>(intent.act).changes.back().to.is_unknown());
}

TEST_CASE("a release is installed aside and named last; the same contents are nothing to do, others are refused", "[modules]") {
  const auto& install = change("host.install");
  const Value in = Value::object({{"root", "/srv/shop"}, {"version", "1.1.0"}, {"from", "/artifacts/1.1.0"}});
  const auto seen = [](Value installed, bool marker) { return Value::object({{"wanted", "aa"}, {"installed", std::move(installed)}, {"marker", marker}}); };
  const auto intent = install.prepare(in, seen({}, false), identity());
  REQUIRE_FALSE(intent.refused);
  const auto& changes = std::get<Files>(intent.act).changes;
  CHECK(changes.back().operation == "rename");
  CHECK(changes.back().to == Value("/srv/shop/releases/1.1.0"));
  CHECK(install.judge(intent, seen({}, false), seen("aa", true)).state == State::done);
  CHECK(install.judge(intent, seen({}, false), seen({}, false)).state == State::not_seen);
  CHECK(install.undo(intent, seen({}, false), {})["state"] == Value("absent"));
  CHECK(install.prepare(in, seen("aa", true), identity()).nothing);
  CHECK(install.undo(intent, seen("aa", true), {}).is_null());
  CHECK(install.prepare(in, seen("bb", true), identity()).refused);
  CHECK(install.prepare(Value::object({{"root", "/r"}, {"version", "../x"}, {"from", "/a"}}), seen({}, false), identity()).refused);
}

TEST_CASE("the link takes the history with it, and undo brings back both", "[modules]") {
  const auto& link = change("host.link");
  const Value seen = Value::object({{"current", "1.0.0"}, {"history", Value::List{entry("1.0.0")}}, {"installed", true}});
  const Value in = Value::object({{"root", "/srv/shop"}, {"version", "1.1.0"}});
  const auto intent = link.prepare(in, seen, identity());
  CHECK(intent.extra["history"].list().size() == 2);
  CHECK(link.judge(intent, seen, seen).state == State::not_seen);
  const Value after = Value::object({{"current", "1.1.0"}, {"history", intent.extra["history"]}, {"installed", true}});
  CHECK(link.judge(intent, seen, after).state == State::done);
  const auto back = link.undo(intent, seen, {});
  const auto undoing = link.prepare(back, after, identity());
  CHECK(undoing.extra["history"] == seen["history"]);
  CHECK(undoing.extra["version"] == Value("1.0.0"));
  CHECK(link.prepare(in, after, identity("later")).nothing);
  CHECK(link.prepare(in, Value::object({{"current", ""}, {"history", Value::List{}}, {"installed", false}}), identity()).refused);
  // The first link is taken back by having none.
  const Value none = Value::object({{"current", ""}, {"history", Value::List{}}, {"installed", true}});
  const auto gone = link.prepare(link.undo(link.prepare(in, none, identity()), none, {}), after, identity());
  CHECK(std::get<Files>(gone.act).changes.back().operation == "remove");
}

TEST_CASE("a rollback marks what it leaves as bad", "[modules]") {
  const Value seen = Value::object({{"current", "1.1.0"}, {"history", Value::List{entry("1.0.0"), entry("1.1.0")}}, {"installed", true}});
  const auto intent = change("host.link").prepare(Value::object({{"root", "/srv/shop"}, {"version", "1.0.0"}, {"left_bad", true}}), seen, identity());
  const auto& history = intent.extra["history"].list();
  REQUIRE(history.size() == 3);
  CHECK(history[1]["bad"] == Value("rolled back by run run-7"));
  CHECK(history[0]["bad"].is_null());
  CHECK(history[2]["release"] == Value("1.0.0"));
}

TEST_CASE("a rollback may begin from a split: what took over last is kept, the other is left", "[modules]") {
  auto in = slots_in("ready", 90, "ready", 10);
  Value::Map members = in.map();
  members.emplace_back("current", "1.0.0");
  const auto chosen = pure("host.slots", Value(std::move(members)));
  CHECK(chosen.outputs["serving"] == Value("green"));
  CHECK(chosen.outputs["free"] == Value("blue"));
  CHECK(chosen.outputs["free_release"] == Value("1.0.0"));
  CHECK(chosen.outputs["split"] == Value(true));
}

TEST_CASE("a program is told its port where it asks for it", "[modules]") {
  Value::Map members = instance_in().map();
  for (auto& [key, member] : members) {
    if (key == Value("command")) member = Value::List{"./shop", "--listen=127.0.0.1:{port}"};
    if (key == Value("health")) member = "http://127.0.0.1:{port}/health";
  }
  const auto intent = change("host.instance").prepare(Value(std::move(members)), standing({}, "", true, false), identity());
  CHECK(contents(intent).find("\"--listen=127.0.0.1:8001\"") != std::string::npos);
  CHECK(intent.extra["wanted"]["health"] == Value("http://127.0.0.1:8001/health"));
}

TEST_CASE("a percent sign in a folder is none of supervisor's expansions", "[modules]") {
  const Value wanted = program::wanted_of(Value::object({{"root", "/srv/100%"}, {"name", "shop-blue"}, {"release", "1.0.0"}, {"state", "running"}, {"command", Value::List{"./shop"}}}));
  const std::string text = program::text_of("shop-blue", wanted, "r1").text();
  CHECK(text.find("\ndirectory=/srv/100%%/releases/1.0.0\n") != std::string::npos);
  CHECK(text.find("\nstdout_logfile=/srv/100%%/log/shop-blue.log\n") != std::string::npos);
  CHECK(program::read_back(text)["folder"] == Value("/srv/100%/releases/1.0.0"));
}

TEST_CASE("a link, an instance or a release that others made is none that a run left", "[modules]") {
  const auto& instance = change("host.instance");
  const auto none = standing({}, "", true, false);
  const auto made = instance.prepare(instance_in(), none, identity());
  const Value kept = program::read_back(contents(made));
  CHECK(instance.standing(made, none, {}, standing(kept, "FATAL", true, false)) == Standing::as_left);
  auto other = instance_in();
  other = Value::object({{"supervisor", "/s.conf"}, {"programs", "/s.d"}, {"root", "/srv/shop"}, {"name", "shop-blue"}, {"state", "running"}, {"release", "1.2.0"}, {"port", 8001}, {"command", Value::List{"./shop"}}});
  const Value theirs = program::read_back(contents(instance.prepare(other, none, identity("run-8"))));
  CHECK(instance.standing(made, none, {}, standing(theirs, "RUNNING", true, true)) == Standing::otherwise);

  const auto& link = change("host.link");
  const auto state = [](const char* current, Value::List history) { return Value::object({{"current", current}, {"history", std::move(history)}, {"installed", true}}); };
  const auto old = state("1.0.0", {entry("1.0.0")});
  const auto to = link.prepare(Value::object({{"root", "/srv/shop"}, {"version", "1.1.0"}}), old, identity());
  const Value grown = to.extra["history"];
  CHECK(link.standing(to, old, {}, state("1.1.0", grown.list())) == Standing::as_left);
  auto longer = grown.list();
  longer.push_back(entry("1.2.0"));
  CHECK(link.standing(to, old, {}, state("1.2.0", longer)) == Standing::otherwise);
  longer.push_back(entry("1.1.0"));
  CHECK(link.standing(to, old, {}, state("1.1.0", longer)) == Standing::otherwise); // it came back to the same, by others' hands

  const auto& install = change("host.install");
  const auto in = Value::object({{"root", "/srv/shop"}, {"version", "1.1.0"}, {"from", "/a/1.1.0"}, {"state", "present"}});
  const auto away = Value::object({{"root", "/srv/shop"}, {"version", "1.1.0"}, {"from", "/a/1.1.0"}, {"state", "absent"}});
  const auto folder = [](Value digest, Value run) { return Value::object({{"wanted", "d1"}, {"installed", std::move(digest)}, {"marker", true}, {"run", std::move(run)}, {"recorded", "d1"}}); };
  const auto absent = Value::object({{"wanted", "d1"}, {"installed", Value()}, {"marker", false}, {"run", Value()}, {"recorded", Value()}});
  const auto copied = install.prepare(in, absent, identity());
  CHECK(install.standing(copied, absent, {}, folder("d1", "run-7")) == Standing::as_left);
  CHECK(install.standing(copied, absent, {}, folder("d1", "run-8")) == Standing::otherwise);
  CHECK(install.standing(copied, absent, {}, absent) == Standing::as_before);
  const auto changes = [&](const Value& now) { return std::get<Files>(install.prepare(away, now, identity()).act).changes.front(); };
  CHECK(changes(folder("d1", "run-7")).operation == "remove_tree");
  CHECK(changes(folder("d2", "run-7")).operation == "rename"); // what somebody changed in it is kept
  CHECK(changes(folder("d2", "run-7")).to == Value("/srv/shop/releases/.changed-1.1.0-run-7"));
}
