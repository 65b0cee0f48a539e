#include "catch.hpp"
#include "engine/act_text.hpp"

using namespace belay;

TEST_CASE("whose token signs a request is part of the act, and a request that nobody signs keeps its digest", "[engine]") {
  Request plain;
  plain.url = Value("https://run.googleapis.com/v2/projects/p/locations/l/services/s");
  Request theirs = plain;
  theirs.credentials = "google";
  CHECK(engine::act_value(Act(plain))["request"].has("credentials") == false);
  CHECK(engine::act_value(Act(theirs))["request"]["credentials"] == Value("google"));
  CHECK(engine::act_digest(Act(plain)) != engine::act_digest(Act(theirs)));
}
