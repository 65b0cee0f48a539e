#include "catch.hpp"
#include "runbook/model.hpp"
#include <atomic>
#include <thread>

using namespace belay;

namespace {
Runbook named(const std::string& name) {
  Runbook made;
  made.name = name;
  return made;
}
} // namespace

TEST_CASE("a runbook that is read later is read when it is asked for, and once", "[runbook]") {
  Runbooks runbooks;
  std::atomic<int> reads = 0;
  for (const char* name : {"b", "a", "c"})
    runbooks.add_later(name, [&reads, name] {
      ++reads;
      return named(name);
    });
  CHECK(runbooks.size() == 3);
  CHECK(runbooks.names() == std::vector<std::string>{"a", "b", "c"});
  CHECK(runbooks.find("d") == nullptr);
  CHECK(reads == 0);
  const Runbook* first = runbooks.find("b");
  CHECK(first->name == "b");
  std::vector<std::thread> threads;
  std::atomic<int> same = 0;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { same += runbooks.find("b") == first && runbooks.find("a") == runbooks.find("a"); });
  for (auto& thread : threads) thread.join();
  CHECK(same == 4);
  CHECK(reads == 2);
  CHECK(runbooks.all().size() == 3);
  CHECK(reads == 3);
}

TEST_CASE("one of a project's own stands in the place of the compiled-in one, which is never read", "[runbook]") {
  Runbooks runbooks;
  runbooks.add_later("host/deploy", []() -> Runbook { throw std::logic_error("read, though nobody asked for it"); });
  Runbook own = named("host/deploy");
  own.title = "mine";
  runbooks.add(std::move(own));
  CHECK(runbooks.find("host/deploy")->title == "mine");
  CHECK(runbooks.all().size() == 1);
}
