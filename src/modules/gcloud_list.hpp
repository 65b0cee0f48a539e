#pragma once
#include "belay/action.hpp"

namespace belay::modules {

/// One flag of gcloud that takes several: `--flag=a,b`; where an element holds a comma `--flag=^X^aXb`, X being a sign that none of them has (see `gcloud topic escaping`).
/// Elements that are not known, or secret, stand as they are shown.
Value gcloud_list(std::string_view flag, const std::vector<Value>& items);

} // namespace belay::modules
