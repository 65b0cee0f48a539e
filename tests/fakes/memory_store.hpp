#pragma once
#include "belay/state.hpp"
#include <algorithm>
#include <functional>
#include <map>
#include <mutex>

namespace belay::fakes {

/// A store in memory, which passes the same suite as the real ones. `before_append` may refuse an append (a full disk, a lost store), `after_append` fail it although it was
/// written (a lost answer), or throw, as a crash would.
struct MemoryStore final : Store {
  std::function<std::optional<Failure>(const std::string& stream, std::span<const Record>)> before_append, after_append;
  std::size_t appends = 0; ///< that were written

  explicit MemoryStore(const Time& time) : m_time(time) {}

  Expected<Head> append(const std::string& stream, const Head& at, std::span<const Record> records, const Row& row, const std::optional<Grant>& grant, Durable) override {
    const std::lock_guard lock(m_mutex);
    if (before_append)
      if (const auto failure = before_append(stream, records)) return Unexpected(*failure);
    if (grant && !holds(*grant)) return fenced(*grant);
    Stream& kept = m_streams[stream];
    if (kept.head.seq != at.seq || kept.head.hash != at.hash) {
      if (kept.records.empty()) m_streams.erase(stream);
      return Unexpected(Failure{Cause::conflict, Reached::no, "the stream " + stream + " ends elsewhere", ""});
    }
    if (kept.order == 0) kept.order = ++m_order;
    kept.records.insert(kept.records.end(), records.begin(), records.end());
    kept.head.seq += records.size();
    if (!records.empty()) kept.head.hash = records.back().hash;
    kept.row = row;
    kept.row.stream = stream;
    ++appends;
    const Head head = kept.head;
    if (after_append)
      if (const auto failure = after_append(stream, records)) return Unexpected(*failure);
    return head;
  }
  Expected<std::vector<Record>> read(const std::string& stream, std::uint64_t from, unsigned limit) override {
    const std::lock_guard lock(m_mutex);
    const auto found = m_streams.find(stream);
    if (found == m_streams.end() || from > found->second.records.size()) return std::vector<Record>();
    const auto& records = found->second.records;
    const std::size_t first = from - 1, last = std::min<std::size_t>(records.size(), first + limit);
    return std::vector<Record>(records.begin() + static_cast<std::ptrdiff_t>(first), records.begin() + static_cast<std::ptrdiff_t>(last));
  }
  Expected<Head> head(const std::string& stream) override {
    const std::lock_guard lock(m_mutex);
    const auto found = m_streams.find(stream);
    return found == m_streams.end() ? Head{} : found->second.head;
  }
  Expected<std::vector<Row>> list(const Query& query) override {
    const std::lock_guard lock(m_mutex);
    std::vector<const Stream*> found;
    const auto fits = [](const std::string& wanted, const std::string& value) { return wanted.empty() || wanted == value; };
    for (const auto& [name, stream] : m_streams)
      if (fits(query.kind, stream.row.kind) && fits(query.service, stream.row.service) && fits(query.environment, stream.row.environment) && fits(query.status, stream.row.status) && stream.row.started >= query.since)
        found.push_back(&stream);
    std::sort(found.begin(), found.end(), [](const Stream* a, const Stream* b) { return std::pair(a->row.started, a->order) > std::pair(b->row.started, b->order); });
    std::vector<Row> rows;
    for (const Stream* stream : found)
      if (rows.size() < query.limit) rows.push_back(stream->row);
    return rows;
  }

