#include "catch.hpp"
#include "cli/flags.hpp"

using namespace belay;
using namespace belay::cli;

namespace {

/// A small command line of the shapes that belay's has.
struct Line {
  std::string environment, output = "text", dry_run, to, printed;
  std::vector<std::string> services, rest;
  Flags flags{"belay", "test"};
  Line() {
    flags.choice("--output", output, {"text", "json"}, "form");
    flags.choice("--dry-run", dry_run, {"reads", "offline"}, "dry");
    Flags deploy = flags.command("deploy", "deploys", "Procedures");
    deploy.positionals("SERVICE", services, "services", true);
    deploy.text("-e,--env", environment, "where", "ENV");
    deploy.keep_unknown(rest);
    deploy.runs([](Context&) { return Exit::done; });
    Flags roll = flags.command("rollback", "goes back", "Procedures");
    roll.positionals("SERVICE", services, "services", true);
    roll.text("--to", to, "release");
    roll.runs([](Context&) { return Exit::done; });
  }
  bool parse(std::vector<std::string> words) { return flags.parse(std::move(words), printed).has_value(); }
  std::string refusal(std::vector<std::string> words) {
    try {
      parse(std::move(words));
    } catch (const Error& e) {
      CHECK(e.exit == Exit::usage);
      return e.problems.at(0).message + " | " + e.problems.at(0).hint;
    }
    return "accepted";
  }
};

} // namespace

TEST_CASE("options of the program are taken before and after a command", "[cli]") {
  Line line;
  CHECK(line.parse({"deploy", "shop", "-e", "local", "--output", "json"}));
  CHECK(line.environment == "local");
  CHECK(line.output == "json");
  Line before;
  CHECK(before.parse({"--output", "json", "deploy", "shop"}));
  CHECK(before.output == "json");
}

TEST_CASE("--dry-run alone never takes the word behind it for its value", "[cli]") {
  Line line;
  CHECK(line.parse({"deploy", "--dry-run", "shop"}));
  CHECK(line.dry_run == "reads");
  CHECK(line.services == std::vector<std::string>{"shop"});
  Line offline;
  CHECK(offline.parse({"deploy", "--dry-run=offline", "shop"}));
  CHECK(offline.dry_run == "offline");
}

TEST_CASE("options that a command does not know are kept for its runbook, in their order", "[cli]") {
  Line line;
  CHECK(line.parse({"deploy", "shop", "--version", "1.1.0", "-e", "local", "--strategy=canary", "--force"}));
  CHECK(line.rest == std::vector<std::string>{"--version=1.1.0", "--strategy=canary", "--force"});
  CHECK(line.services == std::vector<std::string>{"shop"});
}

TEST_CASE("--help behind an option that wants a value is help, never the value", "[cli]") {
  Line line;
  CHECK_FALSE(line.parse({"rollback", "shop", "--help"}));
  CHECK(line.printed.find("--to") != std::string::npos);
  Line value;
  CHECK(value.refusal({"rollback", "shop", "--to", "--help"}) != "accepted");
  CHECK(value.to.empty());
}

TEST_CASE("what stands behind -- is never an option", "[cli]") {
  Line line;
  CHECK(line.parse({"rollback", "--", "--to"}));
  CHECK(line.services == std::vector<std::string>{"--to"});
  CHECK(line.to.empty());
}

TEST_CASE("a mistyped option or command is refused with the nearest name and the help to read", "[cli]") {
  Line line;
  CHECK(line.refusal({"rollback", "shop", "--tp", "1"}) == "there is no option --tp | did you mean '--to'? try `belay rollback --help`");
  Line command;
  CHECK(command.refusal({"deplyo", "shop"}).find("did you mean 'deploy'?") != std::string::npos);
  Line missing;
  CHECK(missing.refusal({"rollback"}).find("SERVICE") != std::string::npos);
  Line choice;
  CHECK(choice.refusal({"deploy", "shop", "--output", "xml"}).find("xml") != std::string::npos);
}

TEST_CASE("completion knows the commands and options of the place", "[cli]") {
  Line line;
  const auto words = line.flags.candidates({"rollback"});
  CHECK(std::find(words.begin(), words.end(), "--to") != words.end());
  const auto top = line.flags.candidates({});
  CHECK(std::find(top.begin(), top.end(), "deploy") != top.end());
}
