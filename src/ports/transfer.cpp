#include "ports/transfer.hpp"
#include "belay/reveal.hpp"
#include "ports/socket.hpp"
#include <algorithm>
#include <cstring>
#include <fmt/core.h>
#include <sys/eventfd.h>

namespace belay {
namespace {

constexpr std::size_t k_keep = 16U << 20, k_window = 1U << 20;
constexpr long k_connect_ms = 10'000;
constexpr const char* k_system_authorities = "/etc/ssl/certs"; // beside a file of the user's

std::string lower(std::string_view text) {
  std::string copy(text);
  std::transform(copy.begin(), copy.end(), copy.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return copy;
}

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

std::size_t on_body(char* data, std::size_t one, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::size_t size = one * count;
  long status = 0;
  curl().curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  if (transfer.redirects > 0 && is_redirect(static_cast<int>(status))) return size;
  if (transfer.streams && status / 100 == 2) {
    std::lock_guard guard(transfer.lock);
    if (transfer.incoming.size() >= k_window) {
      transfer.paused = true;
      transfer.mailbox->ring();
      return CURL_WRITEFUNC_PAUSE;
    }
    transfer.incoming.append(data, size);
    transfer.mailbox->ring();
    return size;
  }
  std::string& body = transfer.answer.body;
  const std::size_t room = k_keep - body.size();
  body.append(data, std::min(size, room));
  if (size <= room) return size;
  transfer.answer.cut = true;
  if (transfer.acts) return size; // its end tells whether the answer was whole
  transfer.cut_short = true;
  return 0;
}

std::size_t on_header(char* data, std::size_t one, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  std::string_view line(data, one * count);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) transfer.answer.headers.clear();
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || line.starts_with("HTTP/")) return one * count;
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  if (transfer.answer.headers.size() < 1000) transfer.answer.headers.emplace_back(lower(line.substr(0, colon)), value);
  return one * count;
}

std::size_t on_upload(char* into, std::size_t one, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  std::lock_guard guard(transfer.lock);
  if (transfer.outgoing.empty() && !transfer.outgoing_ended) {
    transfer.paused = true;
    transfer.mailbox->ring();
    return CURL_READFUNC_PAUSE;
  }
  const std::size_t size = std::min(one * count, transfer.outgoing.size());
  std::memcpy(into, transfer.outgoing.data(), size);
  transfer.outgoing.erase(0, size);
  if (transfer.outgoing.size() < k_window / 2) transfer.mailbox->ring();
  return size;
}

/// Called once a connection stands and before anything is sent on it.
int on_sending(void* context, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(context);
  // libcurl would send a request again when a kept connection turns out dead; an act is sent once or not at all.
  if (transfer.acts && transfer.sent) return CURL_PREREQFUNC_ABORT;
  transfer.sent = true;
  return CURL_PREREQFUNC_OK;
}

curl_socket_t on_socket(void* context, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (!transfer.link_local && is_link_local(&address->addr)) {
    transfer.guarded = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool is_token(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || std::strchr("!#$%&'*+-.^_`|~", c); });
}

Failure refused(std::string message, std::string hint) { return {Cause::refused, Reached::no, std::move(message), std::move(hint)}; }

std::string body_text(const Value& body) {
  if (body.kind() == Kind::text) return Reveal::text(body);
  const Value plain = Reveal::plain(body);
  if (plain.kind() == Kind::bytes) return plain.octets();
  return Reveal::json(plain);
}

} // namespace

Mailbox::Mailbox() : event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
void Mailbox::ring() { ::eventfd_write(event.get(), 1); }
void Mailbox::put(std::shared_ptr<Transfer> transfer) {
  std::lock_guard guard(lock);
  ended.push_back(std::move(transfer));
  if (ended.size() == 1) ring();
}
std::vector<std::shared_ptr<Transfer>> Mailbox::take() {
  eventfd_t count = 0;
  ::eventfd_read(event.get(), &count);
  std::lock_guard guard(lock);
  return std::exchange(ended, {});
}

Transfer::~Transfer() {
  if (header_list) curl().curl_slist_free_all(header_list);
}

