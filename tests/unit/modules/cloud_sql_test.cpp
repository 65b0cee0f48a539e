#include "catch.hpp"
#include "fakes/google_script.hpp"

using namespace belay;
using fakes::GoogleScript, fakes::play, fakes::change_of, fakes::json, fakes::body_of;

namespace {

constexpr const char* k_instance = "GET sqladmin/v1/projects/p/instances/db1";
constexpr const char* k_operations = "GET sqladmin/v1/projects/p/operations?instance=db1&maxResults=20";
constexpr const char* k_db1 =
    R"({"name":"db1","state":"RUNNABLE","databaseVersion":"POSTGRES_15","region":"us-central1","gceZone":"us-central1-a","connectionName":"p:us-central1:db1","createTime":"2025-01-01T00:00:00.000Z",
"ipAddresses":[{"type":"PRIMARY","ipAddress":"203.0.113.5"}],
"settings":{"settingsVersion":"7","tier":"db-custom-2-8192","activationPolicy":"ALWAYS","availabilityType":"REGIONAL","dataDiskSizeGb":"100","storageAutoResize":true,"deletionProtectionEnabled":true,
"databaseFlags":[{"name":"max_connections","value":"500"}],
"backupConfiguration":{"enabled":true,"startTime":"03:00","pointInTimeRecoveryEnabled":true,"transactionLogRetentionDays":7,"backupRetentionSettings":{"retentionUnit":"COUNT","retainedBackups":7}}}})";

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
Value in(std::vector<std::pair<std::string, Value>> more = {}) {
  std::vector<std::pair<std::string, Value>> all{{"project", "p"}, {"instance", "db1"}};
  all.insert(all.end(), more.begin(), more.end());
  return Value::object(std::move(all));
}
std::string op(const char* name, const char* status, const char* type = "UPDATE") { return std::string(R"({"name":")") + name + R"(","status":")" + status + R"(","operationType":")" + type + R"("})"; }
std::string op_url(const char* name) { return std::string("GET sqladmin/v1/projects/p/operations/") + name; }
Outcome judged(const char* action, const Intent& intent, const Value& seen, const std::string& now) { return change_of(action).judge(intent, seen, json(now)); }

} // namespace

TEST_CASE("a Cloud SQL instance is described in the words of its settings", "[modules]") {
  GoogleScript google;
  google.expect(k_instance, k_db1);
  const auto outcome = fakes::read(google, "cloud-sql.describe", in());
  CHECK(outcome.state == State::done);
  CHECK(outcome.outputs["state"] == Value("RUNNABLE"));
  CHECK(outcome.outputs["running"] == Value(true));
  CHECK(outcome.outputs["settings"]["storage_gb"] == Value(100));
  CHECK(outcome.outputs["settings"]["flags"]["max_connections"] == Value("500"));
  CHECK(outcome.outputs["settings"]["retained_backups"] == Value(7));
  CHECK(outcome.outputs["addresses"]["PRIMARY"] == Value("203.0.113.5"));
  google.done();
}

TEST_CASE("an instance that is stopped does not run, whatever its state says", "[modules]") {
  GoogleScript google;
  google.expect(k_instance, R"({"state":"RUNNABLE","settings":{"activationPolicy":"NEVER"}})");
  const auto outcome = fakes::read(google, "cloud-sql.describe", in({{"judge", true}}));
  CHECK(outcome.outputs["state"] == Value("STOPPED"));
  REQUIRE(outcome.findings.size() == 1);
}

TEST_CASE("an instance that is not there is told with the nearest name", "[modules]") {
  GoogleScript google;
  google.expect("GET sqladmin/v1/projects/p/instances/db1", 404, R"({"error":{"code":404,"message":"The Cloud SQL instance does not exist.","errors":[{"reason":"instanceDoesNotExist"}]}})");
  google.expect("GET sqladmin/v1/projects/p/instances?maxResults=1000", R"({"items":[{"name":"db12"},{"name":"other"}]})");
  const auto outcome = fakes::read(google, "cloud-sql.describe", in());
  CHECK(outcome.state == State::failed);
  CHECK(outcome.failure->hint == "did you mean 'db12'?");
}

