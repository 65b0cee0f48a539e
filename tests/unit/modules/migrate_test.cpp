#include "catch.hpp"
#include "modules/catalog.hpp"
#include "modules/migrate_text.hpp"

using namespace belay;
using namespace belay::modules;

namespace {
const Change& change(const char* name) { return std::get<Change>(find_action(modules::catalog(), name)->does); }
const Identity k_id{"run1", "migrate", "run1/migrate", 1, {}};
Value object(std::vector<std::pair<std::string, Value>> members) { return Value::object(std::move(members)); }
std::string argv_of(const Intent& intent) {
  std::string line;
  for (const Value& word : std::get<Command>(intent.act).argv) line += (line.empty() ? "" : " ") + word.text();
  return line;
}
Value seen(const char* current, const char* head, const char* previous) { return object({{"current", current}, {"head", head}, {"previous", previous}, {"pending", std::string(current) != head}}); }
} // namespace

TEST_CASE("alembic's revisions are read from its lines, its log lines are not", "[modules]") {
  const auto standing = migrate_text::of_alembic("INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.\nae1027a6acf1\n", "b7f3c2d4e5a6 (head)\n");
  REQUIRE(standing);
  CHECK(standing->current == "ae1027a6acf1");
  CHECK(standing->head == "b7f3c2d4e5a6");
  CHECK(standing->pending);
  CHECK_FALSE(migrate_text::of_alembic("b7 (head)\n", "b7 (head)\n")->pending);
  CHECK(migrate_text::of_alembic("", "b7 (head)\n")->current.empty());
  CHECK(migrate_text::of_alembic("a1\n", "b7 (head)\nc9 (head)\n").error().cause == Cause::conflict);
  CHECK(migrate_text::parent_of("Rev: b7 (head)\nParent: a1\nPath: x.py\n") == "a1");
  CHECK(migrate_text::parent_of("Rev: a1\nParent: <base>\n") == "base");
}

TEST_CASE("TypeORM's list tells what is applied, what was before it, and what is pending", "[modules]") {
  const auto standing = migrate_text::of_typeorm(" [X] 1 Start1690000000001\n [X] 2 Scores1690000000002\n [ ] Badges1690000000003\n");
  REQUIRE(standing);
  CHECK(standing->current == "Scores1690000000002");
  CHECK(standing->previous == "Start1690000000001");
  CHECK(standing->head == "Badges1690000000003");
  CHECK(standing->pending);
  CHECK_FALSE(migrate_text::of_typeorm("nothing here\n"));
}

TEST_CASE("an upgrade that nothing waits for is not sent, and each tool gets its own words", "[modules]") {
  const auto& upgrade = change("migrate.upgrade");
  const Value in = object({{"tool", "alembic"}, {"runner", Value(Value::List{"uv", "run"})}});
  CHECK(argv_of(upgrade.prepare(in, seen("a", "b", ""), k_id)) == "uv run alembic upgrade head");
  CHECK_FALSE(upgrade.prepare(in, seen("a", "b", ""), k_id).nothing);
  CHECK(upgrade.prepare(in, seen("b", "b", ""), k_id).nothing);
  CHECK(argv_of(upgrade.prepare(object({{"tool", "flask"}}), seen("a", "b", ""), k_id)) == "flask db upgrade head");
  CHECK(argv_of(upgrade.prepare(object({{"tool", "npm"}}), seen("a", "b", ""), k_id)) == "npm run --silent migration:run");
  CHECK(upgrade.prepare(object({{"tool", "rails"}}), seen("a", "b", ""), k_id).refused);
}

TEST_CASE("going back names the migration it goes to, so that doing it twice is not two back", "[modules]") {
  const auto& downgrade = change("migrate.downgrade");
  const Intent one = downgrade.prepare(object({{"tool", "alembic"}}), seen("b", "b", "a"), k_id);
  CHECK(argv_of(one) == "alembic downgrade a");
  CHECK(one.outputs["after"] == Value("a"));
  CHECK(downgrade.judge(one, seen("b", "b", "a"), seen("a", "b", "")).state == State::done);
  CHECK(downgrade.judge(one, seen("b", "b", "a"), seen("b", "b", "a")).state == State::not_seen);
  CHECK(downgrade.judge(one, seen("b", "b", "a"), seen("x", "b", "")).state == State::partial);
  const Intent first = downgrade.prepare(object({{"tool", "alembic"}}), seen("a", "b", "base"), k_id);
  CHECK(downgrade.judge(first, seen("a", "b", "base"), seen("", "b", "")).state == State::done); // nothing is applied: that is the base
  CHECK(downgrade.prepare(object({{"tool", "alembic"}, {"to", "-1"}}), seen("b", "b", "a"), k_id).refused); // said twice it is two back
  CHECK(downgrade.prepare(object({{"tool", "npm"}, {"to", "z"}}), seen("b", "b", "a"), k_id).refused);
  CHECK(downgrade.prepare(object({{"tool", "alembic"}}), seen("", "b", ""), k_id).refused->message.find("no migration") == 0);
}
