#pragma once
#include "belay/error.hpp"
#include <string>
#include <utility>
#include <vector>

namespace belay {

/// Secrets of one child in files that only this user can read, in a folder of their own; removed with this object.
class PrivateFiles {
public:
  /// Names and contents; nothing is made when there are none.
  static Expected<PrivateFiles> create(const std::vector<std::pair<std::string, std::string>>& files);
  PrivateFiles() = default;
  PrivateFiles(PrivateFiles&& other) noexcept : m_paths(std::exchange(other.m_paths, {})) {}
  PrivateFiles& operator=(PrivateFiles&& other) noexcept {
    std::swap(m_paths, other.m_paths);
    return *this;
  }
  ~PrivateFiles();
  const std::vector<std::string>& paths() const { return m_paths; } ///< in the order given, their folder last

private:
  std::vector<std::string> m_paths;
};

} // namespace belay
