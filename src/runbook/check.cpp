#include "runbook/check.hpp"
#include "runbook/check_call.hpp"
#include "runbook/check_inputs.hpp"
#include "runbook/check_scope.hpp"
#include "runbook/project_files.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay {

using namespace check;

namespace {

constexpr std::string_view k_effects[] = {"reads", "adds", "tells", "changes", "destroys"};

std::string_view name_of(Effect effect) { return k_effects[static_cast<std::size_t>(effect)]; }

Effect own_effect(const Action& action) {
  const auto* change = std::get_if<Change>(&action.does);
  return change != nullptr ? change->effect : Effect::reads;
}
Effect effect_of(const Step& step, const Action& action) { return std::max(own_effect(action), step.effect.value_or(Effect::reads)); }

bool all_guarded(const Project& project) {
  if (project.files == nullptr) return false;
  const auto* environments = project.files->project.find("environments");
  return environments != nullptr && !environments->members.empty() &&
         std::all_of(environments->members.begin(), environments->members.end(), [](const yaml::Member& m) { return m.value.find("guards") != nullptr; });
}

class Checker {
public:
  Checker(const Runbook& runbook, const Project& project, Catalog catalog)
      : m_runbook(runbook), m_project(project), m_catalog(catalog), m_scoping(runbook, project, m_found), m_guarded(all_guarded(project)) {}

  std::vector<Checked> check() {
    Frame top{.steps = &m_runbook.steps};
    const Site head{.frame = top, .steps = false};
    for (std::size_t i = 0; i < m_runbook.parameters.size(); ++i)
      if (const auto& parameter = m_runbook.parameters[i]; parameter.standard) check_standard(parameter, head);
    if (m_runbook.claim) {
      expect_text(*m_runbook.claim, head, "claim");
      refuse_secret(*m_runbook.claim, head, "'claim'");
    }
    check_list(m_runbook.steps, top);
    if (m_changes && !m_runbook.claim) m_scoping.say({.frame = top}, m_runbook.where, "it changes something and claims nothing", "claim: ${{ service.name }}/${{ env.name }} keeps a second run away", CheckLevel::warning);
    for (const auto& [name, value] : m_runbook.outputs) check_template(value, {.frame = top});
    Frame last{.steps = &m_runbook.always, .path = "always", .in_always = true};
    Frame seen = top;
    for (auto& entry : seen.entries) entry.may_skip = true;
    last.around = &seen;
    check_list(m_runbook.always, last);
    for (const Step* hold : m_holds)
      if (!m_scoping.is_named(*hold))
        m_scoping.say({.frame = top, .step = hold}, hold->where, fmt::format("nobody refers to the hold '{}', so it is never opened", hold->id), fmt::format("a step of its group opens it by naming it: ${{{{ steps.{}.… }}}}", hold->id), CheckLevel::risk);
    std::stable_sort(m_found.begin(), m_found.end(), [](const Checked& a, const Checked& b) { return std::pair(a.problem.where.line, a.problem.where.column) < std::pair(b.problem.where.line, b.problem.where.column); });
    return std::move(m_found);
  }

private:
  void check_standard(const Parameter& parameter, const Site& site) {
    const auto* expression = std::get_if<Template::Expression>(&parameter.standard->node);
    if (expression == nullptr) return check_template(*parameter.standard, site);
    const expr::Type type = m_scoping.type(expression->program, parameter.standard->where, site);
    if (!fits(type.kind, parameter.type)) m_scoping.say(site, parameter.standard->where, fmt::format("the default of '{}' is {}, not {}", parameter.name, described(type.kind), described(parameter.type)), {});
  }

  void check_list(const std::vector<Step>& steps, Frame& frame) {
    const bool at_once = frame.group != nullptr && frame.group->parallel != 1 && !frame.group->for_each;
    std::vector<Entry> later;
    for (const auto& step : steps) {
      Entry entry = check_step(step, frame);
      (at_once ? later : frame.entries).push_back(std::move(entry));
    }
    std::move(later.begin(), later.end(), std::back_inserter(frame.entries));
  }

  Entry check_step(const Step& step, Frame& around) {
    const Site site{.frame = around, .step = &step};
    if (step.when) expect_condition(*step.when, site, "when");
    if (step.for_each) check_for_each(step, site);
    Frame inner{.around = &around, .steps = &step.steps, .group = &step, .path = around.path.empty() ? step.id : around.path + "/" + step.id};
    inner.each = step.for_each.has_value();
    inner.has_timeout = step.timeout.attempt > Duration{} || step.timeout.step > Duration{};
    inner.has_confirm = step.confirm.has_value();
    inner.in_always = around.in_always;
    inner.in_undo = around.in_undo;
    Entry entry = step.use.empty() ? check_group(step, inner) : check_leaf(step, inner);
    entry.step = &step;
    entry.may_skip = step.when.has_value();
    if (step.for_each) entry.outputs = map_of(std::move(entry.outputs));
    return entry;
  }

