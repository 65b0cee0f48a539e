#pragma once
#include <string>
#include <string_view>

namespace belay {

/// At most so many bytes of a text, in whole characters; where some is left out stands `…`, by which a Redactor knows that a secret may have been cut in two there.
std::string beginning_of(std::string_view text, std::size_t most);
std::string end_of(std::string_view text, std::size_t most);

} // namespace belay
