#include "codec/hashing.hpp"

namespace belay {
namespace {
std::string_view text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
} // namespace

Expected<void> HashingSink::write(std::span<const std::byte> bytes) {
  auto passed = m_next.write(bytes);
  if (!passed) return passed;
  m_hash.feed(text_of(bytes));
  m_bytes += bytes.size();
  return {};
}

Expected<std::uint64_t> HashingSink::finish() { return m_next.finish(); }

Expected<std::size_t> HashingSource::read(std::span<std::byte> into) {
  auto got = m_from.read(into);
  if (!got) return got;
  m_hash.feed(text_of(into.first(*got)));
  m_bytes += *got;
  return got;
}

} // namespace belay
