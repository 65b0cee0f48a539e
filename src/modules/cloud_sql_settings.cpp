#include "modules/cloud_sql_settings.hpp"
#include "modules/gcloud_list.hpp"
#include <algorithm>

namespace belay::modules::cloud_sql {
namespace {

using Members = std::vector<std::pair<std::string, Value>>;

constexpr Setting k_settings[] = {
    {"tier", "tier", "--tier"},
    {"availability", "availabilityType", "--availability-type"},
    {"storage_gb", "dataDiskSizeGb", "--storage-size"},
    {"storage_auto_increase", "storageAutoResize", "--storage-auto-increase"},
    {"activation", "activationPolicy", "--activation-policy"},
    {"deletion_protection", "deletionProtectionEnabled", "--deletion-protection"},
    {"backups", "enabled", "--backup", true},
    {"backup_start", "startTime", "--backup-start-time", true},
    {"point_in_time", "pointInTimeRecoveryEnabled", "--enable-point-in-time-recovery", true},
    {"retained_backups", "retainedBackups", "--retained-backups-count", true},
    {"log_days", "transactionLogRetentionDays", "--retained-transaction-log-days", true},
};

constexpr const char* k_midnight = "00:00";

Value known_or(const Value& value, Value standard) { return value.is_null() ? standard : value; }

/// A setting of the instance in the form of its input. What the API leaves out is at its default.
Value current(const Setting& setting, const Value& instance) {
  const Value all = instance["settings"], backups = all["backupConfiguration"];
  if (setting.input == "storage_gb") return gcp::whole(all["dataDiskSizeGb"]);
  if (setting.input == "retained_backups") return gcp::whole(backups["backupRetentionSettings"]["retainedBackups"]);
  if (setting.input == "log_days") return gcp::whole(backups["transactionLogRetentionDays"]);
  const Value value = (setting.of_backups ? backups : all)[setting.member];
  const bool is_switch = setting.input == "storage_auto_increase" || setting.input == "deletion_protection" || setting.input == "backups" || setting.input == "point_in_time";
  return is_switch ? known_or(value, false) : value;
}

/// What is wanted of a setting. A time for backups means that there are any, as it does for gcloud.
Value wish(const Value& in, const Setting& setting) {
  const Value wanted = in[setting.input];
  return setting.input == "backups" && wanted.is_null() && !in["backup_start"].is_null() ? Value(true) : wanted;
}

/// As it stands in a body: 64-bit integers are text there.
Value sent(const Setting& setting, const Value& value) { return setting.input == "storage_gb" ? join({value}) : value; }

/// Flags by name → value, as they are.
Members current_flags(const Value& instance) {
  Members flags;
  for (const Value& flag : elements(instance["settings"]["databaseFlags"])) flags.emplace_back(text_or(flag["name"], ""), flag["value"]);
  return flags;
}

/// All flags as they are to be: the API replaces the list.
Members wanted_flags(const Value& in, const Value& instance) {
  Members flags = current_flags(instance);
  for (const auto& [name, value] : named(in["flags"])) {
    std::erase_if(flags, [&](const auto& flag) { return flag.first == name; });
    if (!value.is_null()) flags.emplace_back(name, join({value}));
  }
  std::sort(flags.begin(), flags.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return flags;
}

bool flags_hold(const Value& in, const Value& instance) {
  Members now = current_flags(instance);
  std::sort(now.begin(), now.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return in["flags"].is_null() || now == wanted_flags(in, instance);
}

} // namespace

std::span<const Setting> settings() { return k_settings; }

bool settings_hold(const Value& in, const Value& instance) {
  if (instance.is_unknown()) return false;
  const auto holds = [&](const Setting& setting) { return wish(in, setting).is_null() || wish(in, setting) == current(setting, instance); };
  return std::all_of(std::begin(k_settings), std::end(k_settings), holds) && flags_hold(in, instance);
}

bool settings_are_ours(const Value& in, const Value& before, const Value& now) {
  const auto ours = [&](const Setting& setting) {
    const Value value = current(setting, now);
    return wish(in, setting).is_null() || value == wish(in, setting) || value == current(setting, before);
  };
  const auto flag_of = [](const Value& instance, const std::string& name) {
    for (const auto& [known, value] : current_flags(instance))
      if (known == name) return value;
    return Value();
  };
  const auto flags = named(in["flags"]);
  const auto flag_ours = [&](const auto& flag) {
    const Value value = flag_of(now, flag.first);
    return value == (flag.second.is_null() ? Value() : join({flag.second})) || value == flag_of(before, flag.first);
  };
  return std::all_of(std::begin(k_settings), std::end(k_settings), ours) && std::all_of(flags.begin(), flags.end(), flag_ours);
}

Value wanted_settings(const Value& in, const Value& instance) {
  Members all;
  Members backups = named(instance["settings"]["backupConfiguration"]);
  bool backups_change = false;
  const auto put = [&](std::string_view name, Value value) {
    backups_change = true;
    std::erase_if(backups, [&](const auto& member) { return member.first == name; });
    backups.emplace_back(name, std::move(value));
  };
  for (const Setting& setting : k_settings) {
    const Value wanted = wish(in, setting);
    if (wanted.is_null()) continue;
    if (!setting.of_backups) all.emplace_back(setting.member, sent(setting, wanted));
    else if (setting.input == "retained_backups") put("backupRetentionSettings", Value::object({{"retainedBackups", wanted}, {"retentionUnit", "COUNT"}}));
    else put(setting.member, wanted);
  }
  // Google would choose a time, gcloud wants one: the same for both.
  if (in["backups"] == Value(true) && std::none_of(backups.begin(), backups.end(), [](const auto& member) { return member.first == "startTime"; })) put("startTime", k_midnight);
  // What is merged with what is there is not known before that is.
  if (backups_change) all.emplace_back("backupConfiguration", instance.is_unknown() ? instance : Value::object(std::move(backups)));
  if (!in["flags"].is_null()) {
    Value::List list;
    for (const auto& [name, value] : wanted_flags(in, instance)) list.push_back(name.empty() ? value : Value::object({{"name", name}, {"value", value}}));
    all.emplace_back("databaseFlags", instance.is_unknown() ? instance : Value(std::move(list)));
  }
  return Value::object(std::move(all));
}

Value former_settings(const Value& in, const Value& instance) {
  Members former;
  for (const Setting& setting : k_settings)
    if (!wish(in, setting).is_null()) former.emplace_back(setting.input, current(setting, instance));
  if (!in["flags"].is_null()) {
    const Members now = current_flags(instance);
    Members flags;
    for (const auto& [name, value] : named(in["flags"])) {
      const auto at = std::find_if(now.begin(), now.end(), [name = name](const auto& flag) { return flag.first == name; });
      flags.emplace_back(name, at == now.end() ? Value() : at->second);
    }
    former.emplace_back("flags", Value::object(std::move(flags)));
  }
  return gcp::members(std::move(former));
}

std::vector<Value> setting_flags(const Value& in, const Value& instance) {
  std::vector<Value> words;
  for (const Setting& setting : k_settings) {
    const Value wanted = in[setting.input];
    if (wanted.is_null()) continue;
    if (setting.input == "point_in_time" && wanted == Value(false) && in["backups"] == Value(false)) continue; // gcloud takes no two: see prepare_patch
    if (setting.input == "backups" && wanted == Value(true)) {
      // gcloud turns them on with their time.
      if (in["backup_start"].is_null()) words.push_back(join({"--backup-start-time=", known_or(instance["settings"]["backupConfiguration"]["startTime"], k_midnight)}));
    } else if (wanted.kind() == Kind::boolean) words.emplace_back(std::string(wanted.boolean() ? "--" : "--no-") + std::string(setting.flag.substr(2)));
    else if (setting.input == "storage_gb") words.push_back(join({setting.flag, "=", wanted, "GB"}));
    else words.push_back(join({setting.flag, "=", wanted}));
  }
  if (!in["flags"].is_null()) {
    std::vector<Value> flags;
    for (const auto& [name, value] : wanted_flags(in, instance)) flags.push_back(name.empty() ? value : join({name, "=", value}));
    words.push_back(flags.empty() ? Value("--clear-database-flags") : gcloud_list("--database-flags", flags));
  }
  return words;
}

} // namespace belay::modules::cloud_sql
