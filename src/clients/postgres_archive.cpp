#include "clients/postgres_archive.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace belay::postgres_archive {
namespace {

constexpr std::string_view k_magic = "PGDMP", k_rows = "TABLE DATA";
constexpr std::size_t k_same = 11; // magic, version, sizes and format: alike in archives of one pg_dump
constexpr int k_data = 3, k_post_data = 4; // sections
constexpr char k_block_of_rows = 1, k_custom = 1;

Failure bad(std::string why) { return {Cause::malformed, Reached::yes, "what pg_dump wrote cannot be joined: " + std::move(why), "give the step `share: -1`: one pg_dump alone writes the backup"}; }

std::string number_text(std::int64_t number, unsigned size) {
  std::string out(1, number < 0 ? '\1' : '\0');
  for (std::uint64_t rest = static_cast<std::uint64_t>(number < 0 ? -number : number); size > 0; --size, rest >>= 8) out += static_cast<char>(rest & 0xff);
  return out;
}
std::string string_text(std::string_view text, unsigned size) { return number_text(static_cast<std::int64_t>(text.size()), size) + std::string(text); }

std::int64_t number_of(std::string_view digits) {
  std::uint64_t out = 0;
  for (std::size_t i = digits.size() - 1; i > 0; --i) out = out << 8 | static_cast<unsigned char>(digits[i]);
  return digits[0] != 0 ? -static_cast<std::int64_t>(out) : static_cast<std::int64_t>(out);
}

// Reads on until the bytes end, which `cut` tells; what is read from there on is empty.
struct Cursor {
  std::string_view bytes;
  unsigned int_size = 4;
  std::size_t at = 0;
  bool cut = false;

  std::string_view take(std::size_t n) {
    if (cut || n > bytes.size() - at) {
      cut = true;
      return {};
    }
    at += n;
    return bytes.substr(at - n, n);
  }
  std::int64_t number() {
    const auto digits = take(1 + int_size);
    return cut ? 0 : number_of(digits);
  }
  std::optional<std::string_view> string() {
    const std::int64_t size = number();
    if (size < 0) return std::nullopt;
    return take(static_cast<std::size_t>(size));
  }
};

} // namespace

bool knows_archives_of(int tool) { return tool >= 120000 && tool < 190000; }

Expected<std::optional<Head>> read_head(std::string_view bytes) {
  Cursor in{bytes};
  const auto magic = in.take(k_magic.size());
  const auto version = in.take(3), sizes = in.take(3);
  if (in.cut) return std::optional<Head>();
  const int minor = version[1];
  if (magic != k_magic || version[0] != 1 || minor < 14 || minor > 16 || sizes[0] < 4 || sizes[0] > 8 || sizes[1] < 1 || sizes[1] > 8 || sizes[2] != k_custom)
    return Unexpected(bad(fmt::format("its archive has version {}.{}, and 1.14 to 1.16 are known", static_cast<int>(version[0]), minor)));
  Head head;
  in.int_size = head.int_size = static_cast<unsigned>(sizes[0]);
  if (minor >= 15) in.take(1);
  else in.number();
  for (int i = 0; i < 7; ++i) in.number(); // when it was made
  for (int i = 0; i < 3; ++i) in.string(); // database, server, pg_dump
  head.count_at = in.at;
  const std::int64_t count = in.number();
  for (std::int64_t i = 0; i < count && !in.cut; ++i) {
    Head::Entry entry;
    entry.from = in.at;
    entry.id = static_cast<int>(in.number());
    const std::size_t middle = in.at;
    in.number(); // whether it has data
    in.string(); // the catalogue that its oid is of
    entry.oid = in.string().value_or("");
    in.string(); // its name
    entry.what = in.string().value_or("");
    entry.section = static_cast<int>(in.number());
    for (int text = 0; text < 6; ++text) in.string(); // to make, to drop, to copy; schema, tablespace, access method
    if (minor >= 16) in.number();
    in.string(); // owner
    in.string(); // whether it has oids, of old
    const std::size_t middle_end = in.at;
    while (!in.cut && in.string()) {}
    const std::size_t tail = in.at;
    in.take(1 + static_cast<std::size_t>(sizes[1])); // where its data is: not known in a stream
    if (in.cut) break;
    if (entry.what == k_rows) {
      entry.middle = bytes.substr(middle, middle_end - middle);
      entry.tail = bytes.substr(tail, in.at - tail);
    }
    head.entries.push_back(std::move(entry));
  }
  if (in.cut) return std::optional<Head>();
  head.count = static_cast<std::size_t>(count);
  head.text = bytes.substr(0, in.at);
  return std::optional<Head>(std::move(head));
}

