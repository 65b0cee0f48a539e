#include "../../fakes/fixed_machine.hpp"
#include "../../fakes/folder_reads.hpp"
#include "catch.hpp"
#include "problems.hpp"
#include "runbook/load_project.hpp"
#include "runbook/settings.hpp"

using namespace belay;

namespace {

constexpr const char* k_runbook = "runbook: host/deploy\ntitle: T\nsteps: [{id: a, use: core.let}]\n";
constexpr const char* k_project = R"(project: pies
defaults:
  contacts: {lead: ada}
  vars: {region: north, tier: 1}
environments:
  staging: {}
  production:
    protected: true
    state: local
    guards: {host: web-1}
    freeze: [{from: Fri 16:00, to: Mon 06:00}]
state: postgresql://db/belay
read_commands:
  - [git, status]
)";
constexpr const char* k_service = R"(service: shop
title: The shop
platform: host
vars: {tier: 2}
databases:
  main:
    host: localhost
    dbname: shop
    user: app
    password: env:SHOP_PASSWORD
secrets:
  token: file:secrets/token
backup:
  folder: backups
objectives: {recovery_point: 15m}
endpoints:
  - {name: live, url: "http://x/health", kind: liveness, limit: 2s, expect: status == 200}
environments:
  staging:
    url: http://staging
  production:
    url: http://production
    databases:
      main: {host: db.internal, password: {command: [pass, shop]}}
    host: {root: /srv/shop, extra: 1}
)";

struct Workplace {
  FolderReads files;
  FixedMachine machine;
  Workplace() {
    files.put("/home/ada/pies/belay.yaml", k_project);
    files.put("/home/ada/pies/services/shop.yaml", k_service);
    files.put("/home/ada/pies/host/deploy.yaml", k_runbook);
    machine.at = "/home/ada/pies/src/deep";
  }
  Project load(const std::string& named = {}) { return load_project(named, files, machine); }
  std::string refusal(const std::string& named = {}) {
    try {
      load(named);
    } catch (const Error& error) {
      CHECK(error.exit == Exit::usage);
      return said(error.problems);
    }
    return {};
  }
  std::string refused_service(const std::string& name, const std::string& environment, const std::vector<Override>& overrides = {}) {
    const Project project = load();
    try {
      resolve_service(project, name, environment, machine, overrides);
    } catch (const Error& error) {
      CHECK(error.exit == Exit::usage);
      return said(error.problems);
    }
    return {};
  }
};

const Setting* find(const Service& service, const std::string& name) {
  for (const auto& setting : service.settings)
    if (setting.name == name) return &setting;
  return nullptr;
}
std::string origin(const Service& service, const std::string& name) {
  const Setting* setting = find(service, name);
  return setting == nullptr ? "(none)" : setting->origin;
}

} // namespace

TEST_CASE("the project is found upwards from the working directory", "[runbook]") {
  Workplace place;
  const Project project = place.load();
  CHECK(project.folder == "/home/ada/pies");
  CHECK_FALSE(project.builtin);
  CHECK(project.name == "pies");
  CHECK(project.state_url == "postgresql://db/belay");
  CHECK(project.environments == std::vector<std::string>{"staging", "production"});
  CHECK(project.services == std::vector<std::string>{"shop"});
  CHECK(project.read_commands == std::vector<std::vector<std::string>>{{"git", "status"}});
  REQUIRE(project.find("host/deploy") != nullptr);
  CHECK(project.find("host/deploy")->title == "T");
  CHECK(project.find("host/deplo") == nullptr);
}

TEST_CASE("--project, then BELAY_PROJECT, name another, and builtin the compiled-in one", "[runbook]") {
  Workplace place;
  place.files.put("/srv/other/belay.yaml", "project: other\n");
  CHECK(place.load("/srv/other").name == "other");
  place.machine.environment["BELAY_PROJECT"] = "../../../../../srv/other";
  CHECK(place.load().folder == "/srv/other");
  CHECK(place.load("/home/ada/pies").name == "pies");
  const Project builtin = place.load("builtin");
  CHECK(builtin.builtin);
  CHECK(builtin.folder.empty());
  CHECK(builtin.base == "/home/ada/pies/src/deep");
  CHECK(place.refusal("/nowhere").find("--project names /nowhere, which holds no belay.yaml") != std::string::npos);
  place.machine.environment.clear();
  place.machine.at = "/tmp";
  CHECK(place.load().builtin);
}