Expected<std::shared_ptr<Transfer>> Transfer::make(const Request& request, bool acts, bool streams, bool uploads, const std::string& ca_file, const Stop& stop) {
  if (!request.url.known() || request.url.kind() != Kind::text) return Unexpected(refused("a request has no URL", "it must be text, known before the request is sent"));
  auto transfer = std::make_shared<Transfer>();
  transfer->target = Reveal::text(request.url);
  if (!request.credentials.empty()) return Unexpected(Failure{Cause::refused, Reached::no, "nobody here signs requests as '" + request.credentials + "'", ""});
  auto url = guarded_url(transfer->target, request.link_local);
  if (!url) return Unexpected(url.error());
  transfer->url = std::move(*url);
  transfer->method = request.method;
  if (!is_token(request.method)) return Unexpected(refused(fmt::format("'{}' is no HTTP method", request.method), ""));
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!acts && !reads && !request.reads_by_post) return Unexpected(refused(request.method + " may change something, and this is a read", ""));
  transfer->shown = request.method + " " + (request.url.is_secret() ? transfer->url.scheme + "://" + transfer->url.host + "/…" : transfer->url.shown);
  bool typed = false;
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || !value.known()) return Unexpected(refused(fmt::format("'{}' is no name of a header, or its value is not known", name), ""));
    const std::string text = value.kind() == Kind::text ? Reveal::text(value) : Reveal::json(value);
    if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) return Unexpected(refused(fmt::format("the header {} holds a line feed", name), "data must not add headers"));
    transfer->headers.emplace_back(name, text);
    transfer->carries_secret.push_back(value.has_secret());
    typed = typed || lower(name) == "content-type";
  }
  if (!request.body.is_null()) {
    if (!request.body.known()) return Unexpected(refused("the body of a request is not known yet", ""));
    transfer->has_body = true;
    transfer->body = body_text(request.body);
    if (!typed && (request.body.kind() == Kind::map || request.body.kind() == Kind::list)) {
      transfer->headers.emplace_back("Content-Type", "application/json");
      transfer->carries_secret.push_back(false);
    }
  }
  transfer->acts = acts;
  transfer->streams = streams;
  transfer->uploads = uploads;
  transfer->link_local = request.link_local;
  transfer->kept_connection = request.kept_connection;
  transfer->proxy = request.proxy;
  transfer->redirects = reads ? request.redirects : 0;
  transfer->ca_file = request.ca_file.empty() ? ca_file : request.ca_file;
  Duration limit = stop.left();
  if (request.limit > Duration::zero()) limit = std::min(limit, request.limit);
  if (limit != Duration::max()) transfer->limit = std::max(std::chrono::milliseconds(1), std::chrono::ceil<std::chrono::milliseconds>(limit));
  return transfer;
}

void Transfer::apply() {
  const auto set = [this](CURLoption option, auto value) { curl().curl_easy_setopt(easy, option, value); };
  set(CURLOPT_URL, target.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L); // a lookup that hangs must not hold up the thread
  set(CURLOPT_ERRORBUFFER, error.data());
  set(CURLOPT_USERAGENT, "belay/" BELAY_VERSION);
  if (!ca_file.empty()) {
    set(CURLOPT_CAINFO, ca_file.c_str());
    set(CURLOPT_CAPATH, k_system_authorities);
  }
  if (is_loopback(url.host)) set(CURLOPT_PROXY, "");
  else if (proxy) {
    set(CURLOPT_PROXY, proxy->c_str());
    set(CURLOPT_NOPROXY, ""); // the variables of other programs do not lead around it
  }
  set(CURLOPT_CONNECTTIMEOUT_MS, k_connect_ms);
  if (limit.count() > 0) {
    const auto used = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    set(CURLOPT_TIMEOUT_MS, std::max<long>(1, static_cast<long>((limit - used).count())));
  }
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_PREREQFUNCTION, &on_sending);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &on_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  if (acts && !kept_connection) set(CURLOPT_FRESH_CONNECT, 1L); // on a kept one libcurl may send twice
  if (method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (uploads) {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &on_upload);
    set(CURLOPT_READDATA, this);
  } else if (has_body || method == "POST" || method == "PUT" || method == "PATCH") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_POSTFIELDS, body.data());
  }
  if (method != "GET" && method != "HEAD") set(CURLOPT_CUSTOMREQUEST, method.c_str());
  if (method == "GET" && has_body) set(CURLOPT_CUSTOMREQUEST, "GET");
  curl().curl_slist_free_all(header_list);
  header_list = nullptr;
  const bool bare = !has_body && !uploads && (method == "GET" || method == "HEAD"); // libcurl adds nothing to these that would have to be taken back
  if (!bare) header_list = curl().curl_slist_append(header_list, "Expect:");
  bool typed = false;
  for (const auto& [name, value] : headers) {
    header_list = curl().curl_slist_append(header_list, value.empty() ? (name + ";").c_str() : (name + ": " + value).c_str());
    typed = typed || lower(name) == "content-type";
  }
  if (!bare && !typed) header_list = curl().curl_slist_append(header_list, "Content-Type:"); // not the form type that libcurl would claim
  if (header_list) set(CURLOPT_HTTPHEADER, header_list);
}

