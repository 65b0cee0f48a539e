#include "clients/gcp/credentials.hpp"
#include "clients/gcp/gcloud_settings.hpp"
#include <fmt/core.h>

namespace belay::gcp {
namespace {

// As Google's own libraries: a token with less left than this is not begun with.
constexpr Duration k_margin = std::chrono::seconds(225);

} // namespace

Expected<TokenSource*> Credentials::source(const Stop& stop) {
  if (!m_source) {
    auto found = find_token_source(m_by, m_route, stop);
    if (!found) {
      Failure failure = found.error();
      m_none = failure.cause == Cause::missing;
      failure.cause = Cause::refused; // to a caller it is not the thing asked for that is missing
      return Unexpected(std::move(failure));
    }
    m_source = std::move(*found);
  }
  return m_source.get();
}

std::string Credentials::quota_project(const TokenSource& source) const {
  const std::string named = variable(m_by.machine, "CLOUDSDK_BILLING_QUOTA_PROJECT");
  if (named == "LEGACY") return "";
  if (!named.empty() && named != "CURRENT_PROJECT") return named;
  if (const std::string general = variable(m_by.machine, "GOOGLE_CLOUD_QUOTA_PROJECT"); !general.empty()) return general;
  return source.quota_project;
}

Expected<Signature> Credentials::sign(const Stop& stop) {
  if (m_signature && m_by.time.steady() < m_until) return *m_signature;
  if (variable(m_by.machine, "CLOUDSDK_AUTH_DISABLE_CREDENTIALS") == "true") {
    m_until = Duration::max();
    return *(m_signature = Signature{});
  }
  auto from = source(stop);
  if (!from) return Unexpected(from.error());
  const auto token = (*from)->fetch(stop);
  if (!token) return Unexpected(token.error());
  m_until = token->lasts > Duration::zero() ? m_by.time.steady() + std::max(token->lasts - k_margin, token->lasts / 2) : Duration::max();
  m_signature = Signature{Value("Bearer " + token->text).as_secret(), quota_project(**from)};
  return *m_signature;
}

Expected<Signature> Credentials::signature(const Stop& stop) {
  std::lock_guard guard(m_lock);
  return sign(stop);
}

bool Credentials::renew(const Signature& refused) {
  std::lock_guard guard(m_lock);
  if (refused.authorization.is_null()) return false;
  // Another thread may have renewed it meanwhile.
  if (m_signature && m_signature->authorization == refused.authorization) m_signature.reset();
  return true;
}

Expected<std::string> Credentials::project(const Stop& stop) {
  std::lock_guard guard(m_lock);
  for (const char* name : {"CLOUDSDK_CORE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"})
    if (std::string found = variable(m_by.machine, name); !found.empty()) return found;
  auto from = source(stop);
  if (from && !(*from)->project.empty()) return (*from)->project;
  if (std::string found = gcloud_setting(m_by, "core", "project"); !found.empty()) return found;
  if (!from) return Unexpected(from.error());
  return Unexpected(Failure{Cause::missing, Reached::no, fmt::format("neither CLOUDSDK_CORE_PROJECT nor {} nor gcloud's configuration names a project", (*from)->named), "gcloud config set project PROJECT, or CLOUDSDK_CORE_PROJECT=PROJECT"});
}

Value Credentials::described(const Stop& stop) {
  const auto project = this->project(stop);
  std::lock_guard guard(m_lock);
  std::vector<std::pair<std::string, Value>> overrides;
  for (const auto& [name, where] : m_route.overrides()) overrides.emplace_back(name, Value(where));
  Value problem;
  const auto signature = sign(stop);
  if (!m_route.problem().empty()) problem = Value::object({{"message", m_route.problem()}, {"hint", "set it right, or unset it"}});
  else if (!signature) problem = Value::object({{"message", signature.error().message}, {"hint", signature.error().hint}});
  std::string account = m_source ? m_source->account : "";
  if (m_source && account.empty() && m_source->named == "gcloud's account") account = gcloud_setting(m_by, "core", "account");
  return Value::object({{"source", m_source ? Value(m_source->named) : Value()}, {"account", Value(account)}, {"project", project ? Value(*project) : Value()},
                        {"quota_project", signature ? Value(signature->quota_project) : Value()}, {"overrides", Value::object(std::move(overrides))}, {"none", Value(m_none)}, {"problem", problem}});
}

} // namespace belay::gcp
