#include "catch.hpp"
#include "clients/postgres_properties.hpp"
#include "clients/postgres_tools.hpp"
#include "modules/postgres_backup.hpp"
#include "value/json.hpp"

using namespace belay;
using namespace belay::modules;

namespace {
const Identity k_id{"run", "dump", "", 1, {1795300680, 0}};
std::string refusal(const Intent& intent) { return intent.refused ? intent.refused->message : ""; }
} // namespace

TEST_CASE("a dry run that knows nothing yet still predicts every act of a backup and a restore", "[modules]") {
  const Value later = Value::unknown({"settings"});
  for (const Value& in : {Value::object({{"target", later}, {"database", later}, {"service", later}, {"environment", later}, {"folder", later}, {"backup", later}, {"from", later}}),
                          Value::object({{"target", Value::object({{"host", "h"}, {"dbname", "shop"}, {"password", Value("pw").as_secret()}})}, {"service", "shop"}, {"environment", "local"},
                                         {"folder", "/b"}, {"backup", later}, {"from", later}})})
    for (const Value& seen : {Value(), later}) {
      using namespace postgres_backup;
      for (const auto& prepare : {prepare_dump, prepare_restore, prepare_swap, prepare_in_place, prepare_drop_copy, prepare_prune_old}) {
        const Intent intent = prepare(in, seen, k_id);
        CHECK(refusal(intent).empty());
        CHECK_FALSE(intent.nothing);
        CHECK_FALSE(std::holds_alternative<std::monostate>(intent.act));
      }
      CHECK_FALSE(touches_dump(in).empty());
      CHECK_FALSE(touches_restore(in).empty());
      CHECK_FALSE(touches_swap(in).empty());
    }
}

TEST_CASE("a dump's act shows the placeholder of its snapshot and no part of its password", "[modules]") {
  const Value in = Value::object({{"target", Value::object({{"host", "h"}, {"dbname", "shop"}, {"password", Value("hunter2").as_secret()}})}, {"service", "shop"}, {"environment", "local"}, {"folder", "/b"}});
  const Value seen = Value::object({{"alive", false}, {"server", 150020}, {"bytes", 1}, {"tool", "/usr/lib/postgresql/15/bin/pg_dump"}, {"tool_version", 150010}, {"leftovers", Value::List{}}});
  const Intent intent = postgres_backup::prepare_dump(in, seen, k_id);
  const auto& command = std::get<Command>(intent.act);
  std::string argv;
  for (const Value& word : command.argv) {
    CHECK_FALSE(word.has_secret());
    argv += show(word) + " ";
  }
  CHECK(argv.find("--snapshot=(known when it runs)") != std::string::npos);
  CHECK(argv.find("dbname=shop") != std::string::npos);
  REQUIRE(command.private_files.size() == 1);
  CHECK(command.private_files[0].second.is_secret());
  CHECK(intent.outputs["warnings"].list().size() == 1);
  CHECK(intent.outputs["path"] == Value("/b/shop/local/" + intent.outputs["id"].text()));
}

TEST_CASE("a dump is refused where it cannot stand or is already being written", "[modules]") {
  auto prepared = [](const char* service, Value space, bool alive) {
    const Value in = Value::object({{"target", "host=h dbname=shop"}, {"service", service}, {"environment", "local"}, {"folder", "/b"}});
    return refusal(postgres_backup::prepare_dump(in, Value::object({{"alive", alive}, {"space", space}, {"previous", 100 << 20}, {"tool_version", 150020}, {"leftovers", Value::List{}}}), k_id));
  };
  CHECK(prepared("shop", 200 << 20, false).empty());
  CHECK(prepared("shop", Value(), false).empty());
  CHECK(prepared("shop", 50 << 20, false).find("free") != std::string::npos);
  CHECK(prepared("../shop", 200 << 20, false).find("path") != std::string::npos);
  CHECK(prepared("shop", 200 << 20, true).find("being written") != std::string::npos);
}

TEST_CASE("a restore is refused without room, onto an older server, or over a database", "[modules]") {
  auto prepared = [](std::vector<std::pair<std::string, Value>> change, const char* as = "shop_copy") {
    std::vector<std::pair<std::string, Value>> seen{{"there", false}, {"mark", ""}, {"own", false}, {"alive", false}, {"server", 150020}, {"backup_server", 150001}, {"size", 100 << 20}, {"space", 200 << 20}, {"server_space", 200 << 20},
                                                    {"tool_version", 150020}, {"manifest", Value::object({{"backup", "b1"}})}};
    for (auto& [name, value] : seen)
      for (const auto& [other, wanted] : change)
        if (name == other) value = wanted;
    return postgres_backup::prepare_restore(Value::object({{"target", "host=h dbname=shop"}, {"backup", "/b/shop/local/b1"}, {"as", as}, {"state", "present"}}), Value::object(seen), k_id);
  };
  CHECK(refusal(prepared({})).empty());
  CHECK(refusal(prepared({{"space", 50 << 20}})).find("decompressed") != std::string::npos);
  CHECK(refusal(prepared({{"server_space", 50 << 20}})).find("server's disk") != std::string::npos);
  CHECK(refusal(prepared({{"server", 140010}})).find("PostgreSQL 15") != std::string::npos);
  CHECK(refusal(prepared({{"there", true}})).find("exists already") != std::string::npos);
  CHECK(refusal(prepared({{"alive", true}})).find("still going on") != std::string::npos);
  const char* own = "shop_restore_0123abcd";
  CHECK(refusal(prepared({{"there", true}, {"own", true}}, own)).empty());
  CHECK(refusal(prepared({{"there", true}}, own)).find("exists already") != std::string::npos); // named like a copy, and not marked as one
  CHECK(prepared({{"there", true}, {"own", true}, {"mark", "b1"}}, own).nothing);
  CHECK(refusal(prepared({{"there", true}, {"own", true}, {"mark", "b0"}}, own)).find("exists already") != std::string::npos);
}

