#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The two tests of a gate and what they say together. Pure arithmetic on counts; every test may be looked at after each request.
namespace belay::modules::gate {

/// Wald's sequential probability ratio test of a failure rate: FAIL at or above h2 + s·n failures, PASS at or below s·n − h1.
struct Sprt {
  double h1 = 0, h2 = 0, s = 0;
};
/// acceptable < unacceptable, both within (0, 1); false_alarm and miss within (0, 0.5). Otherwise nothing.
std::optional<Sprt> sprt(double acceptable, double unacceptable, double false_alarm, double miss);

enum class Says : std::uint8_t { more, pass, fail };
Says decide(const Sprt&, std::int64_t failures, std::int64_t requests);
/// How many more requests, none of them failed, would PASS.
std::int64_t more_to_pass(const Sprt&, std::int64_t failures, std::int64_t requests);
/// How many more failures in a row would FAIL.
std::int64_t more_to_fail(const Sprt&, std::int64_t failures, std::int64_t requests);

/// E = B(1+x, 1+y) / [ρˣ(1−ρ)ʸ]: the evidence that x of the x+y failures are more than the share ρ of the exposure explains. At most α of
/// all sequences ever reach 1/α while there is no difference (Ville), so it may be watched without end.
double e_value(std::int64_t x, std::int64_t y, double share);

/// Whether at least `quantile` of all requests are faster than a bound that `slower` of `requests` exceeded, with confidence 1 − α; needs no
/// assumption about the distribution (the sign test: P[Bin(n, 1−q) ≤ slower] ≤ α).
bool quantile_is_below(std::int64_t slower, std::int64_t requests, double quantile, double alpha);

struct Limits {
  double acceptable = 0.01, unacceptable = 0.04, false_alarm = 0.05, miss = 0.05;
  double share = 0;      ///< of the exposure; 0: as measured
  std::int64_t most = 0; ///< requests after which there is no more waiting; 0: none
};
/// Since the gate began: real requests of both, and the gate's own probes, which are evidence about the new one only.
struct Counts {
  std::int64_t requests = 0, failures = 0, base_requests = 0, base_failures = 0, probes = 0, probe_failures = 0;
};
struct Judgement {
  Says absolute = Says::more, together = Says::more;
  bool worse = false; ///< the relative test's FAIL
  double e = 0, share = 0;
  std::int64_t to_pass = 0, to_fail = 0;
  bool capped = false;
};
Judgement judge(const Limits&, const Sprt&, const Counts&);

} // namespace belay::modules::gate
