#include "catch.hpp"
#include "fakes/crash_play.hpp"

using namespace belay;
using namespace belay::fakes;

TEST_CASE("a run that is killed anywhere and resumed does everything once", "[engine][crash]") {
  for (const CrashCase& c : crash_cases()) {
    const History calm = play(c, {});
    INFO(c.name);
    REQUIRE(calm.exit == c.exit);
    REQUIRE(calm.effects == c.effects);
    REQUIRE(calm.points > 8);
    for (int n = 1; n <= calm.points; ++n) {
      const History history = play(c, {n});
      INFO(c.name << " killed at point " << n << " of " << calm.points);
      CHECK(history.exit == c.exit);
      // What a person did by hand has no place in the order.
      CHECK(in_order(c, history.effects) == in_order(c, c.effects));
    }
  }
}

TEST_CASE("a resume that is killed too, at any point, still does everything once", "[engine][crash]") {
  for (const CrashCase& c : crash_cases()) {
    const int points = play(c, {}).points;
    int pairs = 0;
    for (int first = 1; first <= points; ++first) {
      const int all = play(c, {first}).points;
      for (int second = first + 1; second <= all; ++second) {
        ++pairs;
        const History history = play(c, {first, second});
        if (right(c, history)) continue;
        INFO(c.name << " killed at points " << first << " and " << second);
        CHECK(history.exit == c.exit);
        CHECK(history.effects == c.effects);
      }
    }
    CHECK(pairs > 30);
  }
}
