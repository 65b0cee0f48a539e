#include "expr/compare.hpp"
#include "expr/functions.hpp"
#include "expr/utf8.hpp"

namespace belay::expr {
namespace {

bool size_of(Call& call, Value& out) {
  const Value& v = call.args[0];
  std::size_t size = 0;
  switch (v.kind()) {
    case Kind::text:
      if (!call.meter.charge_text(v.text().size())) return false;
      size = utf8::count(v.text());
      break;
    case Kind::bytes: size = v.octets().size(); break;
    case Kind::list: size = v.list().size(); break;
    default: size = v.map().size();
  }
  out = Value(static_cast<std::int64_t>(size));
  return true;
}

constexpr Overload k_overloads[] = {
    {"size", false, "string", "int", &size_of},       {"size", false, "bytes", "int", &size_of},
    {"size", false, "list<A>", "int", &size_of, true}, {"size", false, "map<A,B>", "int", &size_of, true},
    {"size", true, "string", "int", &size_of},        {"size", true, "bytes", "int", &size_of},
    {"size", true, "list<A>", "int", &size_of, true},  {"size", true, "map<A,B>", "int", &size_of, true},
};

} // namespace

std::span<const Overload> collection_functions() { return k_overloads; }

} // namespace belay::expr
