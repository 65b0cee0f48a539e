#pragma once
#include <span>
#include <string_view>

namespace belay::cli {

struct HelpTopic {
  std::string_view name, summary, text;
};

/// What `belay help TOPIC` prints, all of it in the binary.
std::span<const HelpTopic> help_topics();

} // namespace belay::cli
