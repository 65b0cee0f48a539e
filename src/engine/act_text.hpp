#pragma once
#include "belay/ports.hpp"
#include <string>

namespace belay::engine {

/// The act as data, its kind's name first: what a digest is taken of.
Value act_value(const Act&);

/// The act for a person: a request with its headers and body, a command line, a statement, lines, file operations. Secrets
/// are masked, unknowns say what they wait for; empty where nothing is sent.
std::string act_shown(const Act&);

/// SHA-256 in hex over the canonical JSON of `act_value`, secrets masked.
std::string act_digest(const Act&);

/// The refusal of an act that wants a secret which no journal keeps (an output of an earlier life of the run); nothing: it wants none.
std::optional<Failure> lost_secret(const Act&);

} // namespace belay::engine
