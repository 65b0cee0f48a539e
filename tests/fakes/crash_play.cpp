#include "fakes/crash_play.hpp"
#include <algorithm>

namespace belay::fakes {

std::vector<CrashCase> crash_cases() {
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

namespace {

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

bool journaled(EngineRig& rig) {
  Query query;
  query.kind = "run";
  return !rig.store.list(query)->empty();
}

/// A step whose outcome only a person can tell: looked up in the ledger, done by hand where it did not land, and skipped.
void settle_by_hand(EngineRig& rig, const std::string& run, engine::World& world) {
  const RunView view = rig.view(run);
  std::string path;
  for (const StepView& s : view.steps)
    if (s.state == State::unknown) path = s.path;
  const std::string effect = path == "op" ? "operation build" : "fire gun";
  auto& ledger = rig.server.ledger;
  if (std::find(ledger.begin(), ledger.end(), effect) == ledger.end()) ledger.push_back(effect);
  if (!engine::skip(run, path, "settled by hand", world)) throw std::logic_error(path + " cannot be skipped");
}

} // namespace

History play(const CrashCase& c, std::vector<int> crashes, const Planted& planted) {
  EngineRig rig;
  Crasher crasher(rig, std::move(crashes));
  const Runbook& runbook = rig.runbook(c.body);
  engine::Finished end;
  bool started = false;
  for (int life = 0; life < 12; ++life) {
    const std::unique_ptr<Store> between = planted.store ? planted.store(rig.store) : nullptr;
    engine::World world{rig.ports, between ? *between : rig.store, rig.secrets, rig.clock, rig.machine, rig.terminal, rig.entropy, rig.signals, planted.catalog, rig.project, {}, "/artifacts"};
    try {
      if (!started) {
        end = engine::start({runbook, {}, Value::object({}), {}}, world);
        started = true;
      } else {
        const RunView view = rig.view(rig.last_run());
        if (view.finished()) { // it was killed after its last word
          end.exit = view.ended->exit;
          break;
        }
        end = engine::resume(rig.last_run(), {}, world);
      }
      if (end.exit != Exit::unknown) break;
      settle_by_hand(rig, end.run, world);
    } catch (const Crash&) {
      started = journaled(rig);
      rig.next_process();
    }
  }
  return {rig.server.ledger, end.exit, crasher.point};
}

std::vector<std::string> in_order(const CrashCase& c, std::vector<std::string> effects) {
  if (c.once) std::sort(effects.begin(), effects.end());
  return effects;
}

bool right(const CrashCase& c, const History& history) { return history.exit == c.exit && in_order(c, history.effects) == in_order(c, c.effects); }

} // namespace belay::fakes
