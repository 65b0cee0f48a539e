#include "modules/gcloud_list.hpp"
#include "modules/inputs.hpp"
#include <algorithm>

namespace belay::modules {

Value gcloud_list(std::string_view flag, const std::vector<Value>& items) {
  const auto holds = [&](std::string_view sign) { return std::any_of(items.begin(), items.end(), [&](const Value& one) { return text_or(one, "").find(sign) != std::string::npos; }); };
  std::string separator = ",", prefix;
  if (holds(",") || (!items.empty() && text_or(items.front(), "").starts_with("^"))) {
    static constexpr std::string_view k_signs[] = {"~", "|", ";", ":", "#", "@", "!", "%", "+", "~~~~"};
    const auto free = std::find_if(std::begin(k_signs), std::end(k_signs) - 1, [&](std::string_view sign) { return !holds(sign); });
    separator = *free;
    prefix = "^" + separator + "^";
  }
  std::vector<Value> pieces{std::string(flag) + "=" + prefix};
  for (const Value& one : items) {
    if (pieces.size() > 1) pieces.emplace_back(separator);
    pieces.push_back(one);
  }
  return join(pieces);
}

} // namespace belay::modules
