#include "ports/certificate.hpp"
#include "ports/socket.hpp"
#include <arpa/inet.h>
#include <fmt/core.h>
#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

namespace belay {
namespace {

template <class T, void (*Free)(T*)> struct Freer {
  void operator()(T* object) const { Free(object); }
};
using Context = std::unique_ptr<SSL_CTX, Freer<SSL_CTX, SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, Freer<SSL, SSL_free>>;
using Holding = std::unique_ptr<X509, Freer<X509, X509_free>>;

std::string name_text(const X509_NAME* name) {
  const std::unique_ptr<BIO, Freer<BIO, BIO_free_all>> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Timestamp time_of(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return {::timegm(&parts), 0};
}

std::string library_error() {
  char text[256] = "the peer ended the handshake";
  const unsigned long error = ERR_get_error();
  if (error != 0) ERR_error_string_n(error, text, sizeof text);
  return text;
}

bool is_number(const std::string& host) {
  unsigned char space[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), space) == 1 || ::inet_pton(AF_INET6, host.c_str(), space) == 1;
}

Expected<void> handshake(SSL* ssl, int fd, const std::string& where, const Stop& stop) {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(ssl);
    if (result == 1) return {};
    const int wanted = SSL_get_error(ssl, result);
    if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) {
      // A server that wants a client's certificate has shown its own before it ends the handshake.
      if (SSL_get0_peer_certificate(ssl)) return {};
      return Unexpected(Failure{Cause::transport, Reached::no, fmt::format("no TLS with {}: {}", where, library_error()), "does that port speak TLS?"});
    }
    if (wait_ready(fd, wanted == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, stop, std::chrono::seconds(10)) != Waited::ready)
      return Unexpected(stop ? stop_failure(stop, Reached::no, "shaking hands with " + where)
                             : Failure{Cause::timeout, Reached::no, fmt::format("{} did not answer the TLS handshake within 10 s", where), "does that port speak TLS?"});
  }
}

} // namespace

Expected<Certificate> read_certificate(const std::string& host, int port, const std::string& server_name, const std::string& ca_file, const Stop& stop) {
  const std::string where = fmt::format("{}:{}", host, port), name = server_name.empty() ? host : server_name;
  auto fd = connect_tcp(host, port, stop);
  if (!fd) return Unexpected(fd.error());
  const Context context(SSL_CTX_new(TLS_client_method()));
  const bool loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get()) == 1 : SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) == 1;
  if (!loaded) return Unexpected(Failure{Cause::missing, Reached::no, "cannot read the trusted certificates of " + (ca_file.empty() ? "the system" : ca_file), ""});
  const Connection ssl(SSL_new(context.get()));
  X509_VERIFY_PARAM* param = SSL_get0_param(ssl.get());
  if (is_number(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(param, name.c_str(), name.size());
    SSL_set_tlsext_host_name(ssl.get(), name.c_str());
  }
  // The verdict is read below; a handshake that went on despite it sends nothing.
  SSL_set_verify(ssl.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  SSL_set_fd(ssl.get(), fd->get());
  if (auto shaken = handshake(ssl.get(), fd->get(), where, stop); !shaken) return Unexpected(shaken.error());
  const Holding leaf(SSL_get1_peer_certificate(ssl.get()));
  if (!leaf) return Unexpected(Failure{Cause::transport, Reached::no, where + " showed no certificate", ""});
  Certificate certificate{name_text(X509_get_subject_name(leaf.get())), name_text(X509_get_issuer_name(leaf.get())), time_of(X509_get0_notBefore(leaf.get())),
                          time_of(X509_get0_notAfter(leaf.get())), false, ""};
  const long verdict = SSL_get_verify_result(ssl.get());
  certificate.verified = verdict == X509_V_OK;
  if (!certificate.verified) certificate.why_not = X509_verify_cert_error_string(verdict);
  return certificate;
}

} // namespace belay
