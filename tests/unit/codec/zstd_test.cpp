#include "codec/hashing.hpp"
#include "codec/zstd.hpp"
#include "catch.hpp"
#include "fakes/memory_streams.hpp"
#include <random>

using namespace belay;
using namespace belay::fakes;

namespace {

std::string sample(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string out;
  while (out.size() < size) out += "row " + std::to_string(random() % 1000) + "\n";
  return out.substr(0, size);
}

std::string compressed(const std::string& text, int workers) {
  MemorySink end;
  auto sink = zstd_sink(end, 1, workers);
  for (std::size_t at = 0; at < text.size(); at += 100'000) REQUIRE(sink->write(bytes_of(std::string_view(text).substr(at, 100'000))));
  const auto bytes = sink->finish();
  REQUIRE(bytes);
  CHECK(*bytes == end.bytes.size());
  CHECK(end.finished);
  return end.bytes;
}

Expected<std::string> expanded(const std::string& frame, std::size_t piece) {
  MemorySource from(frame, piece);
  auto source = zstd_source(from);
  std::string out;
  std::vector<std::byte> buffer(10'000);
  for (;;) {
    const auto got = source->read(buffer);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) return out;
    out.append(reinterpret_cast<const char*>(buffer.data()), *got);
  }
}

} // namespace

TEST_CASE("what zstd compressed reads back the same, whatever the pieces and threads", "[codec]") {
  for (const int workers : {0, 2})
    for (const std::size_t size : {0u, 1u, 70'000u, 5'000'000u}) {
      const std::string text = sample(size, 7);
      const std::string frame = compressed(text, workers);
      for (const std::size_t piece : {std::size_t(997), SIZE_MAX}) {
        const auto back = expanded(frame, piece);
        REQUIRE(back);
        CHECK(*back == text);
      }
      if (size > 1000) CHECK(frame.size() < size / 2);
    }
}

TEST_CASE("a frame cut anywhere, or with a byte changed, is refused and never taken for the whole", "[codec]") {
  const std::string text = sample(3'000, 3);
  const std::string frame = compressed(text, 0);
  for (std::size_t at = 0; at < frame.size(); ++at) {
    CHECK_FALSE(expanded(frame.substr(0, at), SIZE_MAX));
    std::string changed = frame;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    const auto back = expanded(changed, SIZE_MAX);
    if (back) CHECK(*back == text); // a bit of the header that changes nothing of the contents
  }
}

TEST_CASE("a full end stops the compression and says so", "[codec]") {
  MemorySink end;
  end.room = 1000;
  auto sink = zstd_sink(end, 1, 0);
  Expected<void> written;
  for (int i = 0; i < 100 && written; ++i) written = sink->write(bytes_of(sample(100'000, static_cast<unsigned>(i))));
  REQUIRE_FALSE(written);
  CHECK(written.error().cause == Cause::full);
  CHECK_FALSE(end.finished);
}

TEST_CASE("hashing stages know the SHA-256 and the number of what passed", "[codec]") {
  MemorySink end;
  HashingSink sink(end);
  REQUIRE(sink.write(bytes_of("ab")));
  REQUIRE(sink.write(bytes_of("c")));
  REQUIRE(sink.finish());
  CHECK(sink.bytes() == 3);
  CHECK(hex(sink.hash()) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  MemorySource from("abc", 1);
  HashingSource source(from);
  CHECK(drained(source) == "abc");
  CHECK(source.bytes() == 3);
  CHECK(hex(source.hash()) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
