#pragma once
#include "belay/error.hpp"
#include <string>
#include <string_view>

/// What migration tools print.
namespace belay::modules::migrate_text {

/// Names of migrations; empty: none. `previous`: the one before `current`, where it is known; `base`: before the first.
struct Standing {
  std::string current, head, previous;
  bool pending = false;
};

/// Of `alembic current` and `alembic heads` (flask's are the same): a revision stands first on a line, `(head)` may follow. Several
/// heads are `conflict`: the migrations do not form one line.
Expected<Standing> of_alembic(std::string_view current, std::string_view heads);
/// The `Parent:` of `alembic show`; `base` of the first migration.
std::string parent_of(std::string_view shown);

/// Of TypeORM's `migration:show`: ` [X] 3 AddPlayers169` is applied, ` [ ] AddScores170` is pending.
Expected<Standing> of_typeorm(std::string_view shown);
bool lists_migrations(std::string_view shown);

} // namespace belay::modules::migrate_text
