#include "catch.hpp"
#include "value/nearest.hpp"

using belay::did_you_mean;
using belay::edit_distance;
using belay::nearest;

TEST_CASE("edits are counted with swaps of neighbours as one, capitals as small letters", "[value]") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("retry", "retry") == 0);
  CHECK(edit_distance("retrys", "retry") == 1);
  CHECK(edit_distance("rtery", "retry") == 1);
  CHECK(edit_distance("Retry", "retry") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("only names within a third of the length, or begun by it, are near", "[value]") {
  const std::vector<std::string> names{"retry", "with", "when", "for_each", "title", "production"};
  CHECK(nearest("retrys", names) == std::vector<std::string>{"retry"});
  CHECK(nearest("wen", names) == std::vector<std::string>{"when"});
  CHECK(nearest("prod", names) == std::vector<std::string>{"production"});
  CHECK(nearest("zzzz", names).empty());
  CHECK(nearest("whn", names, 1).size() == 1);
}

TEST_CASE("a mistyped name is answered with the nearest, or with all when they are few", "[value]") {
  const std::vector<std::string> names{"staging", "local"};
  CHECK(did_you_mean("stagin", names) == "did you mean 'staging'?");
  CHECK(did_you_mean("x", names) == "known: local, staging");
  CHECK(did_you_mean("abd", std::vector<std::string>{"abc", "abe"}) == "did you mean 'abc' or 'abe'?");
  CHECK(did_you_mean("x", std::vector<std::string>{}).empty());
}