TEST_CASE("a patch sends what is named with the version it was decided on, and is followed to its end", "[modules]") {
  GoogleScript google;
  google.expect(k_instance, k_db1);
  google.expect(k_operations, "{}");
  google.expect("PATCH sqladmin/v1/projects/p/instances/db1", op("op-1", "PENDING"));
  google.expect(op_url("op-1"), op("op-1", "RUNNING"));
  google.expect(op_url("op-1"), op("op-1", "DONE"));
  const auto played = play(google, "cloud-sql.patch", in({{"tier", "db-custom-4-16384"}, {"backup_start", "02:00"}, {"flags", Value::object({{"work_mem", 65536}})}}));
  CHECK(played.outcome.state == State::done);
  CHECK(body_of(played.intent) ==
        R"({"settings":{"backupConfiguration":{"backupRetentionSettings":{"retainedBackups":7,"retentionUnit":"COUNT"},"enabled":true,"pointInTimeRecoveryEnabled":true,"startTime":"02:00","transactionLogRetentionDays":7},)"
        R"("databaseFlags":[{"name":"max_connections","value":"500"},{"name":"work_mem","value":"65536"}],"settingsVersion":"7","tier":"db-custom-4-16384"}})");
  CHECK(played.intent.equivalent ==
        "gcloud sql instances patch db1 --quiet --project=p --tier=db-custom-4-16384 --backup-start-time=02:00 --database-flags=max_connections=500,work_mem=65536");
  CHECK(played.intent.touches == std::vector<std::string>{"gcp-sql:p/db1"});
  const Value back = change_of("cloud-sql.patch").undo(played.intent, played.seen, played.outcome.outputs);
  CHECK(canonical_json(back) == R"({"backup_start":"03:00","backups":true,"flags":{"work_mem":null},"instance":"db1","project":"p","tier":"db-custom-2-8192"})");
  google.done();
}

TEST_CASE("backups that are turned on without a time get the same one from belay and from gcloud", "[modules]") {
  const auto intent = change_of("cloud-sql.create").prepare(in({{"version", "POSTGRES_15"}, {"region", "r"}, {"backups", true}}), json(R"({"instance":null})"), {});
  CHECK(holds(body_of(intent), R"("startTime":"00:00")"));
  CHECK(holds(intent.equivalent, "--backup-start-time=00:00"));
}

TEST_CASE("what gcloud wants said in another way is", "[modules]") {
  const auto line = [](std::vector<std::pair<std::string, Value>> more) { return change_of("cloud-sql.patch").prepare(in(std::move(more)), json(R"({"instance":{"settings":{"settingsVersion":"7"}}})"), {}).equivalent; };
  CHECK(holds(line({{"flags", Value::object({{"session_preload_libraries", "a,b"}})}}), "'--database-flags=^~^session_preload_libraries=a,b'"));
  const auto none = line({{"backups", false}, {"point_in_time", false}});
  CHECK(none == "gcloud sql instances patch db1 --quiet --project=p --no-enable-point-in-time-recovery && gcloud sql instances patch db1 --quiet --project=p --no-backup");
  CHECK(holds(line({{"point_in_time", false}}), "--no-enable-point-in-time-recovery"));
}

TEST_CASE("a patch of what holds already is nothing, and a disk does not shrink", "[modules]") {
  const auto& patch = change_of("cloud-sql.patch");
  const Value seen = Value::object({{"instance", json(k_db1)}, {"operations", Value::List{}}});
  CHECK(patch.prepare(in({{"tier", "db-custom-2-8192"}, {"storage_gb", 100}, {"flags", Value::object({{"max_connections", 500}})}}), seen, {}).nothing);
  CHECK(patch.prepare(in({{"flags", Value::object({{"work_mem", Value()}})}}), seen, {}).nothing);
  CHECK_FALSE(patch.prepare(in({{"flags", Value::object({{"max_connections", Value()}})}}), seen, {}).nothing);
  CHECK(patch.prepare(in({{"storage_gb", 50}}), seen, {}).refused);
  const auto unseen = patch.prepare(in({{"backup_start", "02:00"}}), Value::unknown({"make"}), {});
  CHECK_FALSE(unseen.nothing);
  CHECK_FALSE(unseen.refused);
  CHECK_FALSE(std::get<Request>(unseen.act).body.known());
}

