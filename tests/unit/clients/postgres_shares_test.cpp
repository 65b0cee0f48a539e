#include "clients/postgres_shares.hpp"
#include "catch.hpp"

using namespace belay;

namespace {
std::string names(const std::vector<TableSize>& tables) {
  std::string out;
  for (const auto& table : tables) out += table.name + " ";
  return out;
}
} // namespace

TEST_CASE("the second dump takes the lighter half of the tables", "[clients]") {
  CHECK(names(second_share({{"s", "a", 50}, {"s", "b", 30}, {"s", "c", 10}}, 0)) == "b c ");
  CHECK(names(second_share({{"s", "a", 50}, {"s", "b", 40}, {"s", "c", 30}, {"s", "d", 15}}, 0)) == "a d ");
  CHECK(names(second_share({{"s", "a", 50}, {"s", "b", 40}, {"s", "c", 30}, {"s", "d", 15}}, 66)).empty());
  CHECK(second_share({{"s", "a", 50}}, 0).empty());
  CHECK(second_share({}, 0).empty());
}

TEST_CASE("of very many tables the small ones stay with the main dump", "[clients]") {
  std::vector<TableSize> tables;
  for (int i = 0; i < 5000; ++i) tables.push_back({"s", std::to_string(i), 5000 - i});
  const auto second = second_share(tables, 0);
  REQUIRE(second.size() == 200);
  CHECK(second.front().name == "0");
  CHECK(second.back().name == "199");
}
