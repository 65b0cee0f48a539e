#include "catch.hpp"
#include "modules/catalog.hpp"
#include <cmath>
#include <fmt/format.h>
#include <limits>

using namespace belay;
using namespace std::chrono_literals;

namespace {

Tick errors(const Value& in, const Value& state, const Value& sample, Duration elapsed = 5s) {
  return std::get<Gate>(find_action(modules::catalog(), "gate.errors")->does).tick(in, state, sample, elapsed);
}
Tick latency(const Value& in, const Value& state, const Value& sample, Duration elapsed = 5s) {
  return std::get<Gate>(find_action(modules::catalog(), "gate.latency")->does).tick(in, state, sample, elapsed);
}

Value counters(Value requests, Value failures) { return Value::object({{"requests", std::move(requests)}, {"failures", std::move(failures)}, {"status", "UP"}}); }
Value sample(int requests, int failures, int base_requests = 0, int base_failures = 0) {
  return Value::object({{"servers", Value::object({{"green", counters(requests, failures)}, {"blue", counters(base_requests, base_failures)}})}});
}
const Value k_in = Value::object({{"canary", "green"}, {"baseline", "blue"}});
const Value k_alone = Value::object({{"canary", "green"}});

std::string histogram(int fast, int all) {
  return fmt::format("# TYPE d histogram\nd_bucket{{le=\"0.1\"}} {}\nd_bucket{{le=\"0.25\"}} {}\nd_bucket{{le=\"+Inf\"}} {}\nd_sum 1\nd_count {}\n", fast, fast, all, all);
}
const Value k_latency = Value::object({{"limit", Duration(100ms)}, {"metric", "d"}});

} // namespace

TEST_CASE("a gate counts from its first sample, not from what was there before", "[modules]") {
  const auto first = errors(k_in, {}, sample(5000, 4000, 9000, 0));
  CHECK(first.verdict == Verdict::going);
  CHECK(first.measures.at(0).value == 0);
  const auto second = errors(k_in, first.state, sample(5096, 4000, 9900, 0));
  CHECK(second.verdict == Verdict::pass);
  CHECK(second.why == "0 of 96 requests failed");
}

TEST_CASE("a gate says how many more requests a decision needs", "[modules]") {
  const auto tick = errors(k_in, errors(k_in, {}, sample(0, 0)).state, sample(40, 0, 100, 0));
  CHECK(tick.verdict == Verdict::going);
  CHECK(tick.measures.at(0).evidence == "0 of 40 requests failed; 56 more without a failure pass, 4 failures in a row fail");
  CHECK(tick.measures.at(0).threshold == 0.04);
  REQUIRE(tick.measures.size() == 2);
  CHECK(tick.measures.at(1).threshold == Approx(20));
}

TEST_CASE("a release that fails one request in twenty is stopped", "[modules]") {
  Value state;
  Verdict verdict = Verdict::going;
  int requests = 0;
  for (; verdict == Verdict::going && requests < 1000; requests += 10) {
    const auto tick = errors(k_in, state, sample(requests, requests / 20, requests * 9, 0));
    verdict = tick.verdict, state = tick.state;
  }
  CHECK(verdict == Verdict::fail);
  CHECK(requests < 200);
}

TEST_CASE("more failures than the old release has are stopped even where each rate would do", "[modules]") {
  const Value lenient = Value::object({{"canary", "green"}, {"baseline", "blue"}, {"acceptable", 0.3}, {"unacceptable", 0.6}});
  const auto tick = errors(lenient, errors(lenient, {}, sample(0, 0)).state, sample(100, 12, 100, 0));
  CHECK(tick.verdict == Verdict::fail);
  CHECK(tick.why.find("more than chance explains") != std::string::npos);
  CHECK(errors(lenient, errors(lenient, {}, sample(0, 0)).state, sample(100, 12, 100, 11)).verdict != Verdict::fail);
}

