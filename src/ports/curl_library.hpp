#pragma once
#include "belay/error.hpp"
#include <curl/curl.h>

/// What belay calls of libcurl: a row here for each function.
#define BELAY_CURL_FUNCTIONS(each)                                                                                                                                              \
  each(curl_global_init) each(curl_free) each(curl_slist_append) each(curl_slist_free_all) each(curl_url) each(curl_url_cleanup) each(curl_url_get) each(curl_url_set)         \
  each(curl_url_strerror) each(curl_easy_init) each(curl_easy_cleanup) each(curl_easy_getinfo) each(curl_easy_pause) each(curl_easy_reset) each(curl_easy_setopt)              \
  each(curl_easy_strerror) each(curl_multi_init) each(curl_multi_cleanup) each(curl_multi_add_handle) each(curl_multi_remove_handle) each(curl_multi_info_read)                \
  each(curl_multi_perform) each(curl_multi_poll) each(curl_multi_setopt) each(curl_multi_wakeup)

namespace belay {

struct CurlLibrary {
#define BELAY_MEMBER(name) decltype(&::name) name = nullptr;
  BELAY_CURL_FUNCTIONS(BELAY_MEMBER)
#undef BELAY_MEMBER
};

/// Opens libcurl where that was not done yet, and makes it ready. `missing` where it is not installed.
Expected<void> open_curl();
/// Its functions; only after `open_curl` succeeded.
const CurlLibrary& curl();

} // namespace belay