TEST_CASE("a lost answer to a patch is told from the operations, the settings and their version", "[modules]") {
  const Value seen = Value::object({{"instance", json(k_db1)}, {"operations", json(R"([{"name":"old","type":"UPDATE","status":"DONE"}])")}});
  const auto intent = change_of("cloud-sql.patch").prepare(in({{"tier", "db-custom-4-16384"}}), seen, {});
  auto with = [&](const char* tier, const char* version, const char* operations) {
    return std::string(R"({"instance":{"settings":{"tier":")") + tier + R"(","settingsVersion":")" + version + R"("}},"operations":)" + operations + "}";
  };
  const auto pending = judged("cloud-sql.patch", intent, seen, with("db-custom-2-8192", "7", R"([{"name":"new","type":"UPDATE","status":"RUNNING"},{"name":"old","type":"UPDATE","status":"DONE"}])"));
  CHECK(pending.state == State::pending);
  CHECK(pending.handle == Value("new"));
  CHECK(judged("cloud-sql.patch", intent, seen, with("db-custom-4-16384", "8", "[]")).state == State::done);
  CHECK(judged("cloud-sql.patch", intent, seen, with("db-custom-2-8192", "7", "[]")).state == State::not_seen);
  CHECK(judged("cloud-sql.patch", intent, seen, with("db-custom-1-3840", "8", "[]")).state == State::no_effect);
  CHECK(judged("cloud-sql.patch", intent, seen, with("db-custom-2-8192", "8", R"([{"name":"a","type":"UPDATE"},{"name":"b","type":"UPDATE"}])")).state == State::unknown);
}

TEST_CASE("what an instance refuses because it is busy is sent again when it is free", "[modules]") {
  GoogleScript google;
  const char* busy = R"({"error":{"code":409,"message":"Operation failed because another operation was already in progress.","errors":[{"reason":"operationInProgress"}]}})";
  google.expect(k_instance, k_db1);
  google.expect(k_operations, "{}");
  google.expect("POST sqladmin/v1/projects/p/instances/db1/restart", 409, busy);
  google.expect(k_operations, R"({"items":[{"name":"b1","operationType":"BACKUP_VOLUME","status":"RUNNING"}]})");
  google.expect("POST sqladmin/v1/projects/p/instances/db1/restart", 409, busy);
  google.expect(k_operations, R"({"items":[{"name":"b1","operationType":"BACKUP_VOLUME","status":"RUNNING"}]})");
  google.expect("POST sqladmin/v1/projects/p/instances/db1/restart", op("op-2", "PENDING", "RESTART"));
  google.expect(op_url("op-2"), op("op-2", "DONE", "RESTART"));
  CHECK(play(google, "cloud-sql.restart", in()).outcome.state == State::done);
  CHECK(google.told.text == "waiting for BACKUP_VOLUME (b1) on db1 to end\n");
  google.done();
}

TEST_CASE("an instance that stays busy past the time limit has not been changed", "[modules]") {
  GoogleScript google;
  const auto& restart = change_of("cloud-sql.restart");
  const auto intent = restart.prepare(in(), {}, {});
  google.expect("POST sqladmin/v1/projects/p/instances/db1/restart", 409, R"({"error":{"errors":[{"reason":"operationInProgress"}]}})");
  google.expect(k_operations, "{}");
  const Stop stop = google.stop().nested(std::chrono::seconds(10));
  google.clock.advance(std::chrono::seconds(11));
  const Value inputs = in();
  Ports ports = google.ports();
  const auto outcome = restart.perform(intent, {inputs, google.id, stop, google.told}, ports);
  CHECK(outcome.state == State::no_effect);
  CHECK(outcome.failure->cause == Cause::stopped);
}

TEST_CASE("another 409 is somebody else's change and is not sent again", "[modules]") {
  GoogleScript google;
  google.expect(k_instance, k_db1);
  google.expect(k_operations, "{}");
  google.expect("POST sqladmin/v1/projects/p/instances/db1/failover", 409, R"({"error":{"code":409,"message":"settingsVersion mismatch"}})");
  const auto played = play(google, "cloud-sql.failover", in());
  CHECK(played.outcome.state == State::no_effect);
  CHECK(played.outcome.failure->cause == Cause::conflict);
  CHECK(body_of(played.intent) == R"({"failoverContext":{"settingsVersion":"7"}})");
  google.done();
}

TEST_CASE("an operation that is done with an error has failed", "[modules]") {
  GoogleScript google;
  google.expect(k_instance, k_db1);
  google.expect(k_operations, "{}");
  google.expect("POST sqladmin/v1/projects/p/instances/db1/restart", op("op-1", "PENDING", "RESTART"));
  google.expect(op_url("op-1"), R"({"name":"op-1","status":"DONE","error":{"errors":[{"code":"INTERNAL_ERROR","message":"boom"}]}})");
  const auto played = play(google, "cloud-sql.restart", in());
  CHECK(played.outcome.state == State::partial);
  CHECK(played.outcome.failure->message.find("boom") != std::string::npos);
}

TEST_CASE("an instance without a standby is not failed over", "[modules]") {
  const Value seen = json(R"({"instance":{"state":"RUNNABLE","settings":{"availabilityType":"ZONAL","settingsVersion":"1"}},"operations":[]})");
  CHECK(change_of("cloud-sql.failover").prepare(in(), seen, {}).refused);
}

TEST_CASE("an instance is made with its settings; one that is there stays, and another of its name is refused", "[modules]") {
  GoogleScript google;
  google.expect(k_instance, 404, R"({"error":{"code":404,"message":"no"}})");
  google.expect("POST sqladmin/v1/projects/p/instances", op("op-1", "PENDING", "CREATE"));
  google.expect(op_url("op-1"), op("op-1", "DONE", "CREATE"));
  const Value inputs = in({{"version", "POSTGRES_15"}, {"region", "us-central1"}, {"tier", "db-f1-micro"}, {"storage_gb", 20}, {"storage_type", "SSD"}, {"backup_start", "02:00"}});
  const auto played = play(google, "cloud-sql.create", inputs);
  CHECK(played.outcome.state == State::done);
  CHECK(body_of(played.intent) ==
        R"({"databaseVersion":"POSTGRES_15","name":"db1","region":"us-central1","settings":{"backupConfiguration":{"enabled":true,"startTime":"02:00"},"dataDiskSizeGb":"20","dataDiskType":"PD_SSD","tier":"db-f1-micro"}})");
  google.done();
  const auto& create = change_of("cloud-sql.create");
  CHECK(create.prepare(inputs, Value::object({{"instance", json(k_db1)}}), {}).nothing);
  CHECK(create.prepare(in({{"version", "POSTGRES_16"}, {"region", "us-central1"}}), Value::object({{"instance", json(k_db1)}}), {}).refused);
  CHECK(judged("cloud-sql.create", played.intent, played.seen, R"({"instance":{"state":"PENDING_CREATE"}})").state == State::pending);
  CHECK(judged("cloud-sql.create", played.intent, played.seen, R"({"instance":{"state":"RUNNABLE"}})").state == State::done);
  CHECK(judged("cloud-sql.create", played.intent, played.seen, R"({"instance":{"state":"FAILED"}})").state == State::partial);
  CHECK(judged("cloud-sql.create", played.intent, played.seen, R"({"instance":null})").state == State::not_seen);
}

TEST_CASE("a user's password is put into the body and nowhere else", "[modules]") {
  const auto& user = change_of("cloud-sql.user");
  const Value password = Value("hunter2").as_secret();
  const auto there = user.prepare(in({{"user", "app user"}, {"password", password}}), json(R"({"users":["app user"],"operations":[]})"), {});
  CHECK(std::get<Request>(there.act).method == "PUT");
  CHECK(show(std::get<Request>(there.act).url) == "\"https://sqladmin.googleapis.com/v1/projects/p/instances/db1/users?name=app%20user\"");
  CHECK(body_of(there).find("hunter2") == std::string::npos);
  CHECK(std::get<Request>(there.act).body["password"].is_secret());
  CHECK(there.equivalent.find("--prompt-for-password") != std::string::npos);
  const auto fresh = user.prepare(in({{"user", "new"}, {"password", password}}), json(R"({"users":["app"],"operations":[]})"), {});
  CHECK(std::get<Request>(fresh.act).method == "POST");
  CHECK(user.prepare(in({{"user", "app"}, {"password", password}, {"keep", true}}), json(R"({"users":["app"],"operations":[]})"), {}).nothing);
  CHECK(judged("cloud-sql.user", fresh, json(R"({"operations":[]})"), R"({"operations":[{"name":"u","type":"CREATE_USER"}]})").handle == Value("u"));
}

TEST_CASE("a database that is there is left alone", "[modules]") {
  const auto& database = change_of("cloud-sql.database");
  CHECK(database.prepare(in({{"database", "app"}}), json(R"({"databases":["app"],"operations":[]})"), {}).nothing);
  const auto intent = database.prepare(in({{"database", "app"}}), json(R"({"databases":[],"operations":[]})"), {});
  CHECK(intent.equivalent == "gcloud sql databases create app --instance=db1 --project=p");
  CHECK(judged("cloud-sql.database", intent, {}, R"({"databases":["app"]})").state == State::done);
  CHECK(judged("cloud-sql.database", intent, {}, R"({"databases":[]})").state == State::not_seen);
}

TEST_CASE("an export never goes over an object that is there, for Cloud SQL would replace it", "[modules]") {
  const Value what = in({{"database", "app"}, {"uri", "gs://b/d/x.sql.gz"}, {"offload", true}});
  GoogleScript google;
  google.expect(k_operations, "{}");
  google.expect("GET storage/storage/v1/b/b/o/d%2Fx.sql.gz", R"({"name":"d/x.sql.gz","generation":"7"})");
  const auto there = play(google, "cloud-sql.export", what);
  REQUIRE(there.intent.refused);
  CHECK(there.intent.refused->cause == Cause::conflict);
  google.expect(k_operations, "{}");
  google.expect("GET storage/storage/v1/b/b/o/d%2Fx.sql.gz", 404, R"({"error":{"code":404}})");
  google.expect("POST sqladmin/v1/projects/p/instances/db1/export", op("e1", "PENDING", "EXPORT"));
  google.expect(op_url("e1"), op("e1", "DONE", "EXPORT"));
  CHECK(play(google, "cloud-sql.export", what).outcome.state == State::done);
  google.done();
}

TEST_CASE("an export is the operation that writes to its object", "[modules]") {
  const auto& change = change_of("cloud-sql.export");
  const auto intent = change.prepare(in({{"database", "app"}, {"uri", "gs://b/x.sql.gz"}, {"offload", true}}), {}, {});
  CHECK(body_of(intent) == R"({"exportContext":{"databases":["app"],"fileType":"SQL","offload":true,"uri":"gs://b/x.sql.gz"}})");
  CHECK(intent.touches == std::vector<std::string>{"gcp-sql:p/db1", "gcp-storage:b/x.sql.gz"});
  const auto now = R"({"operations":[{"name":"e1","type":"EXPORT","uri":"gs://b/other"},{"name":"e2","type":"EXPORT","uri":"gs://b/x.sql.gz"}]})";
  CHECK(judged("cloud-sql.export", intent, json(R"({"operations":[]})"), now).handle == Value("e2"));
}
