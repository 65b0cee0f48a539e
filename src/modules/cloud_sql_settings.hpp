#pragma once
#include "belay/action.hpp"
#include "modules/cloud_sql_parts.hpp"

/// An instance's settings by the names that runbooks give them, the API's, and gcloud's flags.
namespace belay::modules::cloud_sql {

/// One setting: its input, where it stands in the API's `settings`, and gcloud's flag.
struct Setting {
  std::string_view input, member, flag;
  bool of_backups = false; ///< stands in `backupConfiguration`, which is always sent whole
};
std::span<const Setting> settings();

/// The settings that `in` names, as the API takes them: what it replaces whole is merged with what `instance` has.
Value wanted_settings(const Value& in, const Value& instance);
/// Whether `instance` has them all; false where it is not known.
bool settings_hold(const Value& in, const Value& instance);
/// Whether every setting that `in` names is as wanted, or as `before` has it.
bool settings_are_ours(const Value& in, const Value& before, const Value& now);
/// The inputs that bring `instance`'s values back for every setting that `in` names.
Value former_settings(const Value& in, const Value& instance);
/// The flags of `gcloud sql instances create|patch` for the wanted settings.
std::vector<Value> setting_flags(const Value& in, const Value& instance);

#define BELAY_SQL_SETTINGS                                                                                                                                      \
  {.name = "tier", .type = k_text, .required = false, .help = "the machine: db-custom-CPUS-MEGABYTES, db-f1-micro …; changing it restarts the instance"},      \
      {.name = "availability", .type = k_text, .required = false, .help = "ZONAL, or REGIONAL with a standby in another zone"},                                 \
      {.name = "storage_gb", .type = k_integer, .required = false, .help = "the disk; it can only grow"},                                                       \
      {.name = "storage_auto_increase", .type = k_boolean, .required = false, .help = "whether the disk grows by itself"},                                      \
      {.name = "activation", .type = k_text, .required = false, .help = "ALWAYS, or NEVER: the instance is stopped"},                                           \
      {.name = "deletion_protection", .type = k_boolean, .required = false, .help = "whether deleting it is refused"},                                          \
      {.name = "backups", .type = k_boolean, .required = false, .help = "whether it is backed up daily"},                                                       \
      {.name = "backup_start", .type = k_text, .required = false, .help = "when, as HH:MM in UTC; it turns them on"},                                                             \
      {.name = "point_in_time", .type = k_boolean, .required = false, .help = "whether its log is kept, so that it can be restored to any time"},               \
      {.name = "retained_backups", .type = k_integer, .required = false, .help = "how many daily backups are kept"},                                            \
      {.name = "log_days", .type = k_integer, .required = false, .help = "how many days of log are kept"},                                                      \
      {.name = "flags", .type = k_map, .required = false, .help = "database flags by name, the others stay; null takes one away"}

} // namespace belay::modules::cloud_sql
