#pragma once
#include "engine/flow.hpp"
#include <cstddef>
#include <functional>

namespace belay::engine {

/// Calls work(0 … count−1) on at most `at_once` threads and waits for all; after the first that does not `go`, none is begun.
/// The worst flow of them: halted over failed. An exception of one is thrown here, after the others have ended.
Flow at_once(std::size_t count, std::size_t at_once, const std::function<Flow(std::size_t)>& work);

} // namespace belay::engine
