#pragma once
#include "belay/ports.hpp"
#include <memory>

namespace belay {

/// Compresses what is written and passes it on to `next` as one zstd frame with a checksum of its contents. `workers` threads
/// beside the caller's (0: none). `finish` ends the frame and `next`, and returns the bytes that reached `next`.
std::unique_ptr<Sink> zstd_sink(Sink& next, int level, int workers);

/// What `from` gives, decompressed. A frame that is cut or changed is `malformed`: the end is only reported after a whole frame.
std::unique_ptr<Source> zstd_source(Source& from);

} // namespace belay
