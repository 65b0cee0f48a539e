#pragma once
#include "belay/action.hpp"
#include "ports/http.hpp"
#include "ports/lines.hpp"
#include "ports/real_ports.hpp"
#include "ports/sql.hpp"
#include <string>

namespace support {

/// Real ports, and one action at a time as the engine makes it: observe, prepare, act, observe again, judge.
struct ActionBench {
  struct Told : belay::Tell {
    std::string text;
    std::int64_t done = 0;
    void output(std::string_view more) override { text += more; }
    void progress(std::int64_t now, std::int64_t, std::string_view) override { done = now; }
  };
  struct Made {
    belay::Intent intent;
    belay::Outcome outcome;
    belay::Value seen, now;
    belay::Outcome judged;
  };

  std::unique_ptr<belay::Time> time = belay::make_clock();
  std::unique_ptr<belay::Http> http = belay::make_http();
  std::unique_ptr<belay::HidingProcess> process = belay::make_process({});
  std::unique_ptr<belay::Sql> sql = belay::make_sql();
  std::unique_ptr<belay::Lines> lines = belay::make_lines();
  std::unique_ptr<belay::FileSystem> files = belay::make_files();
  belay::Stop stop{*time};
  Told tell;
  belay::Identity id{"run-1", "step", "key", 1, {1795300680, 0}};

  belay::Ports ports() { return {*http, *process, *sql, *lines, *files, *time}; }
  belay::Ports with(belay::FileSystem& other) { return {*http, *process, *sql, *lines, other, *time}; }

  /// Inputs with the defaults that the action declares for those not given.
  static belay::Value complete(const belay::Action&, std::vector<std::pair<std::string, belay::Value>> given);
  Made change(const belay::Action&, const belay::Value& in, belay::Ports);
  Made change(const belay::Action& action, const belay::Value& in) { return change(action, in, ports()); }
  belay::Outcome read(const belay::Action&, const belay::Value& in);
};

} // namespace support
