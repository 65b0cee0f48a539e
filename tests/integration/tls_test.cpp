#include "catch.hpp"
#include "integration/support/http_server.hpp"
#include "integration/support/tls_server.hpp"
#include "ports/http.hpp"
#include "ports/real_ports.hpp"
#include <fmt/core.h>

using namespace belay;
using support::TlsServer;

namespace {
struct Bench {
  std::unique_ptr<Time> time = make_clock();
  Stop stop = Stop(*time).nested(std::chrono::seconds(20));
  Expected<Answer> read(const TlsServer& server, const std::string& ca) {
    Request request;
    request.url = fmt::format("https://127.0.0.1:{}/", server.port());
    return make_http({ca})->read(request, stop);
  }
  Certificate certificate(const TlsServer& server, const std::string& ca, const std::string& name = "") {
    auto certificate = make_http({ca})->certificate("127.0.0.1", server.port(), name, stop);
    if (!certificate) FAIL(certificate.error().message);
    return *certificate;
  }
  double days_left(const Certificate& certificate) { return static_cast<double>(certificate.not_after.seconds - time->wall().seconds) / 86400; }
};
} // namespace

TEST_CASE("a good certificate is trusted and its days are read", "[integration][tls]") {
  Bench bench;
  TlsServer server("127.0.0.1", 20);
  const auto answer = bench.read(server, server.ca());
  if (!answer) FAIL(answer.error().message);
  CHECK(answer->status == 200);
  const Certificate certificate = bench.certificate(server, server.ca());
  CHECK(certificate.verified);
  CHECK(certificate.subject == "CN=127.0.0.1");
  CHECK(certificate.issuer == "CN=test authority");
  CHECK(bench.days_left(certificate) == Approx(20).margin(0.01));
}

TEST_CASE("an expired, a foreign, a self-signed and an unknown certificate are refused before anything is sent, and read none the less", "[integration][tls]") {
  Bench bench;
  TlsServer expired("127.0.0.1", -1), foreign("other.example", 20), own("127.0.0.1", 20, true), unknown("127.0.0.1", 20), trusted("127.0.0.1", 20);
  struct Case {
    const TlsServer& server;
    std::string ca, why;
  };
  for (const Case& one : {Case{expired, expired.ca(), "expired"}, Case{foreign, foreign.ca(), "mismatch"}, Case{own, own.ca(), "self"}, Case{unknown, trusted.ca(), "verify"}}) {
    INFO(one.why);
    const auto answer = bench.read(one.server, one.ca);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().reached == Reached::no);
    CHECK(answer.error().cause == Cause::transport);
    const Certificate certificate = bench.certificate(one.server, one.ca);
    CHECK_FALSE(certificate.verified);
    INFO(certificate.why_not);
    CHECK(certificate.why_not.find(one.why) != std::string::npos);
  }
  CHECK(bench.days_left(bench.certificate(expired, expired.ca())) < 0);
  CHECK(bench.certificate(foreign, foreign.ca(), "other.example").verified);
}

TEST_CASE("a port without TLS, and one that is closed, have no certificate", "[integration][tls]") {
  Bench bench;
  support::HttpServer plain([](const support::HttpRequest&) { return support::HttpReply{.drop = true}; });
  for (const int port : {plain.port(), support::free_port()}) {
    const auto certificate = make_http()->certificate("127.0.0.1", port, "", bench.stop.nested(std::chrono::seconds(1)));
    REQUIRE_FALSE(certificate);
    CHECK(certificate.error().reached == Reached::no);
  }
}
