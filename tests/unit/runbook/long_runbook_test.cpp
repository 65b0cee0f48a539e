#include "../../fakes/long_runbook.hpp"
#include "../../fakes/small_catalog.hpp"
#include "catch.hpp"
#include "problems.hpp"
#include "runbook/check.hpp"
#include "runbook/load_runbook.hpp"
#include <chrono>
#include <iostream>

using namespace belay;

TEST_CASE("a runbook of 200 steps is loaded and checked without findings", "[runbook]") {
  std::vector<Problem> problems;
  const Runbook runbook = load_runbook({"host/long.yaml", long_runbook(200)}, "host/long", problems);
  INFO(said(problems));
  REQUIRE(problems.empty());
  CHECK(runbook.steps.size() == 200);
  std::string text;
  for (const auto& found : check_runbook(runbook, {}, small_catalog::catalog())) text += said({found.problem});
  CHECK(text.empty());
}

TEST_CASE("how long loading and checking 200 steps takes, in milliseconds", "[.][measure]") {
  const std::string text = long_runbook(200);
  std::vector<double> load, check;
  for (int i = 0; i < 51; ++i) {
    std::vector<Problem> problems;
    const auto begin = std::chrono::steady_clock::now();
    const Runbook runbook = load_runbook({"host/long.yaml", text}, "host/long", problems);
    const auto loaded = std::chrono::steady_clock::now();
    CHECK(check_runbook(runbook, {}, small_catalog::catalog()).empty());
    const auto checked = std::chrono::steady_clock::now();
    load.push_back(std::chrono::duration<double, std::milli>(loaded - begin).count());
    check.push_back(std::chrono::duration<double, std::milli>(checked - loaded).count());
  }
  std::sort(load.begin(), load.end());
  std::sort(check.begin(), check.end());
  std::cout << "load " << load[load.size() / 2] << " ms, check " << check[check.size() / 2] << " ms, " << text.size() << " bytes\n";
}
