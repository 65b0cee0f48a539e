#include "state/fact_codec.hpp"
#include "state/words.hpp"
#include "value/json.hpp"
#include <type_traits>
#include <utility>

namespace belay {
namespace {

// Each struct names its members once; a writer and a reader visit them.
template <class Io> void members(Io& io, Identity& x) { io("run", x.run), io("path", x.path), io("key", x.key), io("attempt", x.attempt), io("run_started", x.run_started); }
template <class Io> void members(Io& io, ProcessMark& x) { io("host", x.host), io("boot", x.boot), io("pid", x.pid), io("started", x.started); }
template <class Io> void members(Io& io, Failure& x) { io("cause", x.cause), io("reached", x.reached), io("message", x.message), io("hint", x.hint); }
template <class Io> void members(Io& io, Finding& x) { io("subject", x.subject), io("message", x.message), io("evidence", x.evidence); }
template <class Io> void members(Io& io, Outcome& x) {
  io("state", x.state), io("outputs", x.outputs), io("handle", x.handle), io("failure", x.failure), io("findings", x.findings), io("again", x.again);
}
template <class Io> void members(Io& io, Measure& x) { io("name", x.name), io("value", x.value), io("threshold", x.threshold), io("evidence", x.evidence); }
template <class Io> void members(Io& io, Tick& x) {
  io("verdict", x.verdict), io("state", x.state), io("measures", x.measures), io("why", x.why), io("thin", x.thin);
}
template <class Io> void members(Io& io, Question& x) { io("text", x.text), io("choices", x.choices), io("digest", x.digest), io("expires", x.expires); }

template <class Io> void members(Io& io, fact::RunStarted& x) {
  io("run", x.run), io("runbook", x.runbook), io("service", x.service), io("environment", x.environment), io("definition", x.definition);
  io("plan_digest", x.plan_digest), io("who", x.who), io("host", x.host), io("version", x.version), io("commit", x.commit), io("claim", x.claim);
  io("reason", x.reason), io("from", x.from), io("only", x.only), io("break_glass", x.break_glass), io("dirty", x.dirty), io("safeward", x.safeward);
  io("parameters", x.parameters), io("settings", x.settings), io("secrets", x.secrets), io("process", x.process), io("at", x.at);
}
template <class Io> void members(Io& io, fact::Expanded& x) { io("path", x.path), io("keys", x.keys); }
template <class Io> void members(Io& io, fact::Skipped& x) { io("path", x.path), io("reason", x.reason); }
template <class Io> void members(Io& io, fact::Intended& x) {
  io("id", x.id), io("action", x.action), io("title", x.title), io("digest", x.digest), io("shown", x.shown), io("in", x.in), io("seen", x.seen);
  io("undo", x.undo), io("effect", x.effect), io("repeat", x.repeat);
}
template <class Io> void members(Io& io, fact::Answered& x) { io("path", x.path), io("attempt", x.attempt), io("handle", x.handle); }
template <class Io> void members(Io& io, fact::Settled& x) {
  io("path", x.path), io("action", x.action), io("title", x.title), io("attempt", x.attempt), io("outcome", x.outcome), io("effect", x.effect);
  io("undo", x.undo), io("saved", x.saved), io("artifact", x.artifact), io("tail", x.tail), io("took", x.took);
}
template <class Io> void members(Io& io, fact::Opened& x) { io("path", x.path), io("outputs", x.outputs); }
template <class Io> void members(Io& io, fact::Closed& x) { io("path", x.path); }
template <class Io> void members(Io& io, fact::Turned& x) { io("path", x.path), io("because", x.because); }
template <class Io> void members(Io& io, fact::Ticked& x) { io("path", x.path), io("tick", x.tick); }
template <class Io> void members(Io& io, fact::Parked& x) { io("path", x.path), io("question", x.question); }
template <class Io> void members(Io& io, fact::Said& x) { io("path", x.path), io("who", x.who), io("from", x.from), io("answer", x.answer), io("at", x.at); }
template <class Io> void members(Io& io, fact::Undoing& x) {
  io("path", x.path), io("id", x.id), io("digest", x.digest), io("shown", x.shown), io("in", x.in), io("seen", x.seen);
}
template <class Io> void members(Io& io, fact::Undone& x) { io("path", x.path), io("outcome", x.outcome), io("took", x.took); }
template <class Io> void members(Io& io, fact::Stopped& x) { io("why", x.why); }
template <class Io> void members(Io& io, fact::Resumed& x) { io("who", x.who), io("host", x.host), io("process", x.process), io("epoch", x.epoch), io("at", x.at); }
template <class Io> void members(Io& io, fact::Decided& x) {
  io("what", x.what), io("path", x.path), io("who", x.who), io("reason", x.reason), io("at", x.at);
}
template <class Io> void members(Io& io, fact::Found& x) { io("path", x.path), io("finding", x.finding); }
template <class Io> void members(Io& io, fact::RunEnded& x) {
  io("exit", x.exit), io("state", x.state), io("changed", x.changed), io("undone", x.undone), io("stands", x.stands), io("next", x.next);
  io("outputs", x.outputs), io("at", x.at);
}

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
