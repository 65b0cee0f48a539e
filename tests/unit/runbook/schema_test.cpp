#include "catch.hpp"
#include "runbook/schema.hpp"
#include "value/json.hpp"
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

using namespace belay;

namespace {

std::string kept(const std::string& kind) {
  const std::string path = std::string(BELAY_SOURCE_DIR) + "/schema/" + kind + ".json";
  if (std::getenv("BELAY_ACCEPT") != nullptr) std::ofstream(path) << json_schema(kind);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void collect_references(const Value& value, std::set<std::string>& into) {
  if (value.kind() == Kind::list)
    for (const auto& item : value.list()) collect_references(item, into);
  if (value.kind() != Kind::map) return;
  for (const auto& [key, member] : value.map()) {
    if (key == Value("$ref")) into.insert(member.text());
    collect_references(member, into);
  }
}

} // namespace

TEST_CASE("the published schemas are those that the loader's tables make (BELAY_ACCEPT=1 writes them anew)", "[runbook]") {
  for (const auto kind : schema_names()) {
    INFO(kind);
    CHECK(kept(std::string(kind)) == json_schema(kind));
  }
  CHECK(json_schema("nothing").empty());
}

TEST_CASE("every reference within a schema leads to a definition, and objects are closed", "[runbook]") {
  for (const auto kind : schema_names()) {
    const auto schema = parse_json(json_schema(kind));
    REQUIRE(schema.has_value());
    std::set<std::string> references;
    collect_references(*schema, references);
    CHECK(references.size() > 2);
    for (const auto& reference : references) {
      INFO(reference);
      CHECK((*schema)["$defs"].has(reference.substr(std::string("#/$defs/").size())));
    }
  }
  const Value step = (*parse_json(json_schema("runbook")))["$defs"]["step"];
  CHECK(step["additionalProperties"] == Value(false));
  CHECK(step["required"] == Value(Value::List{"id"}));
  CHECK(step["properties"]["steps"]["items"]["$ref"] == Value("#/$defs/step"));
  CHECK(step["properties"]["retry"]["$ref"] == Value("#/$defs/retry"));
}
