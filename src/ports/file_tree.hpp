#pragma once
#include "belay/error.hpp"
#include <string>

namespace belay {

/// Removes a file, a link or a whole folder; links are removed, never followed. Nothing there is success.
Expected<void> remove_tree(const std::string& path);

/// Copies a folder to a name that must not exist: whole and durable, or not at all. Links are copied as links; sockets, pipes and devices are refused.
Expected<void> copy_tree(const std::string& from, const std::string& to);

/// Renames without replacing: `conflict` when `to` exists. Not yet durable.
Expected<void> rename_to_free_name(const std::string& from, const std::string& to);

} // namespace belay
