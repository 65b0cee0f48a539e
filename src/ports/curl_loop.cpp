#include "ports/curl_loop.hpp"

namespace belay {
namespace {
constexpr long k_kept_connections = 320;
constexpr std::size_t k_kept_handles = 320;
} // namespace

CurlLoop::CurlLoop() : m_multi(curl().curl_multi_init()) { curl().curl_multi_setopt(m_multi, CURLMOPT_MAXCONNECTS, k_kept_connections); }

CurlLoop::~CurlLoop() {
  for (auto& [easy, transfer] : m_running) {
    curl().curl_multi_remove_handle(m_multi, easy);
    curl().curl_easy_cleanup(easy);
  }
  for (CURL* easy : m_idle) curl().curl_easy_cleanup(easy);
  curl().curl_multi_cleanup(m_multi);
}

void CurlLoop::begin(std::shared_ptr<Transfer> transfer) {
  if (m_idle.empty()) m_idle.push_back(curl().curl_easy_init());
  CURL* easy = m_idle.back();
  m_idle.pop_back();
  transfer->easy = easy;
  transfer->began = std::chrono::steady_clock::now();
  transfer->apply();
  m_running.emplace(easy, std::move(transfer));
  if (curl().curl_multi_add_handle(m_multi, easy) != CURLM_OK) end(easy, CURLE_FAILED_INIT);
}

void CurlLoop::resume(const Transfer& transfer) {
  if (transfer.easy && m_running.contains(transfer.easy)) curl().curl_easy_pause(transfer.easy, CURLPAUSE_CONT);
}

void CurlLoop::cancel(const Transfer& transfer) {
  if (transfer.easy && m_running.contains(transfer.easy)) end(transfer.easy, CURLE_ABORTED_BY_CALLBACK);
}

void CurlLoop::cancel_all() {
  while (!m_running.empty()) {
    m_running.begin()->second->cancelled = true;
    end(m_running.begin()->first, CURLE_ABORTED_BY_CALLBACK);
  }
}

std::vector<std::shared_ptr<Transfer>> CurlLoop::perform() {
  int count = 0;
  curl().curl_multi_perform(m_multi, &count);
  while (const CURLMsg* message = curl().curl_multi_info_read(m_multi, &count))
    if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
  return std::exchange(m_ended, {});
}

void CurlLoop::wait(int milliseconds, int also) {
  curl_waitfd extra{also, CURL_WAIT_POLLIN, 0};
  curl().curl_multi_poll(m_multi, &extra, also >= 0 ? 1 : 0, milliseconds, nullptr);
}

void CurlLoop::wake() { curl().curl_multi_wakeup(m_multi); }

void CurlLoop::end(CURL* easy, CURLcode code) {
  const auto found = m_running.find(easy);
  if (found == m_running.end()) return;
  std::shared_ptr<Transfer> transfer = found->second;
  curl().curl_multi_remove_handle(m_multi, easy);
  if (transfer->follow(code) && curl().curl_multi_add_handle(m_multi, easy) == CURLM_OK) return;
  transfer->finish(code);
  transfer->easy = nullptr;
  m_running.erase(found);
  if (m_idle.size() < k_kept_handles) {
    curl().curl_easy_reset(easy); // it points into the transfer
    m_idle.push_back(easy);
  } else {
    curl().curl_easy_cleanup(easy);
  }
  m_ended.push_back(std::move(transfer));
}

} // namespace belay
