#include "value/duration.hpp"
#include "runbook/load_runbook.hpp"
#include "runbook/shape.hpp"
#include "runbook/template.hpp"
#include <fmt/format.h>
#include <map>

namespace belay {

Duration load_duration(const yaml::Node& node) { return parse_duration(node.text).value_or(Duration{}); }

Timeout load_timeout(const yaml::Node& node) {
  Timeout timeout;
  if (node.is_scalar()) timeout.step = load_duration(node);
  if (const auto* attempt = node.find("attempt")) timeout.attempt = load_duration(*attempt);
  if (const auto* step = node.find("step")) timeout.step = load_duration(*step);
  return timeout;
}

namespace {

constexpr int k_most_parallel = 1000;

double number(const yaml::Node& node, double otherwise) {
  const Value value = yaml::scalar(node);
  if (value.kind() == Kind::integer) return static_cast<double>(value.integer());
  return value.kind() == Kind::real ? value.real() : otherwise;
}

std::int64_t whole(const yaml::Node& node, std::int64_t otherwise) {
  const Value value = yaml::scalar(node);
  return value.kind() == Kind::integer ? value.integer() : otherwise;
}

bool flag(const yaml::Node* node) {
  if (node == nullptr) return false;
  const Value value = yaml::scalar(*node);
  return value.kind() == Kind::boolean && value.boolean();
}

/// Reads one step of a tree that may be wrong: `validate` has said so already, so what does not fit is passed over here.
class StepLoader {
public:
  StepLoader(const yaml::Node& node, std::vector<Problem>& problems) : m_node(node), m_problems(problems) {}

  Step load() {
    m_step.where = m_node.where();
    m_step.with = {Template::Map{}, m_step.where};
    for (const auto& member : m_node.members) take(member.key, member.value);
    check_form();
    return std::move(m_step);
  }

private:
  void take(const std::string& key, const yaml::Node& value) {
    if (key == "id") m_step.id = value.text;
    else if (key == "title") m_step.title = make_template(value, m_problems);
    else if (key == "use") m_step.use = value.text;
    else if (key == "with") take_with(value);
    else if (key == "steps") m_step.steps = load_steps(value, m_problems);
    else if (key == "when") m_step.when = make_condition(value, m_problems);
    else if (key == "for_each") m_step.for_each = make_template(value, m_problems);
    else if (key == "parallel") take_parallel(value);
    else if (key == "retry") take_retry(value);
    else if (key == "timeout") m_step.timeout = load_timeout(value);
    else if (key == "expect") take_expect(value);
    else if (key == "save") take_save(value);
    else if (key == "undo") take_undo(value);
    else if (key == "irreversible") m_step.irreversible = make_template(value, m_problems);
    else if (key == "confirm") m_step.confirm = make_template(value, m_problems);
    else if (key == "approve") m_step.approve = flag(&value);
    else if (key == "sample") take_sample(value);
    else if (key == "effect") take_effect(value.text);
    else if (key == "max") m_step.max = static_cast<std::uint64_t>(whole(value, 0));
  }

  void take_with(const yaml::Node& value) {
    m_step.with = make_template(value, m_problems);
    const auto* plain = std::get_if<Value>(&m_step.with.node);
    if (plain != nullptr && plain->is_null()) m_step.with.node = Template::Map{};
    else if (value.is_scalar() && !std::holds_alternative<Template::Expression>(m_step.with.node))
      say(value.where(), fmt::format("'with' is a map, not {}", yaml::described(value)), "name the action's inputs, or give the whole map as one ${{ expression }}");
  }

  void take_parallel(const yaml::Node& value) {
    const Value written = yaml::scalar(value);
    m_parallel_flag = written.kind() == Kind::boolean;
    if (m_parallel_flag) m_step.parallel = written.boolean() ? 0 : 1;
    else m_step.parallel = static_cast<int>(std::min<std::int64_t>(whole(value, 1), k_most_parallel));
  }

  void take_retry(const yaml::Node& value) {
    Retry retry{.delay = std::chrono::seconds(1), .factor = 2};
    if (const auto* n = value.find("attempts")) retry.attempts = static_cast<int>(std::min<std::int64_t>(whole(*n, 1), 1'000'000));
    if (const auto* n = value.find("delay")) retry.delay = load_duration(*n);
    if (const auto* n = value.find("factor")) retry.factor = number(*n, 1);
    if (const auto* n = value.find("max")) retry.max = load_duration(*n);
    if (const auto* n = value.find("jitter")) {
      retry.jitter = number(*n, 0);
      if (retry.jitter > 1) say(n->where(), "'jitter' is a share from 0 to 1", {});
    }
    m_step.retry = retry;
  }

