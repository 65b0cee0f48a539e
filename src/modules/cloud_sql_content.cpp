#include "modules/cloud_sql_content.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::cloud_sql {
namespace {

constexpr std::string_view k_gs = "gs://";

Value names_in(const Value& items) {
  Value::List names;
  for (const Value& one : elements(items)) names.push_back(one["name"]);
  return names;
}
bool is_in(const Value& list, const Value& name) {
  const auto all = elements(list);
  return std::find(all.begin(), all.end(), name) != all.end();
}

/// {operations, NAME: the names of the instance's users or databases}.
Expected<Value> observe_names(const Call& call, const Value& handle, const Reads& reads, const char* name) {
  auto seen = observe_operations(call, handle, reads);
  if (!seen || !handle.is_null()) return seen;
  const auto all = gcp::read(reads, gcp::get(instance_url(call.in, {"/", name})), call.stop);
  if (!all) return all;
  return Value::object({{"operations", (*seen)["operations"]}, {name, names_in((*all)["items"])}});
}

std::string gcloud(const Value& in, std::vector<Value> words) {
  words.insert(words.begin(), {"gcloud", "sql"});
  words.push_back(join({"--project=", in["project"]}));
  return shell_line(words);
}

} // namespace

Expected<Value> observe_user(const Call& call, const Value& handle, const Reads& reads) { return observe_names(call, handle, reads, "users"); }
Expected<Value> observe_database(const Call& call, const Value& handle, const Reads& reads) { return observe_names(call, handle, reads, "databases"); }

Intent prepare_user(const Value& in, const Value& seen, const Identity&) {
  const bool there = is_in(seen["users"], in["user"]);
  const Value body = Value::object({{"name", in["user"]}, {"password", in["password"]}});
  Intent intent = there ? intent_of(in, "PUT", instance_url(in, {"/users?name=", gcp::segment(in["user"])}), body, "UPDATE_USER") : intent_of(in, "POST", instance_url(in, {"/users"}), body, "CREATE_USER");
  const Value of = join({"--instance=", in["instance"]});
  // gcloud's `users create` takes a password as an argument only, where everyone on the host reads it.
  intent.equivalent = there ? "" : gcloud(in, {"users", "create", in["user"], of}) + " && ";
  intent.equivalent += gcloud(in, {"users", "set-password", in["user"], of, "--prompt-for-password"});
  intent.outputs = Value::object({{"user", in["user"]}, {"created", seen.is_unknown() ? seen : Value(!there)}});
  intent.nothing = there && boolean_or(in["keep"], false);
  if (seen.is_unknown()) std::get<Request>(intent.act).url = seen; // POST for a new one, PUT for one that is there
  return intent;
}

/// No API tells whether a password is in force: only the operation does.
Outcome judge_user(const Intent& intent, const Value& seen, const Value& now) { return judge(intent, seen, now); }

Intent prepare_database(const Value& in, const Value& seen, const Identity&) {
  Intent intent = intent_of(in, "POST", instance_url(in, {"/databases"}),
                            gcp::members({{"name", in["database"]}, {"instance", in["instance"]}, {"project", in["project"]}, {"charset", in["charset"]}, {"collation", in["collation"]}}), "CREATE_DATABASE");
  std::vector<Value> words{"databases", "create", in["database"], join({"--instance=", in["instance"]})};
  if (!in["charset"].is_null()) words.push_back(join({"--charset=", in["charset"]}));
  if (!in["collation"].is_null()) words.push_back(join({"--collation=", in["collation"]}));
  intent.equivalent = gcloud(in, words);
  intent.outputs = Value::object({{"database", in["database"]}});
  intent.extra = Value::object({{"type", "CREATE_DATABASE"}, {"database", in["database"]}});
  intent.nothing = is_in(seen["databases"], in["database"]);
  return intent;
}

Outcome judge_database(const Intent& intent, const Value& seen, const Value& now) {
  if (now.has("operation")) return judge(intent, seen, now);
  Outcome outcome;
  outcome.outputs = intent.outputs;
  outcome.state = is_in(now["databases"], intent.extra["database"]) ? State::done : State::not_seen;
  return outcome;
}

std::vector<std::string> touches_export(const Value& in) {
  auto names = touches(in);
  const Value uri = in["uri"];
  const bool known = !uri.is_unknown() && !uri.is_secret() && uri.kind() == Kind::text && uri.text().starts_with(k_gs);
  names.push_back(gcp::resource("gcp-storage", {known ? Value(uri.text().substr(k_gs.size())) : Value()}));
  return names;
}

/// {operations, object: what is there under that name, null where nothing is}: Cloud SQL replaces what is there.
Expected<Value> observe_export(const Call& call, const Value& handle, const Reads& reads) {
  auto seen = observe_operations(call, handle, reads);
  if (!seen || !handle.is_null()) return seen;
  const auto uri = text_or(call.in["uri"], "");
  const auto slash = uri.find('/', k_gs.size());
  if (!uri.starts_with(k_gs) || slash == std::string::npos) return seen; // Cloud SQL refuses it
  const Value bucket = uri.substr(k_gs.size(), slash - k_gs.size()), object = uri.substr(slash + 1);
  const auto there = gcp::read(reads, gcp::get(gcp::url("storage", join({"storage/v1/b/", gcp::segment(bucket), "/o/", gcp::segment(object)}))), call.stop);
  if (!there && there.error().cause != Cause::missing) return there;
  return Value::object({{"operations", (*seen)["operations"]}, {"object", there ? (*there)["generation"] : Value()}});
}

Intent prepare_export(const Value& in, const Value& seen, const Identity&) {
  Intent intent = intent_of(in, "POST", instance_url(in, {"/export"}),
                            Value::object({{"exportContext", Value::object({{"fileType", "SQL"}, {"uri", in["uri"]}, {"databases", Value::List{in["database"]}}, {"offload", in["offload"]}})}}), "EXPORT");
  std::vector<Value> words{"export", "sql", in["instance"], in["uri"], join({"--database=", in["database"]})};
  if (boolean_or(in["offload"], true)) words.emplace_back("--offload");
  intent.equivalent = gcloud(in, words);
  intent.touches = touches_export(in);
  intent.outputs = Value::object({{"uri", in["uri"]}});
  intent.extra = Value::object({{"type", "EXPORT"}, {"uri", in["uri"]}});
  if (!seen.is_unknown() && !seen["object"].is_null())
    intent.refused = Failure{Cause::conflict, Reached::no, fmt::format("{} is there already, and an export would replace it", bare_json(in["uri"])), "choose another name: one with the date in it is never taken"};
  return intent;
}

Intent prepare_import(const Value& in, const Value&, const Identity&) {
  Intent intent = intent_of(in, "POST", instance_url(in, {"/import"}),
                            Value::object({{"importContext", gcp::members({{"fileType", "SQL"}, {"uri", in["uri"]}, {"database", in["database"]}, {"importUser", in["user"]}})}}), "IMPORT");
  std::vector<Value> words{"import", "sql", in["instance"], in["uri"], join({"--database=", in["database"]}), "--quiet"};
  if (!in["user"].is_null()) words.push_back(join({"--user=", in["user"]}));
  intent.equivalent = gcloud(in, words);
  intent.outputs = Value::object({{"database", in["database"]}});
  intent.extra = Value::object({{"type", "IMPORT"}, {"uri", in["uri"]}});
  return intent;
}

} // namespace belay::modules::cloud_sql