Expected<Joined> join(const Head& main, const Head& rows, std::size_t tables) {
  if (main.text.substr(0, k_same) != rows.text.substr(0, k_same)) return Unexpected(bad("the two archives are of different versions"));
  std::map<std::string, int> table_of;
  std::set<std::string> has_rows;
  int last = 0;
  std::size_t at = main.text.size();
  for (const auto& entry : main.entries) {
    last = std::max(last, entry.id);
    if (entry.what == "TABLE") table_of[entry.oid] = entry.id;
    if (entry.what == k_rows) has_rows.insert(entry.oid);
    if (entry.section == k_post_data) at = std::min(at, entry.from);
  }
  Joined out{{}, main.int_size, {}};
  std::string more;
  for (const auto& entry : rows.entries) {
    if (entry.what != k_rows) continue;
    const auto table = table_of.find(entry.oid);
    if (entry.section != k_data || table == table_of.end() || !has_rows.insert(entry.oid).second || !out.ids.emplace(entry.id, ++last).second)
      return Unexpected(bad(fmt::format("the table with oid {} is not once in each", entry.oid)));
    more += number_text(last, main.int_size) + entry.middle + string_text(std::to_string(table->second), main.int_size) + number_text(-1, main.int_size) + entry.tail;
  }
  if (out.ids.size() != tables) return Unexpected(bad(fmt::format("{} tables were to come from the second pg_dump, {} did", tables, out.ids.size())));
  const std::size_t behind = main.count_at + 1 + main.int_size;
  out.text = main.text.substr(0, main.count_at) + number_text(static_cast<std::int64_t>(main.count + tables), main.int_size) + main.text.substr(behind, at - behind) + more + main.text.substr(at);
  return out;
}

Expected<Joined> Meeting::come(bool main, Head head) {
  std::unique_lock lock(m_lock);
  (main ? m_main : m_rows).emplace(std::move(head));
  m_changed.notify_all();
  m_changed.wait(lock, [&] { return (m_main && m_rows) || m_given_up; });
  if (!m_main || !m_rows) return Unexpected({Cause::stopped, Reached::yes, "the other pg_dump ended before it began to write", {}});
  return join(*m_main, *m_rows, m_tables);
}

void Meeting::give_up() {
  std::lock_guard lock(m_lock);
  m_given_up = true;
  m_changed.notify_all();
}

Expected<void> Part::write(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (m_joined) return body(text);
  m_waiting.append(text);
  return m_waiting.size() < m_look_at ? Expected<void>() : look();
}

Expected<void> Part::look() {
  m_look_at = m_waiting.size() * 2; // a long head is not read again for each piece of it
  auto head = read_head(m_waiting);
  if (!head) return tl::unexpected(head.error());
  if (!*head) return {};
  const std::size_t size = (*head)->text.size();
  auto joined = m_meeting.come(m_main, std::move(**head));
  if (!joined) return tl::unexpected(joined.error());
  m_joined = std::move(*joined);
  if (m_main)
    if (auto passed = pass(m_joined->text); !passed) return passed;
  const std::string rest = std::exchange(m_waiting, {}).substr(size);
  return body(rest);
}

Expected<void> Part::body(std::string_view text) { return m_main ? pass(text) : renumbered(text); }
Expected<void> Part::pass(std::string_view text) { return text.empty() ? Expected<void>() : m_next.write(std::as_bytes(std::span(text))); }

// Takes a digit; true when the number is whole.
Expected<bool> Part::number(char digit) {
  m_digits += digit;
  if (m_digits.size() < 1 + m_joined->int_size) return false;
  m_number = number_of(m_digits);
  m_digits.clear();
  if (m_number < 0) return Unexpected(bad("a block has a negative size or number"));
  return true;
}

// Blocks of rows: a byte that tells the kind, the number of the entry, then chunks behind their lengths, until one of length 0.
Expected<void> Part::renumbered(std::string_view text) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (m_at == At::data) {
      const auto step = std::min<std::size_t>(text.size() - i, static_cast<std::size_t>(m_number));
      i += step;
      m_number -= static_cast<std::int64_t>(step);
      if (m_number == 0) m_at = At::length;
      continue;
    }
    const char byte = text[i++];
    if (m_at == At::kind) {
      if (byte != k_block_of_rows) return Unexpected(bad("the second pg_dump wrote something else than rows"));
      m_at = At::id;
      if (auto passed = pass(text.substr(from, i - from)); !passed) return passed;
      from = i;
      continue;
    }
    const auto whole = number(byte);
    if (!whole) return tl::unexpected(whole.error());
    if (m_at == At::id) from = i;
    if (!*whole) continue;
    if (m_at == At::id) {
      const auto id = m_joined->ids.find(static_cast<int>(m_number));
      if (id == m_joined->ids.end() || !m_seen.insert(id->second).second) return Unexpected(bad("rows came of a table that was not announced, or twice"));
      if (auto passed = pass(number_text(id->second, m_joined->int_size)); !passed) return passed;
      m_at = At::length;
    } else m_at = m_number == 0 ? At::kind : At::data;
  }
  return pass(text.substr(from));
}

Expected<std::uint64_t> Part::finish() {
  if (!m_joined)
    if (auto done = look(); !done) return tl::unexpected(done.error());
  if (!m_joined) return Unexpected(bad("it ended before its table of contents did"));
  if (!m_main && (m_at != At::kind || m_seen.size() != m_joined->ids.size())) return Unexpected(bad("the second pg_dump ended before all its rows were there"));
  return m_next.finish();
}

} // namespace belay::postgres_archive
