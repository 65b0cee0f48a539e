#pragma once
#include "expr/functions.hpp"
#include <unordered_set>

namespace belay::expr {

/// Gathers the entries of a map; a key of a wrong kind or one that is there already is an error.
class MapBuilder {
public:
  explicit MapBuilder(Meter& meter) : m_meter(meter) {}
  bool add(Value key, Value value);
  Value::Map take() { return std::move(m_map); }
  std::string error;

private:
  Meter& m_meter;
  Value::Map m_map;
  std::unordered_set<std::string> m_keys; ///< used once the map is no longer small
};

} // namespace belay::expr
