#pragma once
#include "belay/ports.hpp"
#include "codec/sha256.hpp"

namespace belay {

/// Passes bytes on to `next` unchanged and keeps their SHA-256 and number.
class HashingSink final : public Sink {
public:
  explicit HashingSink(Sink& next) : m_next(next) {}
  Expected<void> write(std::span<const std::byte>) override;
  Expected<std::uint64_t> finish() override;
  Hash hash() { return m_hash.finish(); } ///< once, after `finish`
  std::uint64_t bytes() const { return m_bytes; }

private:
  Sink& m_next;
  Sha256 m_hash;
  std::uint64_t m_bytes = 0;
};

/// Gives what `from` gives and keeps the SHA-256 and number of what was given.
class HashingSource final : public Source {
public:
  explicit HashingSource(Source& from) : m_from(from) {}
  Expected<std::size_t> read(std::span<std::byte>) override;
  Hash hash() { return m_hash.finish(); } ///< once, after the end was read
  std::uint64_t bytes() const { return m_bytes; }

private:
  Source& m_from;
  Sha256 m_hash;
  std::uint64_t m_bytes = 0;
};

} // namespace belay