TEST_CASE("what is broken is left out and told, the rest is there", "[runbook]") {
  Workplace place;
  place.files.put("/home/ada/pies/services/other.yaml", "service: other\nplatfrom: host\n");
  place.files.put("/home/ada/pies/host/rollback.yaml", "runbook: host/rollback\ntitle: [\n");
  const Project project = load_what_is_sound({}, place.files, place.machine);
  CHECK(project.services == std::vector<std::string>{"shop"});
  CHECK(project.find("host/deploy") != nullptr);
  CHECK(project.find("host/rollback") == nullptr);
  REQUIRE(project.broken.size() == 2);
  CHECK(project.broken[0].path == "host/rollback.yaml");
  CHECK(project.broken[1].path == "services/other.yaml");
  need_settings(project);
  need_sound(project, "services/shop");
  CHECK_THROWS_AS(need_sound(project, "services/other"), Error);
  CHECK_THROWS_AS(find_runbook(project, "host/rollback"), Error);
  CHECK_THROWS_AS(environments_of(project, "other"), Error);
  CHECK_THROWS_AS(place.load(), Error);
}

TEST_CASE("a belay.yaml that breaks off still says where state is kept, or that it is not known", "[runbook]") {
  Workplace place;
  auto with = [&](const char* text) {
    place.files.put("/home/ada/pies/belay.yaml", text);
    const Project project = load_what_is_sound({}, place.files, place.machine);
    CHECK_THROWS_AS(need_settings(project), Error);
    return project.state_known ? "known " + project.state_url : std::string("not known");
  };
  CHECK(with("state: /srv/state\nproject: [\n") == "known /srv/state");
  CHECK(with("project: pies\nenvironments: [\nstate: \"/srv/a b\"\n") == "known /srv/a b");
  CHECK(with("project: [\n") == "known ");
  CHECK(with("state: [\n") == "not known");
  CHECK(with("project: pies\nstate: [a]\n") == "not known");
}

TEST_CASE("every problem of every file comes in one report", "[runbook]") {
  Workplace place;
  place.files.put("/home/ada/pies/belay.yaml", "project: pies\nenvironmnts: {}\n");
  place.files.put("/home/ada/pies/services/shop.yaml", "service: shoq\nplatform: hots\nenvironments: {a: {urls: x}}\n");
  place.files.put("/home/ada/pies/host/deploy.yaml", "runbook: host/deploy\ntitle: [\n");
  const std::string text = place.refusal();
  INFO(text);
  CHECK(text.find("belay.yaml:2:1: unknown key 'environmnts' in belay.yaml (did you mean 'environments'?)") != std::string::npos);
  CHECK(text.find("services/shop.yaml:1:10: this file holds service 'shop', and calls it 'shoq'") != std::string::npos);
  CHECK(text.find("services/shop.yaml:2:11: 'platform' is one of host, compose, cloud-run, kubernetes, not 'hots' (did you mean 'host'?)") != std::string::npos);
  CHECK(text.find("services/shop.yaml:3:20: unknown key 'urls' in an environment of a service (did you mean 'url'?)") != std::string::npos);
  CHECK(text.find("host/deploy.yaml:3:1: ") != std::string::npos);
}

TEST_CASE("files that others can write to are refused", "[runbook]") {
  Workplace place;
  auto& file = place.files.files["/home/ada/pies/host/deploy.yaml"];
  file.mode = 0646;
  CHECK(place.refusal().find("host/deploy.yaml:0:0: everybody can write to this file (whoever writes a project decides what belay runs: chmod go-w /home/ada/pies/host/deploy.yaml)") == 0);
  file.mode = 0664;
  CHECK(place.refusal().empty());
  file.group = 50;
  CHECK(place.refusal().find("its group can write to this file") != std::string::npos);
  file.mode = 0644;
  CHECK(place.refusal().empty());
  place.files.folder_modes["/home/ada/pies/services"] = 0777;
  CHECK(place.refusal().find("services:0:0: everybody can write to this folder") == 0);
  place.files.folder_modes["/home/ada/pies/services"] = 01777;
  CHECK(place.refusal().empty());
}

TEST_CASE("a link is judged by the file that it leads to", "[runbook]") {
  Workplace place;
  place.files.files["/home/ada/pies/services/shop.yaml"] = {.link = "/data/shop.yaml"};
  place.files.put("/data/shop.yaml", k_service);
  CHECK(place.refusal().empty());
  place.files.files["/data/shop.yaml"].mode = 0666;
  CHECK(place.refusal().find("everybody can write to this file") != std::string::npos);
}

