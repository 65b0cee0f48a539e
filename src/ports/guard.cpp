#include "ports/guard.hpp"
#include "ports/system_failure.hpp"
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace belay {
namespace {

constexpr int k_patience = 30'000; // milliseconds; a machine this slow does nothing else either

Failure no_guard(const std::string& why) {
  return {Cause::refused, Reached::no, "no child can be started, since the guard that looks after children could not be started: " + why,
          "belay starts itself again as its guard through /proc/self/exe: /proc must be mounted"};
}

Expected<std::array<Fd, 2>> socket_pair(int type) {
  int ends[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) return Unexpected(system_failure("cannot make a socket for a child", errno));
  return std::array<Fd, 2>{Fd(ends[0]), Fd(ends[1])};
}

/// One message that hands the descriptors over.
bool send_descriptors(int socket, std::uint8_t streams, const std::vector<int>& fds) {
  iovec data{&streams, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
  ssize_t sent = 0;
  do sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == 1;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

} // namespace

Guard::~Guard() {
  m_socket.reset();
  wait_for_guard();
}

void Guard::wait_for_guard() {
  if (m_pid > 0)
    while (::waitpid(m_pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  m_pid = 0;
}

Expected<void> Guard::start_guard() {
  auto ends = socket_pair(SOCK_SEQPACKET);
  if (!ends) return Unexpected(no_guard(ends.error().message));
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  for (int stream = 0; stream < 3; ++stream) ::posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
  ::posix_spawn_file_actions_adddup2(&actions, (*ends)[1].get(), 3);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 4);
  // A session of its own: the terminal's Ctrl-C and hang-up are belay's to judge, and no child can read from the terminal.
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::string name = "belay-guard", of = std::to_string(::getpid());
  char* argv[] = {name.data(), of.data(), nullptr};
  char* environment[] = {nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv, environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return Unexpected(no_guard(errno_text(error)));
  m_pid = pid;
  (*ends)[1].reset();
  pollfd ready{(*ends)[0].get(), POLLIN, 0};
  while (::poll(&ready, 1, k_patience) < 0 && errno == EINTR) {
  }
  char greeting = 0;
  if (::recv((*ends)[0].get(), &greeting, 1, MSG_DONTWAIT) != 1) {
    ::kill(pid, SIGKILL);
    wait_for_guard();
    return Unexpected(no_guard("it did not answer"));
  }
  if (m_socket) m_old.push_back(std::move(m_socket));
  m_socket = std::move((*ends)[0]);
  return {};
}

void Guard::lost(int socket) {
  const std::lock_guard lock(m_mutex);
  if (m_pid == 0 || socket != m_socket.get()) return;
  ::kill(m_pid, SIGKILL);
  wait_for_guard();
}

Expected<int> Guard::socket() {
  const std::lock_guard lock(m_mutex);
  if (m_pid == 0)
    if (auto started = start_guard(); !started) return Unexpected(started.error());
  return m_socket.get();
}

Expected<Guard::Started> Guard::start(const SpawnRequest& request, int input, int output, int errors) {
  auto guard = socket();
  if (!guard) return Unexpected(guard.error());
  auto ends = socket_pair(SOCK_STREAM);
  if (!ends) return Unexpected(ends.error());
  std::uint8_t streams = 0;
  std::vector<int> fds{(*ends)[1].get()};
  for (const auto& [fd, bit] : {std::pair{input, k_has_input}, {output, k_has_output}, {errors, k_has_errors}}) {
    if (fd < 0) continue;
    fds.push_back(fd);
    streams = static_cast<std::uint8_t>(streams | bit);
  }
  // What fits goes ahead of the descriptors, so that the guard wakes once and finds the whole request. A guard that is gone
  // has seen nothing of it: another takes it.
  const std::string text = encode(request);
  std::string_view rest(text);
  if (const ssize_t ahead = ::send((*ends)[0].get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT); ahead > 0) rest.remove_prefix(static_cast<std::size_t>(ahead));
  if (!send_descriptors(*guard, streams, fds)) {
    lost(*guard);
    guard = socket();
    if (!guard) return Unexpected(guard.error());
    if (!send_descriptors(*guard, streams, fds)) return Unexpected(no_guard("it does not listen: " + errno_text(errno)));
  }
  (*ends)[1].reset();
  Started started{std::move((*ends)[0]), 0, *guard};
  GuardReport report;
  const bool sent = send_all(started.socket.get(), rest);
  pollfd ready{started.socket.get(), POLLIN, 0};
  while (::poll(&ready, 1, k_patience) < 0 && errno == EINTR) {
  }
  const ssize_t got = ::recv(started.socket.get(), &report, sizeof report, MSG_DONTWAIT);
  if (!sent || got != static_cast<ssize_t>(sizeof report))
    return Unexpected(Failure{Cause::transport, Reached::perhaps, "whether " + request.program + " was started is not known: the guard process did not answer", "its children have been ended if the guard still lives; look for the program with ps"});
  if (report.what == GuardReport::not_started) return Unexpected(system_failure("cannot start " + request.program, report.value));
  started.pid = report.value;
  return started;
}

} // namespace belay
