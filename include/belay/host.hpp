#pragma once
#include "belay/error.hpp"
#include "belay/stop.hpp"
#include "belay/value.hpp"
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace belay {

/// Time, injected. `steady` counts suspend (CLOCK_BOOTTIME) and never goes back.
struct Time {
  virtual ~Time() = default;
  virtual Timestamp wall() const = 0;
  virtual Duration steady() const = 0;
  /// False when the stop fired first.
  virtual bool sleep(Duration, const Stop&) const = 0;
};

struct Entropy {
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::byte>) = 0;
};

/// A process, so that one that died and whose pid was taken again is not mistaken for it: boot id and start time tell.
struct ProcessMark {
  std::string host, boot;
  std::int64_t pid = 0;
  std::uint64_t started = 0; ///< clock ticks since boot
  friend bool operator==(const ProcessMark&, const ProcessMark&) = default;
};

/// The machine that belay runs on.
struct Machine {
  virtual ~Machine() = default;
  virtual std::string host() const = 0;
  virtual std::string user() const = 0;
  virtual std::string folder() const = 0; ///< working directory
  virtual std::optional<std::string> variable(const std::string& name) const = 0;
  virtual std::vector<std::string> variables(const std::string& prefix) const = 0; ///< names, sorted
  virtual ProcessMark self() const = 0;
  enum class Life : std::uint8_t { alive, dead, unknown };
  virtual Life life(const ProcessMark&) const = 0; ///< unknown of another host
};

/// Who sits at it. Nothing is asked where `interactive` is false.
struct Terminal {
  virtual ~Terminal() = default;
  virtual bool interactive() const = 0; ///< standard input and standard error are a terminal
  virtual bool live() const = 0;        ///< standard error is a terminal that can redraw (no TERM=dumb)
  virtual int width() const = 0;        ///< columns; 80 where unknown
  virtual std::optional<std::string> ask(const std::string& prompt, const Stop&) = 0; ///< a line; nothing at end of input
};

/// Interrupts from outside, counted; `fd` becomes readable at each.
struct Signals {
  virtual ~Signals() = default;
  virtual unsigned received() const = 0; ///< INT and TERM so far
  virtual int fd() const = 0;
};

} // namespace belay
