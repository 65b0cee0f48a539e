#include "ports/sql_values.hpp"
#include "belay/reveal.hpp"
#include "ports/pq_library.hpp"
#include "value/json.hpp"
#include <charconv>
#include <cstdlib>
#include <fmt/core.h>

namespace belay {
namespace {

// Of PostgreSQL's pg_type.dat.
constexpr Oid k_bool = 16, k_bytea = 17, k_int8 = 20, k_int2 = 21, k_int4 = 23, k_oid = 26, k_json = 114, k_float4 = 700, k_float8 = 701, k_timestamptz = 1184, k_jsonb = 3802;

std::string argument_text(const Value& value) {
  switch (value.kind()) {
    case Kind::boolean: return value.boolean() ? "true" : "false";
    case Kind::text: return value.text();
    case Kind::bytes: return value.octets();
    case Kind::timestamp: return rfc3339(value.timestamp());
    case Kind::duration: return fmt::format("{:.9f} seconds", static_cast<double>(value.duration().count()) / 1e9);
    default: return Reveal::json(value);
  }
}

std::string unhex(std::string_view text) {
  std::string bytes;
  if (!text.starts_with("\\x")) return std::string(text);
  for (std::size_t i = 2; i + 1 < text.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

/// `2026-11-21 22:38:00.5+00`, as the session's settings make the server write it; infinity and years beyond ours stay text.
Value timestamp_value(std::string_view text) {
  std::string iso(text);
  const auto space = iso.find(' ');
  if (space == std::string::npos || !iso.ends_with("+00")) return Value(text);
  iso[space] = 'T';
  iso += ":00";
  const auto parsed = parse_rfc3339(iso);
  return parsed ? Value(*parsed) : Value(text);
}

Value field_value(Oid type, std::string_view text) {
  switch (type) {
    case k_bool: return Value(text == "t");
    case k_int2: case k_int4: case k_int8: case k_oid: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      return error == std::errc() && end == text.data() + text.size() ? Value(number) : Value(text);
    }
    case k_float4: case k_float8: return Value(std::strtod(std::string(text).c_str(), nullptr));
    case k_bytea: return Value::bytes(unhex(text));
    case k_timestamptz: return timestamp_value(text);
    case k_json: case k_jsonb: {
      auto value = parse_json(text);
      return value ? *value : Value(text);
    }
    default: return Value(text);
  }
}

} // namespace

SqlArguments::SqlArguments(const std::vector<Value>& arguments) {
  m_texts.reserve(arguments.size()); // pointers into it are handed out
  for (const Value& argument : arguments) {
    const Value plain = Reveal::plain(argument);
    m_texts.push_back(plain.is_null() ? "" : argument_text(plain));
    m_pointers.push_back(plain.is_null() ? nullptr : m_texts.back().c_str());
    m_lengths.push_back(static_cast<int>(m_texts.back().size()));
    m_formats.push_back(plain.kind() == Kind::bytes ? 1 : 0);
  }
}

Value sql_row(const PGresult* result, int row) {
  std::vector<std::pair<std::string, Value>> members;
  const int columns = pq().PQnfields(result);
  for (int column = 0; column < columns; ++column) {
    std::string name = pq().PQfname(result, column);
    const auto taken = [&](const std::string& wanted) {
      for (const auto& member : members)
        if (member.first == wanted) return true;
      return false;
    };
    for (int again = 2; taken(name); ++again) name = fmt::format("{}_{}", pq().PQfname(result, column), again);
    Value value;
    if (!pq().PQgetisnull(result, row, column))
      value = field_value(pq().PQftype(result, column), {pq().PQgetvalue(result, row, column), static_cast<std::size_t>(pq().PQgetlength(result, row, column))});
    members.emplace_back(std::move(name), std::move(value));
  }
  return Value::object(std::move(members));
}

} // namespace belay
