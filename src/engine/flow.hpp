#pragma once

namespace belay::engine {

/// failed: what began here is to be taken back; halted: nothing more is begun (stopped, waiting, stuck, refused).
enum class Flow { go, failed, halted };

} // namespace belay::engine
