#pragma once
#include "modules/cloud_sql_settings.hpp"

/// Cloud SQL instances: what they are, making and changing them.
namespace belay::modules::cloud_sql {

Outcome read_describe(const Call&, const Reads&);
Outcome read_list(const Call&, const Reads&);
Outcome read_operations_list(const Call&, const Reads&);

Expected<Value> observe_create(const Call&, const Value& handle, const Reads&);
Intent prepare_create(const Value& in, const Value& seen, const Identity&);
Outcome judge_create(const Intent&, const Value& seen, const Value& now);

Intent prepare_patch(const Value& in, const Value& seen, const Identity&);
Outcome judge_patch(const Intent&, const Value& seen, const Value& now);
Value undo_patch(const Intent&, const Value& seen, const Value& outputs);
Standing standing_patch(const Intent&, const Value& seen, const Value& outputs, const Value& now);

Intent prepare_restart(const Value& in, const Value& seen, const Identity&);
Intent prepare_failover(const Value& in, const Value& seen, const Identity&);

std::vector<std::string> touches_project(const Value& in);

inline constexpr Field k_describe_in[] = {
    k_project,
    k_instance,
    {.name = "judge", .type = k_boolean, .required = false, .standard = "false", .help = "whether an instance that does not run is a finding"},
};
inline constexpr Field k_describe_out[] = {
    {.name = "state", .type = k_text, .help = "RUNNABLE, MAINTENANCE, FAILED, SUSPENDED …; STOPPED where its activation is NEVER"},
    {.name = "running", .type = k_boolean, .help = "whether it takes connections"},
    {.name = "version", .type = k_text, .help = "the database: POSTGRES_15 …"},
    {.name = "region", .type = k_text, .help = "where it is"},
    {.name = "connection_name", .type = k_text, .help = "PROJECT:REGION:INSTANCE, as its proxy and Cloud Run want it"},
    {.name = "addresses", .type = k_text_map, .help = "its addresses by their kind: PRIMARY, PRIVATE, OUTGOING"},
    {.name = "settings", .type = k_map, .help = "tier, availability, storage_gb and the other inputs of cloud-sql.patch, as they are"},
    {.name = "settings_version", .type = k_text, .help = "grows with every change"},
    {.name = "created", .type = k_timestamp, .help = "when it was made"},
    {.name = "raw", .type = k_map, .help = "the API's own description"},
};
inline constexpr Action k_describe{"describe", "State, addresses and settings of an instance", k_describe_in, k_describe_out, Read{.read = read_describe, .touches = touches}};

inline constexpr Field k_list_in[] = {k_project};
inline constexpr Field k_list_out[] = {{.name = "instances", .type = k_maps, .help = "each with name, state, version, region, tier"}};
inline constexpr Action k_list{"list", "The instances of a project", k_list_in, k_list_out, Read{.read = read_list, .touches = touches_project}};

inline constexpr Field k_instance_in[] = {k_project, k_instance};
inline constexpr Field k_operations_out[] = {{.name = "operations", .type = k_maps, .help = "newest first: name, type, status, and what it works on"},
                                             {.name = "running", .type = k_texts, .help = "names of those that have not ended"}};
inline constexpr Action k_operations{"operations", "The newest operations on an instance", k_instance_in, k_operations_out, Read{.read = read_operations_list, .touches = touches}};

inline constexpr Field k_create_in[] = {
    k_project,
    k_instance,
    {.name = "version", .type = k_text, .help = "the database: POSTGRES_15 …"},
    {.name = "region", .type = k_text, .help = "where it is to be"},
    {.name = "edition", .type = k_text, .required = false, .help = "ENTERPRISE or ENTERPRISE_PLUS"},
    {.name = "storage_type", .type = k_text, .required = false, .help = "SSD or HDD"},
    {.name = "network", .type = k_text, .required = false, .help = "a VPC network, projects/P/global/networks/N: the instance gets a private address in it"},
    BELAY_SQL_SETTINGS,
};
inline constexpr Field k_named_out[] = {{.name = "instance", .type = k_text, .help = "its name"}};
inline constexpr Action k_create{"create", "Makes an instance; one that is there already stays as it is", k_create_in, k_named_out,
                                 Change{.effect = Effect::adds, .repeat = Repeat::conditional, .observe = observe_create, .prepare = prepare_create, .perform = send, .judge = judge_create,
                                        .touches = touches}};

inline constexpr Field k_patch_in[] = {k_project, k_instance, BELAY_SQL_SETTINGS};
inline constexpr Field k_patch_out[] = {
    {.name = "instance", .type = k_text, .help = "its name"},
    {.name = "before", .type = k_map, .help = "the named settings as they were"},
};
inline constexpr Action k_patch{"patch", "Changes settings of an instance; those that are not named stay", k_patch_in, k_patch_out,
                                Change{.effect = Effect::changes, .repeat = Repeat::conditional, .observe = observe, .prepare = prepare_patch, .perform = send, .judge = judge_patch, .undo = undo_patch, .standing = standing_patch,
                                       .touches = touches}};

inline constexpr Action k_restart{"restart", "Restarts an instance: its connections end", k_instance_in, k_named_out,
                                  Change{.effect = Effect::changes, .repeat = Repeat::once, .observe = observe, .prepare = prepare_restart, .perform = send, .judge = judge, .touches = touches}};

inline constexpr Field k_failover_out[] = {{.name = "instance", .type = k_text, .help = "its name"}, {.name = "zone", .type = k_text, .help = "the zone that it left"}};
inline constexpr Action k_failover{"failover", "Moves an instance to its standby in another zone", k_instance_in, k_failover_out,
                                   Change{.effect = Effect::changes, .repeat = Repeat::conditional, .observe = observe, .prepare = prepare_failover, .perform = send, .judge = judge, .touches = touches}};

} // namespace belay::modules::cloud_sql
