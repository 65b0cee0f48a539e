#pragma once
#include "belay/value.hpp"
#include <libpq-fe.h>
#include <string>
#include <vector>

namespace belay {

/// The arguments of a statement as libpq takes them; the texts live here.
class SqlArguments {
public:
  explicit SqlArguments(const std::vector<Value>&);
  int count() const { return static_cast<int>(m_pointers.size()); }
  const char* const* pointers() const { return m_pointers.data(); }
  const int* lengths() const { return m_lengths.data(); }
  const int* formats() const { return m_formats.data(); }

private:
  std::vector<std::string> m_texts;
  std::vector<const char*> m_pointers;
  std::vector<int> m_lengths, m_formats;
};

/// One row {column: value}; a name that comes twice is `name`, `name_2` …
Value sql_row(const PGresult*, int row);

} // namespace belay