  void take_expect(const yaml::Node& value) {
    auto add = [&](const yaml::Node& node) {
      if (auto condition = make_condition(node, m_problems)) m_step.expect.push_back(std::move(*condition));
    };
    if (value.is_scalar()) add(value);
    for (const auto& item : value.items) add(item);
  }

  void take_save(const yaml::Node& value) {
    for (const auto& member : value.members) {
      if (!is_name(member.key)) say(member.where(), fmt::format("'{}' is no name for a saved value", member.key), "names begin with a small letter and hold small letters, digits and _");
      if (auto condition = make_condition(member.value, m_problems)) m_step.save.emplace_back(member.key, std::move(*condition));
    }
  }

  void take_undo(const yaml::Node& value) {
    if (value.is_scalar()) return;
    const auto *with = value.find("with"), *steps = value.find("steps");
    if ((with == nullptr) == (steps == nullptr)) say(value.where(), "an undo has either 'with' or 'steps'", "with: inputs laid over the action's own undo; steps: what takes it back instead");
    if (with != nullptr) m_step.undo_with = make_template(*with, m_problems);
    if (steps != nullptr) m_step.undo_steps = load_steps(*steps, m_problems);
  }

  void take_sample(const yaml::Node& value) {
    m_step.every = std::chrono::seconds(5);
    if (const auto* every = value.find("every")) m_step.every = load_duration(*every);
    if (m_step.every <= Duration{}) say(value.where(), "a gate's 'every' is longer than nothing", {});
    StepLoader inner(value, m_problems);
    inner.m_is_sample = true;
    Step sample = inner.load();
    sample.id = "sample";
    m_step.sample = std::make_shared<const Step>(std::move(sample));
  }

  void take_effect(std::string_view text) {
    if (text == "adds") m_step.effect = Effect::adds;
    if (text == "tells") m_step.effect = Effect::tells;
    if (text == "changes") m_step.effect = Effect::changes;
    if (text == "destroys") m_step.effect = Effect::destroys;
  }

  void check_form() {
    if (m_is_sample || !m_node.is_map()) return;
    const bool uses = m_node.find("use") != nullptr, is_group = m_node.find("steps") != nullptr;
    const std::string name = m_step.id.empty() ? "a step" : "step '" + m_step.id + "'";
    if (uses && is_group) say(m_step.where, name + " has both 'use' and 'steps'", "a group holds steps and uses no action: put the action into a step of the group");
    if (!uses && !is_group) say(m_step.where, name + " does nothing", "give it 'use: module.action', or 'steps' to make it a group");
    if (m_node.find("undo") != nullptr && m_step.irreversible) say(m_step.where, name + " has both 'undo' and 'irreversible'", "keep the one that is true");
    if (is_group)
      for (const std::string_view key : {"with", "expect", "save", "undo", "irreversible", "sample", "effect"})
        if (m_node.find(key) != nullptr) say(m_node.find(key)->where(), fmt::format("a group takes no '{}'", key), "write it at the steps of the group");
    if (m_step.for_each && m_parallel_flag && m_step.parallel == 0) say(m_node.find("parallel")->where(), "with for_each, 'parallel' is how many items are done at once", "write a number, as in parallel: 4");
    if (!m_step.for_each && m_node.find("max") != nullptr) say(m_node.find("max")->where(), "'max' without for_each", "it bounds how many items a for_each has");
    if (uses && !m_step.for_each && m_node.find("parallel") != nullptr) say(m_node.find("parallel")->where(), "'parallel' without steps or for_each", "one step has nothing to be beside");
  }

  void say(Place where, std::string message, std::string hint) { m_problems.push_back({std::move(where), std::move(message), std::move(hint)}); }

  const yaml::Node& m_node;
  std::vector<Problem>& m_problems;
  Step m_step;
  bool m_parallel_flag = false, m_is_sample = false;
};

} // namespace

std::vector<Step> load_steps(const yaml::Node& list, std::vector<Problem>& problems) {
  std::vector<Step> steps;
  steps.reserve(list.items.size());
  std::map<std::string, int> lines;
  for (const auto& item : list.items) {
    Step step = StepLoader(item, problems).load();
    const auto [first, is_new] = lines.emplace(step.id, step.where.line);
    if (!step.id.empty() && !is_new)
      problems.push_back({step.where, fmt::format("a second step with the id '{}'", step.id), fmt::format("line {} has it already; ids are unique among neighbours, and name a step for ever", first->second)});
    steps.push_back(std::move(step));
  }
  return steps;
}

} // namespace belay
