#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/http_exchange.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

/// GitHub Actions, by REST (API version 2022-11-28): a workflow is dispatched, found among its runs, and followed to its end. The dispatch
/// answers 204 and names no run, so the run is the one that is newer than all that were there before.
namespace belay::modules {
namespace {

constexpr Duration k_look = std::chrono::seconds(5);

Request request_to(const Value& in, std::string method, Value path) {
  Request request;
  request.method = std::move(method);
  request.url = join({in["api"], "/repos/", in["repository"], path});
  request.headers = {{"Accept", Value("application/vnd.github+json")}, {"X-GitHub-Api-Version", Value("2022-11-28")}, {"User-Agent", Value("belay")}};
  if (!in["token"].is_null()) request.headers.emplace_back("Authorization", join({"Bearer ", in["token"]}));
  request.limit = std::chrono::seconds(30);
  return request;
}

std::optional<Failure> unfit(const Value& in) {
  const std::string repository = text_or(in["repository"], "o/r"), workflow = text_or(in["workflow"], "w");
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
  if (std::count(repository.begin(), repository.end(), '/') != 1 || repository.find_first_not_of(allowed) != std::string::npos || repository.find("..") != std::string::npos)
    return Failure{Cause::refused, Reached::no, fmt::format("'{}' is no repository", repository), "write OWNER/NAME"};
  if (workflow.find_first_not_of(allowed.substr(0, allowed.size() - 1)) != std::string::npos) return Failure{Cause::refused, Reached::no, fmt::format("'{}' is no workflow", workflow), "its file's name below .github/workflows, or its number"};
  return std::nullopt;
}

Expected<Value> json_of(const Expected<Answer>& answer) {
  if (!answer) return Unexpected(answer.error());
  if (answer->status / 100 == 2) return parse_json(answer->body);
  Failure failure = unaccepted(*answer);
  if (answer->status == 404) failure.hint = "the repository, the workflow, or the token's right to see them";
  if (answer->status == 401 || answer->status == 403) failure.hint = "the token needs `actions: write` on the repository";
  return Unexpected(std::move(failure));
}

Value told(const Value& run) {
  return Value::object({{"id", run["id"]}, {"url", run["html_url"]}, {"status", run["status"]}, {"conclusion", run["conclusion"]}, {"title", run["display_title"]}});
}

/// {newest: the highest id of a run, runs: those dispatched on this ref, accepted: GitHub took ours}, or {run: the one that is followed}.
Expected<Value> observe(const Call& call, const Value& handle, const Reads& reads) {
  if (auto failure = unfit(call.in)) return Unexpected(std::move(*failure));
  if (!handle.is_null() && handle.has("id")) {
    auto run = json_of(reads.http.read(request_to(call.in, "GET", join({"/actions/runs/", handle["id"]})), call.stop));
    return run ? Expected<Value>(Value::object({{"run", told(*run)}})) : Unexpected(run.error());
  }
  auto page = json_of(reads.http.read(request_to(call.in, "GET", join({"/actions/workflows/", call.in["workflow"], "/runs?event=workflow_dispatch&per_page=30"})), call.stop));
  if (!page) return Unexpected(page.error());
  std::int64_t newest = 0;
  Value::List runs;
  for (const Value& run : elements((*page)["workflow_runs"])) {
    newest = std::max(newest, integer_or(run["id"], 0));
    if (run["head_branch"] == call.in["ref"]) runs.push_back(told(run));
  }
  return Value::object({{"newest", newest}, {"runs", Value(std::move(runs))}, {"accepted", !handle.is_null()}});
}

Intent prepare(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.refused = unfit(in);
  Request request = request_to(in, "POST", join({"/actions/workflows/", in["workflow"], "/dispatches"}));
  request.body = Value::object({{"ref", in["ref"]}, {"inputs", in["inputs"]}});
  std::vector<Value> line{"gh", "workflow", "run", in["workflow"], "--repo", in["repository"], "--ref", in["ref"]};
  for (const auto& [name, value] : named(in["inputs"])) line.insert(line.end(), {Value("-f"), join({name + "=", value})});
  intent.equivalent = shell_line(line);
  intent.act = std::move(request);
  intent.touches = {"github:" + bare_json(in["repository"])};
  intent.outputs = Value::object({{"id", Value::minted("id")}, {"url", Value::minted("url")}, {"conclusion", "success"}});
  intent.extra = Value::object({{"newest", seen["newest"]}});
  return intent;
}

Outcome answer(const Intent& intent, const Expected<Answer>& got) {
  Outcome outcome;
  if (!got || got->status / 100 == 5) {
    outcome.state = !got && got.error().reached == Reached::no ? State::no_effect : State::unknown;
    outcome.failure = got ? unaccepted(*got) : got.error();
    return outcome;
  }
  if (got->status / 100 != 2) {
    outcome.state = State::no_effect;
    outcome.failure = unaccepted(*got);
    if (got->status == 422) outcome.failure->hint = "the workflow needs `on: workflow_dispatch` with these inputs, on that ref";
    return outcome;
  }
  outcome.state = State::pending;
  outcome.handle = Value::object({{"after", intent.extra["newest"]}});
  outcome.again = std::chrono::seconds(2);
  return outcome;
}

Outcome judge(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  Value run = now["run"];
  if (run.is_null()) {
    std::vector<Value> newer;
    for (const Value& one : elements(now["runs"]))
      if (integer_or(one["id"], 0) > integer_or(intent.extra["newest"], 0)) newer.push_back(one);
    if (newer.empty()) {
      // GitHub lists a run some seconds after it took the dispatch.
      outcome.state = boolean_or(now["accepted"], false) ? State::pending : State::not_seen;
      outcome.again = std::chrono::seconds(2);
      return outcome;
    }
    if (newer.size() > 1) {
      outcome.state = State::unknown;
      outcome.failure = Failure{Cause::conflict, Reached::yes, fmt::format("{} runs of the workflow began since: which is ours cannot be told", newer.size()), text_or(newer.front()["url"], "")};
      return outcome;
    }
    run = newer.front();
  }
  outcome.outputs = Value::object({{"id", run["id"]}, {"url", run["url"]}, {"conclusion", run["conclusion"].is_null() ? Value("") : run["conclusion"]}});
  outcome.handle = Value::object({{"id", run["id"]}});
  if (run["status"] != Value("completed")) {
    outcome.state = State::pending;
    outcome.again = k_look;
  } else if (run["conclusion"] != Value("success")) {
    outcome.state = State::partial;
    outcome.failure = Failure{Cause::rejected, Reached::yes, fmt::format("the workflow ended as {}", bare_json(run["conclusion"])), "its log: " + text_or(run["url"], "")};
  }
  return outcome;
}

std::vector<std::string> touches(const Value& in) { return {"github:" + bare_json(in["repository"])}; }

constexpr Field k_in[] = {
    {.name = "repository", .type = k_text, .help = "OWNER/NAME"},
    {.name = "workflow", .type = k_text, .help = "its file's name, or its number"},
    {.name = "ref", .type = k_text, .required = false, .standard = "main", .help = "the branch or tag that it runs on"},
    {.name = "inputs", .type = k_text_map, .required = false, .standard = "{}", .help = "of the workflow"},
    {.name = "token", .type = k_text, .required = false, .secret = true, .help = "a token that may start workflows"},
    {.name = "api", .type = k_text, .required = false, .standard = "https://api.github.com", .help = "where GitHub answers; an enterprise's own, https://HOST/api/v3"},
};
constexpr Field k_out[] = {
    {.name = "id", .type = k_integer, .help = "of the run"},
    {.name = "url", .type = k_text, .help = "its page"},
    {.name = "conclusion", .type = k_text, .help = "how it ended"},
};
constexpr Action k_actions[] = {
    {"dispatch", "Starts a workflow, finds its run, and follows it to its end", k_in, k_out,
     Change{.effect = Effect::changes, .repeat = Repeat::once, .observe = observe, .prepare = prepare, .answer = answer, .judge = judge, .touches = touches}},
};
} // namespace

constinit const Module github{"github", "GitHub Actions", k_actions};

} // namespace belay::modules
