#include "catch.hpp"
#include "modules/gate_statistics.hpp"
#include <cmath>
#include <random>

using namespace belay::modules::gate;

namespace {

constexpr std::uint64_t k_seed = 20261121;

/// Rollouts of a new release whose requests fail at `rate` beside an old one at `base_rate`, a look after each tick: the shares of FAIL and PASS.
struct Shares {
  double fail = 0, pass = 0;
};
Shares roll_out(double rate, double base_rate, int rollouts, bool with_base) {
  const Limits limits;
  const auto test = *sprt(limits.acceptable, limits.unacceptable, limits.false_alarm, limits.miss);
  std::mt19937_64 random(k_seed);
  std::binomial_distribution<std::int64_t> canary(10, rate), base(90, base_rate);
  int failed = 0, passed = 0;
  for (int i = 0; i < rollouts; ++i) {
    Counts counts;
    auto says = Says::more;
    for (int tick = 0; tick < 400 && says == Says::more; ++tick) {
      counts.requests += 10, counts.failures += canary(random);
      if (with_base) counts.base_requests += 90, counts.base_failures += base(random);
      says = judge(limits, test, counts).together;
    }
    failed += says == Says::fail;
    passed += says == Says::pass;
  }
  return {static_cast<double>(failed) / rollouts, static_cast<double>(passed) / rollouts};
}

} // namespace

TEST_CASE("the sequential test has the published boundaries", "[modules]") {
  const auto test = sprt(0.01, 0.10, 0.05, 0.10);
  REQUIRE(test);
  CHECK(test->h1 == Approx(0.9389).margin(5e-5));
  CHECK(test->h2 == Approx(1.2054).margin(5e-5));
  CHECK(test->s == Approx(0.0397).margin(5e-5));
}

TEST_CASE("without a failure the default test passes at the 96th request, not before", "[modules]") {
  const auto test = *sprt(0.01, 0.04, 0.05, 0.05);
  for (int n = 0; n < 96; ++n) CHECK(decide(test, 0, n) == Says::more);
  CHECK(decide(test, 0, 96) == Says::pass);
  CHECK(more_to_pass(test, 0, 0) == 96);
  CHECK(more_to_pass(test, 0, 95) == 1);
  CHECK(more_to_pass(test, 0, 200) == 0);
}

TEST_CASE("what is said to fail next does fail, and one less does not", "[modules]") {
  const auto test = *sprt(0.01, 0.04, 0.05, 0.05);
  for (std::int64_t n : {0, 10, 50, 95}) {
    const auto more = more_to_fail(test, 0, n);
    REQUIRE(more > 0);
    CHECK(decide(test, more, n + more) == Says::fail);
    CHECK(decide(test, more - 1, n + more - 1) != Says::fail);
  }
}

TEST_CASE("the evidence against equal shares first suffices at eight failures to none", "[modules]") {
  CHECK(e_value(7, 0, 0.5) == Approx(16));
  CHECK(e_value(8, 0, 0.5) == Approx(28.444).margin(5e-4));
  const auto test = *sprt(0.4, 0.6, 0.05, 0.05); // never decides here, so the relative test speaks alone
  const auto with = [](std::int64_t x, std::int64_t y) { return Counts{.requests = 100, .failures = x, .base_requests = 100, .base_failures = y}; };
  CHECK_FALSE(judge({}, test, with(7, 0)).worse);
  CHECK(judge({}, test, with(8, 0)).worse);
  CHECK_FALSE(judge({}, test, with(0, 8)).worse); // better than the old one is no reason to go back
}

TEST_CASE("settings that make no test give none", "[modules]") {
  const double nan = std::nan("");
  CHECK_FALSE(sprt(0.04, 0.01, 0.05, 0.05));
  CHECK_FALSE(sprt(0, 0.01, 0.05, 0.05));
  CHECK_FALSE(sprt(0.01, 1, 0.05, 0.05));
  CHECK_FALSE(sprt(nan, 0.04, 0.05, 0.05));
  CHECK_FALSE(sprt(0.01, nan, 0.05, 0.05));
  CHECK_FALSE(sprt(0.01, 0.04, nan, 0.05));
  CHECK_FALSE(sprt(0.01, 0.04, 0.05, 0.7));
}

TEST_CASE("nothing seen is no evidence", "[modules]") {
  const auto test = *sprt(0.01, 0.04, 0.05, 0.05);
  const auto nothing = judge({}, test, {});
  CHECK(nothing.together == Says::more);
  CHECK_FALSE(nothing.worse);
  CHECK(judge({}, test, {.requests = 20}).together == Says::more);
  CHECK(judge({}, test, {.requests = 0, .base_requests = 10'000}).together == Says::more);
}

TEST_CASE("probes are evidence for the absolute test only", "[modules]") {
  const auto test = *sprt(0.01, 0.04, 0.05, 0.05);
  CHECK(judge({}, test, {.probes = 96}).together == Says::pass);
  const auto failing = judge({}, test, {.requests = 10, .base_requests = 90, .probes = 40, .probe_failures = 40});
  CHECK(failing.absolute == Says::fail);
  CHECK_FALSE(failing.worse);
}

TEST_CASE("a quantile is held below a bound only by enough requests", "[modules]") {
  CHECK_FALSE(quantile_is_below(0, 58, 0.95, 0.05)); // 0.95⁵⁸ = 0.0510
  CHECK(quantile_is_below(0, 59, 0.95, 0.05));       // 0.95⁵⁹ = 0.0485
  CHECK_FALSE(quantile_is_below(1, 59, 0.95, 0.05));
  CHECK(quantile_is_below(1, 93, 0.95, 0.05));
  CHECK_FALSE(quantile_is_below(0, 0, 0.95, 0.05));
  CHECK_FALSE(quantile_is_below(5, 5, 0.95, 0.05));
}

TEST_CASE("with a look at every tick a good release is stopped, and a bad one let through, as rarely as promised", "[modules]") {
  INFO("seed " << k_seed);
  constexpr int k_rollouts = 20'000;
  // Three standard errors of a share of 0.05 over 20,000 rollouts.
  const double margin = 3 * std::sqrt(0.05 * 0.95 / k_rollouts);
  const auto good = roll_out(0.01, 0.01, k_rollouts, false), good_beside = roll_out(0.01, 0.01, k_rollouts, true);
  const auto bad = roll_out(0.04, 0.01, k_rollouts, false), bad_beside = roll_out(0.04, 0.01, k_rollouts, true);
  INFO("false alarms " << good.fail << ", beside an old release " << good_beside.fail << "; misses " << bad.pass << ", " << bad_beside.pass);
  CHECK(good.fail <= 0.05 + margin);
  CHECK(good_beside.fail <= 0.05 + margin);
  CHECK(bad.pass <= 0.05 + margin);
  CHECK(bad_beside.pass <= 0.05 + margin);
  // Neither is bought by never deciding.
  CHECK(good.pass >= 0.94);
  CHECK(bad.fail >= 0.94);
  CHECK(good.fail > 0);
  CHECK(bad.pass > 0);
}
