#pragma once
#include "belay/action.hpp"

/// The actions of module `host`, by file: releases in folders, instances under supervisor, and the choices made from both.
namespace belay::modules::host_parts {

// host_release.cpp: ROOT/releases/VERSION holds a release, ROOT/current links to the one that serves, ROOT/history.json tells what served when.
Outcome read_releases(const Call&, const Reads&);
std::vector<std::string> touches_root(const Value& in);
Expected<Value> observe_install(const Call&, const Value&, const Reads&);
Intent prepare_install(const Value& in, const Value& seen, const Identity&);
Outcome judge_install(const Intent&, const Value& seen, const Value& now);
Value undo_install(const Intent&, const Value& seen, const Value& outputs);
Standing standing_install(const Intent&, const Value& seen, const Value& outputs, const Value& now);

// host_link.cpp
Expected<Value> observe_link(const Call&, const Value&, const Reads&);
Intent prepare_link(const Value& in, const Value& seen, const Identity&);
Outcome judge_link(const Intent&, const Value& seen, const Value& now);
Value undo_link(const Intent&, const Value& seen, const Value& outputs);
Standing standing_link(const Intent&, const Value& seen, const Value& outputs, const Value& now);

// host_instance.cpp: one program of supervisor, kept as a file in the folder that its configuration includes.
std::vector<std::string> touches_instance(const Value& in);
Expected<Value> observe_instance(const Call&, const Value&, const Reads&);
Intent prepare_instance(const Value& in, const Value& seen, const Identity&);
Outcome perform_instance(const Intent&, const Call&, Ports&);
Outcome judge_instance(const Intent&, const Value& seen, const Value& now);
Value undo_instance(const Intent&, const Value& seen, const Value& outputs);
Standing standing_instance(const Intent&, const Value& seen, const Value& outputs, const Value& now);
Outcome read_instances(const Call&, const Reads&);

// host_choice.cpp: pure
Outcome read_slots(const Call&, const Reads&);
Outcome read_last_good(const Call&, const Reads&);
Outcome read_port_free(const Call&, const Reads&);

/// A version, release, slot or program name becomes part of a path or a command line: letters, digits and `_ . + -`, beginning with a letter
/// or digit. Unknown ones are judged when they are known.
std::optional<Failure> unfit_name(const Value& name, std::string_view what);

} // namespace belay::modules::host_parts
