#include "catch.hpp"
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct Source {
  std::string path, layer;
  std::vector<std::string> includes;
  std::size_t lines = 0;
};

std::vector<Source> sources() {
  std::vector<Source> out;
  const fs::path root = BELAY_SOURCE_DIR;
  for (const char* top : {"src", "include"})
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      if (!entry.is_regular_file() || (entry.path().extension() != ".cpp" && entry.path().extension() != ".hpp")) continue;
      Source source;
      const fs::path relative = entry.path().lexically_relative(root);
      source.path = relative.string();
      auto part = relative.begin();
      source.layer = std::next(part, 2) == relative.end() ? "main" : (++part)->string();
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line); ++source.lines)
        if (line.rfind("#include", 0) == 0) {
          auto from = line.find_first_of("<\"") + 1;
          source.includes.push_back(line.substr(from, line.find_first_of(">\"", from) - from));
        }
      out.push_back(source);
    }
  return out;
}

} // namespace

TEST_CASE("every include points down the layers", "[project]") {
  const std::map<std::string, std::set<std::string>> may{
      {"belay", {"belay"}},
      {"value", {"belay", "value"}},
      {"expr", {"belay", "value", "expr"}},
      {"runbook", {"belay", "value", "expr", "runbook", "codec"}},
      {"codec", {"belay", "value", "codec"}},
      {"state", {"belay", "value", "codec", "state"}},
      {"clients", {"belay", "value", "codec", "clients"}},
      {"modules", {"belay", "value", "codec", "clients", "modules"}},
      {"notify", {"belay", "value", "state", "notify"}},
      {"report", {"belay", "value", "state", "report"}},
      {"engine", {"belay", "value", "expr", "runbook", "codec", "state", "engine"}},
      {"cli", {"belay", "value", "expr", "runbook", "codec", "state", "engine", "modules", "notify", "report", "cli"}},
      {"ports", {"belay", "value", "codec", "state", "ports"}},
      {"main", {"belay", "cli", "ports", "modules", "clients"}},
  };
  for (const Source& source : sources()) {
    INFO(source.path);
    REQUIRE(may.count(source.layer) == 1);
    for (const std::string& include : source.includes) {
      const auto slash = include.find('/');
      const std::string layer = include.substr(0, slash);
      if (slash == std::string::npos || may.count(layer) == 0) continue; // a library's
      INFO("includes " << include);
      CHECK(may.at(source.layer).count(layer) == 1);
    }
  }
}

TEST_CASE("only the ports include what reaches outside", "[project]") {
  const std::set<std::string> outside{"sqlite3.h", "libpq-fe.h", "spawn.h", "sys/wait.h", "sys/socket.h", "signal.h", "csignal"};
  for (const Source& source : sources()) {
    INFO(source.path);
    for (const std::string& include : source.includes) {
      INFO("includes " << include);
      if (source.layer != "ports" && source.layer != "main") CHECK((outside.count(include) == 0 && include.rfind("curl/", 0) != 0));
      if (include == "belay/reveal.hpp") CHECK((source.layer == "ports" || source.layer == "expr" || source.layer == "value"));
      if (include == "CLI/CLI.hpp") CHECK(source.path == "src/cli/flags.cpp");
    }
  }
}

TEST_CASE("no file is longer than 500 lines or named for no one thing", "[project]") {
  for (const Source& source : sources()) {
    INFO(source.path);
    CHECK(source.lines <= 500);
    const std::string stem = fs::path(source.path).stem().string();
    for (const char* name : {"util", "utils", "common", "helper", "helpers", "misc", "manager"}) CHECK(stem != name);
  }
}
