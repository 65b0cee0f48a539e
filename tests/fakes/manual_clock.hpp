#pragma once
#include "belay/host.hpp"
#include <map>
#include <stdexcept>

namespace belay::fakes {

/// A clock that moves only when told. A wait that would last moves it, so nothing sleeps.
struct ManualClock final : Time {
  mutable Timestamp now{1'800'000'000, 0};
  mutable Duration since_boot = std::chrono::hours(5);

  Timestamp wall() const override { return now; }
  Duration steady() const override { return since_boot; }
  bool sleep(Duration wait, const Stop& stop) const override {
    if (stop) return false;
    advance(wait);
    return true;
  }
  /// Both clocks, as time passes.
  void advance(Duration by) const {
    since_boot += by;
    jump(by);
  }
  /// The wall clock alone, as when somebody sets it.
  void jump(Duration by) const {
    std::int64_t nanos = now.nanos + by.count() % 1'000'000'000;
    now.seconds += by.count() / 1'000'000'000;
    if (nanos < 0) nanos += 1'000'000'000, --now.seconds;
    if (nanos >= 1'000'000'000) nanos -= 1'000'000'000, ++now.seconds;
    now.nanos = static_cast<std::int32_t>(nanos);
  }
};

/// Bytes that differ at each call and are the same in each test run.
struct CountingEntropy final : Entropy {
  std::uint64_t next = 1;
  void fill(std::span<std::byte> bytes) override {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>((next >> (8 * (i % 8))) & 0xff);
    ++next;
  }
};

/// A machine whose processes live or are dead as the test says; asked of one that it was not told about, it fails the test.
struct NamedMachine final : Machine {
  std::string name, boot;
  ProcessMark me;
  std::map<std::int64_t, Life> lives;
  std::map<std::string, std::string> environment;

  explicit NamedMachine(std::string host_name, std::string boot_id = "boot-1", std::int64_t pid = 100)
      : name(std::move(host_name)), boot(std::move(boot_id)), me{name, boot, pid, 1000} {}
  ProcessMark process(std::int64_t pid) const { return {name, boot, pid, 1000}; }
  std::string host() const override { return name; }
  std::string person = "tester";
  std::string user() const override { return person; }
  std::string folder() const override { return "/"; }
  std::optional<std::string> variable(const std::string& variable_name) const override {
    const auto found = environment.find(variable_name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<std::string> variables(const std::string& prefix) const override {
    std::vector<std::string> names;
    for (const auto& [key, value] : environment)
      if (key.starts_with(prefix)) names.push_back(key);
    return names;
  }
  ProcessMark self() const override { return me; }
  Life life(const ProcessMark& mark) const override {
    if (mark.host != name) return Life::unknown;
    if (mark.boot != boot) return Life::dead;
    const auto found = lives.find(mark.pid);
    if (found == lives.end()) throw std::logic_error("the test says nothing about process " + std::to_string(mark.pid));
    return found->second;
  }
};

} // namespace belay::fakes
