#include "modules/catalog.hpp"
#include "modules/postgres_backup.hpp"
#include "modules/postgres_queries.hpp"

namespace belay::modules {
namespace {
constexpr Action k_actions[] = {
    postgres_queries::k_query,
    postgres_queries::k_execute,
    postgres_queries::k_size,
    postgres_queries::k_activity,
    postgres_backup::k_dump,
    postgres_backup::k_verify,
    postgres_backup::k_restore,
    postgres_backup::k_swap,
    postgres_backup::k_in_place,
    postgres_backup::k_fill,
    postgres_backup::k_drop_copy,
    postgres_backup::k_prune_old,
};
} // namespace

constinit const Module postgres{"postgres", "PostgreSQL databases", k_actions};

} // namespace belay::modules
