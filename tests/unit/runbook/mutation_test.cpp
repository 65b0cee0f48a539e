#include "catch.hpp"
#include "runbook/check.hpp"
#include "runbook/load_runbook.hpp"
#include "../../fakes/small_catalog.hpp"
#include <random>

using namespace belay;

namespace {

constexpr const char* k_seed_text = R"(runbook: host/x
title: Seed of mutations
notes: [one, two]
parameters:
  to: {type: string, optional: true, help: where, choices: [a, b]}
  keep: {type: duration, default: 30d}
claim: ${{ service.name }}/${{ env.name }}
steps:
  - id: look
    title: "Look at ${{ params.to }} \u00e9"
    use: cloud.describe
    when: params.to != null && [1, 2].exists(x, x > 1)
    retry: {attempts: 10, delay: 3s, factor: 1.5, max: 30s}
    timeout: {attempt: 5s, step: 1m}
    expect:
      - size(names) > 0
      - 'revision.startsWith(''a'')'
    save: {first: "names[0]"}
  - id: group
    for_each: ["a", "b"]
    parallel: 2
    steps:
      - {id: shift, use: cloud.shift, with: {split: "${{ {each.key: 100} }}"}, timeout: 3s}
  - id: text
    use: core.let
    with:
      value: |
        a ${{ steps.?look.?revision.orValue("x") }}
        $${{ kept }}
outputs:
  first: ${{ steps.group['a'].shift.revision }}
)";

std::string mutated(std::string text, std::mt19937_64& random) {
  static const std::string k_bits[] = {"${{", "}}", "{{", ": ", "- ", "\n", "\t", "[", "]", "{", "}", "'", "\"", "\\", "|", ">", "&a", "*a", "!!x", "#", "---\n", std::string(1, '\0'), "\xff", "é", "null", "0x", "steps:", "id: ", "use: ", "undo: "};
  const auto pick = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random); };
  for (std::size_t edits = 1 + pick(4); edits > 0; --edits) {
    if (text.empty()) text = "a";
    const std::size_t at = pick(text.size());
    switch (pick(5)) {
    case 0: text.erase(at, 1 + pick(8)); break;
    case 1: text.insert(at, k_bits[pick(std::size(k_bits))]); break;
    case 2: text[at] = static_cast<char>(pick(256)); break;
    case 3: text.insert(at, text.substr(pick(text.size()), pick(60))); break;
    default: text.resize(at); break;
    }
  }
  return text;
}

} // namespace

TEST_CASE("no mutation of a sound runbook brings the loader or the check down", "[runbook]") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  Project project;
  std::vector<Problem> sound;
  load_runbook({"x.yaml", k_seed_text}, "host/x", sound);
  REQUIRE(sound.empty());
  std::size_t refused = 0;
  constexpr std::size_t k_rounds = 1500;
  for (std::size_t i = 0; i < k_rounds; ++i) {
    const std::string text = mutated(k_seed_text, random);
    INFO(text);
    std::vector<Problem> problems;
    const Runbook runbook = load_runbook({"x.yaml", text}, "host/x", problems);
    for (const auto& problem : problems) {
      REQUIRE_FALSE(problem.message.empty());
      REQUIRE(problem.where.file == "x.yaml");
    }
    if (problems.empty()) check_runbook(runbook, project, small_catalog::catalog());
    refused += problems.empty() ? 0 : 1;
  }
  CHECK(refused > k_rounds / 4);
  CHECK(refused < k_rounds);
}
