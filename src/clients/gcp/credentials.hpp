#pragma once
#include "belay/account.hpp"
#include "clients/gcp/route.hpp"
#include "clients/gcp/token_source.hpp"
#include <mutex>

namespace belay::gcp {

/// What a signed request carries.
struct Signature {
  Value authorization;       ///< secret: `Bearer …`; null where requests go unsigned (CLOUDSDK_AUTH_DISABLE_CREDENTIALS)
  std::string quota_project; ///< of `x-goog-user-project`; empty: none
};

/// The Google account in force and its token, found with the first use and renewed before it expires. Safe to use from several threads.
class Credentials final : public Account {
public:
  Credentials(Surroundings by, const Route& route) : m_by(by), m_route(route) {}
  Expected<Signature> signature(const Stop&);
  /// It was refused (401): the next one is new, where its source can make one. False where it cannot.
  bool renew(const Signature&);
  Expected<std::string> project(const Stop&) override;
  Value described(const Stop&) override;

private:
  Expected<TokenSource*> source(const Stop&);
  Expected<Signature> sign(const Stop&);
  std::string quota_project(const TokenSource&) const;

  Surroundings m_by;
  const Route& m_route;
  std::mutex m_lock;
  Tokens m_source;
  std::optional<Signature> m_signature;
  bool m_none = false; ///< there are no credentials on this machine
  Duration m_until{}; ///< on the steady clock; Duration::max(): not told
};

} // namespace belay::gcp
