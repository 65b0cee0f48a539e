#include "belay/action.hpp"
#include "catch.hpp"
#include "integration/support/postgres_server.hpp"
#include "integration/support/traffic.hpp"
#include "modules/catalog.hpp"
#include "ports/http.hpp"
#include "ports/lines.hpp"
#include "ports/real_ports.hpp"
#include "ports/sql.hpp"
#include <filesystem>
#include <fmt/format.h>
#include <thread>

using namespace belay;
using namespace support;
namespace fs = std::filesystem;

namespace {

struct Nobody final : Tell {
  void output(std::string_view) override {}
  void progress(std::int64_t, std::int64_t, std::string_view) override {}
};

/// Takes one action at a time through its parts as the engine does, without a journal.
class Acting {
public:
  Outcome read(const char* action, const Value& in) { return std::get<Read>(find_action(modules::catalog(), action)->does).read(call(in), m_ports.reads()); }

  struct Done {
    Intent intent;
    Value seen;
    Outcome outcome, judged;
  };
  Done change(const char* action, const Value& in) {
    const auto& change = std::get<Change>(find_action(modules::catalog(), action)->does);
    Done done;
    const auto seen = change.observe(call(in), {}, m_ports.reads());
    if (!seen) {
      done.outcome.state = State::failed;
      done.outcome.failure = seen.error();
      return done;
    }
    done.seen = *seen;
    done.intent = change.prepare(in, *seen, m_identity);
    if (done.intent.refused || done.intent.nothing) {
      done.outcome.state = done.intent.nothing ? State::done : State::failed;
      done.outcome.failure = done.intent.refused;
      return done;
    }
    if (change.perform != nullptr) done.outcome = change.perform(done.intent, call(in), m_ports);
    else if (const auto* exchange = std::get_if<Exchange>(&done.intent.act)) {
      const auto answer = m_lines->tell(*exchange, m_stop);
      done.outcome = change.replied(done.intent, answer ? Expected<Value>(Value(*answer)) : Unexpected(answer.error()));
    } else {
      for (const auto& step : std::get<Files>(done.intent.act).changes)
        if (const auto changed = m_files->change(step); !changed) done.outcome = {.state = State::failed, .outputs = {}, .handle = {}, .failure = changed.error(), .findings = {}, .again = {}};
    }
    const auto now = change.observe(call(in), {}, m_ports.reads());
    REQUIRE(now);
    done.judged = change.judge(done.intent, done.seen, *now);
    return done;
  }
  Done undo(const char* action, const Done& done) {
    const auto& change = std::get<Change>(find_action(modules::catalog(), action)->does);
    return this->change(action, change.undo(done.intent, done.seen, done.outcome.outputs));
  }
  void run_is(const char* run) { m_identity.run = run; }

private:
  Call call(const Value& in) { return {in, m_identity, m_stop, m_nobody}; }
  std::unique_ptr<Time> m_time = make_clock();
  Stop m_stop{*m_time};
  std::unique_ptr<Http> m_http = make_http();
  std::unique_ptr<HidingProcess> m_process = make_process({});
  std::unique_ptr<Sql> m_sql = make_sql();
  std::unique_ptr<Lines> m_lines = make_lines();
  std::unique_ptr<FileSystem> m_files = make_files();
  Ports m_ports{*m_http, *m_process, *m_sql, *m_lines, *m_files, *m_time};
  Identity m_identity{.run = "run-1", .path = "step", .key = "", .attempt = 1, .run_started = {}};
  Nobody m_nobody;
};

Value with(const Value& in, const std::vector<std::pair<std::string, Value>>& more) {
  std::vector<std::pair<std::string, Value>> members;
  for (const auto& [name, value] : in.map()) members.emplace_back(name.text(), value);
  for (const auto& one : more) members.push_back(one);
  return Value::object(std::move(members));
}

void make_artifact(const std::string& folder, const std::string& version) {
  fs::create_directories(folder + "/" + version);
  fs::copy_file(std::string(BELAY_BUILD_DIR) + "/shop", folder + "/" + version + "/shop");
  write_file(folder + "/" + version + "/release.json", fmt::format("{{\"version\": \"{}\"}}\n", version));
}

} // namespace

