#pragma once
#include "belay/ports.hpp"
#include <memory>

namespace belay {

/// PostgreSQL over libpq. A target without `sslmode` that is not on loopback gets `verify-full` with the system's authorities. A statement
/// that its Stop ends is cancelled on the server: with the server's word for it, `reached` is yes and nothing of it stands. A failure that the
/// server reported has `reached` yes. At most 16 MiB of rows are kept: more is `full`. COPY is refused.
std::unique_ptr<Sql> make_sql();

} // namespace belay
