#include "catch.hpp"
#include "fakes/engine_rig.hpp"

using namespace belay;
using namespace belay::fakes;

// The same run is killed at every write of its journal and around every act, resumed, and killed again while it is resumed; the
// server's own ledger of effects says what happened.
namespace {

struct Case {
  std::string name, body;
  std::vector<std::string> effects; ///< of a run that nothing disturbs
  Exit exit = Exit::done;
  bool once = false; ///< holds a step that a person may have to settle
};

/// Every repeat class, forward and back.
std::vector<Case> cases() {
  return {
      {"conditional", "claim: shop\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: two, use: test.set, with: {name: b, value: y}}\n", {"a=x", "b=y"}},
      {"same_state", "claim: shop\nsteps:\n  - {id: one, use: test.put, with: {name: a, value: x}}\n  - {id: two, use: test.put, with: {name: b, value: \"${{ steps.one.was }}2\"}}\n", {"a=x", "b=old2"}},
      {"keyed", "claim: shop\nsteps:\n  - {id: one, use: test.add, with: {value: x}}\n  - {id: two, use: test.add, with: {value: y}}\n", {"add x", "add y"}},
      {"pending", "claim: shop\nsteps:\n  - {id: op, use: test.follow, with: {name: build}}\n  - {id: two, use: test.put, with: {name: b, value: y}}\n", {"operation build", "b=y"}, Exit::done, true},
      {"once", "claim: shop\nsteps:\n  - {id: shot, use: test.fire, with: {name: gun}}\n  - {id: two, use: test.set, with: {name: b, value: y}}\n", {"fire gun", "b=y"}, Exit::done, true},
      {"undo", "claim: shop\nsteps:\n  - {id: one, use: test.set, with: {name: a, value: x}}\n  - {id: two, use: test.put, with: {name: b, value: y}}\n  - {id: broken, use: core.fail, with: {message: enough}}\nalways:\n  - {id: last, use: test.put, with: {name: z, value: seen}}\n",
       {"a=x", "b=y", "b=old", "a=old", "z=seen"},
       Exit::unchanged},
  };
}

/// Counts the writes and acts of the whole history of a run, and crashes at chosen ones.
struct Crasher {
  EngineRig& rig;
  std::vector<int> at; ///< numbers of the points, from 1, ascending
  int point = 0;
  std::size_t next = 0;

  explicit Crasher(EngineRig& r, std::vector<int> points) : rig(r), at(std::move(points)) {
    rig.store.before_append = [this](const std::string& stream, std::span<const Record>) { return here(stream.starts_with("run/")); };
    rig.store.after_append = [this](const std::string& stream, std::span<const Record>) { return here(stream.starts_with("run/")); };
    rig.server.before = [this](int) { return here(true); };
    rig.server.after = [this](int) { return here(true); };
  }
  std::optional<Failure> here(bool counts) {
    if (!counts) return {};
    ++point;
    if (next < at.size() && point == at[next]) {
      ++next;
      throw Crash{};
    }
    return {};
  }
};

struct History {
  std::vector<std::string> effects;
  Exit exit = Exit::done;
  int points = 0;
  bool began = true;
};

/// Runs to an end through the crashes. A person who finds a step's outcome unknown looks at the ledger and decides.
History play(const Case& c, std::vector<int> crashes) {
  EngineRig rig;
  Crasher crasher(rig, std::move(crashes));
  const Runbook& runbook = rig.runbook(c.body);
  History out;
  engine::Finished end;
  bool started = false;
  for (int life = 0; life < 12; ++life) {
    try {
      if (!started) {
        end = rig.start(runbook);
        started = true;
      } else {
        const RunView view = rig.view(rig.last_run());
        if (view.finished()) { // it was killed after its last word
          end.exit = view.ended->exit;
          break;
        }
        end = rig.resume(rig.last_run());
      }
      if (end.exit == Exit::unknown) {
        const RunView view = rig.view(end.run);
        std::string path;
        for (const StepView& s : view.steps)
          if (s.state == State::unknown) path = s.path;
        const std::string effect = path == "op" ? "operation build" : "fire gun";
        const bool landed = std::find(rig.server.ledger.begin(), rig.server.ledger.end(), effect) != rig.server.ledger.end();
        if (!landed) rig.server.ledger.push_back(effect); // the person does it by hand
        const auto skipped = engine::skip(end.run, path, "settled by hand", rig.world);
        REQUIRE(skipped);
        continue;
      }
      break;
    } catch (const Crash&) {
      Query query;
      query.kind = "run";
      started = !rig.store.list(query)->empty();
      rig.next_process();
    }
  }
  out.effects = rig.server.ledger;
  out.exit = end.exit;
  out.points = crasher.point;
  return out;
}

std::vector<std::string> sorted(std::vector<std::string> v) {
  std::sort(v.begin(), v.end());
  return v;
}

} // namespace

TEST_CASE("a run that is killed anywhere and resumed does everything once", "[engine][crash]") {
  for (const Case& c : cases()) {
    const History calm = play(c, {});
    INFO(c.name);
    REQUIRE(calm.exit == c.exit);
    REQUIRE(calm.effects == c.effects);
    REQUIRE(calm.points > 8);
    for (int n = 1; n <= calm.points; ++n) {
      const History history = play(c, {n});
      INFO(c.name << " killed at point " << n << " of " << calm.points);
      CHECK(history.exit == c.exit);
      // What a person did by hand has no place in the order.
      CHECK((c.once ? sorted(history.effects) : history.effects) == (c.once ? sorted(c.effects) : c.effects));
    }
  }
}

TEST_CASE("a resume that is killed too, at any point, still does everything once", "[engine][crash]") {
  for (const Case& c : cases()) {
    const int points = play(c, {}).points;
    int pairs = 0;
    for (int first = 1; first <= points; ++first) {
      const int all = play(c, {first}).points;
      for (int second = first + 1; second <= all; ++second) {
        ++pairs;
        const History history = play(c, {first, second});
        const bool right = history.exit == c.exit && (c.once ? sorted(history.effects) == sorted(c.effects) : history.effects == c.effects);
        if (right) continue;
        INFO(c.name << " killed at points " << first << " and " << second);
        CHECK(history.exit == c.exit);
        CHECK(history.effects == c.effects);
      }
    }
    CHECK(pairs > 30);
  }
}
