#include "cli/state_folder.hpp"
#include "belay/error.hpp"

namespace belay::cli {

std::string state_folder(const std::string& url, const Machine& machine) {
  if (url.rfind("file:", 0) == 0) return url.substr(5);
  if (url.find("://") != std::string::npos)
    throw Error(Exit::usage, "state can be kept in a folder, and '" + url.substr(0, url.find("://")) + "://' is none", "name a folder: --state /var/lib/belay");
  if (!url.empty()) return url;
  if (const auto state = machine.variable("XDG_STATE_HOME"); state && !state->empty()) return *state + "/belay";
  if (const auto home = machine.variable("HOME"); home && !home->empty()) return *home + "/.local/state/belay";
  throw Error(Exit::usage, "there is nowhere to keep state: neither XDG_STATE_HOME nor HOME is set", "name a folder: --state /var/lib/belay");
}

} // namespace belay::cli
