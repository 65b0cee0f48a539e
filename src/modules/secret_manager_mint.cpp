#include "codec/crc32c.hpp"
#include "codec/random_octets.hpp"
#include "modules/secret_manager.hpp"
#include "value/base64.hpp"
#include <fmt/core.h>

namespace belay::modules::secret_manager {
namespace {

constexpr std::int64_t k_fewest = 16, k_most = 4096;

std::string hexadecimal(std::string_view octets) {
  std::string text;
  for (const char c : octets) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

} // namespace

Intent prepare_mint(const Value& in, const Value& seen, const Identity& id) {
  Intent intent = prepare_add(in, seen, id);
  std::get<Request>(intent.act).body = Value::object({{"payload", Value::object({{"data", Value::minted("data")}, {"dataCrc32c", Value::minted("dataCrc32c")}})}});
  const auto form = text_or(in["form"], "hex");
  const auto bytes = integer_or(in["bytes"], 32);
  // openssl ends its line, and that line feed would become a part of the secret.
  intent.equivalent = fmt::format("openssl rand -{} {} | tr -d '\\n' | {}", form, bytes, add_command(in));
  if (form != "hex" && form != "base64") intent.refused = Failure{Cause::refused, Reached::no, fmt::format("'{}' is no form of a secret", form), "hex or base64"};
  if (bytes < k_fewest || bytes > k_most) intent.refused = Failure{Cause::refused, Reached::no, fmt::format("{} bytes make no secret", bytes), fmt::format("from {} to {}", k_fewest, k_most)};
  return intent;
}

/// The secret is made here and goes straight into its store: nothing else ever holds it.
Outcome perform_mint(const Intent& intent, const Call& call, Ports& ports) {
  const std::string octets = random_octets(static_cast<std::size_t>(integer_or(call.in["bytes"], 32)));
  const std::string text = text_or(call.in["form"], "hex") == "hex" ? hexadecimal(octets) : base64(octets);
  Request request = std::get<Request>(intent.act);
  request.body = fill(fill(request.body, "data", Value(base64(text)).as_secret()), "dataCrc32c", Value(std::to_string(crc32c(text))).as_secret());
  return answer_add(intent, ports.http.send(request, nullptr, call.stop));
}

} // namespace belay::modules::secret_manager
