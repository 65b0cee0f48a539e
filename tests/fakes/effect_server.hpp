#pragma once
#include "belay/action.hpp"
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace belay::fakes {

/// A server in memory that keeps its own ledger of what took effect: resources with versions (`/res/NAME`: GET, PUT, with If-Match
/// where it is sent), a list with idempotency keys (POST `/list`), shots that nothing makes harmless (POST `/fire/NAME`), operations
/// that take a while (POST `/ops/NAME`, GET `/ops/ID`). Anything else is a broken test.
struct EffectServer final : Http {
  struct Resource {
    std::string value = "old";
    int version = 1;
  };
  std::map<std::string, Resource> resources;
  std::map<std::string, int> keys, looks;
  std::vector<std::string> ledger;    ///< every effect, in order
  std::vector<std::string> asked;     ///< every reading request
  int sends = 0;                      ///< acting requests that arrived
  /// Called with the number of each acting request, before it takes effect and after; may throw or give a failure.
  std::function<std::optional<Failure>(int)> before, after;
  std::function<std::optional<Failure>()> before_read;
  mutable std::mutex lock;

  Expected<Answer> read(const Request& r, const Stop& stop, Sink*) override;
  void read_all(std::span<const Request>, unsigned, const std::function<void(std::size_t, Expected<Answer>)>&, const Stop&) override { throw std::logic_error("read_all was not expected"); }
  Expected<Certificate> certificate(const std::string&, int, const std::string&, const Stop&) override { throw std::logic_error("certificate was not expected"); }
  Expected<Answer> send(const Request& r, Source*, const Stop& stop) override;

  std::string value(const std::string& name) { return resources[name].value; }

private:
  Answer apply(const Request&);
};

/// The module `test`, whose actions speak to an EffectServer: one per repeat class and kind.
Catalog test_catalog();

} // namespace belay::fakes
