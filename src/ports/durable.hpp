#pragma once
#include "belay/error.hpp"
#include "ports/fd.hpp"
#include <string>
#include <string_view>

namespace belay {

/// The folder that a path stands in ("." for a bare name), and its last name ("" of "/").
std::string folder_of(const std::string& path);
std::string name_of(const std::string& path);

/// Opened without following a link in its last place.
Expected<Fd> open_folder(const std::string& path);

/// Makes the names in a folder durable.
Expected<void> sync_folder(const std::string& folder);

/// A hidden name that nobody uses, for what is to be renamed to `path` once whole.
std::string temporary_beside(const std::string& path);

Expected<void> write_all(int fd, std::string_view bytes, const std::string& path);

} // namespace belay
