#pragma once
#include "belay/host.hpp"
#include "belay/ports.hpp"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace belay {

std::unique_ptr<Time> make_clock();
std::unique_ptr<Entropy> make_entropy();
std::unique_ptr<Machine> make_machine();
std::unique_ptr<Terminal> make_terminal();
std::unique_ptr<FileSystem> make_files();

/// Counts INT and TERM and ignores HUP and PIPE from here on. For main only, once, before any thread is started.
std::unique_ptr<Signals> make_signals();

/// A process port that also lets a variable be hidden after it was made, when a secret turns out to come from it.
struct HidingProcess : Process {
  virtual void hide(const std::string& variable) = 0;
};
/// Children never see `secret_variables` of belay's own environment. SIGPIPE is ignored from here on. The guard is started with the first child:
/// this executable again, so its main must call `guard_main` first of all.
std::unique_ptr<HidingProcess> make_process(std::vector<std::string> secret_variables);

/// The guard's whole life when this process was started as one: the exit status; nothing in any other process.
std::optional<int> guard_main(int argc, char** argv);

/// No core dumps, and no other process of this user may read belay's memory. For main only.
void harden_process();

} // namespace belay
