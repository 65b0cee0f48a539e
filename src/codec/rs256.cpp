#include "codec/rs256.hpp"
#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace belay {
namespace {

struct Free {
  void operator()(BIO* of) const { BIO_free_all(of); }
  void operator()(EVP_PKEY* of) const { EVP_PKEY_free(of); }
  void operator()(EVP_MD_CTX* of) const { EVP_MD_CTX_free(of); }
};
template <class T> using Owned = std::unique_ptr<T, Free>;

int no_passphrase(char*, int, int, void*) { return 0; } // OpenSSL would ask on the terminal

} // namespace

Expected<std::string> sign_rs256(std::string_view pem, std::string_view bytes) {
  const Owned<BIO> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Owned<EVP_PKEY> key(text ? PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr) : nullptr);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return Unexpected(Failure{Cause::malformed, Reached::no, "the private key is no RSA key in PEM form", "download the key anew; an encrypted one cannot be used"});
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t size = 0;
  std::string signature;
  const bool begun = context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 && EVP_DigestSign(context.get(), nullptr, &size, data, bytes.size()) == 1;
  if (begun) signature.resize(size);
  if (!begun || EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, bytes.size()) != 1)
    return Unexpected(Failure{Cause::rejected, Reached::no, "the private key cannot sign", "download the key anew"});
  signature.resize(size);
  return signature;
}

} // namespace belay