  Entry check_group(const Step& step, Frame& inner) {
    const Site site{.frame = inner};
    if (step.title) check_template(*step.title, site);
    if (step.confirm) expect_text(*step.confirm, site, "confirm");
    check_list(step.steps, inner);
    Entry entry{.outputs = object()};
    for (auto& one : inner.entries) {
      entry.outputs.members.emplace_back(one.step->id, std::move(one.outputs));
      for (const auto& secret : one.secrets) entry.secrets.push_back(secret.empty() ? one.step->id : one.step->id + "." + secret);
      entry.reads = entry.reads && one.reads;
      if (one.may_skip) entry.skippable.push_back(one.step->id);
      for (const auto& name : one.skippable) entry.skippable.push_back(one.step->id + "." + name);
    }
    return entry;
  }

  /// `inner` is the frame of the step's own: what for_each adds is in it, and its undo steps stand below it.
  Entry check_leaf(const Step& step, Frame& inner) {
    const Frame around = own_frame(inner);
    const Site site{.frame = around, .step = &step};
    for (const auto* text : {&step.title, &step.confirm, &step.irreversible})
      if (*text) check_template(**text, site);
    Entry entry{.outputs = object()};
    if (step.use == "runbook.call") {
      check_template(step.with, site);
      entry.outputs = check_call(step, site, m_runbook, m_project, m_scoping);
      entry.reads = false;
    } else if (const Action* action = find_action(m_catalog, step.use)) {
      check_inputs(step.use, *action, step.with, site, m_scoping);
      entry.outputs = of_fields(action->outputs);
      for (const auto& field : action->outputs)
        if (field.secret) entry.secrets.emplace_back(field.name);
      entry.reads = effect_of(step, *action) == Effect::reads && !std::holds_alternative<Ask>(action->does);
      check_duties(step, *action, inner, site);
      if (std::holds_alternative<Hold>(action->does)) m_holds.push_back(&step);
    } else {
      say_no_action(step, site);
      entry.outputs = map_of(plain(Kind::any));
    }
    check_results(step, site, entry);
    return entry;
  }

  /// Where the step's own expressions are evaluated: around it, with the item of its for_each.
  static Frame own_frame(const Frame& inner) {
    const Frame& around = *inner.around;
    return {.around = &around, .steps = around.steps, .group = around.group, .path = around.path, .each = inner.each, .in_always = around.in_always, .in_undo = around.in_undo};
  }

  void check_results(const Step& step, const Site& around, Entry& entry) {
    const expr::Type own = entry.outputs;
    const std::vector<std::string> own_secrets = entry.secrets;
    Site site = around;
    if (own.object) site.own = &own;
    site.own_secrets = &own_secrets;
    const bool open = !own.object; // outputs that are not known: any name may be one
    for (const auto& condition : step.expect)
      if (!open) expect_condition(condition, site, "expect");
    for (const auto& [name, condition] : step.save) {
      if (open) continue;
      expr::Type type = m_scoping.type(condition.program, condition.where, site);
      if (member(own, name) != nullptr) m_scoping.say(around, condition.where, fmt::format("'save' names '{}', which is an output already", name), "choose another name");
      if (m_scoping.is_secret(condition.program, site)) entry.secrets.push_back(name);
      entry.outputs.members.emplace_back(name, std::move(type));
    }
    if (!step.undo_with && step.undo_steps.empty()) return;
    Frame after = around.frame;
    after.entries.push_back(entry);
    after.entries.back().step = &step;
    after.in_undo = true;
    after.steps = &step.undo_steps;
    after.path += (after.path.empty() ? "" : "/") + step.id + "/undo";
    after.has_confirm = true; // what was confirmed on the way there is not asked again on the way back
    if (step.undo_with) check_template(*step.undo_with, {.frame = after});
    if (!step.undo_steps.empty()) check_list(step.undo_steps, after);
  }

  /// What a step owes to whoever must take it back at night.
  void check_duties(const Step& step, const Action& action, const Frame& inner, const Site& site) {
    const Effect own = own_effect(action), effect = effect_of(step, action);
    const auto* change = std::get_if<Change>(&action.does);
    if (step.effect && *step.effect < own) m_scoping.say(site, step.where, fmt::format("'effect: {}' would lower what {} does: it {}", name_of(*step.effect), step.use, name_of(own)), "an effect can only be raised");
    if (step.effect && change == nullptr) m_scoping.say(site, step.where, fmt::format("{} makes no act, so it has no effect to raise", step.use), "remove 'effect'");
    check_gate(step, action, site);
    if (change == nullptr && !step.undo_with) return;
    const bool acts = effect == Effect::adds || effect == Effect::changes || effect == Effect::destroys;
    const bool changes = effect == Effect::changes || effect == Effect::destroys;
    m_changes = m_changes || changes;
    if (acts && !inner.timed()) m_scoping.say(site, step.where, fmt::format("step '{}' {} without a timeout", step.id, name_of(effect)), "timeout: 2m, or {attempt: 30s, step: 5m}, at the step or at a group around it", CheckLevel::risk);
    const bool goes_back = step.irreversible || !step.undo_steps.empty() || (change != nullptr && change->undo != nullptr);
    if (changes && !goes_back && !inner.in_always && !inner.in_undo)
      m_scoping.say(site, step.where, fmt::format("step '{}' {} and nothing takes it back", step.id, name_of(effect)), "undo: {steps: […]} takes it back, or irreversible: says why nothing can", CheckLevel::risk);
    if (step.undo_with && (change == nullptr || change->undo == nullptr))
      m_scoping.say(site, step.undo_with->where, fmt::format("{} does not know how to take itself back, so 'undo: {{with: …}}' has nothing to lie upon", step.use), "undo: {steps: […]} takes it back");
    if (effect == Effect::destroys && !inner.confirmed() && !m_guarded)
      m_scoping.say(site, step.where, fmt::format("step '{}' destroys without 'confirm' and without a context guard", step.id), "confirm: ${{ env.name }} wants the name typed; guards: of every environment in belay.yaml does as well", CheckLevel::risk);
  }

