#pragma once
#include "belay/error.hpp"
#include <string>
#include <sys/socket.h>

/// Where a request may go. Data that a runbook captured can end up in a URL, so schemes other than http and https, and the addresses at which
/// clouds hand out credentials (link-local ones and metadata services), are refused unless the calling code says that it means them.
namespace belay {

struct Url {
  std::string scheme, host, port;
  std::string shown; ///< without user, password, query and fragment: for messages
  bool same_origin(const Url& other) const { return scheme == other.scheme && host == other.host && port == other.port; }
};
/// Absolute http and https URLs only; names and numbers of metadata services are refused unless `link_local`.
Expected<Url> guarded_url(const std::string& text, bool link_local);

/// Whether an address, however it was found, is link-local or a metadata service's.
bool is_link_local(const sockaddr* address);

} // namespace belay
