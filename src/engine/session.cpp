#include "engine/session.hpp"
#include "runbook/parameters.hpp"
#include <algorithm>

namespace belay::engine {

Session::Session(World& w, const Options& o, Library l, fact::RunStarted h, const RunView& b, bool r, Duration limit)
    : world(w), options(o), library(std::move(l)), header(std::move(h)), hard(w.time), soft(hard.nested({})), run(hard.nested(limit)), run_soft(soft.nested(limit)),
      journal(w, header.run), keeper(w, header.run, hard, soft), before(b), resumed(r) {
  for (const fact::Turned& t : before.turned) m_turned.push_back(t.path);
  for (const fact::Found& f : before.findings) m_findings.push_back(f.finding);
}

void Session::complete(Completed c) {
  std::lock_guard guard(m_lock);
  // A step that was made twice is taken back once, to where it was before the first.
  for (Completed& earlier : m_completed) {
    if (earlier.path != c.path) continue;
    earlier.state = c.state;
    earlier.outputs = c.outputs;
    earlier.order = c.order;
    if (earlier.undo.is_null()) earlier.undo = c.undo;
    return;
  }
  m_completed.push_back(std::move(c));
}

std::vector<Completed> Session::completed() const {
  std::lock_guard guard(m_lock);
  auto out = m_completed;
  std::stable_sort(out.begin(), out.end(), [](const Completed& a, const Completed& b) { return a.order < b.order; });
  return out;
}

void Session::fail(const std::string& path, const Failure& failure) {
  std::lock_guard guard(m_lock);
  if (m_failure) return;
  // It is shown at the end and handed to the steps of `always`: what a program said may hold a secret.
  const Redactor& redactor = journal.redactor();
  m_failure = Failure{failure.cause, failure.reached, redactor.clean(std::string_view(failure.message)), redactor.clean(std::string_view(failure.hint))};
  m_failed_at = path;
}

void Session::forgive(const std::string& part) {
  std::lock_guard guard(m_lock);
  if (m_failure && within(m_failed_at, part)) m_failure.reset();
  std::erase_if(m_completed, [&](const Completed& c) { return within(c.path, part); });
}

void Session::halt(Halt halt, const std::string& path, const std::string& why) {
  std::lock_guard guard(m_lock);
  // Of two parallel branches the one that only a person can settle decides.
  auto weight = [](Halt h) { return h == Halt::unknown ? 5 : h == Halt::changed ? 4 : h == Halt::waiting ? 3 : h == Halt::refused ? 2 : h == Halt::stopped ? 1 : 0; };
  if (weight(halt) <= weight(m_halt)) return;
  m_halt = halt;
  m_halted_at = path;
  m_halted_why = journal.redactor().clean(std::string_view(why));
}

void Session::unlimited() {
  std::lock_guard guard(m_lock);
  run = hard.nested({});
  run_soft = soft.nested({});
}

void Session::go_on() {
  std::lock_guard guard(m_lock);
  m_halt = Halt::none;
  m_halted_at.clear();
  m_halted_why.clear();
  soft = hard.nested({});
  run_soft = soft.nested({});
  run = hard.nested({});
}

Halt Session::halted() const {
  std::lock_guard guard(m_lock);
  return m_halt;
}
std::string Session::halted_at() const {
  std::lock_guard guard(m_lock);
  return m_halted_at;
}
std::string Session::halted_why() const {
  std::lock_guard guard(m_lock);
  return m_halted_why;
}
std::optional<Failure> Session::failure() const {
  std::lock_guard guard(m_lock);
  return m_failure;
}
std::string Session::failed_at() const {
  std::lock_guard guard(m_lock);
  return m_failed_at;
}

void Session::found(const std::string& path, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    journal.append(fact::Found{path, finding}, Durable::with_next);
    std::lock_guard guard(m_lock);
    const Redactor& redactor = journal.redactor();
    m_findings.push_back({redactor.clean(std::string_view(finding.subject)), redactor.clean(std::string_view(finding.message)), redactor.clean(finding.evidence)});
  }
}
std::vector<Finding> Session::findings() const {
  std::lock_guard guard(m_lock);
  return m_findings;
}

bool Session::turned(const std::string& path) const {
  std::lock_guard guard(m_lock);
  return std::any_of(m_turned.begin(), m_turned.end(), [&](const std::string& part) { return within(path, part); });
}
void Session::turn(const std::string& path, const std::string& because) {
  {
    std::lock_guard guard(m_lock);
    if (std::find(m_turned.begin(), m_turned.end(), path) != m_turned.end()) return;
    m_turned.push_back(path);
  }
  journal.append(fact::Turned{path, because});
}

bool Session::acted() const {
  const RunView now = journal.view();
  return std::any_of(now.steps.begin(), now.steps.end(), [](const StepView& s) {
    return (s.effect == Effect::changes || s.effect == Effect::destroys || s.effect == Effect::adds) &&
           std::any_of(s.attempts.begin(), s.attempts.end(), [](const AttemptView& a) { return a.intended.has_value(); });
  });
}

Identity Session::identity(const std::string& path, int attempt) const { return {header.run, path, header.run + "/" + path, attempt, header.at}; }

Expected<Value> parameters_of(const Runbook& runbook, const Value& given, const Value& bindings) {
  std::vector<Given> list;
  if (given.kind() == Kind::map && !given.is_secret())
    for (const auto& [name, value] : given.map())
      if (!value.is_null()) list.push_back({name.kind() == Kind::text && !name.is_secret() ? name.text() : show(name), value, false});
  try {
    return bind_parameters(runbook, list, bindings);
  } catch (const Error& e) {
    std::string all;
    for (const Problem& p : e.problems) all += (all.empty() ? "" : "; ") + p.message;
    return Unexpected(Failure{Cause::rejected, Reached::no, "the runbook " + runbook.name + " cannot be called: " + all, e.problems.empty() ? "" : e.problems.front().hint});
  }
}

bool within(const std::string& path, const std::string& part) {
  return part.empty() || path == part || (path.size() > part.size() && path.starts_with(part) && path[part.size()] == '/');
}

bool overlaps(const std::string& a, const std::string& b) { return within(a, b) || within(b, a); }

} // namespace belay::engine
