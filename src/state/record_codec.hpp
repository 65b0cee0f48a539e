#pragma once
#include "belay/state.hpp"
#include "value/json.hpp"
#include <concepts>
#include <fmt/core.h>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// Facts of streams other than runs, as records. A fact is a struct with `k_kind`, a member `Timestamp at`, and a function template
/// `members(io, fact)` that calls `io(name, member)` for every other member; a stream's facts are a variant of such structs. Empty members
/// are left out; members and kinds of a newer version are passed over.
namespace belay::records {

struct Writer {
  std::vector<std::pair<std::string, Value>> written;
  void operator()(const char* name, const std::string& x) { put(name, x, x.empty()); }
  void operator()(const char* name, const Value& x) { put(name, x, x.is_null()); }
  void operator()(const char* name, Timestamp x) { put(name, x, x == Timestamp{}); }
  void operator()(const char* name, Duration x) { put(name, x, x == Duration{}); }
  void operator()(const char* name, const std::optional<Timestamp>& x) {
    if (x) put(name, *x, false);
  }
  void operator()(const char* name, const std::vector<std::string>& x) {
    Value::List items;
    for (const std::string& item : x) items.emplace_back(item);
    put(name, std::move(items), x.empty());
  }
  template <std::integral T> void operator()(const char* name, T x) {
    if constexpr (std::same_as<T, bool>) put(name, Value(x), !x);
    else put(name, Value(static_cast<std::int64_t>(x)), x == 0);
  }

private:
  void put(const char* name, Value x, bool empty) {
    if (!empty) written.emplace_back(name, std::move(x));
  }
};

/// Takes what has the right kind and leaves the rest as it is.
struct Reader {
  const Value& from;
  void operator()(const char* name, std::string& x) { take(name, Kind::text, [&](const Value& v) { x = v.text(); }); }
  void operator()(const char* name, Value& x) { x = from[name]; }
  void operator()(const char* name, Timestamp& x) { take(name, Kind::timestamp, [&](const Value& v) { x = v.timestamp(); }); }
  void operator()(const char* name, Duration& x) { take(name, Kind::duration, [&](const Value& v) { x = v.duration(); }); }
  void operator()(const char* name, std::optional<Timestamp>& x) { take(name, Kind::timestamp, [&](const Value& v) { x = v.timestamp(); }); }
  void operator()(const char* name, std::vector<std::string>& x) {
    take(name, Kind::list, [&](const Value& v) {
      for (const Value& item : v.list())
        if (item.kind() == Kind::text && !item.is_secret()) x.push_back(item.text());
    });
  }
  template <std::integral T> void operator()(const char* name, T& x) {
    if constexpr (std::same_as<T, bool>) take(name, Kind::boolean, [&](const Value& v) { x = v.boolean(); });
    else take(name, Kind::integer, [&](const Value& v) { x = static_cast<T>(v.integer()); });
  }

private:
  template <class Use> void take(const char* name, Kind kind, Use use) {
    const Value v = from[name];
    if (v.kind() == kind && v.known() && !v.is_secret()) use(v);
  }
};

template <class Fact> Record encode_one(const Fact& fact) {
  Writer writer;
  Fact copy = fact; // `members` serves both directions
  members(writer, copy);
  return {std::string(Fact::k_kind), journal_json(Value::object(std::move(writer.written))), fact.at, {}};
}
template <class... Facts> Record encode(const std::variant<Facts...>& fact) {
  return std::visit([](const auto& one) { return encode_one(one); }, fact);
}

/// The facts of a stream's records, in order. `malformed`: a body that is no JSON, with the record's number.
template <class Variant> struct Decoder;
template <class... Facts> struct Decoder<std::variant<Facts...>> {
  static Expected<std::vector<std::variant<Facts...>>> all(const std::string& stream, const std::vector<Record>& from) {
    std::vector<std::variant<Facts...>> facts;
    std::uint64_t seq = 0;
    for (const Record& record : from) {
      ++seq;
      const auto body = parse_journal_json(record.body);
      if (!body) return Unexpected(Failure{Cause::malformed, Reached::no, fmt::format("record {} of {} cannot be read: {}", seq, stream, body.error().message), "nothing was done; `belay runs verify` tells whether it was edited"});
      (void)(... || try_one<Facts>(record, *body, facts));
    }
    return facts;
  }

private:
  template <class Fact> static bool try_one(const Record& record, const Value& body, std::vector<std::variant<Facts...>>& facts) {
    if (record.kind != Fact::k_kind) return false;
    Fact fact;
    Reader reader{body};
    members(reader, fact);
    fact.at = record.at;
    facts.emplace_back(std::move(fact));
    return true;
  }
};

} // namespace belay::records
