#include "engine/begin.hpp"
#include "engine/life.hpp"
#include "engine/scope.hpp"
#include "engine/take_over.hpp"
#include "runbook/settings.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace belay::engine {

std::string new_run_id(const World& world) {
  std::array<std::byte, 5> random{};
  world.entropy.fill(random);
  std::string id = rfc3339({world.time.wall().seconds, 0}).substr(0, 16); // 2026-11-21T22:38
  std::erase_if(id, [](char c) { return c == '-' || c == ':'; });
  std::replace(id.begin(), id.end(), 'T', '-');
  id += '-';
  for (std::byte b : random) id += "abcdefghjkmnpqrstuvwxyz023456789"[std::to_integer<unsigned>(b) % 32];
  return id;
}

namespace {

/// Whether an expression refers to the name, to something in it, or to something that it is in.
bool used(const std::set<std::string>& references, const std::string& name) {
  return std::any_of(references.begin(), references.end(), [&](const std::string& r) { return r == name || r.starts_with(name + ".") || name.starts_with(r + "."); });
}

} // namespace

Expected<Names> names_of(const World& world, const std::optional<Service>& service, const Value& params, const std::set<std::string>& references, const Value& run, bool offline,
                         const Stop& stop, Redactor* redactor, const Value& pinned) {
  std::vector<std::pair<std::string, Value>> values, all, versions;
  if (service)
    for (const auto& [name, reference] : service->secrets) {
      // A name with a dot is a place in the environment's settings.
      const bool place = name.find('.') != std::string::npos;
      if (!used(references, (place ? "env." : "secrets.") + name)) continue;
      if (offline) {
        all.emplace_back(name, Value::unknown({"secrets." + name}).as_secret());
        if (!place) values.push_back(all.back());
        continue;
      }
      const Value version = pinned[name];
      auto resolved = world.secrets.resolve(version.kind() == Kind::text ? world.secrets.pinned(reference, version.text()) : reference, stop);
      if (!resolved) return Unexpected(Failure{resolved.error().cause, Reached::no, "the secret '" + name + "' cannot be had: " + resolved.error().message, resolved.error().hint});
      if (redactor) redactor->learn(resolved->value);
      all.emplace_back(name, resolved->value.as_secret());
      if (!place) values.push_back(all.back());
      versions.emplace_back(name, Value(resolved->version));
    }
  Names names;
  names.base = Value::object({{"service", service ? service->service : Value::object({})},
                              {"env", service ? with_secrets(service->env, all) : Value::object({})},
                              {"params", params},
                              {"secrets", Value::object(std::move(values))},
                              {"run", run}});
  names.versions = Value::object(std::move(versions));
  return names;
}

Value pinned_settings(const std::optional<Service>& service) {
  if (!service) return {};
  Value::List secrets;
  for (const auto& [name, reference] : service->secrets) secrets.push_back(Value::object({{"name", Value(name)}, {"reference", reference}}));
  return Value::object({{"name", Value(service->name)},
                        {"platform", Value(service->platform)},
                        {"environment", Value(service->environment)},
                        {"protected", Value(service->is_protected)},
                        {"freeze", service->freeze},
                        {"guards", service->guards},
                        {"service", service->service},
                        {"env", service->env},
                        {"secrets", Value(std::move(secrets))}});
}

std::optional<Service> service_of(const fact::RunStarted& header) {
  const Value& v = header.settings;
  if (v.kind() != Kind::map) return {};
  auto text = [&](const char* name) { return v[name].kind() == Kind::text ? v[name].text() : std::string(); };
  Service service;
  service.name = text("name");
  service.platform = text("platform");
  service.environment = text("environment");
  service.is_protected = v["protected"] == Value(true);
  service.freeze = v["freeze"];
  service.guards = v["guards"];
  service.service = v["service"];
  service.env = v["env"];
  if (v["secrets"].kind() == Kind::list)
    for (const Value& s : v["secrets"].list()) service.secrets.emplace_back(s["name"].text(), s["reference"]);
  return service;
}

namespace {

/// Not heard of for longer than its lease, by the clock on the wall: for a person to read, nothing is decided by it.
bool not_heard_of(const Taken& t, const World& world) { return !t.parked && world.time.wall().seconds - t.renewed.seconds > std::chrono::duration_cast<std::chrono::seconds>(k_lease).count(); }

Finished taken_by(const Taken& t, bool gone, bool silent) {
  const std::string since = rfc3339({t.since.seconds, 0});
  std::string how = t.parked ? "it stands still" : gone ? "its process is gone" : silent ? fmt::format("process {} on {}, not heard of since {}", t.by.process.pid, t.by.process.host, rfc3339({t.renewed.seconds, 0})) : fmt::format("process {} on {}", t.by.process.pid, t.by.process.host);
  Finished out;
  out.exit = Exit::claimed;
  out.state = "refused";
  out.failure = Failure{Cause::refused, Reached::no, fmt::format("'{}' is claimed by run {} of {} since {} ({}){}", t.claim, t.by.run, t.by.who, since, how, t.by.reason.empty() ? "" : ": " + t.by.reason),
                        fmt::format("the claim's id is {}", t.id)};
  out.next = {"belay runs show " + t.by.run};
  if (t.parked || gone) {
    out.next.push_back("belay runs resume " + t.by.run);
    out.next.push_back("belay runs abort " + t.by.run + " --reason WHY");
  } else {
    out.next.push_back("wait for it: --wait 10m");
    if (silent) out.next.push_back("belay runs resume " + t.by.run);
    out.next.push_back("belay runs abort " + t.by.run + " --reason WHY");
  }
  return out;
}

/// A run that is asked to give way does so within 10 s, or its lease is waited out.
std::optional<Finished> preempt(Session& session, const std::string& run) {
  auto& world = session.world;
  const std::string& claim = session.header.claim;
  auto holder = holder_of(world.store, claim);
  if (!holder || holder->by.run != run) return {};
  if (!holder->parked && !holder_is_dead(world.machine, holder->by.process)) {
    auto posted = world.store.post({0, run, "preempt", world.machine.user(), session.header.reason.empty() ? "for run " + session.header.run : session.header.reason, world.time.wall()});
    if (!posted) return refusal(Exit::claimed, "the request to give way cannot be left: " + posted.error().message);
    for (Duration waited{}; waited < k_lease + std::chrono::seconds(5); waited += std::chrono::seconds(1)) {
      holder = holder_of(world.store, claim);
      if (!holder || holder->by.run != run || holder->parked) break;
      if (!session.keeper.wait(std::chrono::seconds(1), session.soft)) return refusal(Exit::stopped, "stopped while run " + run + " was asked to give way");
    }
    holder = holder_of(world.store, claim);
  }
  if (holder && holder->by.run == run && holder->parked)
    if (auto freed = world.store.unlock(claim, holder->id); !freed) return refusal(Exit::claimed, "the claim of run " + run + " cannot be taken over: " + freed.error().message);
  return {};
}

} // namespace

