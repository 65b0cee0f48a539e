#pragma once
#include "belay/value.hpp"
#include "report/style.hpp"
#include <string>
#include <vector>

namespace belay::report {

/// A text from outside as one line that a terminal can show: controls are spelled out, new lines and tabs become blanks.
std::string one_line(const std::string& text);

/// Aligned columns; the heading in capitals; a last column is never padded. Cells may hold colours: a text from outside goes through `one_line` first.
std::string table(const std::vector<std::string>& heading, const std::vector<std::vector<std::string>>& rows, const Style& = {});

/// The outputs of a run of reads for a person: maps as `name  value` lines, a list of maps as a table, all else as JSON.
std::string outputs_text(const Value& outputs, const Style& = {});

/// A time as `2026-11-21 22:38:01Z = 23:38:01 CET (3m05s ago)`; the local one only where it differs from UTC.
std::string when_text(Timestamp at, Timestamp now);

} // namespace belay::report
