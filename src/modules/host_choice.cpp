#include "modules/command_outcome.hpp"
#include "modules/host_parts.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/core.h>
#include <set>

namespace belay::modules::host_parts {
namespace {

std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> all;
  for (const auto& one : elements(list))
    if (!text_or(one, "").empty()) all.push_back(one.text());
  return all;
}

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

/// A candidate and what speaks against it.
struct Candidate {
  std::string release, run, at, why_not;
};

std::vector<Candidate> candidates(const Value& history, const std::set<std::string>& installed, const std::string& serving) {
  std::vector<Candidate> all;
  std::set<std::string> met;
  auto entries = elements(history);
  std::reverse(entries.begin(), entries.end());
  for (const auto& entry : entries) {
    const auto release = text_or(entry["release"], "");
    if (release.empty() || !met.insert(release).second) continue;
    std::string why_not = text_or(entry["bad"], "");
    if (release == serving) why_not = "it serves now";
    else if (!installed.contains(release)) why_not = "it is not installed any more";
    all.push_back({release, text_or(entry["run"], ""), text_or(entry["at"], ""), why_not});
  }
  return all;
}

Value shown(const std::vector<Candidate>& all) {
  Value::List list;
  for (const auto& one : all) list.push_back(Value::object({{"release", one.release}, {"run", one.run}, {"at", one.at}, {"why_not", one.why_not}}));
  return list;
}

} // namespace

Outcome read_slots(const Call& call, const Reads&) {
  const auto& in = call.in;
  std::vector<std::string> serving, free;
  for (const auto& [slot, port] : named(in["slots"])) {
    const Value server = in["servers"][slot];
    if (server.is_null())
      return failed_outcome({Cause::missing, Reached::no, fmt::format("HAProxy has no server '{}' for the slot of that name", slot), "name the slots as HAProxy's servers are named"});
    (server["state"] == Value("ready") && integer_or(server["weight"], 0) > 0 ? serving : free).push_back(slot);
  }
  const auto release_of = [&](const std::string& slot) { return text_or(in["instances"][text_or(in["service"], "") + "-" + slot]["release"], ""); };
  const bool split = serving.size() == 2;
  if (const auto current = text_or(in["current"], ""); split && !current.empty()) {
    // What a deploy left half-way: the slot that runs what took over last is the good one.
    const auto good = std::find_if(serving.begin(), serving.end(), [&](const std::string& slot) { return release_of(slot) == current; });
    if (good != serving.end()) free.insert(free.begin(), *good), serving.erase(good);
  }
  if (serving.size() > 1)
    return failed_outcome({Cause::conflict, Reached::no, fmt::format("the traffic is split between {}: a deploy was left half-way", listed(serving)),
                           "finish it or take it back: `belay runs list`, then `runs resume` or `runs abort RUN --reason WHY`; or `belay rollback`"});
  if (free.empty()) return failed_outcome({Cause::refused, Reached::no, "there is no free slot for a new release", "blue-green and canary need two slots"});
  const std::string from = serving.empty() ? "" : serving.front();
  Outcome outcome;
  outcome.outputs = Value::object({{"serving", from},
                                   {"serving_port", from.empty() ? Value(0) : in["slots"][from]},
                                   {"serving_release", from.empty() ? "" : release_of(from)},
                                   {"free", free.front()},
                                   {"free_port", in["slots"][free.front()]},
                                   {"free_release", release_of(free.front())},
                                   {"split", split},
                                   {"first", from.empty()}});
  return outcome;
}

Outcome read_last_good(const Call& call, const Reads&) {
  const auto serving = text_or(call.in["serving"], ""), wanted = text_or(call.in["wanted"], "");
  const auto releases = texts(call.in["releases"]);
  const std::set<std::string> installed(releases.begin(), releases.end());
  const auto all = candidates(call.in["history"], installed, serving);
  const Candidate* chosen = nullptr;
  std::string why;
  if (!wanted.empty()) {
    if (!installed.contains(wanted)) return failed_outcome({Cause::missing, Reached::no, fmt::format("release {} is not installed", wanted), did_you_mean(wanted, releases)});
    if (wanted == serving) return failed_outcome({Cause::refused, Reached::no, fmt::format("release {} serves already", wanted), ""});
    const auto known = std::find_if(all.begin(), all.end(), [&](const Candidate& one) { return one.release == wanted; });
    why = known == all.end() ? "it was asked for; it never served here" : known->why_not.empty() ? "it was asked for; it served and was healthy, last since " + known->at : "it was asked for, although: " + known->why_not;
  } else {
    const auto first = std::find_if(all.begin(), all.end(), [](const Candidate& one) { return one.why_not.empty(); });
    if (first == all.end()) {
      std::string tried;
      for (const auto& one : all) tried += (tried.empty() ? "" : "; ") + one.release + ": " + one.why_not;
      return failed_outcome({Cause::missing, Reached::no, "no release is known to have served and been healthy before" + (tried.empty() ? std::string() : " (" + tried + ")"),
                             "name one with --to; installed: " + listed(releases)});
    }
    chosen = &*first;
    why = fmt::format("the newest that served and was healthy, since {} (run {})", chosen->at, chosen->run);
  }
  Outcome outcome;
  outcome.outputs = Value::object({{"release", chosen != nullptr ? chosen->release : wanted}, {"why", why}, {"candidates", shown(all)}});
  return outcome;
}

Outcome read_port_free(const Call& call, const Reads& reads) {
  const auto port = integer_or(call.in["port"], 0);
  Request request;
  request.url = fmt::format("http://127.0.0.1:{}/", port);
  request.limit = std::chrono::seconds(2);
  const auto answer = reads.http.read(request, call.stop);
  if (!answer && answer.error().cause == Cause::transport && answer.error().reached == Reached::no) return {.state = State::done, .outputs = Value::object({{"port", port}})};
  if (!answer && answer.error().reached == Reached::no) return failed_outcome(answer.error()); // stopped, or no port at all: nothing is known
  return failed_outcome({Cause::conflict, Reached::yes, fmt::format("something listens on port {} already", port), fmt::format("`ss -ltnp sport = :{}` names it", port)});
}

} // namespace belay::modules::host_parts
