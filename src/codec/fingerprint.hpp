#pragma once
#include <string>
#include <string_view>

namespace belay {

/// Tells whether a secret is still the one it was, and little else: scrypt (RFC 7914; N 2¹⁴, r 8, p 1: some 40 ms and 16 MiB) of it salted with its reference, of
/// which 20 bits are given as five hexadecimal digits. The same on every machine, so that a run can go on elsewhere; a million wrong guesses share each
/// value, so a journal confirms no guess. A changed secret is missed once in 2²⁰.
std::string secret_fingerprint(std::string_view secret, std::string_view reference);

} // namespace belay
