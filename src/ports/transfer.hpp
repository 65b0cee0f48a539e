#pragma once
#include "belay/ports.hpp"
#include "ports/curl_library.hpp"
#include "ports/fd.hpp"
#include "ports/url_guard.hpp"
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>

namespace belay {

struct Transfer;

/// Where the curl thread leaves word for the caller that waits: transfers that ended, and a wish for attention (data to take or to give).
struct Mailbox {
  std::mutex lock;
  std::vector<std::shared_ptr<Transfer>> ended;
  Fd event;
  Mailbox();
  void ring();
  void put(std::shared_ptr<Transfer>);
  std::vector<std::shared_ptr<Transfer>> take(); ///< and silences the bell
};

/// One request on its way. The caller fills in the first part and hands it over; from then on the curl thread owns all but what `lock` guards.
struct Transfer : std::enable_shared_from_this<Transfer> {
  std::size_t index = 0; ///< the caller's own
  std::shared_ptr<Mailbox> mailbox;
  std::string method, target, body, ca_file;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<bool> carries_secret; ///< of each header
  Url url;
  std::string shown; ///< "GET https://host/path", for messages
  std::optional<std::string> proxy;
  bool acts = false, kept_connection = false, link_local = false, has_body = false, streams = false, uploads = false;
  unsigned redirects = 0;
  std::chrono::milliseconds limit{}; ///< zero: none
  std::chrono::steady_clock::time_point began{};

  CURL* easy = nullptr;
  curl_slist* header_list = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
  Answer answer;
  bool sent = false, guarded = false, cut_short = false;
  std::atomic<bool> cancelled{false};
  std::optional<Expected<Answer>> result;

  // Streams: filled on one side and emptied on the other; a full or an empty one pauses the transfer until the caller has caught up.
  std::mutex lock;
  std::string incoming, outgoing;
  bool outgoing_ended = false, paused = false, ended = false;

  ~Transfer();
  /// The request's plain form; refused (`refused`) where it must not be sent.
  static Expected<std::shared_ptr<Transfer>> make(const Request&, bool acts, bool streams, bool uploads, const std::string& ca_file, const Stop&);
  void apply();               ///< sets every option of `easy`, which has none
  bool follow(CURLcode);      ///< true where the answer was a redirect and `easy` is set to follow it
  void finish(CURLcode code); ///< fills `result`
};

} // namespace belay
