#include "ports/url_guard.hpp"
#include "ports/curl_library.hpp"
#include <algorithm>
#include <array>
#include <arpa/inet.h>
#include <cstring>
#include <fmt/core.h>
#include <memory>
#include <netinet/in.h>

namespace belay {
namespace {

constexpr std::array k_metadata_names = {std::string_view("metadata"), std::string_view("metadata.google.internal"), std::string_view("instance-data"), std::string_view("instance-data.ec2.internal")};

struct FreeUrl {
  void operator()(CURLU* url) const { curl().curl_url_cleanup(url); }
};

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl().curl_url_get(url, which, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  curl().curl_free(text);
  return copy;
}

bool is_link_local_number(const std::string& host) {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  if (::inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1) return is_link_local(reinterpret_cast<const sockaddr*>(&four));
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  const std::string bare = host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
  return ::inet_pton(AF_INET6, bare.c_str(), &six.sin6_addr) == 1 && is_link_local(reinterpret_cast<const sockaddr*>(&six));
}

} // namespace

bool is_link_local(const sockaddr* address) {
  if (address->sa_family == AF_INET) return (ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr) >> 16) == 0xA9FE; // 169.254.0.0/16
  if (address->sa_family != AF_INET6) return false;
  const auto& six = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&six) || IN6_IS_ADDR_V4COMPAT(&six)) return six.s6_addr[12] == 169 && six.s6_addr[13] == 254;
  constexpr std::uint8_t k_ec2[16] = {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};
  return IN6_IS_ADDR_LINKLOCAL(&six) || std::memcmp(six.s6_addr, k_ec2, sizeof k_ec2) == 0;
}

Expected<Url> guarded_url(const std::string& text, bool link_local) {
  if (auto there = open_curl(); !there) return Unexpected(there.error());
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl().curl_url());
  const auto refused = [](std::string message, std::string hint) { return Unexpected(Failure{Cause::refused, Reached::no, std::move(message), std::move(hint)}); };
  if (const CURLUcode code = curl().curl_url_set(parsed.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME); code != CURLUE_OK)
    return refused(fmt::format("this is no URL ({})", curl().curl_url_strerror(code)), "write it whole: https://host/path");
  Url url;
  url.scheme = part(parsed.get(), CURLUPART_SCHEME);
  if (url.scheme != "http" && url.scheme != "https") return refused(fmt::format("the scheme '{}' of a URL is none that a request may use", url.scheme), "http and https are");
  url.host = part(parsed.get(), CURLUPART_HOST);
  std::transform(url.host.begin(), url.host.end(), url.host.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  url.port = part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  const std::string explicit_port = part(parsed.get(), CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
  url.shown = fmt::format("{}://{}{}{}{}", url.scheme, url.host, explicit_port.empty() ? "" : ":", explicit_port, part(parsed.get(), CURLUPART_PATH));
  std::string name = url.host;
  while (name.ends_with('.')) name.pop_back();
  const bool is_metadata = std::find(k_metadata_names.begin(), k_metadata_names.end(), name) != k_metadata_names.end();
  if (!link_local && (is_metadata || is_link_local_number(name)))
    return refused(fmt::format("{} is an address at which clouds hand out credentials", url.host), "requests of runbooks cannot go there");
  return url;
}

} // namespace belay
