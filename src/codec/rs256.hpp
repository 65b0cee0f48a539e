#pragma once
#include "belay/error.hpp"
#include <string>
#include <string_view>

namespace belay {

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, 3.3: `RS256`) of `bytes`, by a private key in PEM form; `malformed` where that is none of RSA.
Expected<std::string> sign_rs256(std::string_view pem, std::string_view bytes);

} // namespace belay