bool Transfer::follow(CURLcode code) {
  long status = 0;
  curl().curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK || redirects == 0 || !is_redirect(static_cast<int>(status))) return false;
  char* next = nullptr;
  if (curl().curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &next) != CURLE_OK || !next) return false;
  const std::string to = next;
  const auto fail = [&](std::string message) { result = Unexpected(Failure{Cause::refused, Reached::yes, std::move(message), "look at where that address sends its callers"}); };
  auto there = guarded_url(to, link_local);
  if (!there) {
    fail(fmt::format("{} redirects to where no request may go: {}", shown, there.error().message));
    return false;
  }
  if (url.scheme == "https" && there->scheme == "http") {
    fail(fmt::format("{} redirects from https to http", shown));
    return false;
  }
  if (!url.same_origin(*there)) {
    std::vector<std::pair<std::string, std::string>> kept;
    std::vector<bool> secret;
    for (std::size_t i = 0; i < headers.size(); ++i) {
      const std::string name = lower(headers[i].first);
      if (carries_secret[i] || name == "authorization" || name == "cookie" || name == "proxy-authorization") continue;
      kept.push_back(headers[i]);
      secret.push_back(false);
    }
    headers = std::move(kept);
    carries_secret = std::move(secret);
  }
  --redirects;
  target = to;
  url = std::move(*there);
  answer = {};
  curl().curl_easy_reset(easy);
  apply();
  return true;
}

void Transfer::finish(CURLcode code) {
  if (!result) {
    long status = 0;
    curl().curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && cut_short)) {
      answer.status = static_cast<int>(status);
      answer.took = std::chrono::steady_clock::now() - began;
      result = std::move(answer);
    } else {
      Failure failure{Cause::transport, sent ? Reached::perhaps : Reached::no, {}, {}};
      std::string why = error[0] ? error.data() : curl().curl_easy_strerror(code);
      switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
          failure.cause = Cause::timeout;
          failure.hint = sent ? "the other side got the request and is slow" : "no connection came about in time";
          break;
        case CURLE_COULDNT_RESOLVE_HOST: failure.hint = "is the name right, and does it resolve from here?"; break;
        case CURLE_COULDNT_CONNECT: failure.hint = "is it running, and is the address right?"; break;
        case CURLE_PEER_FAILED_VERIFICATION: failure.hint = "its certificate is not valid for this name and these authorities; name a private authority's file in SSL_CERT_FILE"; break;
        case CURLE_SSL_CACERT_BADFILE: failure.hint = "the file of trusted certificates cannot be read"; break;
        default: break;
      }
      if (guarded) {
        failure.cause = Cause::refused;
        why = "its name leads to an address at which clouds hand out credentials";
        failure.hint = "requests of runbooks cannot go there";
      }
      failure.message = fmt::format("{}: {}", shown, why);
      result = Unexpected(std::move(failure));
    }
  }
  std::lock_guard guard(lock);
  ended = true;
}

} // namespace belay
