#pragma once
#include "belay/event.hpp"
#include "belay/state.hpp"
#include <string>
#include <vector>

namespace belay {

/// A fact as a record: `kind` is the fact's name (`settled`), `body` JSON that keeps every value's type (`journal_json`), members
/// that hold nothing left out. The hash is filled in by whoever chains it.
Record encode_fact(const Fact&, Timestamp at);

/// The fact of a record; members that this version does not know are passed over. `missing`: the kind is of a newer version;
/// `malformed`: the body is none.
Expected<Fact> decode_fact(const Record&);

/// The events of a stream's records, of which the first has the number `first`; kinds of a newer version are left out.
Expected<std::vector<Event>> decode_events(const std::string& stream, std::uint64_t first, const std::vector<Record>&);

} // namespace belay
