#include "ports/fd.hpp"
#include "ports/real_ports.hpp"
#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace belay;

namespace {

/// Starts children of several kinds and waits to be killed; says the pids of all once they run.
int parent_to_be_killed(const std::string& folder) {
  const auto clock = make_clock();
  const auto process = make_process({});
  const Stop stop(*clock);
  const std::string script = "trap '' TERM; echo $$ >> pids; sleep 1000 & echo $! >> pids; (trap '' TERM; exec setsid sleep 1000) & echo $! >> pids; "
                             "(setsid sh -c 'sleep 1000 & echo $! >> pids; echo $$ >> pids; wait' &) ; while [ $(wc -l < pids) -lt 5 ]; do sleep 0.01; done; touch ready; wait; sleep 1000";
  Command command{{"sh", "-c", script}};
  command.folder = folder;
  command.private_files = {{"PASSFILE", Value("s3cret").as_secret()}};
  std::thread running([&] { (void)process->run(command, nullptr, nullptr, nullptr, stop); });
  running.join();
  return 0;
}

/// Starts children from several threads until it is killed, for 10 s at most. Each sleeps for a time that tells whose it is.
int parent_of_many(const std::string& tag) {
  const auto clock = make_clock();
  const auto process = make_process({});
  const Stop stop(*clock);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (const Stop enough = stop.nested(std::chrono::seconds(10)); !enough;) (void)process->run({{"sh", "-c", "sleep " + tag + " & setsid sleep " + tag + " & (setsid sleep " + tag + " &); sleep 0.01; kill %1"}}, nullptr, nullptr, nullptr, stop.nested(std::chrono::milliseconds(250)));
    });
  return 0;
}

/// Asks at its terminal and says what came: two lines, the end of input, nothing until a time limit.
int ask_at_terminal() {
  const auto clock = make_clock();
  const auto terminal = make_terminal();
  const Stop stop(*clock);
  std::cout << "interactive " << terminal->interactive() << " live " << terminal->live() << " width " << terminal->width() << std::endl;
  for (const auto* prompt : {"name? ", "sure? ", "end? "}) std::cout << "[" << terminal->ask(prompt, stop).value_or("nothing") << "]" << std::endl;
  std::cout << "[" << terminal->ask("late? ", stop.nested(std::chrono::milliseconds(50))).value_or("stopped") << "]" << std::endl;
  return 0;
}

/// One change of a file, or a file created through a sink, to be watched from outside.
int change_file_once(const std::string& operation, const std::string& path, const std::string& to) {
  const auto files = make_files();
  if (operation != "create") return files->change({operation, path, to}) ? 0 : 1;
  auto sink = files->create(path);
  return sink && (*sink)->write(std::as_bytes(std::span(to))) && (*sink)->finish() ? 0 : 1;
}

} // namespace

std::optional<int> run_as_another_part(int argc, char** argv);
std::optional<int> backup_part(int argc, char** argv); // backup_kill_test.cpp

std::optional<int> run_as_another_part(int argc, char** argv) {
  if (const auto status = guard_main(argc, argv)) return status;
  if (const auto status = backup_part(argc, argv)) return status;
  if (argc == 3 && std::strcmp(argv[1], "--parent-to-be-killed") == 0) return parent_to_be_killed(argv[2]);
  if (argc == 3 && std::strcmp(argv[1], "--parent-of-many") == 0) return parent_of_many(argv[2]);
  if (argc == 2 && std::strcmp(argv[1], "--ask") == 0) return ask_at_terminal();
  if (argc >= 4 && std::strcmp(argv[1], "--change-file") == 0) return change_file_once(argv[2], argv[3], argc > 4 ? argv[4] : "");
  return {};
}