TEST_CASE("only copies are dropped", "[modules]") {
  auto refused = [](const char* name, bool marked = true) {
    return postgres_backup::prepare_drop_copy(Value::object({{"target", "host=h"}, {"database", name}}), Value::object({{"there", true}, {"marked", marked}}), k_id).refused.has_value();
  };
  CHECK_FALSE(refused("shop_scratch_0123abcd"));
  CHECK(refused("shop_restore_20241101", false));
  for (const char* name : {"shop", "postgres", "shop_before_20261121_223800", "shop_scratch_x", "template1"}) CHECK(refused(name));
  CHECK(postgres_backup::prepare_restore(Value::object({{"target", "host=h"}, {"as", "shop"}, {"state", "absent"}}), Value::object({{"there", true}}), k_id).refused.has_value());
  const Value away = Value::object({{"target", "host=h"}, {"as", "shop_restore_20241101"}, {"state", "absent"}});
  CHECK(postgres_backup::prepare_restore(away, Value::object({{"there", true}, {"own", false}}), k_id).refused.has_value());
  CHECK_FALSE(postgres_backup::prepare_restore(away, Value::object({{"there", true}, {"own", true}}), k_id).refused.has_value());
  CHECK(postgres_backup::prepare_restore(away, Value::object({{"there", false}, {"own", false}}), k_id).nothing);
}

TEST_CASE("pruning drops no database that is only named like a copy", "[modules]") {
  const Value seen = Value::object({{"kept", Value::List{"shop_before_20261101_000000"}}, {"copies", Value::List{"shop_restore_0123abcd"}}, {"unmarked", Value::List{"shop_restore_20241101"}}, {"leftovers", Value::List{}}});
  const Intent intent = postgres_backup::prepare_prune_old(Value::object({{"target", "host=h dbname=shop"}, {"older_than", Duration(std::chrono::hours(168))}}), seen, k_id);
  CHECK(intent.outputs["dropped"] == Value(Value::List{"shop_before_20261101_000000", "shop_restore_0123abcd"}));
  CHECK(intent.outputs["kept"] == Value(Value::List{"shop_restore_20241101"}));
  CHECK(std::get<Statement>(intent.act).sql.find("20241101") == std::string::npos);
}

TEST_CASE("a swap renames both in one transaction and checks that they are the ones it saw", "[modules]") {
  auto prepared = [](Value databases, const char* from = "shop_restore_0123abcd") {
    return postgres_backup::prepare_swap(Value::object({{"target", "host=h dbname=shop"}, {"from", from}}), Value::object({{"databases", std::move(databases)}, {"alive", false}}), k_id);
  };
  const Intent both = prepared(Value::object({{"shop", 11}, {"shop_restore_0123abcd", 22}}));
  const std::string sql = std::get<Statement>(both.act).sql;
  CHECK(sql.find("BEGIN; ALTER DATABASE \"shop\" RENAME TO \"shop_before_20261121_223800\"; ALTER DATABASE \"shop_restore_0123abcd\" RENAME TO \"shop\"; DO") == 0);
  CHECK(sql.find("oid = 11") != std::string::npos);
  CHECK(sql.find("oid = 22") != std::string::npos);
  CHECK(sql.find("; COMMIT") == sql.size() - 8);
  CHECK(std::get<Statement>(prepared(Value::object({{"shop_restore_0123abcd", 22}})).act).sql.find("\"shop\" RENAME") == std::string::npos);
  CHECK(refusal(prepared(Value::object({{"shop", 11}}))).find("there is no database") != std::string::npos);
  CHECK(refusal(prepared(Value::object({{"shop", 11}, {"shop_restore_0123abcd", 22}, {"shop_before_20261121_223800", 33}}))).find("exists already") != std::string::npos);

  auto judged = [&](Value databases, bool alive = false) { return postgres_backup::judge_swap(both, Value::object({{"databases", Value::object({{"shop", 11}, {"shop_restore_0123abcd", 22}})}}),
                                                                                            Value::object({{"databases", std::move(databases)}, {"alive", alive}})).state; };
  CHECK(judged(Value::object({{"shop", 22}, {"shop_before_20261121_223800", 11}})) == State::done);
  CHECK(judged(Value::object({{"shop", 11}, {"shop_restore_0123abcd", 22}})) == State::no_effect);
  CHECK(judged(Value::object({{"shop", 11}, {"shop_restore_0123abcd", 22}}), true) == State::not_seen);
  CHECK(judged(Value::object({{"shop", 22}})) == State::unknown);
  CHECK(judged(Value::object({{"shop", 33}, {"shop_before_20261121_223800", 11}})) == State::unknown);
  const Value undo = postgres_backup::undo_swap(both, Value::object({{"databases", Value::object({{"shop", 11}})}}), {});
  CHECK(undo["from"] == Value("shop_before_20261121_223800"));
  CHECK(undo["keep_as"] == Value("shop_restore_0123abcd"));
  CHECK(postgres_backup::undo_swap(both, Value::object({{"databases", Value::object({})}}), {})["from"] == Value(""));
}