TEST_CASE("other people's YAML beside the project is left alone", "[runbook]") {
  Workplace place;
  place.files.put("/home/ada/pies/charts/values.yaml", "a: {{ .Values.x }}\n");
  place.files.put("/home/ada/pies/.github/x.yaml", "runbook: no\n");
  CHECK(place.refusal().empty());
  place.files.put("/home/ada/pies/host/values.yaml", "a: 1\n");
  CHECK(place.refusal().find("host/values.yaml:0:0: a file without 'runbook:' among runbooks") == 0);
}

TEST_CASE("runbooks may stand in folders of a platform's folder", "[runbook]") {
  Workplace place;
  place.files.put("/home/ada/pies/host/backup/create.yaml", "runbook: host/backup/create\ntitle: T\nsteps: [{id: a, use: core.let}]\n");
  CHECK(place.load().find("host/backup/create") != nullptr);
}

TEST_CASE("settings lie upon each other, each with its origin", "[runbook]") {
  Workplace place;
  const Project project = place.load();
  place.machine.environment["BELAY_SET_databases__main__port"] = "5433";
  const Service service = resolve_service(project, "shop", "production", place.machine, {{"vars.tier", "3", "--set vars.tier"}});
  CHECK(origin(service, "contacts.lead") == "belay.yaml:3");
  CHECK(origin(service, "vars.region") == "belay.yaml:4");
  CHECK(origin(service, "databases.main.dbname") == "services/shop.yaml:8");
  CHECK(origin(service, "databases.main.host") == "services/shop.yaml:24");
  CHECK(origin(service, "databases.main.port") == "BELAY_SET_databases__main__port");
  CHECK(origin(service, "vars.tier") == "--set vars.tier");
  CHECK(origin(service, "endpoints") == "services/shop.yaml:17");
  CHECK(service.env["databases"]["main"]["host"] == Value("db.internal"));
  CHECK(service.env["databases"]["main"]["port"] == Value(5433));
  CHECK(service.env["vars"] == Value::object({{"region", "north"}, {"tier", 3}}));
  CHECK(service.env["url"] == Value("http://production"));
  CHECK(service.env["name"] == Value("production"));
  CHECK(service.env["host"]["extra"] == Value(1));
  CHECK(service.service["title"] == Value("The shop"));
  CHECK(service.platform == "host");
  CHECK(service.is_protected);
  CHECK(service.state_local);
  CHECK(service.guards["host"] == Value("web-1"));
  CHECK(service.freeze.list().size() == 1);

  place.machine.environment.clear();
  const Service staging = resolve_service(project, "shop", "staging", place.machine);
  CHECK(origin(staging, "databases.main.port") == "default");
  CHECK(staging.env["databases"]["main"]["port"] == Value(5432));
  CHECK(origin(staging, "vars.tier") == "services/shop.yaml:4");
  CHECK_FALSE(staging.is_protected);
}

TEST_CASE("settings have their types, and relative paths lie in the project's folder", "[runbook]") {
  Workplace place;
  const Service service = resolve_service(place.load(), "shop", "staging", place.machine);
  CHECK(service.env["objectives"]["recovery_point"] == Value(std::chrono::minutes(15)));
  CHECK(service.env["backup"]["folder"] == Value("/home/ada/pies/backups"));
  const Value endpoint = service.env["endpoints"].list().front();
  CHECK(endpoint["limit"] == Value(std::chrono::seconds(2)));
  CHECK(endpoint["expect"] == Value("status == 200"));
}

TEST_CASE("secrets stay references, and take their places when they are resolved", "[runbook]") {
  Workplace place;
  const Project project = place.load();
  const Service service = resolve_service(project, "shop", "production", place.machine);
  REQUIRE(service.secrets.size() == 2);
  auto secret = [&](const std::string& name) {
    for (const auto& [known, reference] : service.secrets)
      if (known == name) return reference;
    return Value();
  };
  CHECK(secret("databases.main.password") == Value::object({{"command", Value::List{"pass", "shop"}}}));
  CHECK(secret("token") == Value("file:/home/ada/pies/secrets/token"));
  CHECK_FALSE(service.env.has("secrets"));
  const Value env = with_secrets(service.env, {{"databases.main.password", Value("s3").as_secret()}, {"token", Value("t").as_secret()}});
  CHECK(env["databases"]["main"]["password"] == Value("s3").as_secret());
  CHECK(env["databases"]["main"]["host"] == Value("db.internal"));
}

