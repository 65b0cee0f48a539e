#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace belay {

/// A point of UTC, years 1 to 9999 (CEL's range, wider than 64-bit nanoseconds reach). `nanos` is 0 … 999 999 999.
struct Timestamp {
  std::int64_t seconds = 0; ///< since 1970-01-01T00:00:00Z
  std::int32_t nanos = 0;
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};
using Duration = std::chrono::nanoseconds;

enum class Kind : std::uint8_t { null, boolean, integer, unsigned_integer, real, text, bytes, list, map, timestamp, duration, type, optional, rule, any };

struct Rule;

/// A CEL value: immutable, cheap to copy, safe to share between threads. Two properties ride on it: unknown (lists the
/// steps it waits for) and secret. It cannot be formatted: `show` (masked) and `lift` are the only ways to its text.
class Value {
public:
  using List = std::vector<Value>;
  using Map = std::vector<std::pair<Value, Value>>; ///< insertion order; keys: boolean, integers, text; no key twice

  Value() noexcept; ///< null
  Value(const Value&); // the special members live in src/value: inline they double every file's compile time
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();
  Value(bool v);
  Value(int v);
  Value(std::int64_t v);
  Value(std::uint64_t v);
  Value(double v);
  Value(const char* v);
  Value(std::string_view v);
  Value(std::string v);
  Value(List v);
  Value(Map v);
  Value(Timestamp v);
  Value(Duration v);
  Value(std::shared_ptr<const Rule> v);
  static Value bytes(std::string v);
  static Value type(std::string name);  ///< a CEL type value, by its name (`int`, `list`, `google.protobuf.Timestamp`)
  static Value optional(Value present); ///< optional.of
  static Value absent();                ///< optional.none
  static Value object(std::vector<std::pair<std::string, Value>> members);
  /// Known only after the named steps (paths, without duplicates).
  static Value unknown(std::vector<std::string> waits_for);
  /// What only the act itself can mint (a snapshot's name, a port): unknown until `fill` puts it in.
  static Value minted(std::string name);

  Kind kind() const; ///< `any` of an unknown
  bool is_null() const { return kind() == Kind::null && !is_unknown(); }
  bool is_unknown() const; ///< itself, not a member
  bool is_secret() const { return m_secret; }
  bool known() const;        ///< nothing unknown in it, at any depth
  bool has_secret() const;   ///< itself, or a member at any depth
  Value as_secret() const;
  std::vector<std::string> waits_for() const; ///< of itself and its members, sorted, once each

  // Of a known value of that kind that is no secret (lists and maps: the container itself is none); anything else is a bug
  // and throws std::logic_error.
  bool boolean() const;
  std::int64_t integer() const;
  std::uint64_t unsigned_integer() const;
  double real() const;
  const std::string& text() const;
  const std::string& octets() const;    ///< of bytes
  const std::string& type_name() const; ///< of a type
  const List& list() const;
  const Map& map() const;
  Timestamp timestamp() const;
  Duration duration() const;
  const Value* present() const; ///< of an optional; nullptr when absent
  const std::shared_ptr<const Rule>& rule() const;

  /// A member of a map, by name: unknown of an unknown, secret of a secret, null when absent or when this is no map.
  Value operator[](std::string_view name) const;
  bool has(std::string_view name) const; ///< of a known map; false otherwise

private:
  struct Unknown;
  struct Text;
  struct Bytes;
  struct TypeName;
  struct Optional;
  friend struct Reveal;
  friend bool operator==(const Value&, const Value&);
  friend std::string show(const Value&);
  friend Value fill(const Value&, std::string_view, const Value&);
  friend Value join(const std::vector<Value>&);
  using Data = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::shared_ptr<const Text>, std::shared_ptr<const Bytes>,
                            std::shared_ptr<const List>, std::shared_ptr<const Map>, Timestamp, Duration, std::shared_ptr<const TypeName>,
                            std::shared_ptr<const Optional>, std::shared_ptr<const Rule>, std::shared_ptr<const Unknown>>;
  Data m_data;
  bool m_secret = false;
};

/// Identity of structure, not CEL's numeric equality: kinds, members, order of keys apart, unknowns and secrecy are compared.
bool operator==(const Value&, const Value&);

/// JSON for a person: `(known after shift)`, `(known when it runs)`, `(secret)` stand unquoted inside text that is being joined.
std::string show(const Value&);

/// A placeholder of that name filled in, at any depth, joined text included; everything else stays as it is.
Value fill(const Value& in, std::string_view name, const Value& with);

/// Pieces joined into text (numbers and booleans as CEL's string() writes them; lists and maps as canonical JSON): unknown if
/// one is, keeping the known pieces for `show` and `fill`; secret if one is.
Value join(const std::vector<Value>& pieces);

/// f over the plain contents, for code that may not see `reveal.hpp`: an unknown stays unknown and f is not called; what
/// came from a secret is a secret.
Value lift(const Value& in, Value (*f)(const Value& plain));

} // namespace belay
