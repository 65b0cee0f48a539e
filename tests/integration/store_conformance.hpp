#pragma once
#include "catch.hpp"
#include "fakes/manual_clock.hpp"
#include "state/chain.hpp"
#include "state/stream.hpp"
#include <functional>
#include <memory>

/// What every store must do. A store passes when `check_streams`, `check_lists`, `check_claims` and `check_posts` pass in a test of its own each.
namespace belay::conformance {

/// Two handles on one new and empty state, as two processes would have them.
struct Handles {
  std::shared_ptr<Store> one, two;
};
using Make = std::function<Handles(const Time&, Entropy&)>;

inline bool is_dead(const Machine& machine, const ProcessMark& mark) { return machine.life(mark) == Machine::Life::dead; }

inline Record record(std::string body, std::string kind = "note") { return {std::move(kind), std::move(body), {1'800'000'000, 5}, {}}; }
inline Row row(std::string kind, std::string service, std::string status, std::int64_t started) {
  Row made;
  made.kind = std::move(kind);
  made.service = std::move(service);
  made.environment = "production";
  made.status = std::move(status);
  made.label = "a label";
  made.started = {started, 7};
  made.changed = {started + 1, 8};
  return made;
}

inline void check_streams(const Make& make) {
  const fakes::ManualClock clock;
  fakes::CountingEntropy entropy;
  const Handles stores = make(clock, entropy);

  SECTION("an empty state reads as empty") {
    CHECK(stores.one->read("run/a", 1, 10).value().empty());
    CHECK(stores.one->head("run/a").value().seq == 0);
    CHECK(stores.one->list({}).value().empty());
    CHECK(stores.one->claims().value().empty());
    CHECK(stores.one->posts("a", 0).value().empty());
  }
  SECTION("what one appends the other reads, byte for byte") {
    StreamWriter writer = StreamWriter::open(*stores.one, "run/a").value();
    const std::string odd("zero \0, high \xff\xfe, 'quotes' and \n", 32);
    REQUIRE(writer.append({record(odd), record("", "empty")}, row("run", "shop", "running", 1)));
    REQUIRE(writer.append({record(std::string(300'000, 'x'))}, row("run", "shop", "running", 1), Durable::with_next));
    const auto records = stores.two->read("run/a", 1, 10).value();
    REQUIRE(records.size() == 3);
    CHECK(records[0].body == odd);
    CHECK(records[0].kind == "note");
    CHECK(records[0].at == Timestamp{1'800'000'000, 5});
    CHECK(records[1].body.empty());
    CHECK(records[2].body.size() == 300'000);
    CHECK_FALSE(chain::verify({}, "run/a", records));
    CHECK(stores.two->head("run/a").value().seq == 3);
    CHECK(stores.two->head("run/a").value().hash == records[2].hash);
  }
  SECTION("reading begins at any record and ends at the limit") {
    StreamWriter writer = StreamWriter::open(*stores.one, "run/a").value();
    for (int i = 1; i <= 5; ++i) REQUIRE(writer.append({record(std::to_string(i))}, row("run", "shop", "running", 1)));
    const auto records = stores.one->read("run/a", 2, 3).value();
    REQUIRE(records.size() == 3);
    CHECK(records.front().body == "2");
    CHECK(records.back().body == "4");
    CHECK(stores.one->read("run/a", 6, 3).value().empty());
  }
  SECTION("an append to a head that moved is a conflict and writes nothing") {
    StreamWriter one = StreamWriter::open(*stores.one, "run/a").value();
    StreamWriter two = StreamWriter::open(*stores.two, "run/a").value();
    REQUIRE(one.append({record("first")}, row("run", "shop", "running", 1)));
    const auto refused = two.append({record("second")}, row("run", "shop", "stolen", 1));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::conflict);
    CHECK(refused.error().reached == Reached::no);
    CHECK(stores.one->read("run/a", 1, 10).value().size() == 1);
    CHECK(stores.one->list({}).value().at(0).status == "running");
    REQUIRE(two.reopen());
    CHECK(two.append({record("second")}, row("run", "shop", "running", 1)));
  }
  SECTION("an append with the right number and another hash is a conflict") {
    StreamWriter one = StreamWriter::open(*stores.one, "run/a").value();
    REQUIRE(one.append({record("first")}, row("run", "shop", "running", 1)));
    Head other{1, {}};
    std::vector<Record> records{record("second")};
    chain::link(other, "run/a", records);
    const auto refused = stores.two->append("run/a", other, records, row("run", "shop", "running", 1), {}, Durable::now);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::conflict);
  }
  SECTION("a stream that must be new is refused where there is one") {
    REQUIRE(StreamWriter::fresh(*stores.one, "run/a").append({record("x")}, row("run", "shop", "running", 1)));
    const auto refused = StreamWriter::fresh(*stores.two, "run/a").append({record("y")}, row("run", "shop", "running", 1));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cause == Cause::conflict);
  }
  SECTION("append_after_reading adds to what stands") {
    for (int i = 1; i <= 3; ++i)
      REQUIRE(append_after_reading(i % 2 ? *stores.one : *stores.two, "outbox", [&](const std::vector<Record>& before) -> Expected<Addition> {
        return Addition{{record(std::to_string(before.size() + 1))}, row("outbox", "", "", 1)};
      }));
    const auto records = read_verified(*stores.one, "outbox").value();
    REQUIRE(records.size() == 3);
    CHECK(records[2].body == "3");
  }
}

inline void check_lists(const Make& make) {
  const fakes::ManualClock clock;
  fakes::CountingEntropy entropy;
  const Handles stores = make(clock, entropy);
  const auto add = [&](const std::string& stream, const Row& as) { REQUIRE(StreamWriter::open(*stores.one, stream).value().append({record("x")}, as)); };
  add("run/1", row("run", "shop", "done", 10));
  add("run/2", row("run", "shop", "stuck", 30));
  add("run/3", row("run", "blog", "done", 20));
  add("incident/1", row("incident", "shop", "open", 40));
  const auto names = [&](const Query& query) {
    std::vector<std::string> found;
    const auto rows = stores.two->list(query).value();
    for (const Row& each : rows) found.push_back(each.stream);
    return found;
  };
  using Names = std::vector<std::string>;
  CHECK(names({}) == Names{"incident/1", "run/2", "run/3", "run/1"});
  CHECK(names({.kind = "run"}) == Names{"run/2", "run/3", "run/1"});
  CHECK(names({.service = "shop"}) == Names{"incident/1", "run/2", "run/1"});
  CHECK(names({.kind = "run", .service = "shop"}) == Names{"run/2", "run/1"});
  CHECK(names({.kind = "run", .status = "done"}) == Names{"run/3", "run/1"});
  CHECK(names({.environment = "staging"}).empty());
  CHECK(names({.environment = "production", .limit = 2}) == Names{"incident/1", "run/2"});
  CHECK(names({.since = {20, 7}}) == Names{"incident/1", "run/2", "run/3"});
  CHECK(names({.since = {20, 8}}) == Names{"incident/1", "run/2"});
  add("run/1", row("run", "shop", "undone", 10));
  const Row changed = stores.two->list({.kind = "run", .status = "undone"}).value().at(0);
  CHECK(changed.stream == "run/1");
  CHECK(changed.label == "a label");
  CHECK(changed.environment == "production");
  CHECK(changed.started == Timestamp{10, 7});
  CHECK(changed.changed == Timestamp{11, 8});
}

inline void check_claims(const Make& make) {
  using namespace std::chrono_literals;
  const fakes::ManualClock clock;
  fakes::CountingEntropy entropy;
  const Handles stores = make(clock, entropy);
  fakes::NamedMachine here("here"), there("there", "boot-2");
  here.lives = {{100, Machine::Life::alive}, {200, Machine::Life::alive}};
  const Holder first{"run-1", "ana", "deploy", here.process(100)}, second{"run-2", "bo", "rollback", here.process(200)}, far{"run-3", "cy", "deploy", there.process(300)};
  const auto take = [&](Store& store, const Holder& holder, const Machine& machine) { return store.take("shop/production", holder, 60s, is_dead, machine).value(); };
  const auto grant_of = [](const std::variant<Grant, Taken>& result) {
    REQUIRE(std::holds_alternative<Grant>(result));
    return std::get<Grant>(result);
  };
  const auto is_taken = [](const std::variant<Grant, Taken>& result) { return std::holds_alternative<Taken>(result); };
  const auto append = [&](Store& store, const Grant& grant) {
    StreamWriter writer = StreamWriter::open(store, "run/a", grant).value();
    return writer.append({record("x")}, row("run", "shop", "running", 1));
  };
  const auto is_fenced = [](const auto& result) { return !result && result.error().cause == Cause::fenced && result.error().reached == Reached::no; };

  const Grant held = grant_of(take(*stores.one, first, here));
  CHECK(held.claim == "shop/production");
  CHECK(held.epoch >= 1);
  CHECK_FALSE(held.id.empty());

  SECTION("who finds it taken is told by whom, since when and by what id") {
    const auto result = take(*stores.two, second, here);
    REQUIRE(is_taken(result));
    const Taken& taken = std::get<Taken>(result);
    CHECK(taken.by.run == "run-1");
    CHECK(taken.by.who == "ana");
    CHECK(taken.by.reason == "deploy");
    CHECK(taken.by.process == first.process);
    CHECK(taken.id == held.id);
    CHECK(taken.epoch == held.epoch);
    CHECK(taken.since == clock.now);
    CHECK_FALSE(taken.parked);
    CHECK(stores.two->claims().value().size() == 1);
  }
  SECTION("another claim is free") { CHECK_FALSE(is_taken(stores.two->take("blog/production", second, 60s, is_dead, here).value())); }
  SECTION("the holder appends; after release a grant is worth nothing") {
    CHECK(append(*stores.one, held));
    CHECK(stores.one->renew(held, 60s));
    REQUIRE(stores.one->release(held, false));
    CHECK(is_fenced(append(*stores.one, held)));
    CHECK(is_fenced(stores.one->renew(held, 60s)));
    CHECK(is_fenced(stores.one->release(held, false)));
    CHECK(stores.one->claims().value().empty());
    CHECK(stores.one->read("run/a", 1, 10).value().size() == 1);
  }
  SECTION("each grant has a higher epoch, through release, and another id") {
    REQUIRE(stores.one->release(held, false));
    const Grant next = grant_of(take(*stores.two, second, here));
    CHECK(next.epoch > held.epoch);
    CHECK(next.id != held.id);
    CHECK(is_fenced(append(*stores.one, held)));
    CHECK(append(*stores.two, next));
  }
  SECTION("a parked claim goes to its own run only, and has no lease") {
    REQUIRE(stores.one->release(held, true));
    CHECK(is_fenced(append(*stores.one, held)));
    clock.advance(24h * 30);
    here.lives[100] = Machine::Life::dead;
    const auto result = take(*stores.two, second, here);
    REQUIRE(is_taken(result));
    CHECK(std::get<Taken>(result).parked);
    CHECK(stores.two->claims().value().at(0).parked);
    Holder again = first;
    again.process = here.process(200);
    const Grant resumed = grant_of(take(*stores.two, again, here));
    CHECK(resumed.epoch > held.epoch);
    CHECK(append(*stores.two, resumed));
  }
  SECTION("its own run does not take a claim from a live holder of that run") {
    Holder again = first;
    again.process = here.process(200);
    CHECK(is_taken(take(*stores.two, again, here)));
  }
  SECTION("a holder of this host that is known dead loses it at once") {
    here.lives[100] = Machine::Life::dead;
    const Grant next = grant_of(take(*stores.two, second, here));
    CHECK(next.epoch > held.epoch);
    CHECK(is_fenced(append(*stores.one, held)));
  }
  SECTION("a lease that is renewed does not run out") {
    for (int i = 0; i < 5; ++i) {
      clock.advance(59s);
      CHECK(is_taken(take(*stores.two, second, here)));
      REQUIRE(stores.one->renew(held, 60s));
    }
  }
  SECTION("a lease that is not renewed runs out, and the old holder is fenced") {
    clock.advance(60s);
    CHECK(is_taken(take(*stores.two, second, here)));
    clock.advance(1ms);
    const Grant next = grant_of(take(*stores.two, second, here));
    CHECK(is_fenced(append(*stores.one, held)));
    CHECK(is_fenced(stores.one->renew(held, 60s)));
    CHECK(is_fenced(stores.one->release(held, true)));
    CHECK(append(*stores.two, next));
  }
  SECTION("a holder that overslept and was not replaced goes on") {
    clock.advance(5min);
    CHECK(stores.one->renew(held, 60s));
    CHECK(append(*stores.one, held));
    CHECK(is_taken(take(*stores.two, second, here)));
  }
  SECTION("a wall clock set a day forward steals nothing; set a day back, it keeps nothing") {
    clock.jump(24h);
    CHECK(is_taken(take(*stores.two, second, here)));
    clock.jump(-48h);
    CHECK(is_taken(take(*stores.two, second, here)));
    REQUIRE(stores.one->renew(held, 60s));
    clock.advance(61s);
    CHECK_FALSE(is_taken(take(*stores.two, second, here)));
  }
  SECTION("another host takes it after a whole lease without a renewal, whatever the wall clocks say") {
    CHECK(is_taken(take(*stores.two, far, there)));
    clock.jump(24h);
    CHECK(is_taken(take(*stores.two, far, there)));
    clock.advance(40s);
    REQUIRE(stores.one->renew(held, 60s));
    CHECK(is_taken(take(*stores.two, far, there)));
    clock.advance(59s);
    CHECK(is_taken(take(*stores.two, far, there)));
    clock.advance(2s);
    const Grant next = grant_of(take(*stores.two, far, there));
    CHECK(next.epoch > held.epoch);
    CHECK(is_fenced(append(*stores.one, held)));
  }
  SECTION("unlock wants the id that holds it") {
    const auto other = stores.two->unlock("shop/production", "0123");
    REQUIRE_FALSE(other);
    CHECK(other.error().cause == Cause::conflict);
    CHECK(append(*stores.one, held));
    REQUIRE(stores.two->unlock("shop/production", held.id));
    CHECK(is_fenced(append(*stores.one, held)));
    const auto gone = stores.two->unlock("shop/production", held.id);
    REQUIRE_FALSE(gone);
    CHECK(gone.error().cause == Cause::missing);
    CHECK(grant_of(take(*stores.two, second, here)).epoch > held.epoch);
  }
  SECTION("a parked claim can be unlocked by its id") {
    REQUIRE(stores.one->release(held, true));
    REQUIRE(stores.two->unlock("shop/production", held.id));
    CHECK_FALSE(is_taken(take(*stores.two, second, here)));
  }
  SECTION("a grant with the right epoch and another id is fenced") {
    Grant forged = held;
    forged.id = "another";
    CHECK(is_fenced(append(*stores.one, forged)));
  }
}

inline void check_posts(const Make& make) {
  const fakes::ManualClock clock;
  fakes::CountingEntropy entropy;
  const Handles stores = make(clock, entropy);
  REQUIRE(stores.one->post({0, "run-1", "stop", "ana", "wrong version", {5, 6}}));
  REQUIRE(stores.two->post({0, "run-2", "stop", "bo", "", {7, 0}}));
  REQUIRE(stores.two->post({0, "run-1", "preempt", "bo", "run-2", {8, 0}}));
  const auto posts = stores.two->posts("run-1", 0).value();
  REQUIRE(posts.size() == 2);
  CHECK(posts[0].kind == "stop");
  CHECK(posts[0].who == "ana");
  CHECK(posts[0].body == "wrong version");
  CHECK(posts[0].at == Timestamp{5, 6});
  CHECK(posts[1].kind == "preempt");
  CHECK(posts[1].id > posts[0].id);
  CHECK(stores.one->posts("run-1", posts[0].id).value().size() == 1);
  CHECK(stores.one->posts("run-1", posts[1].id).value().empty());
}

} // namespace belay::conformance
