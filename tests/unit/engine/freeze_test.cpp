#include "catch.hpp"
#include "engine/freeze.hpp"
#include "fakes/engine_rig.hpp"
#include "value/json.hpp"

using namespace belay;
using namespace belay::fakes;

namespace {

Value windows(const std::string& json) { return *parse_json("[" + json + "]"); }
bool refuses(const std::string& json, const std::string& now) { return engine::frozen(windows(json), "production", *parse_rfc3339(now)).has_value(); }

} // namespace

TEST_CASE("a freeze window holds from its beginning until before its end", "[engine]") {
  const std::string once = R"({"from": "2026-12-20T00:00:00Z", "to": "2027-01-02T06:00:00+01:00"})";
  CHECK_FALSE(refuses(once, "2026-12-19T23:59:59Z"));
  CHECK(refuses(once, "2026-12-20T00:00:00Z"));
  CHECK(refuses(once, "2027-01-02T04:59:59Z"));
  CHECK_FALSE(refuses(once, "2027-01-02T05:00:00Z"));
  const std::string weekly = R"({"from": "Fri 16:00", "to": "Mon 06:00"})"; // 2026-11-20 is a Friday
  CHECK_FALSE(refuses(weekly, "2026-11-20T15:59:00Z"));
  CHECK(refuses(weekly, "2026-11-20T16:00:00Z"));
  CHECK(refuses(weekly, "2026-11-22T00:00:00Z"));
  CHECK(refuses(weekly, "2026-11-23T05:59:00Z"));
  CHECK_FALSE(refuses(weekly, "2026-11-23T06:00:00Z"));
  const std::string elsewhere = R"({"from": "Fri 16:00", "to": "Fri 18:00", "zone": "Europe/Paris"})";
  CHECK(refuses(elsewhere, "2026-11-20T15:30:00Z"));
  CHECK_FALSE(refuses(elsewhere, "2026-11-18T15:30:00Z"));
  for (const char* odd : {"Fri 24:00", "fri 16:00", "Fri 1a:00", "Fri", "2026-12-20"}) {
    INFO(odd);
    CHECK(refuses("{\"from\": \"" + std::string(odd) + "\", \"to\": \"Mon 06:00\"}", "2026-11-18T12:00:00Z"));
  }
}

TEST_CASE("a frozen environment refuses what changes it, and no rescue", "[engine]") {
  const std::string steps = "steps:\n  - {id: one, use: test.put, with: {name: a, value: x}}\n";
  EngineRig rig;
  rig.with_service();
  rig.service->freeze = windows(R"({"from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "reason": "the sale"})");
  const auto refused = rig.start(rig.runbook(steps));
  CHECK(refused.exit == Exit::refused);
  CHECK(refused.failure->message.find("the sale") != std::string::npos);
  CHECK(rig.server.ledger.empty());
  CHECK(rig.start(rig.runbook("safeward: true\n" + steps, "rescue")).exit == Exit::done);
  CHECK(rig.start(rig.runbook("steps:\n  - {id: one, use: test.read, with: {name: a}}\n", "reads")).exit == Exit::done);
}

TEST_CASE("a context guard that does not hold, or cannot be told, keeps a step from destroying", "[engine]") {
  const std::string body = "claim: shop\nsteps:\n  - {id: one, use: test.put, effect: destroys, with: {name: a, value: x}}\n";
  struct Row {
    const char *guards, *host;
    Exit exit;
  };
  for (const Row& row : {Row{R"({"host": "here"})", "here", Exit::done}, Row{R"({"host": "there"})", "here", Exit::refused}, Row{R"({"database": "main"})", "here", Exit::refused}}) {
    INFO(row.guards);
    EngineRig rig;
    rig.with_service();
    rig.service->guards = *parse_json(row.guards);
    CHECK(rig.start(rig.runbook(body)).exit == row.exit);
    CHECK(rig.server.ledger.empty() == (row.exit != Exit::done));
  }
}