std::optional<Finished> claimed(Session& session, Duration wait, const std::string& give_way) {
  auto& world = session.world;
  const std::string& claim = session.header.claim;
  if (claim.empty()) return {};
  std::optional<RunView> preempted;
  if (!give_way.empty()) {
    const auto holder = holder_of(world.store, claim);
    if (auto end = preempt(session, give_way)) return end;
    if (holder && holder->by.run == give_way)
      if (auto other = unfinished_holder(world, *holder, session.header.run)) preempted = std::move(*other);
  }
  // What a run left that has not come to its end is not walked over: it is resumed or taken back first, or the rescue takes it.
  std::optional<RunView> left;
  auto may = [&](const Taken& holder) -> Expected<bool> {
    auto other = unfinished_holder(world, holder, session.header.run);
    if (!other) return Unexpected(other.error());
    left = std::move(*other);
    return !left || session.header.safeward || holder.by.run == give_way;
  };
  if (auto holder = holder_of(world.store, claim); holder && !holder->parked && holder_is_dead(world.machine, holder->by.process)) {
    const auto free = may(*holder);
    if (!free) return refusal(Exit::refused, "the journal of run " + holder->by.run + ", which holds '" + claim + "', cannot be read: " + free.error().message, free.error().hint);
    if (!*free) return taken_by(*holder, true, false);
    if (left) // before it is taken, so that no crash can leave it under way for ever
      if (auto noted = note_taken_over(session, *left); !noted) return refusal(Exit::unchanged, "run " + holder->by.run + " cannot be taken over: " + noted.error().message, noted.error().hint);
  }
  auto taken = session.keeper.take(claim, session.header.reason.empty() ? session.header.runbook : session.header.reason, wait, may);
  if (!taken) return refusal(Exit::unchanged, "the claim '" + claim + "' cannot be taken: " + taken.error().message, taken.error().hint);
  if (*taken) return taken_by(**taken, holder_is_dead(world.machine, (*taken)->by.process), not_heard_of(**taken, world));
  session.journal.hold(*session.keeper.grant());
  if (!left && preempted) left = std::move(preempted);
  if (left) {
    // One that was silent can write no more now.
    if (auto noted = note_taken_over(session, *left); !noted) session.note("", "that run " + left->header.run + " was taken over could not be noted in its journal: " + noted.error().message);
    look_at_left(session, *left);
  }
  return {};
}

namespace {

/// Every step's path with the step, in the order of the file; called runbooks apart.
void paths(const std::vector<Step>& steps, const std::string& prefix, std::vector<std::pair<std::string, const Step*>>& out) {
  for (const Step& step : steps) {
    const std::string path = prefix.empty() ? step.id : prefix + "/" + step.id;
    out.emplace_back(path, &step);
    paths(step.steps, path, out);
  }
}

} // namespace

std::string wrong_choice(const Runbook& runbook, const std::string& from, const std::string& only, Catalog catalog) {
  if (from.empty() && only.empty()) return {};
  std::vector<std::pair<std::string, const Step*>> all;
  paths(runbook.steps, "", all);
  std::vector<std::string> names;
  for (const auto& [path, step] : all) names.push_back(path);
  for (const std::string& wanted : {from, only}) {
    std::string plain; // the key of a loop and the round of a group are not in the file
    int depth = 0;
    for (char c : wanted) {
      if (c == '[') ++depth;
      if (depth == 0) plain += c;
      if (c == ']') --depth;
    }
    if (!wanted.empty() && std::find(names.begin(), names.end(), plain) == names.end()) return "there is no step '" + wanted + "' in " + runbook.name + ": " + did_you_mean(plain, names);
  }
  std::vector<std::string> left_out;
  bool reached = from.empty();
  for (const auto& [path, step] : all) {
    const bool group = step->use.empty() || step->use == "runbook.call";
    const Action* action = group ? nullptr : find_action(catalog, step->use);
    if (!from.empty() && within(path, from)) reached = true;
    const bool chosen = only.empty() ? reached : within(path, only);
    const bool reads = action && std::holds_alternative<Read>(action->does);
    if (!group && !chosen && !reads) {
      left_out.push_back(step->id);
      continue;
    }
    if (group) continue;
    for (const std::string& reference : references(*step))
      for (const std::string& id : left_out)
        if (reference == "steps." + id || reference.starts_with("steps." + id + ".")) return "'" + path + "' needs what '" + id + "' gives, which would be left out";
  }
  return {};
}

} // namespace belay::engine
