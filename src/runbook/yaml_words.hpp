#pragma once
#include "belay/error.hpp"
#include <string_view>

namespace belay::yaml {

/// What the YAML reader's complaint means to the writer of the file. `line`: the text of the line in which it arose; `context`: what the reader was in.
Problem in_our_words(std::string_view complaint, std::string_view context, std::string_view line);

} // namespace belay::yaml
