#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace belay {

/// One way in which a secret may stand in text. `wraps`: an encoding that tools break into lines, so line ends may stand inside.
struct SecretForm {
  std::string text;
  bool wraps = false;
  friend auto operator<=>(const SecretForm&, const SecretForm&) = default;
};

inline constexpr std::size_t k_shortest_secret = 4; // below that, masking would hide ordinary words and protect nothing

/// The secret itself, its lines, and each of these as base64 (three alignments, both alphabets), percent-encoded, JSON, XML, hexadecimal
/// and quoted for a shell. Sorted, once each.
std::vector<SecretForm> secret_forms(std::string_view secret);

} // namespace belay
