#pragma once
#include "belay/ports.hpp"
#include "ports/guard_wire.hpp"
#include "ports/private_files.hpp"
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace belay {

/// A command with its values in the clear, its program found and its private files written.
struct PreparedCommand {
  SpawnRequest request;
  std::string name; ///< the program's short name, for messages
  std::string input;
  PrivateFiles private_files;
};

/// Refuses (`rejected`) secrets and unknowns in the arguments; `missing` names a program or folder that is not there.
/// `hidden`: whether a variable of belay's own must not be passed on.
Expected<PreparedCommand> prepare_command(const Command&, const std::function<bool(std::string_view name)>& hidden);

/// The absolute path of an executable: on `path` (as PATH), or as named when it has a slash (relative to `folder`).
std::optional<std::string> find_program(const std::string& program, std::string_view path, const std::string& folder);

} // namespace belay
