#include "clients/gcp/gcloud_settings.hpp"

namespace belay::gcp {
namespace {

constexpr std::uint64_t k_largest = 64 << 10;

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? "" : std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

} // namespace

std::string gcloud_setting(const Surroundings& by, std::string_view section, std::string_view name) {
  std::string folder = variable(by.machine, "CLOUDSDK_CONFIG");
  if (folder.empty()) folder = variable(by.machine, "HOME") + "/.config/gcloud";
  std::string active = variable(by.machine, "CLOUDSDK_ACTIVE_CONFIG_NAME");
  if (active.empty()) active = trimmed(by.files.text(folder + "/active_config", k_largest).value_or("default"));
  const auto file = by.files.text(folder + "/configurations/config_" + active, k_largest);
  if (!file) return {};
  std::string here;
  for (std::size_t at = 0; at < file->size();) {
    const auto end = std::min(file->find('\n', at), file->size());
    const std::string line = trimmed(std::string_view(*file).substr(at, end - at));
    at = end + 1;
    if (line.starts_with('[') && line.ends_with(']')) here = line.substr(1, line.size() - 2);
    const auto equals = line.find('=');
    if (here == section && equals != std::string::npos && trimmed(line.substr(0, equals)) == name) return trimmed(line.substr(equals + 1));
  }
  return {};
}

} // namespace belay::gcp