TEST_CASE("HAProxy's servers are moved and moved back, and what is not there is said with the nearest name", "[integration][host]") {
  HaproxyServer haproxy(free_port(), free_port());
  Acting acting;
  const Value in = Value::object({{"socket", haproxy.socket()}, {"backend", "shop"}});
  CHECK(acting.read("haproxy.servers", in).outputs["servers"]["blue"]["state"] == Value("maint"));
  const auto judged = acting.read("haproxy.servers", with(in, {{"judge", true}}));
  REQUIRE(judged.findings.size() == 1);
  CHECK(judged.findings.front().message == "no server of it takes traffic");
  const auto ready = acting.change("haproxy.server", with(in, {{"server", "blue"}, {"state", "ready"}, {"weight", 40}}));
  CHECK(ready.outcome.state == State::done);
  CHECK(ready.judged.state == State::done);
  auto now = acting.read("haproxy.servers", in).outputs;
  CHECK(now["servers"]["blue"]["weight"] == Value(40));
  CHECK(now["serving"] == Value(Value::List{"blue"}));
  const auto split = acting.change("haproxy.weights", with(in, {{"weights", Value::object({{"blue", 90}, {"green", 10}})}}));
  CHECK(split.judged.state == State::done);
  CHECK(acting.undo("haproxy.weights", split).judged.state == State::done);
  CHECK(acting.read("haproxy.servers", in).outputs["servers"]["blue"]["weight"] == Value(40));
  CHECK(acting.undo("haproxy.server", ready).judged.state == State::done);
  CHECK(acting.read("haproxy.servers", in).outputs["servers"]["blue"]["state"] == Value("maint"));

  const auto wrong = acting.change("haproxy.server", with(in, {{"server", "blu"}, {"state", "ready"}}));
  REQUIRE(wrong.outcome.failure);
  CHECK(wrong.outcome.failure->message.find("has no server 'blu'") != std::string::npos);
  CHECK(wrong.outcome.failure->hint.find("blue") != std::string::npos);
  const auto backend = acting.read("haproxy.counters", Value::object({{"socket", haproxy.socket()}, {"backend", "shoop"}}));
  REQUIRE(backend.failure);
  CHECK(backend.failure->hint.find("shop") != std::string::npos);
  haproxy.stop();
  const auto gone = acting.read("haproxy.servers", in);
  REQUIRE(gone.failure);
  CHECK(gone.failure->message.find("does not answer") != std::string::npos);
}

TEST_CASE("a release is installed, runs under supervisor, is replaced, and all of it is taken back", "[integration][host]") {
  auto& postgres = PostgresServer::shared();
  const auto database = postgres.create_database("shop");
  SupervisorServer supervisor;
  Folder folder;
  const std::string root = folder / "srv";
  make_artifact(folder / "artifacts", "1.0.0");
  make_artifact(folder / "artifacts", "1.1.0");
  const int port = free_port();
  Acting acting;

  const auto installing = [&](const char* version) { return Value::object({{"root", root}, {"version", version}, {"from", folder / "artifacts/" + version}}); };
  const auto first = acting.change("host.install", installing("1.0.0"));
  CHECK(first.judged.state == State::done);
  CHECK(acting.change("host.install", installing("1.0.0")).intent.nothing);
  CHECK(acting.change("host.install", installing("1.1.0")).judged.state == State::done);
  CHECK(acting.read("host.releases", Value::object({{"root", root}})).outputs["releases"] == Value(Value::List{"1.0.0", "1.1.0"}));
  const auto missing = acting.change("host.install", installing("1.1.1"));
  REQUIRE(missing.outcome.failure);
  CHECK(missing.outcome.failure->hint.find("1.1.0") != std::string::npos);

  const Value programs = Value::object({{"supervisor", supervisor.configuration()}, {"programs", supervisor.programs()}});
  const Value base = with(programs, {{"root", root}, {"name", "shop-blue"}, {"port", port}, {"health", fmt::format("http://127.0.0.1:{}/health", port)},
                                     {"command", Value::List{"./shop", "--release", ".", "--port", std::to_string(port)}},
                                     {"environment", Value::object({{"PGHOST", "127.0.0.1"}, {"PGPORT", std::to_string(postgres.port())}, {"PGUSER", "postgres"}, {"PGDATABASE", database}})}});
  acting.run_is("run-a");
  const auto start = acting.change("host.instance", with(base, {{"state", "running"}, {"release", "1.0.0"}}));
  INFO((start.outcome.failure ? start.outcome.failure->message + " " + start.outcome.failure->hint : ""));
  REQUIRE(start.outcome.state == State::done);
  CHECK(start.judged.state == State::done);
  CHECK(acting.change("host.instance", with(base, {{"state", "running"}, {"release", "1.0.0"}})).intent.nothing);
  CHECK(acting.read("host.port-free", Value::object({{"port", port}})).state == State::failed);
  CHECK(acting.read("host.instances", programs).outputs["instances"]["shop-blue"]["process"] == Value("RUNNING"));

  acting.run_is("run-b");
  const auto next = acting.change("host.instance", with(base, {{"state", "running"}, {"release", "1.1.0"}}));
  CHECK(next.judged.state == State::done);
  CHECK(run({"curl", "-s", fmt::format("http://127.0.0.1:{}/health", port)}).out.find("1.1.0") != std::string::npos);
  const auto stop = acting.change("host.instance", with(base, {{"state", "stopped"}, {"release", "1.1.0"}}));
  CHECK(stop.judged.state == State::done);
  CHECK(acting.read("host.port-free", Value::object({{"port", port}})).state == State::done);
  CHECK(acting.undo("host.instance", stop).judged.state == State::done);
  CHECK(acting.undo("host.instance", next).judged.state == State::done);
  CHECK(run({"curl", "-s", fmt::format("http://127.0.0.1:{}/health", port)}).out.find("1.0.0") != std::string::npos);
  CHECK(acting.undo("host.instance", start).judged.state == State::done);
  CHECK(acting.read("host.instances", programs).outputs["instances"].map().empty());
  // The shop's own table: one start for each act and each undo that started it.
  CHECK(postgres.sql("SELECT version || ' ' || run FROM shop_starts ORDER BY id", database) == "1.0.0 run-a\n1.1.0 run-b\n1.1.0 run-b\n1.0.0 run-b");

  CHECK(acting.change("host.link", Value::object({{"root", root}, {"version", "1.0.0"}})).judged.state == State::done);
  const auto linked = acting.change("host.link", Value::object({{"root", root}, {"version", "1.1.0"}}));
  CHECK(linked.judged.state == State::done);
  CHECK(fs::read_symlink(root + "/current") == "releases/1.1.0");
  CHECK(acting.undo("host.link", linked).judged.state == State::done);
  CHECK(acting.read("host.releases", Value::object({{"root", root}})).outputs["current"] == Value("1.0.0"));
  CHECK(acting.undo("host.install", first).judged.state == State::done);
}

