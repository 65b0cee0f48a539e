#include "ports/shared_library.hpp"
#include <fmt/core.h>

namespace belay {

SharedLibrary::SharedLibrary(const char* file, const char* package) : m_file(file), m_package(package), m_handle(::dlopen(file, RTLD_LAZY | RTLD_LOCAL)) {
  if (m_handle) return;
  const char* why = ::dlerror();
  m_failure = Failure{Cause::missing, Reached::no, fmt::format("the library {} cannot be opened: {}", m_file, why ? why : "no reason given"), fmt::format("install the package {}, or the one by which it goes on this system", m_package)};
}

void* SharedLibrary::address(const char* name) {
  void* found = m_handle ? ::dlsym(m_handle, name) : nullptr;
  if (!found && !m_failure) m_failure = Failure{Cause::missing, Reached::no, fmt::format("the library {} has no function {}: it is older than belay needs", m_file, name), "update the package " + m_package};
  return found;
}

} // namespace belay
