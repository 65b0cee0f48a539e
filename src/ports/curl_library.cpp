#include "ports/curl_library.hpp"
#include "ports/shared_library.hpp"

namespace belay {
namespace {

struct Opened {
  SharedLibrary file{"libcurl.so.4", "libcurl4"};
  CurlLibrary functions;

  Opened() {
#define BELAY_FIND(name) file.find(#name, functions.name);
    BELAY_CURL_FUNCTIONS(BELAY_FIND)
#undef BELAY_FIND
    if (!file.failure()) functions.curl_global_init(CURL_GLOBAL_DEFAULT);
  }
};

const Opened& opened() {
  static const Opened once;
  return once;
}

} // namespace

Expected<void> open_curl() {
  if (const auto& failure = opened().file.failure()) return Unexpected(*failure);
  return {};
}

const CurlLibrary& curl() { return opened().functions; }

} // namespace belay
