#include "codec/zstd.hpp"
#include <fmt/format.h>
#include <new>
#include <vector>
#include <zstd.h>

namespace belay {
namespace {

Failure broken(std::string_view doing, std::size_t code) {
  return {Cause::malformed, Reached::no, fmt::format("zstd could not {}: {}", doing, ZSTD_getErrorName(code)), {}};
}

class ZstdSink final : public Sink {
public:
  ZstdSink(Sink& next, int level, int workers) : m_next(next), m_context(ZSTD_createCCtx(), ZSTD_freeCCtx), m_out(ZSTD_CStreamOutSize()) {
    if (!m_context) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(m_context.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(m_context.get(), ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(m_context.get(), ZSTD_c_nbWorkers, workers); // a library built without threads compresses in this one
  }

  Expected<void> write(std::span<const std::byte> bytes) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (in.pos < in.size) {
      if (auto step = push(in, ZSTD_e_continue); !step) return tl::unexpected(step.error());
    }
    return {};
  }

  Expected<std::uint64_t> finish() override {
    ZSTD_inBuffer none{nullptr, 0, 0};
    for (;;) {
      const auto left = push(none, ZSTD_e_end);
      if (!left) return tl::unexpected(left.error());
      if (*left == 0) return m_next.finish();
    }
  }

private:
  Expected<std::size_t> push(ZSTD_inBuffer& in, ZSTD_EndDirective how) {
    ZSTD_outBuffer out{m_out.data(), m_out.size(), 0};
    const std::size_t left = ZSTD_compressStream2(m_context.get(), &out, &in, how);
    if (ZSTD_isError(left)) return Unexpected(broken("compress", left));
    if (out.pos > 0) {
      if (auto passed = m_next.write(std::span(m_out).first(out.pos)); !passed) return tl::unexpected(passed.error());
    }
    return left;
  }

  Sink& m_next;
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> m_context;
  std::vector<std::byte> m_out;
};

class ZstdSource final : public Source {
public:
  explicit ZstdSource(Source& from) : m_from(from), m_context(ZSTD_createDCtx(), ZSTD_freeDCtx), m_buffer(ZSTD_DStreamInSize()) {
    if (!m_context) throw std::bad_alloc();
  }

  Expected<std::size_t> read(std::span<std::byte> into) override {
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    while (out.pos == 0 && out.size > 0) {
      if (m_in.pos == m_in.size && !m_ended) {
        const auto got = m_from.read(m_buffer);
        if (!got) return tl::unexpected(got.error());
        m_in = {m_buffer.data(), *got, 0};
        m_ended = *got == 0;
      }
      if (m_ended && m_whole) return 0;
      const std::size_t at = m_in.pos;
      const std::size_t left = ZSTD_decompressStream(m_context.get(), &out, &m_in);
      if (ZSTD_isError(left)) return Unexpected(broken("decompress", left));
      if (m_in.pos > at || out.pos > 0) m_whole = left == 0;
      if (m_ended && out.pos == 0 && !m_whole) return Unexpected({Cause::malformed, Reached::no, "the compressed data ends before its frame does", {}});
    }
    return out.pos;
  }

private:
  Source& m_from;
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> m_context;
  std::vector<std::byte> m_buffer;
  ZSTD_inBuffer m_in{nullptr, 0, 0};
  bool m_ended = false, m_whole = false;
};

} // namespace

std::unique_ptr<Sink> zstd_sink(Sink& next, int level, int workers) { return std::make_unique<ZstdSink>(next, level, workers); }
std::unique_ptr<Source> zstd_source(Source& from) { return std::make_unique<ZstdSource>(from); }

} // namespace belay
