// Runs the exported conformance cases, or compares with the results of another implementation.
//   belay_expr_conformance cases CASES.json EXCLUDED.txt [--list]     belay_expr_conformance compare RESULTS.json
#include "expr/expr.hpp"
#include "expr/types.hpp"
#include "typed_value.hpp"
#include "value/json.hpp"
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

using namespace belay;
using namespace belay::conformance;

namespace {

std::string contents_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

bool flag(const Value& of, std::string_view name) { return of[name].kind() == Kind::boolean && of[name].boolean(); }
std::string text(const Value& of, std::string_view name) { return of[name].kind() == Kind::text ? of[name].text() : std::string(); }

/// Why the case does not pass; empty when it does.
std::string run(const Value& test) {
  expr::Scope scope;
  scope.checked = !flag(test, "disableCheck");
  scope.container = text(test, "container");
  if (test.has("typeEnv"))
    for (const Value& one : test["typeEnv"].list()) {
      if (!one.has("ident")) return "it declares a function";
      auto type = type_of(one["ident"]["type"]);
      if (!type) return "it declares a message";
      scope.names.emplace_back(one["name"].text(), *type);
    }
  Value::Map bindings;
  if (test.has("bindings"))
    for (const auto& [name, binding] : test["bindings"].map()) {
      auto value = value_of(binding["value"]);
      if (!value) return "it binds a message";
      bindings.emplace_back(name, *value);
    }
  const bool error_wanted = test.has("evalError");
  auto program = expr::compile(text(test, "expr"), scope);
  if (!program) return error_wanted && scope.checked ? "" : "not compiled: " + program.error()[0].message;
  if (test.has("typedResult") && test["typedResult"].has("deducedType")) {
    auto wanted = type_of(test["typedResult"]["deducedType"]);
    if (!wanted) return "its type is none of ours";
    const std::string ours = expr::describe(program->type()), theirs = expr::describe(*wanted);
    if (ours != theirs) return fmt::format("its type is {}, not {}", ours, theirs);
    if (flag(test, "checkOnly")) return "";
  }
  auto result = program->evaluate(Value(std::move(bindings)));
  if (error_wanted) return result ? "no error, but " + show(*result) : "";
  if (!result) return "error: " + result.error().message;
  const Value& holder = test.has("typedResult") ? test["typedResult"] : test;
  const char* key = test.has("typedResult") ? "result" : "value";
  auto wanted = holder.has(key) ? value_of(holder[key]) : std::optional<Value>(Value(true));
  if (!wanted) return "its result is a message";
  return same(*result, *wanted) ? "" : fmt::format("gives {}, not {}", show(*result), show(*wanted));
}

std::map<std::string, std::string> exclusions(const std::string& path) {
  std::map<std::string, std::string> out;
  std::istringstream in(contents_of(path));
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t end = line.find(' ', line.find(' ') + 1);
    if (end == std::string::npos) throw std::runtime_error("no reason is given: " + line);
    out[line.substr(0, end)] = line.substr(end + 1);
  }
  return out;
}

int run_cases(const std::string& cases_path, const std::string& excluded_path, bool list) {
  auto cases = parse_json(contents_of(cases_path));
  if (!cases) throw std::runtime_error(cases.error().message);
  auto excluded = exclusions(excluded_path);
  std::size_t passed = 0, failed = 0, left_out = 0;
  for (const Value& test : cases->list()) {
    const std::string id = fmt::format("{} {}", test["path"].text(), test["index"].integer());
    const std::string why = run(test);
    auto at = excluded.find(id);
    if (at == excluded.end()) {
      (why.empty() ? passed : failed) += 1;
      if (!why.empty()) std::cout << (list ? id + " " + why : fmt::format("FAILED {}: {}\n  {}", id, why, text(test, "expr"))) << "\n";
      continue;
    }
    ++left_out;
    if (why.empty()) {
      ++failed;
      std::cout << "FAILED " << id << ": it passes, so it is not to be excluded\n";
    }
    excluded.erase(at);
  }
  for (const auto& [id, reason] : excluded) {
    ++failed;
    std::cout << "FAILED " << id << ": it is excluded, but there is no such case\n";
  }
  std::cout << fmt::format("conformance: {} passed, {} failed, {} excluded\n", passed, failed, left_out);
  return failed == 0 ? 0 : 1;
}

int compare(const std::string& results_path) {
  auto results = parse_json(contents_of(results_path));
  if (!results) throw std::runtime_error(results.error().message);
  std::size_t passed = 0, failed = 0;
  for (const Value& one : results->list()) {
    const std::string source = text(one, "expr");
    std::string ours;
    // Generated expressions are of right types, so that the checker must let all of them through.
    auto program = expr::compile(source, expr::Scope{{}, false});
    if (!program) {
      ours = "not compiled: " + program.error()[0].message;
    } else {
      auto result = program->evaluate(Value(Value::Map{}));
      const bool error_wanted = one.has("error");
      auto wanted = error_wanted ? std::nullopt : value_of(one["value"]);
      if (error_wanted ? !result : result && wanted && same(*result, *wanted)) {
        ++passed;
        continue;
      }
      ours = result ? expr::typed_json(*result) : "error: " + result.error().message;
    }
    ++failed;
    std::cout << fmt::format("FAILED {}\n  ours:   {}\n  theirs: {}\n", source, ours, one.has("error") ? "error: " + text(one, "error") : canonical_json(one["value"]));
  }
  std::cout << fmt::format("differential: {} passed, {} failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> args(argv + 1, argv + argc);
    if (args.size() >= 3 && args[0] == "cases") return run_cases(args[1], args[2], args.size() > 3 && args[3] == "--list");
    if (args.size() == 2 && args[0] == "compare") return compare(args[1]);
    std::cerr << "usage: belay_expr_conformance cases CASES.json EXCLUDED.txt | compare RESULTS.json\n";
    return 2;
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << "\n";
    return 2;
  }
}
