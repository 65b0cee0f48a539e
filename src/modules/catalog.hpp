#pragma once
#include "belay/action.hpp"

/// The modules that belay has. A module is one file (or folder) here, its declaration below, and its row in catalog.cpp.
namespace belay::modules {

extern const Module backup, cloud_sql_module, cloud_sql_proxy, core, docker, gates, git, github, haproxy, host, http, manual, migrate, notify, postgres, secret_manager_module, terraform, tls;

/// Every module, in the order in which help lists them.
Catalog catalog();

} // namespace belay::modules
