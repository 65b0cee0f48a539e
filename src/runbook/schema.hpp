#pragma once
#include <span>
#include <string>
#include <string_view>

namespace belay {

/// The kinds of files that have a schema: runbook, service, project.
std::span<const std::string_view> schema_names();

/// The JSON Schema (draft 2020-12) of a kind of file, from the tables that the loader uses; empty for an unknown kind.
std::string json_schema(std::string_view kind);

} // namespace belay
