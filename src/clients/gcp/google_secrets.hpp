#pragma once
#include "belay/ports.hpp"
#include "belay/secret.hpp"

namespace belay::gcp {

/// `gcp:projects/P/secrets/S[/versions/V]` from Secret Manager, without V the latest that is enabled; the version is its number, so that a resume asks
/// for the same. The contents are what was stored, byte for byte, checked against their CRC32C. All other references pass through.
class GoogleSecrets final : public Secrets {
public:
  GoogleSecrets(Secrets& next, HttpReads& http) : m_next(next), m_http(http) {}
  Expected<Resolved> resolve(const Value& reference, const Stop&) override;
  Value pinned(const Value& reference, const std::string& version) const override;

private:
  Secrets& m_next;
  HttpReads& m_http;
};

} // namespace belay::gcp
