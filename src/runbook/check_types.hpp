#pragma once
#include "belay/action.hpp"
#include "expr/expr.hpp"
#include "runbook/model.hpp"

/// The types that expressions see.
namespace belay::check {

expr::Type plain(Kind);
expr::Type object(std::vector<expr::Type::Member> members = {});
expr::Type map_of(expr::Type values);
expr::Type of_field_type(const Type&);
expr::Type of_fields(std::span<const Field>);
expr::Type of_parameters(const std::vector<Parameter>&);
expr::Type of_env();
expr::Type of_service();
expr::Type of_run();
expr::Type of_ended_run(); ///< as the steps of `always` see it

const expr::Type* member(const expr::Type&, std::string_view name);
std::vector<std::string> member_names(const expr::Type&);

/// Whether a value of the type `have` may be given where `want` is declared: the same kind, or one that is read as it without loss.
bool fits(const expr::Type& have, const Type& want);
bool fits(Kind have, Kind want);
/// `a list`, `text`: for messages.
std::string_view described(Kind);

} // namespace belay::check
