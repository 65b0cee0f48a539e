#include "modules/catalog.hpp"
#include "modules/gate_samples.hpp"
#include "modules/gate_statistics.hpp"
#include "modules/inputs.hpp"
#include <algorithm>
#include <cmath>
#include <fmt/core.h>

/// Decisions from measurements. A tick takes the counts since the one before; the state between ticks is all that a gate knows.
namespace belay::modules {
namespace {

using gate::Counts;
using gate::Says;

std::int64_t kept(const Value& state, std::string_view name) { return integer_or(state[name], 0); }

/// What grew since the last sample. Nothing when a counter went back: whoever counts has started anew.
std::optional<gate::Counter> growth(const Value& last, const gate::Counter& now) {
  const gate::Counter grown{now.requests - kept(last, "requests"), now.failures - kept(last, "failures")};
  if (grown.requests < 0 || grown.failures < 0 || grown.failures > grown.requests) return std::nullopt;
  return grown;
}
Value remembered(const gate::Counter& counter) { return Value::object({{"requests", counter.requests}, {"failures", counter.failures}}); }

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

/// What ends a gate that has not decided, and whether it should help itself to evidence.
struct Pace {
  Duration within, decide_in, at_least;
  explicit Pace(const Value& in)
      : within(duration_or(in["within"], std::chrono::minutes(5))), decide_in(duration_or(in["decide_in"], std::chrono::seconds(30))),
        at_least(duration_or(in["at_least"], {})) {
    if (at_least > Duration::zero()) within = std::max(within, at_least + decide_in); // it must have had the time to PASS
  }
  /// Whether `requests` in `elapsed` will not give `more` by `decide_in`.
  bool thin(std::int64_t requests, std::int64_t more, Duration elapsed) const {
    const double left = seconds(decide_in) - seconds(elapsed);
    return more > 0 && static_cast<double>(requests) * left < static_cast<double>(more) * std::max(seconds(elapsed), 0.1);
  }
};

/// The last word of a tick. `fresh`: this tick brought new evidence, without which nothing passes.
void conclude(Tick& tick, Says says, bool fresh, bool capped, const Pace& pace, Duration elapsed, const std::string& evidence) {
  if (says == Says::fail) {
    tick.verdict = Verdict::fail;
    tick.why = evidence;
  } else if (says == Says::pass && fresh && elapsed >= pace.at_least) {
    tick.verdict = Verdict::pass;
    tick.why = evidence;
  } else if (elapsed >= pace.within || capped) {
    tick.verdict = Verdict::inconclusive;
    tick.why = fmt::format("no decision {}: {}", capped ? "within the most requests it may take" : fmt::format("after {:.0f} s", seconds(elapsed)), evidence);
  }
  if (tick.verdict != Verdict::going) tick.thin = false;
}

Tick unusable(const char* why) {
  Tick tick;
  tick.verdict = Verdict::inconclusive;
  tick.why = why;
  return tick;
}

std::string of(std::int64_t failures, std::int64_t requests) { return fmt::format("{} of {} requests failed", failures, requests); }

// errors: the share of failed requests, against what is acceptable and against the old release

Tick tick_errors(const Value& in, const Value& state, const Value& sample, Duration elapsed) {
  gate::Limits limits;
  limits.acceptable = real_or(in["acceptable"], limits.acceptable);
  limits.unacceptable = real_or(in["unacceptable"], limits.unacceptable);
  limits.false_alarm = real_or(in["false_alarm"], limits.false_alarm);
  limits.miss = real_or(in["miss"], limits.miss);
  limits.share = real_or(in["share"], 0);
  limits.most = integer_or(in["most"], 0);
  const auto test = gate::sprt(limits.acceptable, limits.unacceptable, limits.false_alarm, limits.miss);
  if (!test) return unusable("its settings make no test: acceptable < unacceptable within (0, 1), false_alarm and miss within (0, 0.5)");
  const Pace pace(in);
  const auto canary = text_or(in["canary"], ""), baseline = text_or(in["baseline"], "");
  const auto metric = text_or(in["metric"], "http_requests_total");

  Counts counts{kept(state, "requests"), kept(state, "failures"), kept(state, "base_requests"), kept(state, "base_failures"), kept(state, "probes"), kept(state, "probe_failures")};
  const auto now = sample["servers"].is_null() ? gate::metric_counter(sample, metric) : gate::server_counter(sample, canary);
  const auto base = baseline.empty() ? std::nullopt : gate::server_counter(sample, baseline);
  const bool complete = now && (base || baseline.empty());
  Value last = state["last"], last_base = state["last_base"];
  std::string note;
  bool fresh = false;
  if (!complete) {
    note = "; this sample is missing or incomplete";
  } else {
    const auto grown = last.is_null() ? gate::Counter{} : growth(last, *now);
    const auto base_grown = last.is_null() || !base ? gate::Counter{} : growth(last_base, *base);
    const auto probed = gate::probes(sample);
    if (last.is_null() || (grown && base_grown)) {
      if (grown) counts.requests += grown->requests, counts.failures += grown->failures;
      if (base_grown) counts.base_requests += base_grown->requests, counts.base_failures += base_grown->failures;
      counts.probes += probed.sent, counts.probe_failures += probed.failed;
      fresh = (grown && grown->requests > 0) || probed.sent > 0;
    } else {
      counts = {};
      note = "; a counter went back, so the evidence begins anew";
    }
    last = remembered(*now);
    last_base = base ? remembered(*base) : Value();
  }

  const auto judged = gate::judge(limits, *test, counts);
  const auto n = counts.requests + counts.probes, e = counts.failures + counts.probe_failures;
  Tick tick;
  tick.state = Value::object({{"requests", counts.requests}, {"failures", counts.failures}, {"base_requests", counts.base_requests}, {"base_failures", counts.base_failures},
                              {"probes", counts.probes}, {"probe_failures", counts.probe_failures}, {"last", last}, {"last_base", last_base}});
  std::string evidence = of(e, n);
  if (counts.probes > 0) evidence += fmt::format(" ({} of them probes)", counts.probes);
  if (judged.absolute == Says::more) evidence += fmt::format("; {} more without a failure pass, {} failures in a row fail", judged.to_pass, judged.to_fail);
  evidence += note;
  tick.measures.push_back({canary.empty() ? "error rate" : "error rate of " + canary, n > 0 ? static_cast<double>(e) / static_cast<double>(n) : 0, limits.unacceptable, evidence});
  if (!baseline.empty())
    tick.measures.push_back({"evidence that it is worse than " + baseline, judged.e, 1 / limits.false_alarm,
                             fmt::format("{} against {} of {}, with {:.0f} % of the requests", counts.failures, counts.base_failures, counts.base_requests, judged.share * 100)});
  tick.thin = pace.thin(counts.requests, judged.to_pass, elapsed);

  auto says = judged.together;
  std::string why = evidence;
  if (judged.worse) why = fmt::format("{}, {} of {} on {}: more than chance explains (E = {:.1f}, limit {:.0f})", of(counts.failures, counts.requests), counts.base_failures, counts.base_requests, baseline, judged.e, 1 / limits.false_alarm);
  if (gate::server_status(sample, canary).starts_with("DOWN")) says = Says::fail, why = fmt::format("HAProxy's own checks say that {} is down; {}", canary, evidence);
  conclude(tick, says, fresh && complete, judged.capped, pace, elapsed, why);
  return tick;
}

// latency: whether a quantile of the durations is below a limit, by counting the requests that were slower

Value kept_histogram(const gate::Histogram& histogram, double limit) {
  // Only the bucket that the limit falls in and the whole matter from one tick to the next.
  auto at = histogram.upper_bound(limit);
  const auto fast = at == histogram.begin() ? 0 : std::prev(at)->second;
  return Value::object({{"requests", histogram.rbegin()->second}, {"failures", histogram.rbegin()->second - fast}});
}

Tick tick_latency(const Value& in, const Value& state, const Value& sample, Duration elapsed) {
  const double quantile = real_or(in["quantile"], 0.95), alpha = real_or(in["false_alarm"], 0.05);
  const double limit = seconds(duration_or(in["limit"], {}));
  const double acceptable = 1 - quantile, unacceptable = std::min(0.9, acceptable * real_or(in["factor"], 2.5));
  const auto test = gate::sprt(acceptable, unacceptable, alpha, real_or(in["miss"], 0.05));
  if (!test || !(limit > 0)) return unusable("its settings make no test: quantile within (0, 1), factor above 1, limit above 0, false_alarm and miss within (0, 0.5)");
  const Pace pace(in);
  const auto metric = text_or(in["metric"], "http_request_duration_seconds");
  // A histogram accumulates since the service started; probes are this sample's alone.
  const auto from_service = gate::histogram(sample, metric);
  const auto from_probes = gate::probe_histogram(sample, limit);

  Counts counts{.requests = kept(state, "requests"), .failures = kept(state, "slower")};
  Value last = state["last"];
  std::string note;
  bool fresh = false;
  if (!from_service && !from_probes) note = "; this sample is missing or incomplete";
  if (from_service) {
    const Value now = kept_histogram(*from_service, limit);
    if (!last.is_null()) {
      const auto grown = growth(last, {kept(now, "requests"), kept(now, "failures")});
      if (grown) counts.requests += grown->requests, counts.failures += grown->failures, fresh = grown->requests > 0;
      else counts = {}, note = "; the histogram went back, so the evidence begins anew";
    }
    last = now;
  }
  if (from_probes) {
    const Value now = kept_histogram(*from_probes, limit);
    counts.requests += kept(now, "requests"), counts.failures += kept(now, "failures");
    fresh = fresh || kept(now, "requests") > 0;
  }

  gate::Limits limits{.acceptable = acceptable, .unacceptable = unacceptable, .false_alarm = alpha, .miss = real_or(in["miss"], 0.05), .share = 0, .most = integer_or(in["most"], 0)};
  const auto judged = gate::judge(limits, *test, {.requests = counts.requests, .failures = counts.failures});
  Tick tick;
  tick.state = Value::object({{"requests", counts.requests}, {"slower", counts.failures}, {"last", last}});
  std::string evidence = fmt::format("{} of {} requests took longer than {:g} s", counts.failures, counts.requests, limit);
  if (gate::quantile_is_below(counts.failures, counts.requests, quantile, alpha)) evidence += fmt::format("; the {:g} quantile is below it with {:.0f} % confidence", quantile, (1 - alpha) * 100);
  if (judged.absolute == Says::more) evidence += fmt::format("; {} more that are fast enough pass", judged.to_pass);
  evidence += note;
  tick.measures.push_back({fmt::format("share slower than {:g} s", limit), counts.requests > 0 ? static_cast<double>(counts.failures) / static_cast<double>(counts.requests) : 0, unacceptable, evidence});
  tick.thin = pace.thin(counts.requests, judged.to_pass, elapsed);
  conclude(tick, judged.absolute, fresh, judged.capped, pace, elapsed, evidence);
  return tick;
}

/// Whoever still waits after that long is not waited for: a connection that is kept open for hours must not take a healthy release back.
Tick tick_drained(const Value& in, const Value&, const Value& sample, Duration elapsed) {
  Tick tick;
  const Duration within = duration_or(in["within"], std::chrono::seconds(30));
  const Value current = sample["servers"][text_or(in["server"], "")]["current"];
  const auto seconds = static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count()) / 1000;
  if (current.kind() != Kind::integer) {
    tick.why = "how many requests are under way is not known";
  } else {
    tick.why = fmt::format("{} requests under way after {:.1f} s", current.integer(), seconds);
    tick.measures.push_back({"requests under way", static_cast<double>(current.integer()), 0, tick.why});
    if (current.integer() == 0) {
      tick.verdict = Verdict::pass;
      return tick;
    }
  }
  if (elapsed < within) return tick;
  tick.verdict = Verdict::pass;
  tick.why = "warning: it is not waited for any longer, " + tick.why + "; they are cut off when the server stops";
  return tick;
}

#define BELAY_GATE_FIELDS                                                                                                                                                    \
  {.name = "false_alarm", .type = k_real, .required = false, .standard = "0.05", .help = "the risk of stopping an acceptable release"},                                      \
      {.name = "miss", .type = k_real, .required = false, .standard = "0.05", .help = "the risk of passing an unacceptable one"},                                            \
      {.name = "within", .type = k_duration, .required = false, .standard = "5m", .help = "without a decision by then it is INCONCLUSIVE; never before it may PASS"},                                  \
      {.name = "decide_in", .type = k_duration, .required = false, .standard = "30s", .help = "traffic that will not decide by then is thin: the sample sends its probes"}, \
      {.name = "at_least", .type = k_duration, .required = false, .standard = "0s", .help = "it does not PASS before; it may FAIL"},                                         \
      {.name = "most", .type = k_integer, .required = false, .standard = "0", .help = "requests after which it is INCONCLUSIVE; 0: none"}

constexpr Field k_errors_in[] = {
    {.name = "canary", .type = k_text, .required = false, .help = "the server of the new release, in a sample of haproxy.counters"},
    {.name = "baseline", .type = k_text, .required = false, .help = "the server of the old release, to compare with"},
    {.name = "metric", .type = k_text, .required = false, .standard = "http_requests_total", .help = "the counter by status, in a sample that is a page of metrics"},
    {.name = "acceptable", .type = k_real, .required = false, .standard = "0.01", .help = "a share of failed requests that is well"},
    {.name = "unacceptable", .type = k_real, .required = false, .standard = "0.04", .help = "a share that is not"},
    {.name = "share", .type = k_real, .required = false, .help = "the new release's share of the exposure; as measured without it"},
    BELAY_GATE_FIELDS,
};
constexpr Field k_latency_in[] = {
    {.name = "limit", .type = k_duration, .help = "what the quantile must stay below; best a bound of the service's histogram: requests in the bucket around it count as slow"},
    {.name = "quantile", .type = k_real, .required = false, .standard = "0.95", .help = "which one"},
    {.name = "factor", .type = k_real, .required = false, .standard = "2.5", .help = "how many times more slow requests than the quantile allows are unacceptable"},
    {.name = "metric", .type = k_text, .required = false, .standard = "http_request_duration_seconds", .help = "the histogram, in a sample that is a page of metrics"},
    BELAY_GATE_FIELDS,
};
constexpr Field k_drained_in[] = {
    {.name = "server", .type = k_text, .help = "which one, in a sample of haproxy.servers"},
    {.name = "within", .type = k_duration, .required = false, .standard = "30s", .help = "how long it is waited for; then it passes all the same, with a warning"},
};
#undef BELAY_GATE_FIELDS

constexpr Action k_actions[] = {
    {"errors", "Decides from counts of failed requests: against an acceptable rate, and against the old release", k_errors_in, {}, Gate{.tick = tick_errors}},
    {"latency", "Decides whether a quantile of the durations is below a limit, from a histogram or from probes", k_latency_in, {}, Gate{.tick = tick_latency}},
    {"drained", "Waits until a server has answered what it had, for a time; then goes on with a warning", k_drained_in, {}, Gate{.tick = tick_drained}},
};

} // namespace

constinit const Module gates{"gate", "PASS, FAIL or INCONCLUSIVE, from measurements", k_actions};

} // namespace belay::modules
