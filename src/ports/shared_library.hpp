#pragma once
#include "belay/error.hpp"
#include <dlfcn.h>
#include <optional>
#include <string>

namespace belay {

/// A library of the system that is opened with its first use, since the loader would need longer for it than most commands run. It stays
/// open until the process ends. `missing`, with the package that brings it, where it or a function of it is not there.
class SharedLibrary {
public:
  SharedLibrary(const char* file, const char* package);
  template <class Function> void find(const char* name, Function*& into) { into = reinterpret_cast<Function*>(address(name)); }
  const std::optional<Failure>& failure() const { return m_failure; }

private:
  void* address(const char* name);
  std::string m_file, m_package;
  void* m_handle = nullptr;
  std::optional<Failure> m_failure;
};

} // namespace belay