TEST_CASE("the versions of PostgreSQL's programs are read, and unsafe clients are named", "[modules]") {
  CHECK(tool_version("pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n") == 150020);
  CHECK(tool_version("pg_dump (PostgreSQL) 9.6.24") == 90624);
  CHECK(tool_version("pg_dump (PostgreSQL) 18devel") == 180000);
  CHECK(tool_version("something else") == 0);
  CHECK(version_text(150020) == "15.20");
  CHECK(version_text(90624) == "9.6.24");
  for (const int fixed : {130022, 140019, 150014, 160010, 170006, 180000}) CHECK(client_warning(fixed).empty());
  for (const int old : {90624, 120022, 130021, 140018, 150013, 160009, 170005}) CHECK(client_warning(old).find("CVE-2025-8714") != std::string::npos);
}

TEST_CASE("a database's properties come back as statements with every name and value quoted", "[modules]") {
  const Value properties = *parse_json(R"({"owner": "o\"x", "encoding": "UTF8", "collate": "C.UTF-8", "ctype": "C.UTF-8", "provider": "i", "locale": "de-DE", "limit": 5, "comment": "it's \\ ours", "granted": true,
    "settings": [{"role": "", "name": "search_path", "value": "\"$user\", public, \"a\"\"b, c\""}, {"role": "r", "name": "my.own", "value": "x'y"},
                 {"role": "", "name": "search_path", "value": "\"\""}],
    "grants": [{"role": "", "privilege": "TEMPORARY", "grantable": false}, {"role": "r", "privilege": "CONNECT", "grantable": true}]})");
  CHECK(creation_of("n", properties) == "CREATE DATABASE \"n\" OWNER \"o\"\"x\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'");
  CHECK(completion_of("n", properties) == std::vector<std::string>{"ALTER DATABASE \"n\" SET \"search_path\" TO '$user', 'public', 'a\"b, c'", "ALTER ROLE \"r\" IN DATABASE \"n\" SET \"my\".\"own\" TO 'x''y'",
                                                                   "ALTER DATABASE \"n\" SET \"search_path\" TO ''", "REVOKE ALL ON DATABASE \"n\" FROM PUBLIC, \"o\"\"x\"",
                                                                   "GRANT TEMPORARY ON DATABASE \"n\" TO PUBLIC", "GRANT CONNECT ON DATABASE \"n\" TO \"r\" WITH GRANT OPTION",
                                                                   "ALTER DATABASE \"n\" CONNECTION LIMIT 5"});
}

TEST_CASE("an empty database is filled without the owners of elsewhere, and one that holds something is not touched", "[modules]") {
  using namespace postgres_backup;
  const Value in = Value::object({{"target", Value::object({{"host", "h"}, {"dbname", "shop"}, {"password", Value("hunter2").as_secret()}})}, {"backup", "/b/1"}});
  auto seen = [](int relations) { return Value::object({{"backup", "b1"}, {"server", 150020}, {"backup_server", 150020}, {"tool", "/usr/bin/pg_restore"}, {"tool_version", 150020}, {"relations", relations}}); };
  const Intent intent = prepare_fill(in, seen(0), k_id);
  CHECK(refusal(intent).empty());
  std::string argv;
  for (const Value& word : std::get<Command>(intent.act).argv) argv += show(word) + " ";
  CHECK(argv.find("--no-owner") != std::string::npos);
  CHECK(argv.find("--no-acl") != std::string::npos);
  CHECK(argv.find("--single-transaction") != std::string::npos);
  CHECK(argv.find("--clean") == std::string::npos);
  CHECK(refusal(prepare_fill(in, seen(3), k_id)).find("3 tables") != std::string::npos);
  CHECK(judge_fill(intent, seen(0), seen(12)).state == State::done);
  CHECK(judge_fill(intent, seen(0), seen(0)).state == State::not_seen);
}
