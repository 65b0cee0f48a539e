#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

/// Certificates of TLS servers.
namespace belay::modules {
namespace {

constexpr std::int64_t k_day = 86400;

Outcome read_days(const Call& call, const Reads& reads) {
  const std::string host = text_or(call.in["host"], ""), name = text_or(call.in["server_name"], "");
  const auto port = static_cast<int>(integer_or(call.in["port"], 443));
  const auto certificate = reads.http.certificate(host, port, name, call.stop);
  if (!certificate) return failed_outcome(certificate.error());
  const std::int64_t left = certificate->not_after.seconds - reads.time.wall().seconds;
  const std::int64_t days = left >= 0 ? left / k_day : -((-left + k_day - 1) / k_day);
  const std::string subject = port == 443 ? host : fmt::format("{}:{}", host, port);
  Outcome outcome;
  outcome.outputs = Value::object({{"days", days}, {"subject", certificate->subject}, {"issuer", certificate->issuer}, {"not_before", certificate->not_before},
                                   {"not_after", certificate->not_after}, {"verified", certificate->verified}, {"why_not", certificate->why_not}});
  if (left < 0) outcome.findings.push_back({subject, fmt::format("its certificate expired on {}", rfc3339(certificate->not_after)), outcome.outputs});
  else if (!certificate->verified) outcome.findings.push_back({subject, "its certificate is not trusted: " + certificate->why_not, outcome.outputs});
  else if (days < integer_or(call.in["alert"], 21)) outcome.findings.push_back({subject, fmt::format("its certificate expires in {} {}, on {}", days, days == 1 ? "day" : "days", rfc3339(certificate->not_after)), outcome.outputs});
  return outcome;
}

std::vector<std::string> touches(const Value& in) { return {"tls:" + bare_json(in["host"]) + ":" + bare_json(in["port"])}; }

constexpr Field k_in[] = {
    {.name = "host", .type = k_text, .help = "the server's name or address"},
    {.name = "port", .type = k_integer, .required = false, .standard = "443", .help = "its port"},
    {.name = "server_name", .type = k_text, .required = false, .help = "the name that the certificate must hold; without it, the host's"},
    {.name = "alert", .type = k_integer, .required = false, .standard = "21", .help = "fewer days than these are a finding"},
};
constexpr Field k_out[] = {
    {.name = "days", .type = k_integer, .help = "whole days left; negative: expired"},
    {.name = "subject", .type = k_text, .help = "whose certificate it is"},
    {.name = "issuer", .type = k_text, .help = "who signed it"},
    {.name = "not_before", .type = k_timestamp, .help = "valid from"},
    {.name = "not_after", .type = k_timestamp, .help = "valid until"},
    {.name = "verified", .type = k_boolean, .help = "whether chain, name and dates hold today"},
    {.name = "why_not", .type = k_text, .help = "what does not hold; empty where all does"},
};
constexpr Action k_actions[] = {{"days", "How many days the certificate of a TLS server has left, read even when it is not trusted", k_in, k_out, Read{.read = read_days, .touches = touches}}};
} // namespace

constinit const Module tls{"tls", "Certificates of TLS servers", k_actions};

} // namespace belay::modules
