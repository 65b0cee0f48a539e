#pragma once
#include "belay/action.hpp"

/// Requests from inputs, and outputs from answers: what the actions of module `http` share.
namespace belay::modules {

/// `in`: {url, headers, limit, ca, redirects}; a member that is missing is left at its default.
Request request_of(const Value& in, std::string method);
/// {status, body, headers, took, cut}: the body is a value where it is JSON, otherwise text; headers of one name are joined.
Value answer_outputs(const Answer&);
/// {status, body, took}, as above: for one answer among many, of which nobody reads the headers.
Value brief_outputs(const Answer&);
/// Whether the status is one of `accept` (integers); an empty list accepts 200 to 299.
bool accepted(const Value& accept, int status);
/// "the answer was 503 (Service Unavailable): the body's first line".
Failure unaccepted(const Answer&);
/// A curl command line that sends the same; secrets as they are shown.
std::string curl_line(const Request&);
double seconds_of(Duration);

} // namespace belay::modules
