#pragma once
#include "belay/error.hpp"
#include "belay/ports.hpp"
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Two dumps of one snapshot become one archive of pg_dump's custom format, as if one pg_dump had written it. The format is that of
/// PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c and pg_backup_custom.c, versions 1.14 to 1.16 (PostgreSQL 12 to 18).
namespace belay::postgres_archive {

/// Whether archives of that pg_dump (as server_version_num counts: 150018) are known here.
bool knows_archives_of(int tool);

/// What stands before the data: the table of contents.
struct Head {
  struct Entry {
    int id = 0, section = 0;
    std::string oid, what; ///< `TABLE`, `TABLE DATA`, …
    std::size_t from = 0;  ///< where it begins in `text`
    std::string middle, tail; ///< of the rows of a table: what is between its id and its dependencies, and what is behind those
  };
  std::string text;
  unsigned int_size = 4;               ///< bytes of a number, without its sign
  std::size_t count_at = 0, count = 0; ///< where the number of entries stands
  std::vector<Entry> entries;
};

/// The head at the beginning of `bytes`; nothing: it goes on behind their end. `malformed`: another format or version.
Expected<std::optional<Head>> read_head(std::string_view bytes);

/// `text`: the head of both; `ids`: the number of each table's rows in the second archive → in the joined one.
struct Joined {
  std::string text;
  unsigned int_size = 4;
  std::map<int, int> ids;
};
/// `main`'s contents, and the rows of `tables` tables that only `rows` has. `malformed` where the two do not complete each other exactly.
Expected<Joined> join(const Head& main, const Head& rows, std::size_t tables);

/// Where the two streams, each on a thread of its own, wait for the other's head.
class Meeting {
public:
  explicit Meeting(std::size_t tables) : m_tables(tables) {}
  /// Blocks until the other has come too; `stopped` where it has given up instead.
  Expected<Joined> come(bool main, Head);
  /// Has whoever waits, or comes later, go on without an answer. No effect once both have come.
  void give_up();

private:
  std::size_t m_tables;
  std::mutex m_lock;
  std::condition_variable m_changed;
  std::optional<Head> m_main, m_rows;
  bool m_given_up = false;
};

/// One of the two archives on its way in: the joined head and the data of the main one, or the data alone of the other, renumbered.
/// `finish` fails where the archive ended before it was whole.
class Part final : public Sink {
public:
  Part(Meeting& meeting, bool main, Sink& next) : m_meeting(meeting), m_main(main), m_next(next) {}
  Expected<void> write(std::span<const std::byte>) override;
  Expected<std::uint64_t> finish() override;

private:
  enum class At { kind, id, length, data };
  Expected<void> look();
  Expected<void> body(std::string_view);
  Expected<void> renumbered(std::string_view);
  Expected<bool> number(char);
  Expected<void> pass(std::string_view);

  Meeting& m_meeting;
  bool m_main;
  Sink& m_next;
  std::string m_waiting; ///< until the head is whole
  std::size_t m_look_at = 0;
  std::optional<Joined> m_joined;
  At m_at = At::kind;
  std::string m_digits;
  std::int64_t m_number = 0;
  std::set<int> m_seen;
};

} // namespace belay::postgres_archive
