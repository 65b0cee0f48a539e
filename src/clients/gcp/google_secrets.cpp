#include "clients/gcp/google_secrets.hpp"
#include "clients/gcp/rest.hpp"
#include "codec/crc32c.hpp"
#include "value/base64.hpp"
#include <fmt/core.h>

namespace belay::gcp {
namespace {

constexpr std::string_view k_scheme = "gcp:", k_versions = "/versions/";
constexpr Duration k_limit = std::chrono::seconds(20);

bool is_ours(const Value& reference) { return reference.kind() == Kind::text && !reference.is_unknown() && !reference.is_secret() && reference.text().starts_with(k_scheme); }

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

Unexpected failed(Cause cause, std::string message, std::string hint) { return Unexpected(Failure{cause, Reached::no, std::move(message), std::move(hint)}); }

} // namespace

Expected<Resolved> GoogleSecrets::resolve(const Value& reference, const Stop& stop) {
  if (!is_ours(reference)) return m_next.resolve(reference, stop);
  const std::string name = reference.text();
  const auto parts = parts_of(name.substr(k_scheme.size()));
  const bool shaped = (parts.size() == 4 || (parts.size() == 6 && parts[4] == "versions")) && parts[0] == "projects" && parts[2] == "secrets";
  for (const std::string& part : parts)
    if (!shaped || part.empty()) return failed(Cause::rejected, fmt::format("{} names no secret of Secret Manager", name), "write gcp:projects/PROJECT/secrets/NAME/versions/NUMBER, or without a version for the latest");
  const Value path = join({"v1/projects/", segment(Value(parts[1])), "/secrets/", segment(Value(parts[3])), "/versions/", segment(Value(parts.size() == 6 ? parts[5] : "latest")), ":access"});
  Request request = get(url("secretmanager", path));
  request.limit = k_limit;
  const auto body = body_of(m_http.read(request, stop));
  if (!body) return failed(body.error().cause, fmt::format("the secret {} cannot be read: {}", name, body.error().message), body.error().hint);
  const Value data = (*body)["payload"]["data"], sum = (*body)["payload"]["dataCrc32c"], full = (*body)["name"];
  auto contents = data.kind() == Kind::text ? parse_base64(data.text()) : std::optional<std::string>();
  const auto at = full.kind() == Kind::text ? full.text().rfind(k_versions) : std::string::npos;
  if (!contents || at == std::string::npos) return failed(Cause::malformed, fmt::format("the answer for the secret {} makes no sense", name), "is a proxy, or an endpoint override, in between?");
  if (contents->empty()) return failed(Cause::rejected, fmt::format("the secret {} is empty", name), "add a version with a value; an empty one is never what is meant");
  if (sum.kind() == Kind::text && sum.text() != std::to_string(crc32c(*contents))) return failed(Cause::malformed, fmt::format("the secret {} was damaged on its way: its checksum differs", name), "try again");
  return Resolved{Value(std::move(*contents)).as_secret(), full.text().substr(at + k_versions.size())};
}

Value GoogleSecrets::pinned(const Value& reference, const std::string& version) const {
  if (!is_ours(reference)) return m_next.pinned(reference, version);
  const std::string& text = reference.text();
  return Value(text.substr(0, text.find(k_versions)) + std::string(k_versions) + version);
}

} // namespace belay::gcp
