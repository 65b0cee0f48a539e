#include "codec/sha256.hpp"
#include <new>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace belay {

struct Sha256::Context {
  EVP_MD_CTX* of = EVP_MD_CTX_new();
  Context() {
    if (!of || EVP_DigestInit_ex(of, EVP_sha256(), nullptr) != 1) {
      EVP_MD_CTX_free(of);
      throw std::bad_alloc(); // the algorithm is compiled in: only memory can lack
    }
  }
  ~Context() { EVP_MD_CTX_free(of); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

Sha256::Sha256() : m_context(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::feed(std::string_view bytes) {
  if (EVP_DigestUpdate(m_context->of, bytes.data(), bytes.size()) != 1) throw std::bad_alloc();
}

Hash Sha256::finish() {
  Hash hash{};
  if (EVP_DigestFinal_ex(m_context->of, hash.data(), nullptr) != 1) throw std::bad_alloc();
  return hash;
}

Hash sha256(std::string_view bytes) {
  Sha256 sum;
  sum.feed(bytes);
  return sum.finish();
}

Hash hmac_sha256(std::string_view key, std::string_view bytes) {
  Hash hash{};
  auto size = static_cast<unsigned>(hash.size());
  if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data(), &size)) throw std::bad_alloc();
  return hash;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text += k_digits[byte >> 4];
    text += k_digits[byte & 15];
  }
  return text;
}

std::string hex(const Hash& hash) { return hex({reinterpret_cast<const char*>(hash.data()), hash.size()}); }

} // namespace belay
