#include "catch.hpp"
#include "codec/sha256.hpp"
#include "state/chain.hpp"
#include <algorithm>

using namespace belay;

namespace {

std::vector<Record> three_records() {
  std::vector<Record> records{{"run", "alpha", {100, 1}, {}}, {"step", "", {101, 2}, {}}, {"step", std::string("ga\0mma", 6), {102, 3}, {}}};
  chain::link({}, "run/a", records);
  return records;
}

std::uint64_t broken_at(const std::vector<Record>& records, const Head& after = {}) {
  const auto broken = chain::verify(after, "run/a", records);
  return broken ? broken->seq : 0;
}

} // namespace

TEST_CASE("a chain as it was linked verifies, in pieces too", "[state]") {
  const auto records = three_records();
  CHECK(broken_at(records) == 0);
  CHECK(broken_at({records.begin() + 1, records.end()}, {1, records[0].hash}) == 0);
  CHECK(broken_at({}) == 0);
}

TEST_CASE("the encoding of a record is the one that stands in journals already written", "[state]") {
  const auto records = three_records(); // the digest was made by another implementation from the description in chain.hpp
  CHECK(hex(records[2].hash) == "1e0276341700413d24da7a759c830180fe0407018779513379a2b1c9ecd78666");
}

TEST_CASE("each flipped bit of the last record is found", "[state]") {
  const auto records = three_records();
  const auto flipped = [&](auto change) {
    auto copy = records;
    change(copy.back());
    return broken_at(copy) == 3;
  };
  for (std::size_t bit = 0; bit < records.back().body.size() * 8; ++bit) CHECK(flipped([&](Record& r) { r.body[bit / 8] = static_cast<char>(r.body[bit / 8] ^ (1 << bit % 8)); }));
  for (std::size_t bit = 0; bit < records.back().kind.size() * 8; ++bit) CHECK(flipped([&](Record& r) { r.kind[bit / 8] = static_cast<char>(r.kind[bit / 8] ^ (1 << bit % 8)); }));
  for (std::size_t bit = 0; bit < 256; ++bit) CHECK(flipped([&](Record& r) { r.hash[bit / 8] = static_cast<std::uint8_t>(r.hash[bit / 8] ^ (1 << bit % 8)); }));
  for (int bit = 0; bit < 63; ++bit) CHECK(flipped([&](Record& r) { r.at.seconds ^= std::int64_t{1} << bit; }));
  for (int bit = 0; bit < 31; ++bit) CHECK(flipped([&](Record& r) { r.at.nanos ^= std::int32_t{1} << bit; }));
}

TEST_CASE("a record cut at any length is found", "[state]") {
  for (std::size_t length = 0; length < 5; ++length) {
    auto records = three_records();
    records[0].body.resize(length);
    CHECK(broken_at(records) == 1);
  }
}

TEST_CASE("text that moves from one field to the next is found", "[state]") {
  auto records = three_records();
  records[0].kind = "runa";
  records[0].body = "lpha";
  CHECK(broken_at(records) == 1);
}

TEST_CASE("removing, doubling and exchanging records is found at the first wrong place", "[state]") {
  auto records = three_records();
  SECTION("the first removed") {
    records.erase(records.begin());
    CHECK(broken_at(records) == 1);
  }
  SECTION("the middle removed") {
    records.erase(records.begin() + 1);
    CHECK(broken_at(records) == 2);
  }
  SECTION("one doubled") {
    records.insert(records.begin() + 1, records[0]);
    CHECK(broken_at(records) == 2);
  }
  SECTION("two exchanged") {
    std::swap(records[1], records[2]);
    CHECK(broken_at(records) == 2);
  }
  SECTION("from another stream") { CHECK(chain::verify({}, "run/b", records)->seq == 1); }
}

TEST_CASE("an anchor finds a tail that was cut, grown or written anew", "[state]") {
  const auto records = three_records();
  const Head end{3, records[2].hash};
  CHECK_FALSE(chain::ends(end, end));
  CHECK(chain::ends({2, records[1].hash}, end)->seq == 3);
  CHECK(chain::ends(end, {2, records[1].hash})->seq == 3);
  CHECK(chain::ends({3, records[1].hash}, end)->seq == 3);
}
