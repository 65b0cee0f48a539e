#include "catch.hpp"
#include "belay/reveal.hpp"
#include "fakes/manual_clock.hpp"
#include "integration/scratch_folder.hpp"
#include "ports/secrets.hpp"
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace belay;

namespace {

/// Answers one command, which it must be asked for.
struct OneCommand final : HidingProcess {
  Ended answer;
  std::vector<std::string> asked, hidden;
  void hide(const std::string& variable) override { hidden.push_back(variable); }
  Expected<Ended> read(const Command& command, const Stop&) override {
    for (const Value& argument : command.argv) asked.push_back(argument.text());
    return answer;
  }
  std::optional<std::string> find(const std::string&) override { throw std::logic_error("not asked for in this test"); }
  Expected<Ended> run(const Command&, Source*, Sink*, Tell*, const Stop&) override { throw std::logic_error("a secret is read, never acted for"); }
  Expected<std::unique_ptr<Child>> start(const Command&, const Stop&) override { throw std::logic_error("a secret is read, never acted for"); }
};

struct Scene {
  integration::ScratchFolder folder;
  const fakes::ManualClock clock;
  const Stop stop{clock};
  OneCommand process;
  std::unique_ptr<FileSystem> files = make_files();
  fakes::NamedMachine machine{"here"};
  std::unique_ptr<Secrets> secrets = make_secrets(process, *files, machine);
  std::string file(const std::string& name, const std::string& contents, mode_t mode = 0600) {
    const std::string path = folder.path + "/" + name;
    std::ofstream(path, std::ios::binary) << contents;
    ::chmod(path.c_str(), mode);
    return path;
  }
  std::string text_of(const Value& reference) {
    const auto found = secrets->resolve(reference, stop);
    INFO((found ? std::string() : found.error().message));
    REQUIRE(found);
    CHECK(found->value.is_secret());
    CHECK(found->version.size() == 5);
    return Reveal::text(found->value);
  }
  Failure failure_of(const Value& reference) {
    const auto found = secrets->resolve(reference, stop);
    REQUIRE_FALSE(found);
    CHECK(found.error().message.find("hunter") == std::string::npos);
    CHECK(found.error().hint.find("hunter") == std::string::npos);
    CHECK(found.error().reached == Reached::no);
    return found.error();
  }
};

} // namespace

TEST_CASE("a secret of a variable is read whole, and the variable hidden from children", "[integration][state]") {
  Scene scene;
  scene.machine.environment["DB_PASSWORD"] = "hunter22\n";
  CHECK(scene.text_of("env:DB_PASSWORD") == "hunter22\n");
  CHECK(scene.process.hidden == std::vector<std::string>{"DB_PASSWORD"});
  CHECK(scene.failure_of("env:DB_PASSWORT").cause == Cause::missing);
  scene.machine.environment["EMPTY"] = "";
  CHECK(scene.failure_of("env:EMPTY").message.find("empty") != std::string::npos);
}

TEST_CASE("a secret of a file loses one line feed and nothing else", "[integration][state]") {
  Scene scene;
  CHECK(scene.text_of("file:" + scene.file("a", "hunter22")) == "hunter22");
  CHECK(scene.text_of("file:" + scene.file("b", "hunter22\n")) == "hunter22");
  CHECK(scene.text_of("file:" + scene.file("c", "hunter22\n\n")) == "hunter22\n");
  CHECK(scene.text_of("file:" + scene.file("d", " hunter22 \r\n")) == " hunter22 ");
  CHECK(scene.failure_of("file:" + scene.file("e", "\n")).message.find("empty") != std::string::npos);
}

TEST_CASE("a secret's file that every user may read is refused, through links too", "[integration][state]") {
  Scene scene;
  const std::string open = scene.file("open", "hunter22", 0644);
  CHECK(scene.failure_of("file:" + open).cause == Cause::refused);
  CHECK(scene.failure_of("file:" + open).hint.find("chmod o-rwx") != std::string::npos);
  REQUIRE(::symlink("open", (scene.folder.path + "/link").c_str()) == 0);
  CHECK(scene.failure_of("file:" + scene.folder.path + "/link").cause == Cause::refused);
  scene.file("group", "hunter22", 0640);
  REQUIRE(::symlink("group", (scene.folder.path + "/good").c_str()) == 0);
  CHECK(scene.text_of("file:" + scene.folder.path + "/good") == "hunter22");
  REQUIRE(::symlink("round", (scene.folder.path + "/round").c_str()) == 0);
  CHECK(scene.failure_of("file:" + scene.folder.path + "/round").message.find("links") != std::string::npos);
  CHECK(scene.failure_of("file:" + scene.folder.path + "/nothing").cause == Cause::missing);
}

TEST_CASE("a secret of a command is its output; a failing command's output is not shown", "[integration][state]") {
  Scene scene;
  const Value reference = Value::object({{"command", Value::List{"pass", "show", "db"}}});
  scene.process.answer.out = "hunter22\n";
  CHECK(scene.text_of(reference) == "hunter22");
  CHECK(scene.process.asked == std::vector<std::string>{"pass", "show", "db"});
  scene.process.answer.status = 3;
  scene.process.answer.err = "hunter22 is expired";
  CHECK(scene.failure_of(reference).message.find("status 3") != std::string::npos);
  CHECK(scene.failure_of(Value::object({{"command", Value::List{}}})).cause == Cause::rejected);
  CHECK(scene.failure_of(Value::object({{"command", "pass show db"}})).cause == Cause::rejected);
}

TEST_CASE("an unknown kind of reference is refused with the known ones", "[integration][state]") {
  Scene scene;
  const Failure failure = scene.failure_of("vault:db/password");
  CHECK(failure.cause == Cause::rejected);
  CHECK(failure.hint.find("env:NAME") != std::string::npos);
}

TEST_CASE("a secret's version is the same while it is the same, and another where it or its reference is another", "[integration][state]") {
  Scene scene;
  scene.machine.environment = {{"A", "hunter22"}, {"B", "hunter22"}};
  const auto version = [&](const char* reference) { return scene.secrets->resolve(reference, scene.stop).value().version; };
  const std::string a = version("env:A");
  CHECK(version("env:A") == a);
  CHECK(version("env:B") != a);
  scene.machine.environment["A"] = "hunter23";
  CHECK(version("env:A") != a);
}