  void check_gate(const Step& step, const Action& action, const Site& site) {
    const bool is_gate = std::holds_alternative<Gate>(action.does);
    if (is_gate && step.sample == nullptr) m_scoping.say(site, step.where, fmt::format("{} is a gate and has no 'sample'", step.use), "sample: {use: the read that it judges, with: …, every: 5s}");
    if (!is_gate && step.sample != nullptr) m_scoping.say(site, step.sample->where, fmt::format("{} is no gate, so it takes no 'sample'", step.use), {});
    if (step.sample == nullptr) return;
    const Action* read = find_action(m_catalog, step.sample->use);
    if (read == nullptr) return say_no_action(*step.sample, site);
    if (!std::holds_alternative<Read>(read->does)) m_scoping.say(site, step.sample->where, fmt::format("{} does not read: a gate samples reads only", step.sample->use), {});
    check_inputs(step.sample->use, *read, step.sample->with, site, m_scoping);
  }

  void check_for_each(const Step& step, const Site& site) {
    const Template& items = *step.for_each;
    if (const auto* expression = std::get_if<Template::Expression>(&items.node)) {
      const expr::Type type = m_scoping.type(expression->program, items.where, site);
      const bool is_list = type.kind == Kind::list && (type.of.empty() || fits(type.of[0].kind, Kind::text));
      if (type.kind != Kind::any && type.kind != Kind::map && !is_list) m_scoping.say(site, items.where, fmt::format("'for_each' is a list of texts or a map, not {}", described(type.kind)), {});
      if (!step.max && !m_scoping.is_known_early(expression->program, site)) m_scoping.say(site, items.where, "how many items there are is known only after an earlier step has acted", "max: bounds them, so that a plan can be read");
    } else if (!std::holds_alternative<Template::List>(items.node) && !std::holds_alternative<Template::Map>(items.node)) {
      m_scoping.say(site, items.where, "'for_each' is a list of texts or a map", {});
    } else {
      check_template(items, site);
    }
    refuse_secret(items, site, "'for_each'");
  }

  void expect_condition(const Condition& condition, const Site& site, std::string_view key) {
    const expr::Type type = m_scoping.type(condition.program, condition.where, site);
    if (!fits(type.kind, Kind::boolean)) m_scoping.say(site, condition.where, fmt::format("'{}' is a condition, and this gives {}", key, described(type.kind)), "write a comparison");
    if (m_scoping.is_secret(condition.program, site)) m_scoping.say(site, condition.where, fmt::format("'{}' is computed from a secret", key), "what a condition decides is seen by everyone, and would tell of it");
  }

  void expect_text(const Template& text, const Site& site, std::string_view key) {
    const auto* expression = std::get_if<Template::Expression>(&text.node);
    if (expression == nullptr) return check_template(text, site);
    const expr::Type type = m_scoping.type(expression->program, text.where, site);
    if (!fits(type.kind, Kind::text)) m_scoping.say(site, text.where, fmt::format("'{}' is text, and this gives {}", key, described(type.kind)), {});
  }

  void refuse_secret(const Template& value, const Site& site, std::string_view what) {
    if (m_scoping.is_secret(value, site)) m_scoping.say(site, value.where, fmt::format("{} is computed from a secret", what), "it is seen by everyone");
  }

  void check_template(const Template& value, const Site& site) { check::check_template(value, site, m_scoping); }

  void say_no_action(const Step& step, const Site& site) {
    std::vector<std::string> names{"runbook.call"};
    for (const Module* module : m_catalog)
      for (const auto& action : module->actions) names.push_back(fmt::format("{}.{}", module->name, action.name));
    m_scoping.say(site, step.where, fmt::format("there is no action '{}'", step.use), did_you_mean(step.use, names));
  }

  const Runbook& m_runbook;
  const Project& m_project;
  Catalog m_catalog;
  std::vector<Checked> m_found;
  Scoping m_scoping;
  std::vector<const Step*> m_holds;
  bool m_guarded, m_changes = false;
};

} // namespace

std::vector<Checked> check_runbook(const Runbook& runbook, const Project& project, Catalog catalog) { return Checker(runbook, project, catalog).check(); }

} // namespace belay