TEST_CASE("nothing, a constant, no number, a counter that went back, and twenty requests never pass", "[modules]") {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const auto odd = [](Value requests, Value failures) { return Value::object({{"servers", Value::object({{"green", counters(std::move(requests), std::move(failures))}})}}); };
  const Value never[] = {
      Value(), Value::object({}), Value::object({{"servers", Value::object({})}}), odd(nan, 0), odd(500, nan), odd(inf, 0), odd(-5, 0), odd("500", 0), odd(Value(), 0), odd(10, 11),
      sample(500, 0), Value::object({{"body", "http_requests_total NaN\n"}}), Value::object({{"body", ""}}), Value::unknown({"x"}),
  };
  for (const Value& one : never) {
    INFO(show(one));
    Value state;
    for (int i = 1; i < 100; ++i) {
      const auto tick = errors(k_alone, state, one, i * 1s);
      CHECK(tick.verdict == Verdict::going);
      state = tick.state;
    }
    CHECK(errors(k_alone, state, one, 301s).verdict == Verdict::inconclusive);
  }
  auto state = errors(k_alone, {}, sample(0, 0)).state;
  CHECK(errors(k_alone, state, sample(20, 0)).verdict == Verdict::going);
  // 90 good requests, then HAProxy restarts and 90 more: 180 without a failure, but only the later 80 are known to be one sequence.
  state = errors(k_alone, state, sample(90, 0)).state;
  const auto reset = errors(k_alone, state, sample(10, 0));
  CHECK(reset.verdict == Verdict::going);
  CHECK(errors(k_alone, reset.state, sample(90, 0)).verdict == Verdict::going);
  CHECK(errors(k_alone, reset.state, sample(106, 0)).verdict == Verdict::pass);
}

TEST_CASE("a sample that failed in between neither passes nor loses what was counted", "[modules]") {
  const auto state = errors(k_in, errors(k_in, {}, sample(0, 0)).state, sample(90, 0)).state;
  const auto missed = errors(k_in, state, Value());
  CHECK(missed.verdict == Verdict::going);
  CHECK(errors(k_in, missed.state, sample(96, 0)).verdict == Verdict::pass);
}

TEST_CASE("without its baseline a comparison is incomplete and does not pass", "[modules]") {
  const auto half = [](int n) { return Value::object({{"servers", Value::object({{"green", counters(n, 0)}})}}); };
  const auto state = errors(k_in, {}, half(0)).state;
  CHECK(errors(k_in, state, half(500)).verdict == Verdict::going);
}

TEST_CASE("a server that HAProxy calls down fails at once", "[modules]") {
  const auto down = Value::object({{"servers", Value::object({{"green", Value::object({{"requests", 10}, {"failures", 0}, {"status", "DOWN 1/2"}})}})}});
  CHECK(errors(k_alone, {}, down).verdict == Verdict::fail);
}

TEST_CASE("thin traffic asks for probes, and they decide", "[modules]") {
  auto tick = errors(k_alone, {}, sample(0, 0), 0s);
  CHECK(tick.thin);
  int ticks = 0;
  for (; tick.verdict == Verdict::going && ticks < 20; ++ticks) {
    const auto with_probes = Value::object({{"servers", sample(0, 0)["servers"]}, {"probes", Value::object({{"sent", 20}, {"failed", 0}})}});
    tick = errors(k_alone, tick.state, with_probes, ticks * 1s);
  }
  CHECK(tick.verdict == Verdict::pass);
  CHECK(ticks == 5);
  CHECK(tick.why == "0 of 100 requests failed (100 of them probes)");
  CHECK_FALSE(tick.thin);
  const auto plenty = errors(k_alone, errors(k_alone, {}, sample(0, 0), 0s).state, sample(50, 0), 1s);
  CHECK_FALSE(plenty.thin);
}

TEST_CASE("a gate passes not before it has watched as long as it should, and then only if it still would", "[modules]") {
  const Value patient = Value::object({{"canary", "green"}, {"at_least", Duration(10s)}});
  const auto early = errors(patient, errors(patient, {}, sample(0, 0), 0s).state, sample(200, 0), 3s);
  CHECK(early.verdict == Verdict::going);
  CHECK(errors(patient, early.state, sample(300, 0), 10s).verdict == Verdict::pass);
  CHECK(errors(patient, early.state, sample(300, 30), 10s).verdict == Verdict::fail);
}

TEST_CASE("a gate that watches longer than it may take without a decision still gets to PASS", "[modules]") {
  const Value patient = Value::object({{"canary", "green"}, {"at_least", Duration(10min)}, {"within", Duration(5min)}, {"decide_in", Duration(30s)}});
  const auto early = errors(patient, errors(patient, {}, sample(0, 0), 0s).state, sample(200, 0), 6min);
  CHECK(early.verdict == Verdict::going);
  CHECK(errors(patient, early.state, sample(300, 0), 10min).verdict == Verdict::pass);
  CHECK(errors(patient, early.state, sample(200, 0), 11min).verdict == Verdict::inconclusive);
}

TEST_CASE("settings that make no test are never a PASS", "[modules]") {
  const Value odd = Value::object({{"canary", "green"}, {"acceptable", 0.5}, {"unacceptable", 0.1}});
  CHECK(errors(odd, {}, sample(0, 0)).verdict == Verdict::inconclusive);
}

