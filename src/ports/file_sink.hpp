#pragma once
#include "belay/ports.hpp"
#include <memory>
#include <string>

namespace belay {

/// A new file, 0600, that exists under its name only while it is written or when `finish` made it and its folder durable.
Expected<std::unique_ptr<Sink>> create_file_sink(const std::string& path);

/// A new file, 0600, that is gone with its sink and never made durable.
Expected<std::unique_ptr<Sink>> create_scratch_sink(const std::string& path);

} // namespace belay