TEST_CASE("a program that cannot start fails with the end of its log, and one whose supervisor is gone says so", "[integration][host]") {
  SupervisorServer supervisor;
  Folder folder;
  fs::create_directories(folder / "srv/releases/1.0.0");
  Acting acting;
  const Value in = Value::object({{"supervisor", supervisor.configuration()}, {"programs", supervisor.programs()}, {"root", folder / "srv"}, {"name", "bad"}, {"state", "running"}, {"release", "1.0.0"},
                                  {"command", Value::List{"/bin/sh", "-c", "echo the reason; exit 3"}}, {"ready_within", Duration(std::chrono::seconds(20))}});
  const auto bad = acting.change("host.instance", in);
  CHECK(bad.outcome.state == State::partial);
  REQUIRE(bad.outcome.failure);
  CHECK(bad.outcome.failure->message.find("FATAL") != std::string::npos);
  CHECK(bad.outcome.failure->hint.find("the reason") != std::string::npos);
  CHECK(acting.undo("host.instance", bad).judged.state == State::done);
  supervisor.stop();
  const auto gone = acting.change("host.instance", in);
  REQUIRE(gone.outcome.failure);
  CHECK(gone.outcome.failure->message.find("supervisor does not answer") != std::string::npos);
}

TEST_CASE("a file that was written while supervisor still runs the old program is not taken for done", "[integration][host]") {
  SupervisorServer supervisor;
  Folder folder;
  fs::create_directories(folder / "srv/releases/1.0.0");
  fs::create_directories(folder / "srv/releases/1.1.0");
  Acting acting;
  const Value base = Value::object({{"supervisor", supervisor.configuration()}, {"programs", supervisor.programs()}, {"root", folder / "srv"}, {"name", "napper"}, {"state", "running"},
                                    {"command", Value::List{"/bin/sleep", "600"}}});
  REQUIRE(acting.change("host.instance", with(base, {{"release", "1.0.0"}})).judged.state == State::done);
  const auto& change = std::get<Change>(find_action(modules::catalog(), "host.instance")->does);
  const Value next = with(base, {{"release", "1.1.0"}});
  Identity id;
  id.run = "run-x";
  // As a kill between the file and `supervisorctl update` leaves it.
  const auto intent = change.prepare(next, {}, id);
  write_file(supervisor.programs() + "/napper.conf", std::get<Files>(intent.act).changes.back().to.text());
  const auto again = acting.change("host.instance", next);
  CHECK_FALSE(again.intent.nothing);
  CHECK(again.judged.state == State::done);
}
