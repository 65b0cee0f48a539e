#include "engine/scope.hpp"
#include <algorithm>

namespace belay::engine {

Frame::Frame(const Runbook& runbook, Value base) : m_runbook(&runbook), m_base(std::move(base)) {
  if (m_base.has("steps") && !m_base["steps"].is_unknown())
    for (const auto& [id, outputs] : m_base["steps"].map()) m_steps[id.text()] = outputs;
}
Frame::Frame(const Frame& around, int) : maybe(around.maybe), m_runbook(around.m_runbook), m_around(&around) {}

void Frame::set(const std::string& id, Value outputs) {
  m_steps[id] = std::move(outputs);
  m_fresh = false;
}
void Frame::set_each(Value key, Value value) {
  m_each = Value::object({{"key", std::move(key)}, {"value", std::move(value)}});
  m_has_each = true;
  m_fresh = false;
}
void Frame::merge(const Frame& inner) {
  for (const auto& [id, outputs] : inner.m_steps) m_steps[id] = outputs;
  m_fresh = false;
}
Value Frame::own() const {
  std::vector<std::pair<std::string, Value>> members(m_steps.begin(), m_steps.end());
  return Value::object(std::move(members));
}

const Frame& Frame::root() const { return m_around ? m_around->root() : *this; }

void Frame::collect(std::map<std::string, Value>& steps) const {
  if (m_around) m_around->collect(steps);
  for (const auto& [id, outputs] : m_steps) steps[id] = outputs;
}

Value Frame::bindings() const {
  if (m_fresh) return m_bindings;
  std::vector<std::pair<std::string, Value>> members;
  const Value& base = root().m_base;
  if (base.kind() == Kind::map)
    for (const auto& [name, value] : base.map())
      if (name.text() != "steps" && name.text() != "each") members.emplace_back(name.text(), value);
  std::map<std::string, Value> steps;
  collect(steps);
  members.emplace_back("steps", Value::object({steps.begin(), steps.end()}));
  const Frame* at = this;
  while (at && !at->m_has_each) at = at->m_around;
  if (at)
    members.emplace_back("each", at->m_each);
  else if (base.has("each"))
    members.emplace_back("each", base["each"]);
  Value made = Value::object(std::move(members));
  m_bindings = std::move(made);
  m_fresh = true;
  return m_bindings;
}

Value Frame::bindings_with(const Value& outputs) const {
  const Value all = bindings();
  if (outputs.kind() != Kind::map || outputs.is_secret()) return all;
  Value::Map members = outputs.map();
  for (const auto& [name, value] : all.map())
    if (!outputs.has(name.text())) members.emplace_back(name, value);
  return Value(std::move(members));
}

Expected<Value> Frame::evaluate(const Template& t) const {
  if (const Value* literal = std::get_if<Value>(&t.node)) return *literal;
  return t.evaluate(constant(t) ? Value::object({}) : bindings());
}

Expected<bool> Frame::holds(const Condition& condition, const Value& bindings, Value* unknown) const {
  auto value = condition.program.evaluate(bindings);
  if (!value) return Unexpected(value.error());
  if (value->is_unknown()) {
    if (unknown) *unknown = *value;
    return false;
  }
  if (value->is_secret())
    return Unexpected(Failure{Cause::rejected, Reached::no, "`" + condition.program.source() + "` is computed from a secret", "what a condition decides is seen by everyone, and would tell of it"});
  if (value->kind() != Kind::boolean)
    return Unexpected(Failure{Cause::rejected, Reached::no, "`" + condition.program.source() + "` is no condition: it gives " + show(*value), "write a comparison"});
  return value->boolean();
}

bool constant(const Template& t) {
  if (std::holds_alternative<Value>(t.node)) return true;
  if (auto* p = std::get_if<Template::Pieces>(&t.node)) return std::all_of(p->of.begin(), p->of.end(), constant);
  if (auto* l = std::get_if<Template::List>(&t.node)) return std::all_of(l->of.begin(), l->of.end(), constant);
  if (auto* m = std::get_if<Template::Map>(&t.node)) return std::all_of(m->of.begin(), m->of.end(), [](const auto& e) { return constant(e.second); });
  return false;
}

namespace {

void take(std::vector<std::string>& out, const expr::Program& program) {
  auto more = program.references();
  out.insert(out.end(), more.begin(), more.end());
}
void take(std::vector<std::string>& out, const Template& t) {
  if (auto* e = std::get_if<Template::Expression>(&t.node)) take(out, e->program);
  if (auto* p = std::get_if<Template::Pieces>(&t.node))
    for (const auto& piece : p->of) take(out, piece);
  if (auto* l = std::get_if<Template::List>(&t.node))
    for (const auto& item : l->of) take(out, item);
  if (auto* m = std::get_if<Template::Map>(&t.node))
    for (const auto& [name, item] : m->of) take(out, item);
}
void take(std::vector<std::string>& out, const std::optional<Template>& t) {
  if (t) take(out, *t);
}

} // namespace

std::vector<std::string> references(const Step& step) {
  std::vector<std::string> out;
  take(out, step.title);
  take(out, step.with);
  if (step.when) take(out, step.when->program);
  take(out, step.for_each);
  for (const auto& c : step.expect) take(out, c.program);
  for (const auto& [name, c] : step.save) take(out, c.program);
  take(out, step.undo_with);
  take(out, step.irreversible);
  take(out, step.confirm);
  if (step.sample) {
    auto more = references(*step.sample);
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

std::vector<std::string> references_of(const Template& t) {
  std::vector<std::string> out;
  take(out, t);
  return out;
}

std::vector<std::string> all_references(const Step& step) {
  std::vector<std::string> out = references(step);
  for (const auto* list : {&step.steps, &step.undo_steps})
    for (const Step& child : *list) {
      auto more = all_references(child);
      out.insert(out.end(), more.begin(), more.end());
    }
  return out;
}

} // namespace belay::engine
