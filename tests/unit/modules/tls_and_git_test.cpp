#include "catch.hpp"
#include "fakes/strict_reads.hpp"
#include "modules/catalog.hpp"

using namespace belay;

namespace {
const Identity k_id{"run1", "step", "key", 1, {}};
Value object(std::vector<std::pair<std::string, Value>> members) { return Value::object(std::move(members)); }
const Change& change(const char* name) { return std::get<Change>(find_action(modules::catalog(), name)->does); }
Expected<Ended> said(std::string out, int status = 0) {
  Ended ended;
  ended.status = status;
  ended.out = std::move(out);
  return ended;
}
struct Bench : fakes::StrictReads {
  Stop stop{clock};
  fakes::DeafTell tell;
  Outcome read(const char* name, const Value& in) { return std::get<Read>(find_action(modules::catalog(), name)->does).read({in, k_id, stop, tell}, reads()); }
};
const std::string k_here(40, 'a'), k_there(40, 'b');
} // namespace

TEST_CASE("days left are whole days, and too few, expired or untrusted is a finding", "[modules]") {
  const auto days = [](std::int64_t seconds, bool verified, std::size_t findings) {
    Bench bench;
    Certificate certificate{"CN=shop", "CN=ca", {}, {bench.clock.now.seconds + seconds, 0}, verified, verified ? "" : "self-signed certificate"};
    bench.shown = certificate;
    const Outcome outcome = bench.read("tls.days", object({{"host", "shop"}, {"port", 443}, {"alert", 21}}));
    CHECK(outcome.state == State::done);
    CHECK(outcome.findings.size() == findings);
    return outcome.outputs["days"].integer();
  };
  CHECK(days(30 * 86400, true, 0) == 30);
  CHECK(days(21 * 86400, true, 0) == 21);
  CHECK(days(21 * 86400 - 1, true, 1) == 20);
  CHECK(days(0, true, 1) == 0);
  CHECK(days(-1, false, 1) == -1);
  CHECK(days(90 * 86400, false, 1) == 90);
}

TEST_CASE("a tag is set where it is not, left where it is, and never moved", "[modules]") {
  const Value in = object({{"name", "v1"}, {"commit", "HEAD"}, {"state", "present"}});
  const Change& tag = change("git.tag");
  const Intent set = tag.prepare(in, object({{"at", ""}, {"wanted", k_here}}), k_id);
  CHECK(set.equivalent == "git tag -a -m v1 v1 " + k_here);
  CHECK_FALSE(set.nothing);
  CHECK(tag.prepare(in, object({{"at", k_here}, {"wanted", k_here}}), k_id).nothing);
  CHECK(tag.prepare(in, object({{"at", k_there}, {"wanted", k_here}}), k_id).refused->cause == Cause::conflict);
  CHECK(tag.prepare(in, object({{"at", ""}, {"wanted", ""}}), k_id).refused->cause == Cause::missing);
  CHECK(tag.judge(set, object({{"at", ""}, {"wanted", k_here}}), object({{"at", k_here}})).state == State::done);
  CHECK(tag.judge(set, object({{"at", ""}, {"wanted", k_here}}), object({{"at", ""}})).state == State::not_seen);
  CHECK(tag.judge(set, object({{"at", ""}, {"wanted", k_here}}), object({{"at", k_there}})).state == State::no_effect);
}

TEST_CASE("a tag that this run set is taken back by the same action, one that was there is not", "[modules]") {
  const Value in = object({{"name", "v1"}, {"state", "present"}});
  const Change& tag = change("git.tag");
  const Value seen = object({{"at", ""}, {"wanted", k_here}});
  const Intent set = tag.prepare(in, seen, k_id);
  const Value back = tag.undo(set, seen, set.outputs);
  CHECK(back == object({{"state", "absent"}, {"name", "v1"}}));
  CHECK(tag.prepare(back, object({{"at", k_here}, {"wanted", k_here}}), k_id).equivalent == "git tag -d v1");
  const Value there = object({{"at", k_here}, {"wanted", k_here}});
  CHECK(tag.undo(tag.prepare(in, there, k_id), there, set.outputs).is_null());
}

TEST_CASE("names that git would read as something else are refused", "[modules]") {
  for (const char* name : {"-d", "--upload-pack=x", "a..b", "+main", ":main", "a b", "", ".x", "x.lock", "$(id)", "a\nb", "v1^{}", "@{-1}"}) {
    INFO(name);
    CHECK(change("git.tag").prepare(object({{"name", name}}), {}, k_id).refused.has_value());
    CHECK(change("git.push").prepare(object({{"ref", name}, {"remote", "origin"}}), {}, k_id).refused.has_value());
    CHECK(change("git.push").prepare(object({{"ref", "main"}, {"remote", name}}), {}, k_id).refused.has_value());
  }
  CHECK(change("git.push").prepare(object({{"ref", "release/1.2+build_3"}, {"remote", "origin"}}), {}, k_id).equivalent == "git push --porcelain origin release/1.2+build_3");
}

TEST_CASE("a working copy is described by what git says of it", "[modules]") {
  Bench bench;
  bench.commands = {{"git rev-parse --verify HEAD", said(k_here + "\n")}, {"git rev-parse --short HEAD", said("aaaaaaa\n")}, {"git symbolic-ref --short -q HEAD", said("", 1)},
                    {"git describe --tags --exact-match HEAD", said("v1\n")}, {"git describe --tags --always --dirty", said("v1-dirty\n")}, {"git status --porcelain", said(" M x\n")}, {"git log -1 --format=%s", said("Mend\n")}};
  const Outcome outcome = bench.read("git.describe", object({}));
  CHECK(outcome.outputs == object({{"commit", k_here}, {"short", "aaaaaaa"}, {"branch", ""}, {"tag", "v1"}, {"describe", "v1-dirty"}, {"subject", "Mend"}, {"dirty", true}}));
  bench.done();
}
