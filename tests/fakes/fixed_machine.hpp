#pragma once
#include "belay/host.hpp"
#include <map>

/// A machine whose folder and variables are what a test says.
struct FixedMachine : belay::Machine {
  std::string at = "/home/ada";
  std::map<std::string, std::string> environment;

  std::string host() const override { return "test-host"; }
  std::string user() const override { return "ada"; }
  std::string folder() const override { return at; }
  std::optional<std::string> variable(const std::string& name) const override {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  }
  std::vector<std::string> variables(const std::string& prefix) const override {
    std::vector<std::string> names;
    for (const auto& [name, value] : environment)
      if (name.starts_with(prefix)) names.push_back(name);
    return names;
  }
  belay::ProcessMark self() const override { return {"test-host", "boot", 1, 1}; }
  Life life(const belay::ProcessMark&) const override { return Life::unknown; }
};
