#pragma once
#include <string>
#include <sys/types.h>
#include <vector>

/// Programs and folders of integration tests: what a test starts, it stops.
namespace support {

/// A new folder below the system's temporary one, readable by all, removed with this object.
class Folder {
public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return m_path; }
  std::string operator/(const std::string& name) const { return m_path + "/" + name; }

private:
  std::string m_path;
};

/// A child in its own process group, ended (TERM, then KILL) with this object. Its output goes to `log`.
class Program {
public:
  Program(std::vector<std::string> argv, const std::string& log);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  pid_t pid() const { return m_pid; }
  void signal(int number) const;
  /// Ends it; `gentle`: with this signal, and up to 5 s for it to obey.
  void end(int gentle = 15);

private:
  pid_t m_pid = -1;
};

struct Ran {
  int status = -1;
  std::string out; ///< both outputs
};
Ran run(const std::vector<std::string>& argv, const std::string& input = "");

/// A TCP port that was free a moment ago.
int free_port();
void write_file(const std::string& path, const std::string& text);
/// Looks every 5 ms; false when it did not come true within `milliseconds`.
bool wait_until(bool (*f)(void*), void* context, int milliseconds);
template <class F> bool eventually(F f, int milliseconds = 5000) {
  return wait_until([](void* g) { return (*static_cast<F*>(g))(); }, &f, milliseconds);
}

} // namespace support
