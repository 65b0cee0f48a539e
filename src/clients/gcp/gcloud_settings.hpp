#pragma once
#include "clients/gcp/token_source.hpp"

namespace belay::gcp {

/// A property of gcloud's active configuration, from its files ($CLOUDSDK_CONFIG, else ~/.config/gcloud: active_config, configurations/config_NAME);
/// empty where there is none. Variables that override it (CLOUDSDK_SECTION_NAME) are the caller's.
std::string gcloud_setting(const Surroundings&, std::string_view section, std::string_view name);

} // namespace belay::gcp
