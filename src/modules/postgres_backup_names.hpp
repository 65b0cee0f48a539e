#pragma once
#include "belay/action.hpp"
#include <optional>
#include <string>

/// How the backup actions name what they make, so that each is known for its own later, also by another run.
namespace belay::modules::postgres_backup {

/// The database an action is about: its input `database`, else the one that `target` names; unknown where the input is; null: neither tells.
Value database_of(const Value& in);

/// NAME_restore_1f0c9a3e, NAME_scratch_1f0c9a3e: `kind` in the middle, then eight digits that are this step's alone. Within
/// PostgreSQL's 63 bytes: a long NAME is cut and told apart by a hash of it.
std::string copy_name(std::string_view database, std::string_view kind, const Identity&);
/// Whether a database was made by postgres.restore, and for which database's name.
bool is_copy(std::string_view name);
bool is_copy_of(std::string_view name, std::string_view database);

/// NAME_before_20261121_223800.
std::string kept_name(std::string_view database, Timestamp at);
/// When a database of that name was put aside; nothing: it is none that was kept of `database`.
std::optional<Timestamp> kept_since(std::string_view name, std::string_view database);

/// Eight digits that are this step's alone, the same in every attempt.
std::string suffix_of(const Identity&);

/// What a copy's comment says of it until it takes a database's place: which backup it is of, when it was begun, whether everything is
/// in it. Below that line stands the comment that it is to have then.
struct CopyMark {
  std::string backup;
  std::int64_t begun = 0; ///< seconds of UTC; pruning leaves alone what a restore of the last day may still be about to use
  bool whole = false;     ///< a copy that is not was left by a restore that died
  std::string comment;
};
std::string text_of(const CopyMark&);
std::optional<CopyMark> copy_mark(std::string_view comment);

/// `dbname=…` for a program's argument, beside the service file that carries the rest of the address.
std::string conninfo(std::string_view database);

/// Letters, digits, `.`, `_` and `-`, not beginning with a dot or a hyphen: fit to be a part of a path.
bool is_plain_name(std::string_view);

} // namespace belay::modules::postgres_backup
