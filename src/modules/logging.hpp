#pragma once
#include "clients/gcp/proto_json.hpp"
#include "clients/gcp/rest.hpp"
#include "modules/inputs.hpp"

/// What the actions of module `logging` share.
namespace belay::modules::logging {

/// {time, severity, message, log, labels, status, url, latency, payload, id} of an entry as the API has it.
Value entry_shown(const Value& entry);
/// What stands for the message of an entry: its text, its payload's `message`, or the request that it is of.
std::string message_of(const Value& entry);
/// A message without what makes two of a kind different: numbers, hexadecimal names, what stands in quotes.
std::string pattern_of(std::string_view message);

std::vector<std::string> touches(const Value& in);
Outcome read_entries(const Call&, const Reads&);
Outcome read_count(const Call&, const Reads&);
Outcome read_errors(const Call&, const Reads&);
Outcome read_tail(const Call&, const Reads&);

Expected<Value> observe_sink(const Call&, const Value& handle, const Reads&);
Intent prepare_sink(const Value& in, const Value& seen, const Identity&);
Outcome answer_sink(const Intent&, const Expected<Answer>&);
Expected<Value> observe_metric(const Call&, const Value& handle, const Reads&);
Intent prepare_metric(const Value& in, const Value& seen, const Identity&);
Outcome answer_kept(const Intent&, const Expected<Answer>&);
Outcome judge_kept(const Intent&, const Value& seen, const Value& now);
std::vector<std::string> touches_kept(const Value& in);
Value undo_kept(const Intent&, const Value& seen, const Value& outputs);
Standing standing_kept(const Intent&, const Value& seen, const Value& outputs, const Value& now);

} // namespace belay::modules::logging
