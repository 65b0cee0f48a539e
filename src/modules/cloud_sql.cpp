#include "modules/catalog.hpp"
#include "modules/cloud_sql_content.hpp"
#include "modules/cloud_sql_copy.hpp"
#include "modules/cloud_sql_instance.hpp"
#include "modules/cloud_sql_restore.hpp"

namespace belay::modules {
namespace {
constexpr Action k_actions[] = {
    cloud_sql::k_describe, cloud_sql::k_list,          cloud_sql::k_operations,     cloud_sql::k_create,  cloud_sql::k_patch,        cloud_sql::k_restart,
    cloud_sql::k_failover, cloud_sql::k_user,          cloud_sql::k_database,       cloud_sql::k_backups, cloud_sql::k_backup_describe, cloud_sql::k_backup_create,
    cloud_sql::k_backup_delete, cloud_sql::k_recovery, cloud_sql::k_restore,        cloud_sql::k_restore_over, cloud_sql::k_clone,   cloud_sql::k_export,
    cloud_sql::k_import,   cloud_sql::k_delete_copy,
};
} // namespace

constinit const Module cloud_sql_module{"cloud-sql", "Cloud SQL instances, their backups and what is in them", k_actions};

} // namespace belay::modules