  Expected<std::variant<Grant, Taken>> take(const std::string& claim, const Holder& holder, Duration lease, bool (*dead)(const Machine&, const ProcessMark&), const Machine& machine) override {
    const std::lock_guard lock(m_mutex);
    Claim& kept = m_claims[claim];
    if (!may_take(kept, holder, dead, machine)) {
      if (!kept.taken.parked && kept.seen_boot + std::to_string(kept.seen_renewals) != holder.process.boot + std::to_string(kept.renewals)) {
        kept.seen_boot = holder.process.boot;
        kept.seen_renewals = kept.renewals;
        kept.seen = m_time.steady();
      }
      return kept.taken;
    }
    const std::uint64_t epoch = kept.taken.epoch + 1;
    kept = {};
    kept.taken = {holder, claim, "grant-" + std::to_string(++m_order), m_time.wall(), m_time.wall(), epoch, false};
    kept.held = true;
    kept.lease = lease;
    kept.renewed = m_time.steady();
    return Grant{claim, kept.taken.id, epoch};
  }
  Expected<Grant> renew(const Grant& grant, Duration lease) override {
    const std::lock_guard lock(m_mutex);
    if (!holds(grant)) return fenced(grant);
    Claim& kept = m_claims[grant.claim];
    kept.lease = lease;
    kept.renewed = m_time.steady();
    kept.taken.renewed = m_time.wall();
    ++kept.renewals;
    return grant;
  }
  Expected<void> release(const Grant& grant, bool park) override {
    const std::lock_guard lock(m_mutex);
    if (!holds(grant)) return fenced(grant);
    Claim& kept = m_claims[grant.claim];
    kept.held = park;
    kept.taken.parked = park;
    return {};
  }
  Expected<void> unlock(const std::string& claim, const std::string& id) override {
    const std::lock_guard lock(m_mutex);
    const auto found = m_claims.find(claim);
    if (found == m_claims.end() || !found->second.held) return Unexpected(Failure{Cause::missing, Reached::no, "nobody holds " + claim, ""});
    if (found->second.taken.id != id) return Unexpected(Failure{Cause::conflict, Reached::no, claim + " is held under another id", ""});
    found->second.held = found->second.taken.parked = false;
    return {};
  }
  Expected<std::vector<Taken>> claims() override {
    const std::lock_guard lock(m_mutex);
    std::vector<Taken> all;
    for (const auto& [name, claim] : m_claims)
      if (claim.held) all.push_back(claim.taken);
    return all;
  }

  Expected<void> post(const Post& post) override {
    const std::lock_guard lock(m_mutex);
    m_posts.push_back(post);
    m_posts.back().id = m_posts.size();
    return {};
  }
  Expected<std::vector<Post>> posts(const std::string& run, std::uint64_t after) override {
    const std::lock_guard lock(m_mutex);
    std::vector<Post> found;
    std::copy_if(m_posts.begin(), m_posts.end(), std::back_inserter(found), [&](const Post& post) { return post.run == run && post.id > after; });
    return found;
  }

private:
  struct Stream {
    std::vector<Record> records;
    Head head;
    Row row;
    std::uint64_t order = 0;
  };
  struct Claim {
    Taken taken;
    bool held = false; ///< parked included
    Duration lease{}, renewed{}, seen{};
    std::uint64_t renewals = 0, seen_renewals = 0;
    std::string seen_boot;
  };

  bool holds(const Grant& grant) const {
    const auto found = m_claims.find(grant.claim);
    return found != m_claims.end() && found->second.held && !found->second.taken.parked && found->second.taken.id == grant.id && found->second.taken.epoch == grant.epoch;
  }
  bool may_take(const Claim& kept, const Holder& holder, bool (*dead)(const Machine&, const ProcessMark&), const Machine& machine) const {
    if (!kept.held) return true;
    if (kept.taken.parked) return kept.taken.by.run == holder.run;
    const ProcessMark& process = kept.taken.by.process;
    if (dead && process.host == machine.host() && dead(machine, process)) return true;
    if (process.boot == holder.process.boot) return m_time.steady() - kept.renewed > kept.lease;
    return kept.seen_boot == holder.process.boot && kept.seen_renewals == kept.renewals && m_time.steady() - kept.seen > kept.lease;
  }
  static tl::unexpected<Failure> fenced(const Grant& grant) { return Unexpected(Failure{Cause::fenced, Reached::no, "the claim " + grant.claim + " went to another", ""}); }

  const Time& m_time;
  std::mutex m_mutex;
  std::map<std::string, Stream> m_streams;
  std::map<std::string, Claim> m_claims;
  std::vector<Post> m_posts;
  std::uint64_t m_order = 0;
};

} // namespace belay::fakes
