#pragma once
#include "belay/ports.hpp"
#include <string>
#include <vector>

namespace belay {

/// A table with the bytes that its rows take, the long values that stand aside included.
struct TableSize {
  std::string schema, name;
  std::int64_t bytes = 0;
};

/// The tables whose rows may be dumped apart from the rest: no extension's, none that is unlogged or temporary. Largest first.
Expected<std::vector<TableSize>> table_sizes(Session&, const Stop&);

/// The tables, of all of them largest first, that a second dump takes so that both have about the same to do, the lighter half.
/// None where that half has less than `at_least` bytes.
std::vector<TableSize> second_share(const std::vector<TableSize>& largest_first, std::int64_t at_least);

} // namespace belay
