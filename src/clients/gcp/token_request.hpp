#pragma once
#include "clients/gcp/route.hpp"
#include "clients/gcp/token_source.hpp"

namespace belay::gcp {

inline constexpr std::string_view k_platform_scope = "https://www.googleapis.com/auth/cloud-platform";

/// `application/x-www-form-urlencoded`, marked secret.
Value form_of(const Named& fields);
/// Asks for a token and gives the JSON of the answer. Asked again on 408, 429 and 5xx and where no answer came, up to three times more (asking
/// twice is harmless). A refusal names `who` (the source) and what to do.
Expected<Value> ask_for_token(const Surroundings&, const Route&, Request, const std::string& who, const Stop&);
/// `{access_token, expires_in}`.
Expected<Token> token_of(const Expected<Value>& answer, const std::string& who);
/// POST of a form to an OAuth token endpoint.
Expected<Token> token_by_form(const Surroundings&, const Route&, const std::string& address, const Named& fields, const std::string& who, const Stop&);

/// A text member of a credentials file; empty where it is not there.
std::string member(const Value& file, std::string_view name);
/// `malformed`: the first of `names` that is missing in the file.
std::optional<Failure> lacks(const Value& file, std::initializer_list<std::string_view> names, const std::string& path);

} // namespace belay::gcp
