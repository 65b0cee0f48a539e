#include "engine/claim_keeper.hpp"
#include <algorithm>

namespace belay::engine {

bool holder_is_dead(const Machine& machine, const ProcessMark& mark) { return machine.life(mark) == Machine::Life::dead; }

ClaimKeeper::ClaimKeeper(const World& world, std::string run, Stop hard, Stop soft)
    : m_world(world), m_run(std::move(run)), m_hard(std::move(hard)), m_soft(std::move(soft)) {
  m_renewed = m_tried = m_looked = world.time.steady();
  // Posts of an earlier life of this run were answered by it.
  if (auto posts = world.store.posts(m_run, 0))
    for (const Post& post : *posts) m_last_post = std::max(m_last_post, post.id);
  m_thread = std::thread([this] {
    std::unique_lock lock(m_end_lock);
    while (!m_ended) {
      m_end.wait_for(lock, std::chrono::milliseconds(100));
      if (m_ended) return;
      lock.unlock();
      pulse();
      lock.lock();
    }
  });
}

ClaimKeeper::~ClaimKeeper() { end_thread(); }

void ClaimKeeper::end_thread() {
  {
    std::lock_guard guard(m_end_lock);
    m_ended = true;
  }
  m_end.notify_all();
  if (m_thread.joinable()) m_thread.join();
}

Expected<std::optional<Taken>> ClaimKeeper::take(const std::string& claim, const std::string& reason, Duration wait, const std::function<Expected<bool>(const Taken&)>& may) {
  const Duration until = m_world.time.steady() + wait;
  const Holder me{m_run, m_world.machine.user(), reason, m_world.machine.self()};
  while (true) {
    auto all = m_world.store.claims();
    if (!all) return Unexpected(all.error());
    const auto holder = std::find_if(all->begin(), all->end(), [&](const Taken& t) { return t.claim == claim; });
    Expected<std::variant<Grant, Taken>> got = Taken{};
    const Expected<bool> free = holder == all->end() || holder->parked ? Expected<bool>(true) : may(*holder);
    if (!free) return Unexpected(free.error());
    got = *free ? m_world.store.take(claim, me, k_lease, holder_is_dead, m_world.machine) : Expected<std::variant<Grant, Taken>>(*holder);
    if (!got) return Unexpected(got.error());
    if (auto* grant = std::get_if<Grant>(&*got)) {
      std::lock_guard guard(m_lock);
      m_grant = *grant;
      m_renewed = m_tried = m_world.time.steady();
      return std::optional<Taken>{};
    }
    const Duration left = until - m_world.time.steady();
    if (left <= Duration::zero() || m_soft || !this->wait(std::min<Duration>(left, std::chrono::seconds(2)), m_soft)) return std::optional<Taken>(std::get<Taken>(*got));
  }
}

void ClaimKeeper::pulse() {
  std::lock_guard guard(m_lock);
  look_at_signals();
  const Duration now = m_world.time.steady();
  look_at_posts(now);
  renew(now);
}

void ClaimKeeper::look_at_signals() {
  const unsigned received = m_world.signals.received();
  if (received == 0) return;
  if (m_why.empty()) m_why = "interrupted by a signal";
  if (received >= 2) m_hard.request(Stop::Why::killed);
  m_soft.request(Stop::Why::interrupted);
}

/// Often enough that no act begins behind a request to stop that a person has seen taken; not so often that quick steps feel it.
constexpr Duration k_look = std::chrono::milliseconds(100);

void ClaimKeeper::look_at_posts(Duration now) {
  if (now - m_looked < k_look) return;
  m_looked = now;
  auto posts = m_world.store.posts(m_run, m_last_post);
  if (!posts) return;
  for (const Post& post : *posts) {
    m_last_post = std::max(m_last_post, post.id);
    if (post.kind != "stop" && post.kind != "preempt") continue;
    if (post.kind == "preempt") m_preempted = true;
    m_why = (post.kind == "preempt" ? "gave way to another run, asked by " : "stop asked by ") + post.who + (post.body.empty() ? "" : ": " + post.body);
    m_soft.request(Stop::Why::interrupted);
  }
}

void ClaimKeeper::renew(Duration now) {
  if (!m_grant) return;
  auto end = [&](const std::string& why) {
    m_why = why;
    m_hard.request(Stop::Why::fenced);
    m_soft.request(Stop::Why::fenced);
  };
  if (now - m_renewed >= k_own_end) return end("the claim '" + m_grant->claim + "' could not be renewed for 40 s: another run may hold it now");
  if (now - m_tried < (m_renewed == m_tried ? k_heartbeat : Duration(std::chrono::seconds(1)))) return;
  m_tried = now;
  auto renewed = m_world.store.renew(*m_grant, k_lease);
  if (renewed)
    m_renewed = m_tried = now;
  else if (renewed.error().cause == Cause::fenced)
    end("the claim '" + m_grant->claim + "' went to another run");
}

Expected<void> ClaimKeeper::release(bool park) {
  end_thread();
  std::lock_guard guard(m_lock);
  if (!m_grant) return {};
  const Grant grant = *m_grant;
  m_grant.reset();
  const Stop stop(m_world.time);
  for (int attempt = 1;; ++attempt) {
    auto given = m_world.store.release(grant, park);
    if (given || given.error().cause == Cause::fenced || attempt == 3) return given;
    m_world.time.sleep(std::chrono::milliseconds(200), stop);
  }
}

std::string ClaimKeeper::why() const {
  std::lock_guard guard(m_lock);
  return m_why;
}

bool ClaimKeeper::wait(Duration time, const Stop& stop) {
  const Duration until = m_world.time.steady() + time;
  while (true) {
    pulse();
    if (stop) return false;
    const Duration left = until - m_world.time.steady();
    if (left <= Duration::zero()) return true;
    if (!m_world.time.sleep(std::min<Duration>(left, std::chrono::seconds(1)), stop)) return false;
  }
}

} // namespace belay::engine
