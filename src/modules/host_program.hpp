#pragma once
#include "belay/action.hpp"
#include <optional>
#include <string>
#include <string_view>

/// A program's file for supervisor. Its first line holds, as JSON in a comment, what was wanted, so that the next run can read it back.
namespace belay::modules::host_program {

/// What an instance is: {state, release, port, command, environment, health, stop_seconds, user, log, folder}; `state` is running or stopped; `{port}` in a word of
/// the command and in the health URL is filled in.
Value wanted_of(const Value& in);
/// The file's text: unknown where a part of it is. The run's id is told to the program as BELAY_RUN.
Value text_of(const Value& name, const Value& wanted, const std::string& run);
/// What makes it impossible to write: a line break, or what supervisor's parser would read as a comment.
std::optional<Failure> unfit(const Value& wanted);
/// The members of `wanted_of` and `run` from a file's text; null where belay did not write it.
Value read_back(std::string_view text);
/// Whether both ask for the same; the run that asked does not matter.
bool same(const Value& a, const Value& b);

} // namespace belay::modules::host_program