TEST_CASE("errors are read from the service's own counters too", "[modules]") {
  const auto page = [](int good, int bad) { return Value::object({{"body", fmt::format("http_requests_total{{method=\"GET\",status=\"200\"}} {}\nhttp_requests_total{{status=\"503\"}} {}\n", good, bad)}}); };
  const auto state = errors(Value::object({}), {}, page(10, 10)).state;
  CHECK(errors(Value::object({}), state, page(110, 10)).verdict == Verdict::pass);
  CHECK(errors(Value::object({}), state, page(110, 30)).verdict == Verdict::fail);
}

TEST_CASE("latency is judged by how many requests were slower than the limit", "[modules]") {
  const auto page = [](int fast, int all) { return Value::object({{"body", histogram(fast, all)}}); };
  const auto first = latency(k_latency, {}, page(10, 50));
  CHECK(first.verdict == Verdict::going);
  CHECK(latency(k_latency, first.state, page(110, 150)).verdict == Verdict::pass);
  CHECK(latency(k_latency, first.state, page(60, 150)).verdict == Verdict::fail);
  CHECK(latency(k_latency, first.state, page(20, 60)).verdict == Verdict::going);
  CHECK(latency(k_latency, first.state, page(0, 10)).verdict == Verdict::going); // went back
  CHECK(latency(k_latency, first.state, Value(), 301s).verdict == Verdict::inconclusive);
}

TEST_CASE("a limit between two bounds of the histogram counts the whole bucket as slow", "[modules]") {
  const Value between = Value::object({{"limit", Duration(200ms)}, {"metric", "d"}});
  const auto page = [](int fast, int middle) {
    return Value::object({{"body", fmt::format("d_bucket{{le=\"0.1\"}} {}\nd_bucket{{le=\"0.25\"}} {}\nd_bucket{{le=\"+Inf\"}} {}\n", fast, middle, middle)}});
  };
  const auto first = latency(between, {}, page(0, 0));
  CHECK(latency(between, first.state, page(60, 100)).verdict == Verdict::fail);
}

TEST_CASE("latency is judged from a sample's own probes, and one without an answer is slow", "[modules]") {
  const auto probes = [](double each, int answered, int failed) {
    return Value::object({{"probes", Value::object({{"sent", answered + failed}, {"failed", failed}, {"seconds", Value::List(static_cast<std::size_t>(answered), Value(each))}})}});
  };
  CHECK(latency(k_latency, {}, probes(0.02, 100, 0)).verdict == Verdict::pass);
  CHECK(latency(k_latency, {}, probes(0.3, 100, 0)).verdict == Verdict::fail);
  CHECK(latency(k_latency, {}, probes(0.02, 60, 40)).verdict == Verdict::fail);
}

TEST_CASE("failures of a route whose name holds braces count", "[modules]") {
  const auto page = [](int good, int bad) {
    return Value::object({{"body", fmt::format("http_requests_total{{path=\"/\",status=\"200\"}} {}\nhttp_requests_total{{path=\"/items/{{id}}\",status=\"500\"}} {}\n", good, bad)}});
  };
  const auto state = errors(Value::object({}), {}, page(10, 10)).state;
  CHECK(errors(Value::object({}), state, page(110, 30)).verdict == Verdict::fail);
}

TEST_CASE("a server that does not drain in its time is a warning and no failure", "[modules]") {
  const auto& gate = std::get<Gate>(find_action(modules::catalog(), "gate.drained")->does);
  const auto in = Value::object({{"server", "blue"}, {"within", Value(Duration(std::chrono::seconds(3)))}});
  const auto sample = [](int current) { return Value::object({{"servers", Value::object({{"blue", Value::object({{"current", current}})}})}}); };
  CHECK(gate.tick(in, {}, sample(2), std::chrono::seconds(1)).verdict == Verdict::going);
  CHECK(gate.tick(in, {}, {}, std::chrono::seconds(1)).verdict == Verdict::going);
  CHECK(gate.tick(in, {}, sample(0), std::chrono::seconds(1)).verdict == Verdict::pass);
  CHECK(gate.tick(in, {}, sample(0), std::chrono::seconds(1)).why.find("warning") == std::string::npos);
  const auto late = gate.tick(in, {}, sample(2), std::chrono::seconds(3));
  CHECK(late.verdict == Verdict::pass);
  CHECK(late.why.find("warning") == 0);
  CHECK(late.why.find("2 requests") != std::string::npos);
}
