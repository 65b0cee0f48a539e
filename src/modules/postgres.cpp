#include "modules/catalog.hpp"
#include "modules/postgres_queries.hpp"

namespace belay::modules {
namespace {
constexpr Action k_actions[] = {
    postgres_queries::k_query,
    postgres_queries::k_execute,
    postgres_queries::k_size,
    postgres_queries::k_activity,
};
} // namespace

constinit const Module postgres{"postgres", "PostgreSQL databases", k_actions};

} // namespace belay::modules
