#include "expr/functions.hpp"
#include "value/base64.hpp"

namespace belay::expr {
namespace {

bool encode(Call& call, Value& out) {
  if (!call.meter.charge_text(call.args[0].octets().size())) return false;
  out = Value(base64(call.args[0].octets()));
  return true;
}
bool decode(Call& call, Value& out) {
  if (!call.meter.charge_text(call.args[0].text().size())) return false;
  auto octets = parse_base64(call.args[0].text());
  if (!octets) return call.fail("the text is no base64");
  out = Value::bytes(std::move(*octets));
  return true;
}

constexpr Overload k_overloads[] = {
    {"base64.encode", false, "bytes", "string", &encode},
    {"base64.decode", false, "string", "bytes", &decode},
};

} // namespace

std::span<const Overload> encoder_functions() { return k_overloads; }

} // namespace belay::expr
