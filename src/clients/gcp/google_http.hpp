#pragma once
#include "clients/gcp/credentials.hpp"

namespace belay::gcp {

/// Signs and routes the requests whose `credentials` are `google`; all others pass through. A 401 renews the token once. Reads are asked again on
/// 429, 5xx and broken connections with growing waits (Retry-After is kept to), a change only on 429, which tells that it was not made;
/// what became of a change after a 5xx is for its caller to find out.
class GoogleHttp final : public Http {
public:
  GoogleHttp(Http& next, Credentials& credentials, const Route& route, const Time& time) : m_next(next), m_credentials(credentials), m_route(route), m_time(time) {}
  Expected<Answer> read(const Request&, const Stop&, Sink* into) override;
  void read_all(std::span<const Request>, unsigned at_once, const std::function<void(std::size_t, Expected<Answer>)>& each, const Stop&) override;
  Expected<Certificate> certificate(const std::string& host, int port, const std::string& server_name, const Stop& stop) override { return m_next.certificate(host, port, server_name, stop); }
  Expected<Answer> send(const Request&, Source* body, const Stop&) override;

private:
  struct Signed {
    Request request;
    Signature by;
  };
  Expected<Signed> prepared(const Request&, const Stop&);

  Http& m_next;
  Credentials& m_credentials;
  const Route& m_route;
  const Time& m_time;
};

} // namespace belay::gcp
