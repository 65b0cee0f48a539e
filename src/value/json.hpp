#pragma once
#include "belay/error.hpp"
#include "belay/value.hpp"

namespace belay {

/// JSON text → value: numbers without fraction or exponent are integers (unsigned beyond 2⁶³−1), objects keep their order.
/// Refused (`malformed`, with line and column): anything RFC 8259 forbids, a name twice, depth over 200.
Expected<Value> parse_json(std::string_view text);

/// One line, names sorted by their bytes, shortest numbers that read back the same, secrets as `"(secret)"`, unknowns as their
/// shown form in quotes, timestamps RFC 3339, durations as `1.5s`, bytes as base64. The form that digests are taken of.
std::string canonical_json(const Value&);

/// The same, but text stands without quotes when it is the whole value.
std::string bare_json(const Value&);

/// Indented by two spaces, in the order of insertion: for people and for `--output json`.
std::string pretty_json(const Value&);

/// Full fidelity: every kind but rules reads back as it was, unknowns included; secrets are masked and read back as unknown
/// secrets. For the journal.
std::string journal_json(const Value&);
Expected<Value> parse_journal_json(std::string_view text);

std::string rfc3339(Timestamp);                 ///< `2026-11-21T22:38:00Z`, with as many digits of a second as it has
Expected<Timestamp> parse_rfc3339(std::string_view); ///< an offset is required: `malformed` without
std::string duration_text(Duration);            ///< `90s`, `0.25s`

} // namespace belay
