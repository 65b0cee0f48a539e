#include "engine/walker.hpp"
#include "engine/threads.hpp"
#include <algorithm>
#include <deque>
#include <set>

namespace belay::engine {
namespace {

std::string below(const std::string& prefix, const std::string& id) { return prefix.empty() ? id : prefix + "/" + id; }

struct Item {
  std::string key;
  Value value;
};

/// A list of unique texts, or a map; the failure says what is wrong with it.
Expected<std::vector<Item>> items_of(const Value& of) {
  std::vector<Item> items;
  std::set<std::string> seen;
  auto wrong = [](std::string why) { return Unexpected(Failure{Cause::rejected, Reached::no, "for_each wants a list of unique texts or a map: " + std::move(why), ""}); };
  auto take = [&](const Value& key, const Value& value) {
    if (key.is_secret() || key.is_unknown()) return false;
    std::string text = key.kind() == Kind::text ? key.text() : show(key);
    if (!seen.insert(text).second) return false;
    items.push_back({std::move(text), value});
    return true;
  };
  if (of.is_secret()) return wrong("it is computed from a secret, and keys are seen by everyone");
  if (of.kind() == Kind::list) {
    for (const Value& item : of.list()) {
      if (item.is_secret() || item.kind() != Kind::text) return wrong(show(item) + " is no text");
      if (!take(item, item)) return wrong(show(item) + " stands in it twice");
    }
  } else if (of.kind() == Kind::map) {
    for (const auto& [key, value] : of.map())
      if (!take(key, value)) return wrong("a key of it is a secret, or stands in it twice");
  } else {
    return wrong("it is " + show(of));
  }
  return items;
}

} // namespace

Flow Walker::steps(const std::vector<Step>& list, Frame& frame, const std::string& prefix) {
  for (const Step& s : list)
    if (Flow flow = step(s, frame, below(prefix, s.id)); flow != Flow::go) return flow;
  return Flow::go;
}

Flow Walker::step(const Step& step, Frame& frame, const std::string& path) {
  if (Flow flow = m_executor.ready(path); flow != Flow::go) return flow;
  const auto maybe = frame.maybe;
  const auto decided = m_executor.decided(path);
  // What was skipped is there, and gives nothing: `steps.ID.?name` is absent.
  const auto left_out = [&] {
    frame.set(step.id, Value::object({}));
    return Flow::go;
  };
  if (decided && !*decided) return left_out();
  if (step.when && !decided) {
    Value unknown;
    auto holds = frame.holds(*step.when, frame.bindings(), &unknown);
    if (!holds) return m_executor.broken(step, path, holds.error());
    if (unknown.is_unknown()) {
      if (!m_executor.unknown(step, path, unknown)) return m_executor.broken(step, path, {Cause::rejected, Reached::no, "`" + step.when->program.source() + "` is not known", ""});
      auto waits = unknown.waits_for();
      frame.maybe.insert(frame.maybe.end(), waits.begin(), waits.end());
    } else if (!*holds) {
      m_executor.skipped(step, path, "`" + step.when->program.source() + "` does not hold");
      return left_out();
    }
  }
  if (!decided)
    if (auto reason = m_executor.passed_over(step, path)) {
      m_executor.skipped(step, path, *reason);
      return left_out();
    }
  Flow flow = Flow::go;
  if (step.for_each) {
    flow = loop(step, frame, path);
  } else {
    Value outputs;
    flow = one(step, frame, path, outputs);
    frame.set(step.id, std::move(outputs));
  }
  frame.maybe = maybe;
  return flow;
}

Flow Walker::one(const Step& step, Frame& frame, const std::string& path, Value& outputs) {
  if (step.use.empty()) return group(step, frame, path, outputs);
  if (step.use == "runbook.call") return call(step, frame, path, outputs);
  const Action* action = m_executor.find(step.use);
  if (!action) return m_executor.broken(step, path, {Cause::missing, Reached::no, "there is no action '" + step.use + "'", ""});
  return m_executor.leaf(step, *action, frame, path, outputs);
}

Flow Walker::group(const Step& step, Frame& frame, const std::string& path, Value& outputs) {
  const int rounds = step.retry ? std::max(1, step.retry->attempts) : 1;
  for (int round = 1;; ++round) {
    const std::string at = round == 1 ? path : path + "#" + std::to_string(round);
    Frame inner(frame, 0);
    Flow flow = step.parallel == 0 && m_executor.parallel() ? branches(step, inner, at) : steps(step.steps, inner, at);
    m_executor.left(at);
    if (flow == Flow::failed && rounds > 1) flow = m_executor.round_failed(step, at, round, round < rounds);
    if (flow == Flow::failed && round < rounds) continue;
    frame.merge(inner);
    outputs = inner.own();
    return flow;
  }
}

Flow Walker::branches(const Step& step, Frame& frame, const std::string& path) {
  std::deque<Frame> frames;
  for (std::size_t i = 0; i < step.steps.size(); ++i) frames.emplace_back(frame, 0);
  const Flow flow = at_once(step.steps.size(), step.steps.size(), [&](std::size_t i) { return this->step(step.steps[i], frames[i], below(path, step.steps[i].id)); });
  for (const Frame& branch : frames) frame.merge(branch);
  return flow;
}

Flow Walker::loop(const Step& step, Frame& frame, const std::string& path) {
  auto of = frame.evaluate(*step.for_each);
  if (!of) return m_executor.broken(step, path, of.error());
  if (!of->known()) { // a list of which one item is unknown may be of any length once it is known, and its keys are not
    if (!m_executor.unknown(step, path, Value::unknown(of->waits_for()))) return m_executor.broken(step, path, {Cause::rejected, Reached::no, "what for_each goes over is not known", ""});
    Frame inner(frame, 0);
    auto waits = of->waits_for();
    inner.maybe.insert(inner.maybe.end(), waits.begin(), waits.end());
    inner.set_each(Value::unknown(waits), Value::unknown(waits));
    Value outputs;
    const Flow flow = one(step, inner, path + "[*]", outputs);
    frame.set(step.id, Value::unknown(waits));
    return flow;
  }
  auto items = items_of(*of);
  if (!items) return m_executor.broken(step, path, items.error());
  std::vector<std::string> keys;
  for (const Item& item : *items) keys.push_back(item.key);
  const auto durable = m_executor.expanded(path, std::move(keys));
  if (!durable) return m_executor.broken(step, path, durable.error());
  std::vector<Item> chosen;
  for (const std::string& key : *durable) {
    auto at = std::find_if(items->begin(), items->end(), [&](const Item& i) { return i.key == key; });
    if (at == items->end())
      return m_executor.broken(step, path, {Cause::conflict, Reached::no, "'" + key + "' was one of the keys when the run began this loop, and is none now", ""});
    chosen.push_back(*at);
  }
  std::deque<Frame> frames;
  for (const Item& item : chosen) frames.emplace_back(frame, 0).set_each(Value(item.key), item.value);
  std::vector<Value> outputs(chosen.size());
  auto work = [&](std::size_t i) {
    const std::string at = path + "[" + chosen[i].key + "]";
    if (Flow flow = m_executor.ready(at); flow != Flow::go) return flow;
    if (auto decided = m_executor.decided(at); decided && !*decided) return Flow::go;
    return one(step, frames[i], at, outputs[i]);
  };
  const std::size_t width = m_executor.parallel() ? static_cast<std::size_t>(std::max(1, step.parallel)) : 1;
  const Flow flow = at_once(chosen.size(), width, work);
  std::vector<std::pair<std::string, Value>> members;
  for (std::size_t i = 0; i < chosen.size(); ++i) members.emplace_back(chosen[i].key, outputs[i]);
  frame.set(step.id, Value::object(std::move(members)));
  return flow;
}

Flow Walker::call(const Step& step, Frame& frame, const std::string& path, Value& outputs) {
  auto with = frame.evaluate(step.with);
  if (!with) return m_executor.broken(step, path, with.error());
  const Value name = (*with)["runbook"];
  if (name.is_secret() || name.kind() != Kind::text) return m_executor.broken(step, path, {Cause::rejected, Reached::no, "runbook.call wants the name of a runbook as its input 'runbook'", ""});
  const Runbook* runbook = m_executor.runbook(name.text());
  if (!runbook) return m_executor.broken(step, path, {Cause::missing, Reached::no, "there is no runbook '" + name.text() + "'", ""});
  auto base = m_executor.call_base(*runbook, *with, frame);
  if (!base) return m_executor.broken(step, path, base.error());
  Frame inner(*runbook, *base);
  inner.maybe = frame.maybe;
  Flow flow = steps(runbook->steps, inner, path);
  m_executor.left(path);
  if (flow == Flow::go) {
    std::vector<std::pair<std::string, Value>> members;
    for (const auto& [id, t] : runbook->outputs) {
      auto value = inner.evaluate(t);
      if (!value) return m_executor.broken(step, path, value.error());
      members.emplace_back(id, std::move(*value));
    }
    outputs = Value::object(std::move(members));
  }
  // What a called runbook always does, it does at the end of the call.
  if (flow != Flow::halted && !runbook->always.empty()) {
    const Flow last = steps(runbook->always, inner, path + "/always");
    if (flow == Flow::go || last == Flow::halted) flow = last;
  }
  return flow;
}

} // namespace belay::engine
