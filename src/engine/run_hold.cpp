#include "engine/act_text.hpp"
#include "engine/run_executor.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

/// The group that a step stands in: `regions[eu]` of `regions[eu]/proxy`. A slash in the key of a loop divides nothing.
std::string group_of(const std::string& path) {
  int depth = 0;
  for (std::size_t i = path.size(); i-- > 0;) {
    if (path[i] == ']') ++depth;
    if (path[i] == '[') --depth;
    if (path[i] == '/' && depth == 0) return path.substr(0, i);
  }
  return {};
}

} // namespace

RunExecutor::Slot* RunExecutor::slot_for(const std::string& path, const std::string& id) {
  Slot* nearest = nullptr;
  for (Slot& slot : m_slots) {
    if (slot.step->id != id || !within(path, group_of(slot.path))) continue;
    if (!nearest || group_of(slot.path).size() >= group_of(nearest->path).size()) nearest = &slot;
  }
  return nearest;
}

Value RunExecutor::unopened(const Slot& slot) {
  std::vector<std::pair<std::string, Value>> members;
  if (slot.outputs.kind() == Kind::map && !slot.outputs.is_secret())
    for (const auto& [name, value] : slot.outputs.map()) members.emplace_back(name.text(), Value::unknown({slot.path}));
  return Value::object(std::move(members));
}

std::string RunExecutor::digest(const Leaf& leaf, const Change& change, const Value& seen, const Identity& id, const Intent& intent) {
  Frame frame(leaf.frame, 0);
  bool held = false;
  {
    std::lock_guard guard(m_slot_lock);
    for (const std::string& reference : references(leaf.step)) {
      if (m_slots.empty() || !reference.starts_with("steps.")) continue;
      const std::string name = reference.substr(6, reference.find('.', 6) - 6);
      const Slot* slot = slot_for(leaf.path, name);
      if (!slot) continue;
      frame.set(name, unopened(*slot));
      held = true;
    }
  }
  const auto in = held ? inputs(leaf.action, leaf.step.with, frame) : Expected<Value>(Value());
  return act_digest(held && in ? change.prepare(*in, seen, id).act : intent.act);
}

Flow RunExecutor::hold(Leaf& leaf, const Hold&, Value&) {
  auto in = inputs(leaf.action, leaf.step.with, leaf.frame);
  if (!in) return broken(leaf.step, leaf.path, in.error());
  std::lock_guard guard(m_slot_lock);
  std::erase_if(m_slots, [&](const Slot& s) { return s.path == leaf.path; });
  m_slots.push_back({&leaf.step, &leaf.action, leaf.path, *in, {}, nullptr, false, false});
  return Flow::go;
}

Expected<void> RunExecutor::open(Slot& slot) {
  auto& session = m_session;
  const Hold& hold = std::get<Hold>(slot.action->does);
  StepTell tell(session, slot.path);
  const Identity id = session.identity(slot.path, 1);
  const Intent intent = hold.prepare(slot.in, id);
  if (intent.refused) return Unexpected(*intent.refused);
  session.journal.show(sign::Began{slot.path, slot.step->id, slot.step->use, Effect::reads, 1, false});
  auto held = hold.open(intent, {slot.in, id, session.run.nested(slot.step->timeout.attempt), tell}, session.world.ports);
  if (!held) return Unexpected(held.error());
  slot.child = std::move(held->child);
  slot.outputs = overlaid(intent.outputs, held->outputs);
  slot.open = true;
  session.journal.append(fact::Opened{slot.path, slot.outputs}, Durable::with_next);
  return {};
}

bool RunExecutor::open_needed(Leaf& leaf) {
  std::lock_guard guard(m_slot_lock);
  if (m_slots.empty()) return true;
  for (const std::string& reference : references(leaf.step)) {
    if (!reference.starts_with("steps.")) continue;
    const std::string id = reference.substr(6, reference.find('.', 6) - 6);
    Slot* slot = slot_for(leaf.path, id);
    if (!slot || slot->left) continue;
    if (slot->open && slot->child && !slot->child->running()) slot->open = false; // it ended by itself: opened again
    if (!slot->open)
      if (auto opened = open(*slot); !opened) {
        m_session.fail(leaf.path, opened.error());
        return false;
      }
    // Set where this step looks; the frame of the hold itself may be another thread's.
    leaf.frame.set(id, slot->outputs);
  }
  return true;
}

void RunExecutor::left(const std::string& prefix) {
  std::lock_guard guard(m_slot_lock);
  for (Slot& slot : m_slots) {
    if (!within(slot.path, prefix)) continue;
    slot.left = true;
    if (!slot.open) continue;
    if (slot.child) [[maybe_unused]]
      auto ended = slot.child->end(std::chrono::seconds(5));
    slot.child.reset();
    slot.open = false;
    m_session.journal.append(fact::Closed{slot.path}, Durable::with_next);
  }
}

} // namespace belay::engine
