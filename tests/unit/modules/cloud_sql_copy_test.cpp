#include "catch.hpp"
#include "fakes/google_script.hpp"

using namespace belay;
using fakes::GoogleScript, fakes::play, fakes::change_of, fakes::json;

namespace {

Value in(const char* instance) { return Value::object({{"project", "p"}, {"instance", instance}, {"of", "db1"}}); }
constexpr const char* k_copy = "GET sqladmin/v1/projects/p/instances/db1-R1";

} // namespace

TEST_CASE("a copy that this run made is deleted, and the end of that awaited", "[modules]") {
  GoogleScript google;
  google.expect(k_copy, R"({"state":"RUNNABLE","settings":{}})");
  google.expect("DELETE sqladmin/v1/projects/p/instances/db1-R1", R"({"name":"op-1","status":"PENDING"})");
  google.expect("GET sqladmin/v1/projects/p/operations/op-1", R"({"name":"op-1","status":"DONE"})");
  const auto played = play(google, "cloud-sql.delete-copy", in("db1-R1"));
  CHECK(played.outcome.state == State::done);
  CHECK(played.intent.equivalent == "gcloud sql instances delete db1-R1 --project=p --quiet");
  google.done();
}

TEST_CASE("no instance is deleted that another made, nor one that is protected; one that is gone is well", "[modules]") {
  const auto& change = change_of("cloud-sql.delete-copy");
  const Value there = json(R"({"instance":{"state":"RUNNABLE","protected":false}})");
  CHECK(change.prepare(in("db1"), there, {.run = "R1"}).refused);
  CHECK(change.prepare(in("db1-R2"), there, {.run = "R1"}).refused);
  CHECK(change.prepare(in("db1-20261122"), there, {.run = "20261122-0300-abcde"}).refused);
  CHECK_FALSE(change.prepare(in("db1-abcde"), there, {.run = "20261122-0300-abcde"}).refused);
  CHECK(change.prepare(in("db1-R1"), json(R"({"instance":{"state":"RUNNABLE","protected":true}})"), {.run = "R1"}).refused);
  const auto gone = change.prepare(in("db1-R1"), json(R"({"instance":null})"), {.run = "R1"});
  CHECK(gone.nothing);
  CHECK_FALSE(gone.refused);
}

TEST_CASE("what became of a deletion whose answer was lost is seen by the instance", "[modules]") {
  const auto& change = change_of("cloud-sql.delete-copy");
  const Value there = json(R"({"instance":{"state":"RUNNABLE","protected":false}})");
  const auto intent = change.prepare(in("db1-R1"), there, {.run = "R1"});
  CHECK(change.judge(intent, there, there).state == State::not_seen);
  CHECK(change.judge(intent, there, json(R"({"instance":{"state":"PENDING_DELETE"}})")).state == State::pending);
  CHECK(change.judge(intent, there, json(R"({"instance":null})")).state == State::done);
}
