#include "fakes/memory_store.hpp"
#include "catch.hpp"
#include "integration/store_conformance.hpp"

using namespace belay;

namespace {

conformance::Handles memory_handles(const Time& time, Entropy&) {
  const auto store = std::make_shared<fakes::MemoryStore>(time);
  return {store, store};
}

} // namespace

TEST_CASE("the store in memory keeps streams as every store does", "[state]") { conformance::check_streams(memory_handles); }
TEST_CASE("the store in memory lists as every store does", "[state]") { conformance::check_lists(memory_handles); }
TEST_CASE("the store in memory keeps claims as every store does", "[state]") { conformance::check_claims(memory_handles); }
TEST_CASE("the store in memory keeps posts as every store does", "[state]") { conformance::check_posts(memory_handles); }
