#include "catch.hpp"
#include "fakes/google_script.hpp"

using namespace belay;
using fakes::GoogleScript, fakes::play, fakes::change_of, fakes::json, fakes::body_of;

namespace {

constexpr const char* k_runs = "GET sqladmin/v1/projects/p/instances/db1/backupRuns?maxResults=100";
constexpr const char* k_two_runs =
    R"({"items":[{"id":"3","status":"FAILED","endTime":"2027-01-15T07:40:00Z"},{"id":"2","status":"SUCCESSFUL","type":"ON_DEMAND","description":"pre","startTime":"2027-01-15T07:00:00Z","endTime":"2027-01-15T07:10:00Z"},)"
    R"({"id":"1","status":"SUCCESSFUL","endTime":"2027-01-14T07:10:00Z"}]})";

Value in(std::vector<std::pair<std::string, Value>> more = {}) {
  std::vector<std::pair<std::string, Value>> all{{"project", "p"}, {"instance", "db1"}};
  all.insert(all.end(), more.begin(), more.end());
  return Value::object(std::move(all));
}
Value at(const char* time) { return parse_rfc3339(time).value(); }
Outcome judged(const char* action, const Intent& intent, const Value& seen, const std::string& now) { return change_of(action).judge(intent, seen, json(now)); }
Value recovery(const char* rest = R"("to":null)") {
  return json(std::string(R"({"state":"RUNNABLE",)") + rest + "}");
}

} // namespace

TEST_CASE("backups are listed with the newest that succeeded and the point that can be recovered", "[modules]") {
  GoogleScript google; // it is 2027-01-15T08:00:00Z
  google.expect(k_runs, k_two_runs);
  google.expect("GET sqladmin/v1/projects/p/instances/db1", R"({"settings":{"backupConfiguration":{"pointInTimeRecoveryEnabled":true}}})");
  google.expect("GET sqladmin/v1/projects/p/instances/db1/getLatestRecoveryTime", R"({"latestRecoveryTime":"2027-01-15T07:55:00.123Z"})");
  const auto outcome = fakes::read(google, "cloud-sql.backups", in({{"within", Value(Duration(std::chrono::minutes(10)))}}));
  CHECK(outcome.outputs["newest"]["id"] == Value("2"));
  CHECK(outcome.outputs["age"] == Value(Duration(std::chrono::minutes(50))));
  CHECK(outcome.outputs["recovery_point"] == at("2027-01-15T07:55:00.123Z"));
  CHECK(outcome.findings.empty());
  google.done();
}

TEST_CASE("a recovery point that is too old, or none, is a finding", "[modules]") {
  GoogleScript google;
  google.expect(k_runs, k_two_runs);
  google.expect("GET sqladmin/v1/projects/p/instances/db1", "{}");
  google.expect("GET sqladmin/v1/projects/p/instances/db1/getLatestRecoveryTime", 400, "{}");
  CHECK(fakes::read(google, "cloud-sql.backups", in({{"within", Value(Duration(std::chrono::minutes(10)))}})).findings.size() == 1);
  google.expect(k_runs, R"({"items":[{"id":"3","status":"FAILED"}]})");
  google.expect("GET sqladmin/v1/projects/p/instances/db1", "{}");
  google.expect("GET sqladmin/v1/projects/p/instances/db1/getLatestRecoveryTime", 400, "{}");
  const auto none = fakes::read(google, "cloud-sql.backups", in({{"within", Value(Duration(std::chrono::hours(1)))}}));
  REQUIRE(none.findings.size() == 1);
  CHECK(none.outputs["newest"].is_null());
}

