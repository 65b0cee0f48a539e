#pragma once
#include "belay/ports.hpp"
#include <algorithm>
#include <cstring>
#include <string>

namespace belay::fakes {

/// Keeps what is written; fails as `full` once more than `room` bytes would stand in it.
struct MemorySink : Sink {
  std::string bytes;
  std::size_t room = SIZE_MAX;
  bool finished = false;
  Expected<void> write(std::span<const std::byte> more) override {
    if (bytes.size() + more.size() > room) return Unexpected({Cause::full, Reached::no, "no space left", {}});
    bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
    return {};
  }
  Expected<std::uint64_t> finish() override {
    finished = true;
    return bytes.size();
  }
};

/// Gives its bytes in pieces of at most `piece`.
struct MemorySource : Source {
  std::string bytes;
  std::size_t at = 0, piece = SIZE_MAX;
  explicit MemorySource(std::string of, std::size_t in_pieces = SIZE_MAX) : bytes(std::move(of)), piece(in_pieces) {}
  Expected<std::size_t> read(std::span<std::byte> into) override {
    const std::size_t n = std::min({into.size(), piece, bytes.size() - at});
    std::memcpy(into.data(), bytes.data() + at, n);
    at += n;
    return n;
  }
};

inline std::string drained(Source& source, std::size_t piece = 4096) {
  std::string out;
  std::vector<std::byte> buffer(piece);
  for (;;) {
    const auto got = source.read(buffer);
    if (!got || *got == 0) return out;
    out.append(reinterpret_cast<const char*>(buffer.data()), *got);
  }
}

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

} // namespace belay::fakes
