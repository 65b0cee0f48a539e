#include "ports/child_run.hpp"
#include "ports/system_failure.hpp"
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace belay {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t k_piece = 256 * 1024;
constexpr int k_wide_pipe = 1024 * 1024; ///< fewer switches between the two ends of a stream
constexpr Duration k_gather = 1ms;       ///< a program writes 4 KiB at a time; taking each alone costs both sides more than what is done with it
constexpr Duration k_grace = 2s;

struct Pipe {
  Fd read, write;
};
Expected<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Unexpected(system_failure("cannot make a pipe for a child", errno));
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}
void never_block(const Fd& fd) { ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

std::string seconds(Duration time) {
  const double value = std::chrono::duration<double>(time).count();
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " s";
}

/// The end of what it wrote on standard error, for a message.
std::string last_words(const std::string& errors) {
  const auto end = errors.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return {};
  const auto line = errors.rfind('\n', end);
  const auto begin = line == std::string::npos ? 0 : line + 1;
  return "its last words: " + errors.substr(begin, std::min<std::size_t>(end + 1 - begin, 500));
}

} // namespace

Expected<std::unique_ptr<ChildRun>> ChildRun::start(std::shared_ptr<Guard> guard, const SpawnRequest& request, ChildWishes wishes) {
  std::unique_ptr<ChildRun> run(new ChildRun(std::move(guard)));
  auto output = make_pipe(), errors = make_pipe();
  if (!output || !errors) return Unexpected(output ? errors.error() : output.error());
  Pipe input;
  if (wishes.source || !wishes.input.empty()) {
    auto made = make_pipe();
    if (!made) return Unexpected(made.error());
    input = std::move(*made);
    never_block(input.write);
    if (wishes.source) ::fcntl(input.write.get(), F_SETPIPE_SZ, k_wide_pipe);
  }
  if (wishes.sink) ::fcntl(output->read.get(), F_SETPIPE_SZ, k_wide_pipe);
  auto child = run->m_guard->start(request, input.read.get(), output->write.get(), errors->write.get());
  if (!child) return Unexpected(child.error());
  run->m_child = std::move(*child);
  run->m_input = std::move(input.write);
  run->m_output = std::move(output->read);
  run->m_errors = std::move(errors->read);
  never_block(run->m_output);
  never_block(run->m_errors);
  run->m_wishes = std::move(wishes);
  run->m_to_write = run->m_wishes.input;
  run->m_kept_output = KeptOutput(run->m_wishes.tell);
  run->m_kept_errors = KeptOutput(run->m_wishes.tell);
  run->m_buffer.resize(run->m_wishes.sink ? k_piece : 32 * 1024);
  return run;
}

Expected<Ended> ChildRun::finish(const Stop& stop) {
  while (!m_gone) watch(stop);
  if (m_why) {
    if (m_why->hint.empty()) m_why->hint = last_words(m_kept_errors.text());
    return Unexpected(*m_why);
  }
  return how_it_ended();
}

Ended ChildRun::how_it_ended() const {
  Ended ended;
  ended.signal = WIFSIGNALED(m_wait_status) ? WTERMSIG(m_wait_status) : 0;
  ended.status = ended.signal != 0 ? 128 + ended.signal : WEXITSTATUS(m_wait_status);
  ended.out = m_kept_output.text();
  ended.err = m_kept_errors.text();
  ended.cut = m_kept_output.cut() || m_kept_errors.cut();
  if (m_left_behind > 0) ended.err += "[" + m_wishes.name + " ended but left " + std::to_string(m_left_behind) + " of its processes behind: belay ended them]\n";
  return ended;
}

Duration ChildRun::time_left(const Stop& stop) const {
  // While it is being ended only the second signal matters, and the stop's descriptor stays readable: it is looked at in turns.
  if (m_ending) return 20ms;
  Duration left = std::min(stop.left(), Duration(1min));
  if (m_wishes.idle > Duration::zero()) left = std::min(left, m_wishes.idle - (Clock::now() - m_last_sign));
  return std::max(left, Duration::zero());
}

void ChildRun::watch(const Stop& stop) {
  if (!m_ending) {
    if (stop) end_because(ended_failure(stop), stop.why() == Stop::Why::killed ? Duration::zero() : m_grace.load());
    else if (m_wishes.idle > Duration::zero() && Clock::now() - m_last_sign >= m_wishes.idle)
      end_because({Cause::timeout, Reached::perhaps, m_wishes.name + " was ended: it wrote nothing for " + seconds(m_wishes.idle), {}}, k_grace);
  } else if (!m_killed && stop.why() == Stop::Why::killed) {
    m_killed = true;
    order_end(Duration::zero());
  }
  if (m_input) feed();

  const bool gathering = m_output && gathers();
  std::array<pollfd, 5> polled{{{m_child.socket.get(), POLLIN, 0},
                                {gathering ? -1 : m_output.get(), POLLIN, 0},
                                {m_errors.get(), POLLIN, 0},
                                {m_input.get(), POLLOUT, 0},
                                {m_ending ? -1 : stop.fd(), POLLIN, 0}}};
  const Duration left = gathering ? std::min(k_gather, time_left(stop)) : time_left(stop);
  const timespec wait{static_cast<time_t>(left / 1s), static_cast<long>((left % 1s).count())};
  if (::ppoll(polled.data(), polled.size(), &wait, nullptr) <= 0) return;
  if (polled[1].revents != 0) drain(m_output, true, m_buffer.size());
  if (polled[2].revents != 0) drain(m_errors, false, m_buffer.size());
  if (polled[0].revents != 0) take_reports();
}

