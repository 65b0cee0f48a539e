#pragma once
#include "belay/action.hpp"

/// A few actions of each kind, for tests of what looks at their tables only.
namespace small_catalog {

using namespace belay;

inline Value undo_shift(const Intent&, const Value&, const Value&) { return {}; }

inline constexpr Type k_text{Kind::text}, k_integer{Kind::integer}, k_any{Kind::any}, k_duration{Kind::duration}, k_rule{Kind::rule};
inline constexpr Type k_texts{Kind::list, &k_text}, k_map{Kind::map, &k_any}, k_shares{Kind::map, &k_integer};
inline constexpr Field k_endpoint_members[] = {{.name = "url", .type = k_text}, {.name = "expect", .type = {Kind::list, &k_rule}, .required = false}, {.name = "token", .type = k_text, .required = false, .secret = true}};
inline constexpr Type k_endpoint{.kind = Kind::map, .members = k_endpoint_members};

inline constexpr Field k_run_in[] = {{.name = "argv", .type = k_texts, .secret = true}, {.name = "input", .type = k_any, .required = false, .secret = true}, {.name = "folder", .type = k_text, .required = false}};
inline constexpr Field k_run_out[] = {{.name = "status", .type = k_integer}, {.name = "out", .type = k_text}};
inline constexpr Field k_let_in[] = {{.name = "value", .type = k_any, .secret = true}};
inline constexpr Field k_let_out[] = {{.name = "value", .type = k_any}};
inline constexpr Field k_describe_out[] = {{.name = "revision", .type = k_text}, {.name = "names", .type = k_texts}, {.name = "shares", .type = k_shares}};
inline constexpr Field k_shift_in[] = {{.name = "split", .type = k_shares}, {.name = "wait", .type = k_duration, .required = false}, {.name = "tries", .type = k_integer, .required = true, .standard = "3"}};
inline constexpr Field k_mint_out[] = {{.name = "token", .type = k_text, .secret = true}, {.name = "id", .type = k_text}};
inline constexpr Field k_check_in[] = {{.name = "endpoints", .type = {Kind::list, &k_endpoint}}};
inline constexpr Field k_check_out[] = {{.name = "status", .type = k_integer}, {.name = "body", .type = k_any}};
inline constexpr Field k_tunnel_out[] = {{.name = "port", .type = k_integer}};
inline constexpr Field k_watch_in[] = {{.name = "limit", .type = k_duration}};

inline constexpr Action k_core_actions[] = {{"run", "runs", k_run_in, k_run_out, Change{}}, {"let", "names", k_let_in, k_let_out, Read{.pure = true}}};
inline constexpr Action k_cloud_actions[] = {
    {"describe", "looks", {}, k_describe_out, Read{}},
    {"shift", "moves", k_shift_in, k_describe_out, Change{.repeat = Repeat::conditional, .undo = undo_shift}},
    {"mint", "makes a token", {}, k_mint_out, Change{.effect = Effect::adds}},
    {"drop", "destroys", {}, {}, Change{.effect = Effect::destroys}},
    {"tell", "tells", {}, {}, Change{.effect = Effect::tells}},
    {"tunnel", "holds", {}, k_tunnel_out, Hold{}},
    {"check", "checks", k_check_in, k_check_out, Read{}},
};
inline constexpr Action k_gate_actions[] = {{"watch", "judges", k_watch_in, {}, Gate{}}};
inline constexpr Action k_manual_actions[] = {{"confirm", "asks", {}, {}, Ask{}}};

inline constexpr Module k_core{"core", "core", k_core_actions}, k_cloud{"cloud", "cloud", k_cloud_actions}, k_gate{"gate", "gate", k_gate_actions}, k_manual{"manual", "manual", k_manual_actions};
inline constexpr const Module* k_modules[] = {&k_core, &k_cloud, &k_gate, &k_manual};

inline Catalog catalog() { return k_modules; }

} // namespace small_catalog
