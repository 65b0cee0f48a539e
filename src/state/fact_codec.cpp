#include "state/fact_codec.hpp"
#include "state/fact_members.hpp"
#include "state/words.hpp"
#include "value/json.hpp"
#include <type_traits>
#include <utility>

namespace belay {
namespace {

class Writer {
public:
  template <class T> void operator()(const char* name, T& x) { put(name, write(x)); }
  Value object() { return Value::object(std::move(m_members)); }

private:
  std::vector<std::pair<std::string, Value>> m_members;

  void put(const char* name, Value v) {
    if (!v.is_null()) m_members.emplace_back(name, std::move(v));
  }
  template <class T> static Value write(T& x) {
    if constexpr (std::is_same_v<T, Value>) return x;
    else if constexpr (std::is_same_v<T, std::string>) return x.empty() ? Value() : Value(x);
    else if constexpr (std::is_same_v<T, bool>) return x ? Value(true) : Value();
    else if constexpr (std::is_same_v<T, double>) return Value(x);
    else if constexpr (std::is_same_v<T, Duration>) return x == Duration::zero() ? Value() : Value(x);
    else if constexpr (std::is_same_v<T, Timestamp>) return x == Timestamp{} ? Value() : Value(x);
    else if constexpr (std::is_same_v<T, std::uint64_t>) return Value(x);
    else if constexpr (std::is_integral_v<T>) return Value(static_cast<std::int64_t>(x));
    else if constexpr (std::is_enum_v<T>) return Value(word(x));
    else return structure(x);
  }
  template <class T> static Value structure(std::optional<T>& x) { return x ? write(*x) : Value(); }
  template <class T> static Value structure(std::vector<T>& x) {
    if (x.empty()) return {};
    Value::List list;
    for (T& item : x) list.push_back(write(item));
    return Value(std::move(list));
  }
  template <class T> static Value structure(T& x) {
    Writer inner;
    members(inner, x);
    return inner.object();
  }
};

/// Leaves what is missing, of another type or in a newer version's word as it is by default.
class Reader {
public:
  explicit Reader(const Value& from) : m_from(from) {}
  template <class T> void operator()(const char* name, T& x) {
    if (m_from.has(name)) read(m_from[name], x);
  }

private:
  const Value& m_from;

  static bool is(const Value& v, Kind kind) { return v.kind() == kind && !v.is_secret(); }
  template <class T> static void read(const Value& v, T& x) {
    if constexpr (std::is_same_v<T, Value>) x = v;
    else if constexpr (std::is_same_v<T, std::string>) { if (is(v, Kind::text)) x = v.text(); }
    else if constexpr (std::is_same_v<T, bool>) { if (is(v, Kind::boolean)) x = v.boolean(); }
    else if constexpr (std::is_same_v<T, double>) { if (is(v, Kind::real)) x = v.real(); }
    else if constexpr (std::is_same_v<T, Duration>) { if (is(v, Kind::duration)) x = v.duration(); }
    else if constexpr (std::is_same_v<T, Timestamp>) { if (is(v, Kind::timestamp)) x = v.timestamp(); }
    else if constexpr (std::is_integral_v<T>) {
      if (is(v, Kind::integer)) x = static_cast<T>(v.integer());
      if (is(v, Kind::unsigned_integer)) x = static_cast<T>(v.unsigned_integer());
    } else if constexpr (std::is_enum_v<T>) { if (is(v, Kind::text)) x = from_word<T>(v.text()).value_or(x); }
    else structure(v, x);
  }
  template <class T> static void structure(const Value& v, std::optional<T>& x) { read(v, x.emplace()); }
  template <class T> static void structure(const Value& v, std::vector<T>& x) {
    if (!is(v, Kind::list)) return;
    for (const Value& item : v.list()) read(item, x.emplace_back());
  }
  template <class T> static void structure(const Value& v, T& x) {
    Reader inner(v);
    members(inner, x);
  }
};

// In the order of the variant.
constexpr std::string_view k_kinds[] = {"run_started", "expanded", "skipped", "intended", "answered", "settled", "opened",  "closed",  "turned",   "ticked",
                                        "parked",      "said",     "undoing", "undone",   "stopped",  "resumed", "decided", "found", "run_ended"};
static_assert(std::size(k_kinds) == std::variant_size_v<Fact>);

template <std::size_t I = 0> Fact make(std::size_t index, const Value& body) {
  if constexpr (I < std::variant_size_v<Fact>) {
    if (index != I) return make<I + 1>(index, body);
    std::variant_alternative_t<I, Fact> x;
    Reader reader(body);
    members(reader, x);
    return x;
  } else {
    return {};
  }
}

} // namespace

Record encode_fact(const Fact& fact, Timestamp at) {
  Fact copy = fact;
  Record record;
  record.kind = k_kinds[fact.index()];
  record.at = at;
  record.body = std::visit(
      [](auto& x) {
        Writer writer;
        members(writer, x);
        return journal_json(writer.object());
      },
      copy);
  return record;
}

Expected<Fact> decode_fact(const Record& record) {
  for (std::size_t i = 0; i < std::size(k_kinds); ++i) {
    if (k_kinds[i] != record.kind) continue;
    auto body = parse_journal_json(record.body);
    if (!body) return Unexpected(body.error());
    return make(i, *body);
  }
  return Unexpected(Failure{Cause::missing, Reached::no, "a record of the kind '" + record.kind + "' is of a newer belay", "use the version that wrote it to see it"});
}

Expected<std::vector<Event>> decode_events(const std::string& stream, std::uint64_t first, const std::vector<Record>& records) {
  std::vector<Event> events;
  events.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto fact = decode_fact(records[i]);
    if (fact) {
      events.push_back({stream, first + i, records[i].at, std::move(*fact)});
    } else if (fact.error().cause != Cause::missing) {
      Failure failure = fact.error();
      failure.message = "record " + std::to_string(first + i) + " of " + stream + " cannot be read: " + failure.message;
      return Unexpected(std::move(failure));
    }
  }
  return events;
}

} // namespace belay
