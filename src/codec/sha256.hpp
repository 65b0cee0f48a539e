#pragma once
#include "belay/state.hpp"
#include <memory>
#include <string>
#include <string_view>

namespace belay {

/// SHA-256 (FIPS 180-4) of bytes that come in pieces. `finish` ends it: feed and finish are not called again.
class Sha256 {
public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void feed(std::string_view bytes);
  Hash finish();

private:
  struct Context;
  std::unique_ptr<Context> m_context;
};

Hash sha256(std::string_view bytes);

/// HMAC-SHA-256 (RFC 2104): a digest that only who knows the key can make or compare.
Hash hmac_sha256(std::string_view key, std::string_view bytes);

/// Lower-case hexadecimal, two digits a byte.
std::string hex(std::string_view bytes);
std::string hex(const Hash& hash);

} // namespace belay
