#include "ports/child_run.hpp"
#include "ports/prepared_command.hpp"
#include "ports/real_ports.hpp"
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>

namespace belay {
namespace {

using namespace std::chrono_literals;

/// A child that works beside belay: a thread of its own drains what it writes.
class RealChild final : public Child {
public:
  RealChild(std::unique_ptr<ChildRun> run, PrivateFiles files, std::unique_ptr<Time> clock)
      : m_private_files(std::move(files)), m_clock(std::move(clock)), m_stop(*m_clock), m_run(std::move(run)), m_thread([this] { watch(); }) {}
  RealChild(const RealChild&) = delete;
  RealChild& operator=(const RealChild&) = delete;
  ~RealChild() override { RealChild::end(2s); }
  bool running() override { return !m_run->exited(); }
  std::int64_t pid() const override { return m_run->pid(); }
  Expected<Ended> end(Duration grace) override {
    if (m_thread.joinable()) {
      if (grace > Duration::zero()) {
        m_run->set_grace(grace);
        m_stop.request(Stop::Why::interrupted);
      } else {
        m_stop.request(Stop::Why::killed);
      }
      m_thread.join();
    }
    return m_result;
  }

private:
  void watch() {
    m_result = m_run->finish(m_stop);
    if (!m_result && m_result.error().cause == Cause::stopped) m_result = m_run->how_it_ended(); // that was asked for
  }

  PrivateFiles m_private_files;
  std::unique_ptr<Time> m_clock;
  Stop m_stop;
  std::unique_ptr<ChildRun> m_run;
  Expected<Ended> m_result;
  std::thread m_thread;
};

class RealProcess final : public HidingProcess {
public:
  explicit RealProcess(std::vector<std::string> secrets) : m_hidden(secrets.begin(), secrets.end()) {
    // A child that reads no more shall be an answer of write, not the end of belay.
    ::signal(SIGPIPE, SIG_IGN);
  }
  void hide(const std::string& variable) override {
    const std::lock_guard lock(m_mutex);
    m_hidden.insert(variable);
  }
  Expected<Ended> read(const Command& command, const Stop& stop) override { return run(command, nullptr, nullptr, nullptr, stop); }
  std::optional<std::string> find(const std::string& program) override {
    const char* path = std::getenv("PATH");
    return find_program(program, path ? path : "", "");
  }
  Expected<Ended> run(const Command& command, Source* in, Sink* out, Tell* tell, const Stop& stop) override {
    auto prepared = prepare(command, stop);
    if (!prepared) return Unexpected(prepared.error());
    ChildWishes wishes{prepared->name, std::move(prepared->input), in, out, tell, command.idle};
    auto child = ChildRun::start(m_guard, prepared->request, std::move(wishes));
    if (!child) return Unexpected(child.error());
    return (*child)->finish(stop);
  }
  Expected<std::unique_ptr<Child>> start(const Command& command, const Stop& stop) override {
    auto prepared = prepare(command, stop);
    if (!prepared) return Unexpected(prepared.error());
    ChildWishes wishes{prepared->name, std::move(prepared->input), nullptr, nullptr, nullptr, command.idle};
    auto child = ChildRun::start(m_guard, prepared->request, std::move(wishes));
    if (!child) return Unexpected(child.error());
    return std::make_unique<RealChild>(std::move(*child), std::move(prepared->private_files), make_clock());
  }

private:
  Expected<PreparedCommand> prepare(const Command& command, const Stop& stop) {
    if (stop) return Unexpected(Failure{stop.why() == Stop::Why::deadline ? Cause::timeout : Cause::stopped, Reached::no, "the program was not started: there was a stop before", {}});
    const auto hidden = [this] {
      const std::lock_guard lock(m_mutex);
      return m_hidden;
    }();
    return prepare_command(command, [&](std::string_view name) { return hidden.contains(name); });
  }

  std::mutex m_mutex;
  std::set<std::string, std::less<>> m_hidden;
  std::shared_ptr<Guard> m_guard = std::make_shared<Guard>();
};

} // namespace

std::unique_ptr<HidingProcess> make_process(std::vector<std::string> secret_variables) { return std::make_unique<RealProcess>(std::move(secret_variables)); }

} // namespace belay
