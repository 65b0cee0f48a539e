#pragma once
#include "belay/action.hpp"

/// The modules that belay has. A module is one file (or folder) here, its declaration below, and its row in catalog.cpp.
namespace belay::modules {

extern const Module artifact_registry, backup, cloud_run_module, cloud_sql_module, cloud_sql_proxy, compute, core, docker, gates, git, github, haproxy, host, http, iam,
    logging_module, manual, memorystore, migrate, monitoring_module, notify, postgres, secret_manager_module, service_usage, storage, terraform, tls;

/// Every module, in the order in which help lists them.
Catalog catalog();

} // namespace belay::modules