Failure ChildRun::ended_failure(const Stop& stop) const {
  switch (stop.why()) {
    case Stop::Why::deadline: return {Cause::timeout, Reached::perhaps, m_wishes.name + " was ended: its time limit has passed", {}};
    case Stop::Why::fenced: return {Cause::fenced, Reached::perhaps, m_wishes.name + " was ended: another run has taken the claim", {}};
    default: return {Cause::stopped, Reached::perhaps, m_wishes.name + " was ended by a stop", {}};
  }
}

void ChildRun::end_because(Failure why, Duration grace) {
  m_why = std::move(why);
  order_end(grace);
}

void ChildRun::order_end(Duration grace) {
  m_ending = true;
  m_input.reset();
  const GuardOrder order{std::chrono::ceil<std::chrono::milliseconds>(grace).count()};
  ::send(m_child.socket.get(), &order, sizeof order, MSG_NOSIGNAL);
}

void ChildRun::feed() {
  // One piece a turn, so that a quick reader does not keep the loop from its other descriptors and the stop.
  if (m_to_write.empty() && m_wishes.source) {
    m_piece.resize(k_piece);
    const auto got = m_wishes.source->read(std::as_writable_bytes(std::span(m_piece)));
    if (!got) return end_because(got.error(), k_grace);
    m_piece.resize(*got);
    m_to_write = m_piece;
  }
  if (m_to_write.empty()) return m_input.reset();
  const ssize_t written = ::write(m_input.get(), m_to_write.data(), m_to_write.size());
  if (written < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) return m_input.reset(); // it wants no more: its status tells whether that was right
  if (written <= 0) return;
  m_to_write.remove_prefix(static_cast<std::size_t>(written));
  m_last_sign = Clock::now();
  if (m_to_write.empty() && !m_wishes.source) m_input.reset();
}

std::size_t ChildRun::drain(Fd& from, bool output, std::size_t at_most) {
  const ssize_t got = ::read(from.get(), m_buffer.data(), std::min(at_most, m_buffer.size()));
  if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
  if (got <= 0) {
    from.reset();
    return 0;
  }
  const std::string_view text(m_buffer.data(), static_cast<std::size_t>(got));
  if (!output) {
    m_kept_errors.take(text);
  } else if (!m_wishes.sink) {
    m_kept_output.take(text);
  } else if (!m_why) {
    if (auto done = m_wishes.sink->write(std::as_bytes(std::span(text))); !done) {
      end_because(done.error(), k_grace);
      from.reset(); // what it still writes meets a broken pipe
    }
    if (text.size() < at_most) m_gathers_until = Clock::now() + k_gather;
  }
  m_last_sign = Clock::now(); // after the sink: behind a slow one the child is not idle
  return text.size();
}

void ChildRun::drain_what_is_there() {
  for (const bool output : {true, false}) {
    Fd& from = output ? m_output : m_errors;
    // Just what stands in the pipe now: a process that slipped out of the group may write for ever.
    int waiting = 0;
    if (from && ::ioctl(from.get(), FIONREAD, &waiting) != 0) waiting = 0;
    for (auto rest = static_cast<std::size_t>(waiting); from && rest > 0;) {
      const std::size_t got = drain(from, output, rest);
      if (got == 0) break;
      rest -= got;
    }
    from.reset();
  }
  m_kept_output.end();
  m_kept_errors.end();
}

void ChildRun::take_reports() {
  char piece[256];
  const ssize_t got = ::recv(m_child.socket.get(), piece, sizeof piece, MSG_DONTWAIT);
  if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (got <= 0) return lose_guard();
  m_reports.append(piece, static_cast<std::size_t>(got));
  while (m_reports.size() >= sizeof(GuardReport)) {
    GuardReport report;
    std::memcpy(&report, m_reports.data(), sizeof report);
    m_reports.erase(0, sizeof report);
    if (report.what == GuardReport::exited) {
      m_wait_status = report.value;
      m_exited = true;
    }
    if (report.what == GuardReport::gone) {
      m_left_behind = report.value;
      m_gone = true;
      drain_what_is_there();
    }
  }
}

void ChildRun::lose_guard() {
  ::kill(-m_child.pid, SIGKILL);
  m_guard->lost(m_child.guard);
  m_exited = true;
  m_gone = true;
  if (!m_why)
    m_why = Failure{Cause::transport, Reached::perhaps, "how " + m_wishes.name + " ended is not known: the guard process that watched it was ended by somebody",
                    "belay has killed the group of the child (" + std::to_string(m_child.pid) + "); look with ps for what may be left of it"};
}

} // namespace belay
