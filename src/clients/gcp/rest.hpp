#pragma once
#include "belay/action.hpp"

/// Google's REST APIs as their modules use them. Every request is signed by the account in force (`Request::credentials` is `google`);
/// where it goes and whether it is sent again is decided by `GoogleHttp`.
namespace belay::gcp {

/// `https://API.googleapis.com/PATH`. `path` may hold unknown or secret parts; encode names from outside with `segment`.
Value url(std::string_view api, const Value& path);
/// A name as one percent-encoded part of a path or query (RFC 3986, 2.3); unknowns stay unknown.
Value segment(const Value& name);
/// `url` with `?name=value` for each parameter that is not null, values percent-encoded.
Value with_query(Value url, const Named& parameters);

Request get(Value url);
/// `body`: a map, sent as JSON with its content type; null: none.
Request send(std::string method, Value url, Value body);

/// What a refusing answer tells: the API's message, its reason, the permission that lacks with a role that has it, the request's id.
Failure failure_of(const Answer&);
/// The narrowest predefined role that is known to hold a permission (`run.services.update`); empty where none is known.
std::string role_with(std::string_view permission);

/// The JSON of a 2xx answer; an empty body is an empty map; else `failure_of`.
Expected<Value> body_of(const Expected<Answer>&);
Expected<Value> read(const Reads&, const Request&, const Stop&);
/// As `read`, of all of them at the same time; in their order.
std::vector<Expected<Value>> read_at_once(const Reads&, std::span<const Request>, const Stop&);
/// The lists `member` of all pages, joined (AIP-158: pageToken, nextPageToken); no more than `at_most` elements.
Expected<Value> read_pages(const Reads&, const Request& first, std::string_view member, std::size_t at_most, const Stop&);

/// Of a change: 2xx is `on_success(body)`; 409 and 412 no_effect as `conflict`; another 4xx no_effect; 408, 5xx and a lost answer unknown.
Outcome answered(const Expected<Answer>&, const std::function<Outcome(const Value& body)>& on_success);

/// How far a long-running operation is, from its resource (google.longrunning.Operation's `done` and `error`; Cloud SQL's and
/// Compute's `status` and `error`). `handle`: what `pending` is followed by.
struct Progress {
  bool done = false;
  std::optional<Failure> failure; ///< it ended with an error
  Value response;
};
Progress progress_of(const Value& operation);

} // namespace belay::gcp
