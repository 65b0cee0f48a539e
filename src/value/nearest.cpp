#include "value/nearest.hpp"
#include <algorithm>
#include <utility>

namespace belay {

namespace {

constexpr std::size_t k_longest = 200;   // longer names are cut before they are compared
constexpr std::size_t k_few_names = 12;  // as many are listed whole

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() && std::equal(beginning.begin(), beginning.end(), text.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

template <class Name> std::vector<std::string> nearest_of(std::string_view wanted, std::span<const Name> names, std::size_t at_most) {
  std::vector<std::pair<std::size_t, std::string>> near;
  const std::size_t allowed = std::max<std::size_t>(1, wanted.size() / 3);
  for (const std::string_view name : names) {
    if (name == wanted) continue;
    const std::size_t distance = edit_distance(wanted, name);
    if (distance <= allowed) near.emplace_back(distance, name);
    else if (wanted.size() >= 2 && begins_with(name, wanted)) near.emplace_back(allowed + 1, name);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  std::vector<std::string> found;
  for (auto& [distance, name] : near) {
    if (found.size() == at_most) break;
    found.push_back(std::move(name));
  }
  return found;
}

template <class Name> std::string did_you_mean_of(std::string_view wanted, std::span<const Name> names) {
  const std::vector<std::string> near = nearest_of(wanted, names, 3);
  std::string said;
  if (!near.empty()) {
    for (std::size_t i = 0; i < near.size(); ++i) said += (i == 0 ? "did you mean '" : i + 1 == near.size() ? "' or '" : "', '") + near[i];
    return said + "'?";
  }
  if (names.empty() || names.size() > k_few_names) return {};
  std::vector<std::string> all(names.begin(), names.end());
  std::sort(all.begin(), all.end());
  for (const auto& name : all) said += (said.empty() ? "known: " : ", ") + name;
  return said;
}

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, k_longest);
  b = b.substr(0, k_longest);
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::vector<std::string> nearest(std::string_view wanted, std::span<const std::string> names, std::size_t at_most) { return nearest_of(wanted, names, at_most); }
std::vector<std::string> nearest(std::string_view wanted, std::span<const std::string_view> names, std::size_t at_most) { return nearest_of(wanted, names, at_most); }

std::string did_you_mean(std::string_view wanted, std::span<const std::string> names) { return did_you_mean_of(wanted, names); }
std::string did_you_mean(std::string_view wanted, std::span<const std::string_view> names) { return did_you_mean_of(wanted, names); }

} // namespace belay
