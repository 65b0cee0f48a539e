#include "expr/map_builder.hpp"
#include "expr/compare.hpp"
#include "expr/types.hpp"
#include <fmt/format.h>

namespace belay::expr {

bool MapBuilder::add(Value key, Value value) {
  constexpr std::size_t k_small = 8;
  if (!m_meter.charge(2)) return false;
  if (!is_key(key)) {
    error = fmt::format("unsupported key type: {}", describe(key.kind()));
    return false;
  }
  bool twice = false;
  if (m_map.size() < k_small) {
    twice = find_key(m_map, key) != nullptr;
  } else {
    if (m_keys.empty())
      for (const auto& [have, of] : m_map) m_keys.insert(key_text(have));
    twice = !m_keys.insert(key_text(key)).second;
  }
  if (twice) {
    error = fmt::format("repeated key: '{}'", key.kind() == Kind::text ? key.text() : key_text(key));
    return false;
  }
  m_map.emplace_back(std::move(key), std::move(value));
  return true;
}

} // namespace belay::expr