TEST_CASE("a backup is taken, followed, and only done when it says SUCCESSFUL itself", "[modules]") {
  for (const char* status : {"SUCCESSFUL", "FAILED"}) {
    GoogleScript google;
    google.expect("GET sqladmin/v1/projects/p/instances/db1/backupRuns?maxResults=20", "{}");
    google.expect("POST sqladmin/v1/projects/p/instances/db1/backupRuns", R"({"name":"op-1","status":"PENDING"})");
    google.expect("GET sqladmin/v1/projects/p/operations/op-1", R"({"name":"op-1","status":"DONE","backupContext":{"backupId":"17"}})");
    google.expect("GET sqladmin/v1/projects/p/instances/db1/backupRuns/17", std::string(R"({"id":"17","status":")") + status + R"(","endTime":"2027-01-15T07:10:00Z"})");
    const auto played = play(google, "cloud-sql.backup-create", in({{"description", "pre-deploy"}}));
    CHECK(body_of(played.intent) == R"({"description":"pre-deploy [R1/step]","instance":"db1"})");
    CHECK(played.intent.equivalent == "gcloud sql backups create '--description=pre-deploy [R1/step]' --instance=db1 --project=p");
    CHECK(played.outcome.state == (std::string(status) == "SUCCESSFUL" ? State::done : State::partial));
    CHECK(played.outcome.outputs["id"] == Value("17"));
    google.done();
  }
}

TEST_CASE("a backup whose answer was lost is found by the run's name", "[modules]") {
  const Identity id{"R1", "step", "R1/step", 1, {}};
  const auto intent = change_of("cloud-sql.backup-create").prepare(in({{"description", "x"}}), json(R"({"backups":[]})"), id);
  CHECK(judged("cloud-sql.backup-create", intent, {}, R"({"backups":[{"id":"9","status":"RUNNING","description":"x [R1/step]"}]})").state == State::pending);
  CHECK(judged("cloud-sql.backup-create", intent, {}, R"({"backups":[{"id":"9","status":"SUCCESSFUL","description":"x [R1/step]"}]})").outputs["id"] == Value("9"));
  CHECK(judged("cloud-sql.backup-create", intent, {}, R"({"backups":[{"id":"9","status":"SUCCESSFUL","description":"x [R2/step]"}]})").state == State::not_seen);
}

TEST_CASE("the last backup that succeeded is never deleted", "[modules]") {
  GoogleScript google;
  const auto& remove = change_of("cloud-sql.backup-delete");
  CHECK(remove.prepare(in({{"backup", "2"}}), json(R"({"backup":{"id":"2","status":"SUCCESSFUL"},"others":0})"), {}).refused);
  CHECK_FALSE(remove.prepare(in({{"backup", "2"}}), json(R"({"backup":{"id":"2","status":"SUCCESSFUL"},"others":1})"), {}).refused);
  CHECK_FALSE(remove.prepare(in({{"backup", "3"}}), json(R"({"backup":{"id":"3","status":"FAILED"},"others":0})"), {}).refused);
  CHECK(remove.prepare(in({{"backup", "4"}}), json(R"({"backup":null,"others":1})"), {}).nothing);
  google.expect(k_runs, k_two_runs);
  google.expect("DELETE sqladmin/v1/projects/p/instances/db1/backupRuns/1", R"({"name":"op-3","status":"PENDING"})");
  google.expect("GET sqladmin/v1/projects/p/operations/op-3", R"({"name":"op-3","status":"DONE"})");
  CHECK(play(google, "cloud-sql.backup-delete", in({{"backup", "1"}})).outcome.state == State::done);
  google.done();
}

TEST_CASE("a backup is restored into an instance that was made after it", "[modules]") {
  GoogleScript google;
  const Value inputs = Value::object({{"project", "p"}, {"instance", "db2"}, {"from", "db1"}, {"backup", "latest"}});
  google.expect("GET sqladmin/v1/projects/p/instances/db2", R"({"state":"RUNNABLE","createTime":"2027-01-15T07:50:00Z"})");
  google.expect("GET sqladmin/v1/projects/p/operations?instance=db2&maxResults=20", "{}");
  google.expect(k_runs, k_two_runs);
  google.expect("POST sqladmin/v1/projects/p/instances/db2/restoreBackup", R"({"name":"op-1","status":"PENDING"})");
  google.expect("GET sqladmin/v1/projects/p/operations/op-1", R"({"name":"op-1","status":"DONE"})");
  const auto played = play(google, "cloud-sql.restore", inputs);
  CHECK(played.outcome.state == State::done);
  CHECK(body_of(played.intent) == R"({"restoreBackupContext":{"backupRunId":"2","instanceId":"db1","project":"p"}})");
  CHECK(played.intent.equivalent == "gcloud sql backups restore 2 --restore-instance=db2 --backup-instance=db1 --quiet --project=p");
  google.done();
}

TEST_CASE("a restore refuses the instance that the backup is of, an older one, and a backup that failed", "[modules]") {
  const auto& restore = change_of("cloud-sql.restore");
  const char* good = R"("backup":{"id":"2","status":"SUCCESSFUL","startTime":"2027-01-15T07:00:00Z"},"operations":[]})";
  const Value to = Value::object({{"project", "p"}, {"instance", "db2"}, {"from", "db1"}, {"backup", "2"}}), same = Value::object({{"project", "p"}, {"instance", "db1"}, {"from", "db1"}, {"backup", "2"}});
  const Value fresh = json(std::string(R"({"instance":{"state":"RUNNABLE","created":"2027-01-15T07:50:00Z"},)") + good);
  CHECK_FALSE(restore.prepare(to, fresh, {}).refused);
  Identity later;
  later.run_started = parse_rfc3339("2027-01-15T09:00:00Z").value();
  CHECK(restore.prepare(to, fresh, later).refused->message.find("was there before this run") != std::string::npos);
  CHECK(restore.prepare(same, fresh, {}).refused->hint.find("restore-over") != std::string::npos);
  CHECK(restore.prepare(to, json(std::string(R"({"instance":{"state":"RUNNABLE","created":"2026-01-01T00:00:00Z"},)") + good), {}).refused);
  CHECK(restore.prepare(to, json(std::string(R"({"instance":{"state":"PENDING_CREATE","created":"2027-01-15T07:50:00Z"},)") + good), {}).refused);
  CHECK(restore.prepare(to, json(R"({"instance":{"state":"RUNNABLE"},"backup":{"id":"3","status":"FAILED"}})"), {}).refused);
  CHECK_FALSE(change_of("cloud-sql.restore-over").prepare(same, fresh, {}).refused);
  CHECK(change_of("cloud-sql.restore-over").effect == Effect::destroys);
  CHECK_FALSE(restore.prepare(to, Value::unknown({"create"}), {}).refused);
}

TEST_CASE("a restore that ended with an error warns of what the instance may hold", "[modules]") {
  const auto intent = change_of("cloud-sql.restore-over").prepare(in({{"backup", "2"}}), json(R"({"instance":{"state":"RUNNABLE"},"backup":{"id":"2","status":"SUCCESSFUL"},"operations":[]})"), {});
  const auto outcome = judged("cloud-sql.restore-over", intent, {}, R"({"operation":{"name":"o","status":"DONE","error":{"errors":[{"code":"X","message":"boom"}]}},"age":null})");
  CHECK(outcome.state == State::partial);
  CHECK(outcome.failure->hint.find("neither") != std::string::npos);
}

TEST_CASE("an instance is cloned to a time within its log, and the clone waited for", "[modules]") {
  GoogleScript google;
  google.expect("GET sqladmin/v1/projects/p/instances/db1",
                R"({"state":"RUNNABLE","createTime":"2025-01-01T00:00:00Z","settings":{"backupConfiguration":{"pointInTimeRecoveryEnabled":true,"transactionLogRetentionDays":7}}})");
  google.expect("GET sqladmin/v1/projects/p/instances/db1/getLatestRecoveryTime", R"({"latestRecoveryTime":"2027-01-15T07:58:30.123Z"})");
  google.expect("GET sqladmin/v1/projects/p/instances/db2", 404, "{}");
  google.expect("POST sqladmin/v1/projects/p/instances/db1/clone", R"({"name":"op-1","status":"PENDING"})");
  google.expect("GET sqladmin/v1/projects/p/operations/op-1", R"({"name":"op-1","status":"DONE"})");
  const auto played = play(google, "cloud-sql.clone", in({{"to", "db2"}, {"at", at("2027-01-15T07:30:00Z")}}));
  CHECK(played.outcome.state == State::done);
  CHECK(played.outcome.outputs["instance"] == Value("db2"));
  CHECK(body_of(played.intent) == R"({"cloneContext":{"destinationInstanceName":"db2","pointInTime":"2027-01-15T07:30:00Z"}})");
  CHECK(played.intent.equivalent == "gcloud sql instances clone db1 db2 --point-in-time=2027-01-15T07:30:00Z --project=p");
  CHECK(played.intent.touches == std::vector<std::string>{"gcp-sql:p/db1", "gcp-sql:p/db2"});
  google.done();
}

TEST_CASE("a clone outside the recovery window, without a log, or onto a name that is taken is refused before anything changes", "[modules]") {
  const auto& clone = change_of("cloud-sql.clone");
  Value seen = recovery();
  const Value window = Value::object({{"enabled", true}, {"earliest", at("2027-01-08T08:00:00Z")}, {"latest", at("2027-01-15T07:58:30Z")}});
  seen = Value::object({{"state", "RUNNABLE"}, {"recovery", window}, {"to", Value()}});
  CHECK_FALSE(clone.prepare(in({{"to", "db2"}, {"at", at("2027-01-15T07:00:00Z")}}), seen, {}).refused);
  CHECK(clone.prepare(in({{"to", "db2"}, {"at", at("2027-01-15T07:59:00Z")}}), seen, {}).refused);
  CHECK(clone.prepare(in({{"to", "db2"}, {"at", at("2027-01-08T07:59:00Z")}}), seen, {}).refused);
  CHECK(clone.prepare(in({{"to", "db2"}, {"at", at("2027-01-15T07:00:00Z")}}), json(R"({"recovery":{"enabled":false},"to":null})"), {}).refused);
  CHECK(clone.prepare(in({{"to", "db2"}}), json(R"({"recovery":null,"to":{"state":"RUNNABLE"}})"), {}).refused);
  CHECK_FALSE(clone.prepare(in({{"to", "db2"}}), recovery(), {}).refused);
  const auto intent = clone.prepare(in({{"to", "db2"}}), recovery(), {});
  CHECK(judged("cloud-sql.clone", intent, {}, R"({"to":{"state":"PENDING_CREATE"}})").state == State::pending);
  CHECK(judged("cloud-sql.clone", intent, {}, R"({"to":{"state":"RUNNABLE"}})").state == State::done);
  CHECK(judged("cloud-sql.clone", intent, {}, R"({"to":null})").state == State::not_seen);
  CHECK(judged("cloud-sql.clone", intent, {}, R"({"to":{"state":"FAILED"}})").state == State::partial);
}
