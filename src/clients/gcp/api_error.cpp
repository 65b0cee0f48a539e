#include "clients/gcp/rest.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::gcp {
namespace {

std::string text_of(const Value& v) { return v.kind() == Kind::text && !v.is_unknown() && !v.is_secret() ? v.text() : std::string(); }

template <class Each> void for_each(const Value& list, Each each) {
  if (list.kind() != Kind::list) return;
  for (const Value& one : list.list()) each(one);
}

std::string header(const Answer& answer, std::initializer_list<std::string_view> names) {
  for (std::string_view wanted : names)
    for (const auto& [name, value] : answer.headers)
      if (name == wanted && !value.empty()) return value;
  return {};
}

/// `run.services.get` out of "Permission 'run.services.get' denied on …", or "does not have storage.objects.get access".
std::string permission_in(const std::string& message) {
  std::string word;
  char before = ' ';
  const auto fits = [&] { return before != '@' && std::count(word.begin(), word.end(), '.') == 2 && word.find("..") == std::string::npos && !word.ends_with(".com") && word.back() != '.' && word.front() != '.'; };
  for (const char c : message + " ") {
    const bool part = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.';
    if (part) {
      word += c;
      continue;
    }
    if (!word.empty() && c != '@' && c != '/' && c != '-' && fits()) return word;
    word.clear();
    before = c;
  }
  return {};
}

Cause cause_of(int status) {
  switch (status) {
    case 401:
    case 403: return Cause::refused;
    case 404:
    case 410: return Cause::missing;
    case 409:
    case 412: return Cause::conflict;
    case 429: return Cause::throttled;
    case 408:
    case 504: return Cause::timeout;
    default: return status >= 500 ? Cause::transport : Cause::rejected;
  }
}

/// What the pieces of an error envelope say, whichever API wrote it.
struct Told {
  std::string message, status, reason, permission, resource, service, consumer, request, fields;
};

void take_detail(Told& told, const Value& detail) {
  const std::string type = text_of(detail["@type"]);
  const Value metadata = detail["metadata"];
  if (type.ends_with("ErrorInfo")) {
    told.reason = text_of(detail["reason"]);
    told.permission = text_of(metadata["permission"]);
    told.resource = text_of(metadata["resource"]);
    told.service = text_of(metadata["service"]);
    told.consumer = text_of(metadata["consumer"]);
  } else if (type.ends_with("RequestInfo")) {
    told.request = text_of(detail["requestId"]);
  } else if (type.ends_with("BadRequest")) {
    for_each(detail["fieldViolations"], [&](const Value& one) { told.fields += fmt::format("{}{}: {}", told.fields.empty() ? "" : "; ", text_of(one["field"]), text_of(one["description"])); });
  } else if (type.ends_with("PreconditionFailure")) {
    for_each(detail["violations"], [&](const Value& one) { told.fields += fmt::format("{}{}: {}", told.fields.empty() ? "" : "; ", text_of(one["subject"]), text_of(one["description"])); });
  }
}

Told told_by(const Answer& answer) {
  Told told;
  const auto body = parse_json(answer.body);
  if (!body || body->kind() != Kind::map) {
    told.message = answer.body.substr(0, std::min<std::size_t>(answer.body.find('\n'), 300));
    return told;
  }
  const Value error = (*body)["error"];
  if (error.kind() == Kind::text) { // OAuth (RFC 6749, 5.2)
    told.status = text_of(error);
    told.message = text_of((*body)["error_description"]);
    return told;
  }
  told.message = text_of(error["message"]);
  told.status = text_of(error["status"]);
  for_each(error["details"], [&](const Value& one) { take_detail(told, one); });
  for_each(error["errors"], [&](const Value& one) {
    if (told.reason.empty()) told.reason = text_of(one["reason"]);
  });
  return told;
}

std::string project_in(const std::string& resource) {
  const auto at = resource.find("projects/");
  if (at == std::string::npos) return {};
  const auto begin = at + std::string_view("projects/").size();
  return resource.substr(begin, resource.find('/', begin) - begin);
}

std::string hint_for(int status, const Told& told) {
  if (told.reason == "SERVICE_DISABLED") {
    const auto project = project_in(told.consumer);
    return fmt::format("the API is not enabled: gcloud services enable {}{}", told.service.empty() ? "SERVICE" : told.service, project.empty() ? "" : " --project=" + project);
  }
  if (status == 401) return "the token is expired, revoked or for something else: `belay doctor` tells which credentials are in force; `gcloud auth application-default login` renews a person's";
  if (status == 403) {
    const std::string permission = told.permission.empty() ? permission_in(told.message) : told.permission;
    if (permission.empty()) return "`belay doctor` tells which account is in force; does it have a role here?";
    const std::string role = role_with(permission), project = project_in(told.resource);
    const std::string grant = role.empty() ? std::string("an administrator grants a role that has it")
                                           : fmt::format("{} has it: gcloud projects add-iam-policy-binding {} --member=ACCOUNT --role={}", role, project.empty() ? "PROJECT" : project, role);
    return fmt::format("the account in force lacks {}; {} (`belay doctor` names the account)", permission, grant);
  }
  if (status == 409 || status == 412) return "somebody else changed it, or is changing it: look again before deciding anew";
  if (status == 429) return told.reason == "RATE_LIMIT_EXCEEDED" ? "a quota of requests per minute is used up: wait, or ask for more" : "a quota is used up: wait, or ask for more";
  if (status >= 500) return "https://status.cloud.google.com tells of incidents";
  return {};
}

} // namespace

Failure failure_of(const Answer& answer) {
  Told told = told_by(answer);
  if (told.request.empty()) told.request = header(answer, {"x-goog-request-id", "x-guploader-uploadid", "x-cloud-trace-context"});
  if (told.reason == told.status) told.reason.clear();
  std::string message = fmt::format("Google answered {}{}", answer.status, told.status.empty() ? "" : " " + told.status);
  if (!told.reason.empty()) message += fmt::format(" ({})", told.reason);
  if (!told.message.empty()) message += ": " + told.message;
  if (!told.fields.empty()) message += fmt::format(" [{}]", told.fields);
  if (!told.request.empty()) message += fmt::format(" (request {})", told.request);
  return {cause_of(answer.status), answer.status == 408 || answer.status >= 500 ? Reached::perhaps : Reached::yes, std::move(message), hint_for(answer.status, told)};
}

} // namespace belay::gcp
