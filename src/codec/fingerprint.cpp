#include "codec/fingerprint.hpp"
#include "codec/sha256.hpp"
#include <new>
#include <openssl/evp.h>

namespace belay {

std::string secret_fingerprint(std::string_view secret, std::string_view reference) {
  constexpr std::uint64_t k_cost = 1 << 14, k_block = 8, k_parallel = 1, k_memory = 64 << 20;
  const std::string salt = "belay secret version 1:" + std::string(reference);
  unsigned char key[8];
  if (EVP_PBE_scrypt(secret.data(), secret.size(), reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), k_cost, k_block, k_parallel, k_memory, key, sizeof key) != 1) throw std::bad_alloc();
  return hex({reinterpret_cast<const char*>(key), sizeof key}).substr(0, 5);
}

} // namespace belay
