#pragma once
#include "runbook/model.hpp"
#include "runbook/yaml.hpp"

namespace belay {

/// The runbook of a file. `name`: what the file's place says (`host/deploy` of host/deploy.yaml). Everything wrong with it is
/// appended; then what is returned is not fit to run.
Runbook load_runbook(const yaml::Source&, const std::string& name, std::vector<Problem>&);

/// The steps of a list, in the frame that the list is.
std::vector<Step> load_steps(const yaml::Node& list, std::vector<Problem>&);

/// From a node that `validate` accepted; zero where it holds none.
Duration load_duration(const yaml::Node&);
Timeout load_timeout(const yaml::Node&);

} // namespace belay
