#include "modules/postgres_backup_stream.hpp"
#include "clients/postgres_archive.hpp"
#include "clients/postgres_sql.hpp"
#include "codec/hashing.hpp"
#include "codec/zstd.hpp"
#include "modules/command_outcome.hpp"
#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <future>

namespace belay::modules::postgres_backup {
namespace {

using postgres_archive::Meeting;
using postgres_archive::Part;

/// Counts what is compressed, together with its like, and tells of it.
class Meter final : public Sink {
public:
  Meter(Sink& next, std::atomic<std::int64_t>& bytes, Tell* tell, std::int64_t of) : m_next(next), m_bytes(bytes), m_tell(tell), m_of(of) {}
  Expected<void> write(std::span<const std::byte> bytes) override {
    auto passed = m_next.write(bytes);
    if (!passed) return passed;
    const std::int64_t now = m_bytes += static_cast<std::int64_t>(bytes.size());
    if (m_tell && now - m_told >= k_tell_every) {
      m_told = now;
      m_tell->progress(now, std::max(m_of, now), "bytes");
    }
    return {};
  }
  Expected<std::uint64_t> finish() override { return m_next.finish(); }

private:
  static constexpr std::int64_t k_tell_every = 4 << 20;
  Sink& m_next;
  std::atomic<std::int64_t>& m_bytes;
  Tell* m_tell;
  std::int64_t m_of, m_told = 0;
};

/// Leaves the end of what follows open: more comes behind it.
class Open final : public Sink {
public:
  explicit Open(Sink& next) : m_next(next) {}
  Expected<void> write(std::span<const std::byte> bytes) override { return m_next.write(bytes); }
  Expected<std::uint64_t> finish() override { return 0; }

private:
  Sink& m_next;
};

std::string pattern(const TableSize& table) { return postgres_sql::identifier(table.schema) + "." + postgres_sql::identifier(table.name); }

Expected<void> good_end(const Expected<Ended>& ended) {
  if (!ended) return tl::unexpected(ended.error());
  if (ended->status == 0 && ended->signal == 0) return {};
  const std::string how = ended->signal != 0 ? fmt::format("was ended by signal {}", ended->signal) : fmt::format("ended with status {}", ended->status);
  const std::string said = last_line(ended->err);
  return Unexpected({Cause::rejected, Reached::yes, fmt::format("pg_dump {}{}{}", how, said.empty() ? "" : ": ", said), "nothing of it was kept; earlier backups are as they were"});
}

class Streaming {
public:
  Streaming(const StreamOrder& order, const Call& call, Ports& ports, Stop& stop) : m_order(order), m_call(call), m_ports(ports), m_stop(stop), m_meeting(order.aside.size()) {}

  Expected<Streamed> run() {
    auto file = m_ports.files.create(m_order.file);
    if (!file) return tl::unexpected(file.error());
    HashingSink hashing(**file);
    auto written = m_order.aside.empty() ? one(hashing) : two(hashing);
    if (!written) return tl::unexpected(written.error());
    if (const auto durable = hashing.finish(); !durable) return tl::unexpected(durable.error());
    return Streamed{hashing.bytes(), static_cast<std::uint64_t>(m_bytes.load()), hex(hashing.hash())};
  }

private:
  Expected<void> one(Sink& file) {
    Open open(file);
    const auto compressing = zstd_sink(open, m_order.level, m_order.threads);
    Meter meter(*compressing, m_bytes, &m_call.tell, m_order.bytes);
    if (auto done = good_end(m_ports.process.run(m_order.command, nullptr, &meter, &m_call.tell, m_stop)); !done) return done;
    if (const auto ended = meter.finish(); !ended) return tl::unexpected(ended.error());
    return {};
  }

  // One pg_dump is as fast as the one server process that answers it; two are twice as fast where there are tables enough.
  Expected<void> two(Sink& file) {
    auto scratch = m_ports.files.create_scratch(m_order.scratch);
    if (!scratch) return tl::unexpected(scratch.error());
    Command main = m_order.command, rows = m_order.command;
    rows.argv.insert(rows.argv.end(), {"--data-only", "--strict-names"});
    for (const TableSize& table : m_order.aside) {
      main.argv.emplace_back("--exclude-table-data=" + pattern(table));
      rows.argv.emplace_back("--table=" + pattern(table));
    }
    auto beside = std::async(std::launch::async, [&] { return part(false, rows, **scratch, nullptr); });
    Open open(file);
    const auto first = part(true, main, open, &m_call.tell);
    const auto second = beside.get();
    // Whichever failed first stopped the other.
    if (!first && first.error().cause != Cause::stopped) return first;
    if (!second) return second;
    if (!first) return first;
    return append(file);
  }

  Expected<void> part(bool main, const Command& command, Sink& to, Tell* tell) {
    const auto compressing = zstd_sink(to, m_order.level, (m_order.threads + 1) / 2);
    Meter meter(*compressing, m_bytes, tell, m_order.bytes);
    Part archive(m_meeting, main, meter);
    auto done = good_end(m_ports.process.run(command, nullptr, &archive, tell, m_stop));
    if (done)
      if (const auto ended = archive.finish(); !ended) done = tl::unexpected(ended.error());
    m_meeting.give_up();
    if (!done) m_stop.request(Stop::Why::killed);
    return done;
  }

  // Compressed pieces one behind another decompress to their contents one behind another.
  Expected<void> append(Sink& file) {
    auto rows = m_ports.files.open(m_order.scratch);
    if (!rows) return tl::unexpected(rows.error());
    std::vector<std::byte> buffer(1U << 20);
    for (;;) {
      if (m_stop) return Unexpected({Cause::stopped, Reached::yes, "stopped while the rows of the second pg_dump were appended", {}});
      const auto got = (*rows)->read(buffer);
      if (!got) return tl::unexpected(got.error());
      if (*got == 0) return {};
      if (auto written = file.write(std::span(buffer).first(*got)); !written) return written;
    }
  }

  const StreamOrder& m_order;
  const Call& m_call;
  Ports& m_ports;
  Stop& m_stop;
  Meeting m_meeting;
  std::atomic<std::int64_t> m_bytes = 0;
};

} // namespace

Expected<Streamed> stream_dump(const StreamOrder& order, const Call& call, Ports& ports, Stop& stop) { return Streaming(order, call, ports, stop).run(); }

} // namespace belay::modules::postgres_backup
