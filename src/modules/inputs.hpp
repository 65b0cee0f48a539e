#pragma once
#include "belay/action.hpp"

/// How modules read their inputs. Inputs have their declared types, but any part of them may be unknown (a dry run) or secret.
namespace belay::modules {

inline constexpr Type k_any{Kind::any}, k_text{Kind::text}, k_integer{Kind::integer}, k_boolean{Kind::boolean}, k_real{Kind::real}, k_duration{Kind::duration},
    k_timestamp{Kind::timestamp}, k_map{Kind::map}, k_rule{Kind::rule};
inline constexpr Type k_texts{Kind::list, &k_text}, k_integers{Kind::list, &k_integer}, k_rules{Kind::list, &k_rule}, k_maps{Kind::list, &k_map}, k_text_map{Kind::map, &k_text};

/// The elements of a list; of an unknown list that unknown itself, so that a shown act says what it waits for; of null none.
std::vector<Value> elements(const Value& list);
/// The members of a map with text keys; an unknown map is one member without a name.
Named named(const Value& map);
/// The contents where they are known and open, otherwise `standard`.
std::string text_or(const Value&, std::string_view standard);
std::int64_t integer_or(const Value&, std::int64_t standard);
bool boolean_or(const Value&, bool standard);
Duration duration_or(const Value&, Duration standard);
double real_or(const Value&, double standard);
/// Whether a status is in a list of accepted ones (integers); an empty list accepts `standard` alone.
bool accepts(const Value& list, int status, int standard);

/// A command line that a person can paste into a shell: quoted where needed, unknown and secret parts as they are shown.
std::string shell_line(const std::vector<Value>& argv);
std::string shell_word(const Value&);

} // namespace belay::modules