TEST_CASE("a secret written into a settings file is refused", "[runbook]") {
  Workplace place;
  std::string text = k_service;
  text.replace(text.find("env:SHOP_PASSWORD"), 17, "hunter2");
  place.files.put("/home/ada/pies/services/shop.yaml", text);
  const std::string got = place.refusal();
  INFO(got);
  CHECK(got.find("services/shop.yaml:10:15: 'password' is not a reference to a secret (name where it is kept: env:NAME") == 0);
  CHECK(got.find("hunter2") == std::string::npos);
}

TEST_CASE("expressions and unknown environments in settings are refused", "[runbook]") {
  Workplace place;
  place.files.put("/home/ada/pies/services/shop.yaml", "service: shop\ntitle: ${{ env.name }}\nenvironments:\n  prodution: {}\n");
  const std::string got = place.refusal();
  INFO(got);
  CHECK(got.find("services/shop.yaml:2:8: an expression in a setting") != std::string::npos);
  CHECK(got.find("services/shop.yaml:4:3: belay.yaml has no environment 'prodution' (did you mean 'production'?)") != std::string::npos);
}

TEST_CASE("a runbook chosen for a procedure must be there", "[runbook]") {
  Workplace place;
  place.files.put("/home/ada/pies/services/shop.yaml", "service: shop\nrunbooks: {deploy: host/deploy, rollback: host/depoly}\nenvironments: {staging: {runbooks: {restore: nothing}}}\n");
  const std::string got = place.refusal();
  INFO(got);
  CHECK(got.find("services/shop.yaml:2:43: there is no runbook 'host/depoly' (did you mean 'host/deploy'?)") != std::string::npos);
  CHECK(got.find("services/shop.yaml:3:46: there is no runbook 'nothing'") != std::string::npos);
  CHECK(std::count(got.begin(), got.end(), '\n') == 2);
}

TEST_CASE("what is missing is missed only where no layer has it", "[runbook]") {
  Workplace place;
  place.files.put("/home/ada/pies/services/shop.yaml", "service: shop\ndatabases: {main: {host: a}}\nenvironments:\n  staging: {databases: {main: {dbname: x}}}\n");
  CHECK(place.refusal().empty());
  place.files.put("/home/ada/pies/services/shop.yaml", "service: shop\ndatabases: {main: {host: a}}\nenvironments:\n  staging: {databases: {main: {dbname: x}}}\n  production: {}\n");
  CHECK(place.refusal().find("services/shop.yaml:2:19: a database lacks 'dbname'") == 0);
}

TEST_CASE("an unknown service, environment or override gets the nearest name", "[runbook]") {
  Workplace place;
  CHECK(place.refused_service("shpo", "staging").find("there is no service 'shpo' (did you mean 'shop'?)") != std::string::npos);
  CHECK(place.refused_service("shop", "stagin").find("service 'shop' has no environment 'stagin' (did you mean 'staging'?)") != std::string::npos);
  CHECK(place.refused_service("shop", "").find("no environment of service 'shop' is named (say it with -e; there are: staging, production)") != std::string::npos);
  CHECK(place.refused_service("shop", "staging", {{"databses.main.port", "1", ""}}).find("there is no setting 'databses' (did you mean 'databases'?)") != std::string::npos);
  CHECK(place.refused_service("shop", "staging", {{"databases.main.prot", "1", ""}}).find("there is no setting 'prot' (did you mean 'port'?)") != std::string::npos);
  CHECK(place.refused_service("shop", "staging", {{"databases.main.port", "x", ""}}).find("'port' is a whole number from 0, not 'x'") != std::string::npos);
  CHECK(place.refused_service("shop", "production", {{"protected", "false", ""}}).find("'protected' is set in files only") != std::string::npos);
  place.machine.environment["BELAY_SET_nothing"] = "1";
  CHECK(place.refused_service("shop", "staging").find("BELAY_SET_nothing:0:0: there is no setting 'nothing'") != std::string::npos);
}

TEST_CASE("a variable's underscore stands for a dash too", "[runbook]") {
  Workplace place;
  std::string text = k_service;
  text.replace(text.find("vars: {tier: 2}"), 15, "vars: {my-tier: 2}");
  place.files.put("/home/ada/pies/services/shop.yaml", text);
  place.machine.environment["BELAY_SET_VARS__MY_TIER"] = "7";
  CHECK(resolve_service(place.load(), "shop", "staging", place.machine).env["vars"]["my-tier"] == Value(7));
}
