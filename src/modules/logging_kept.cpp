#include "modules/logging.hpp"
#include "value/json.hpp"
#include <algorithm>

/// Sinks and metrics of the log: kept by name, made or brought to what is wanted.
namespace belay::modules::logging {
namespace {

Value kept_url(const Value& in, std::string_view kind, bool of_one) {
  std::vector<Value> pieces{"v2/projects/", gcp::segment(in["project"]), "/", kind};
  if (of_one) pieces.insert(pieces.end(), {"/", gcp::segment(in["name"])});
  return gcp::url("logging", join(pieces));
}

/// {kept}: as it is, null where there is none.
Expected<Value> observe_kept(const Call& call, const Reads& reads, std::string_view kind) {
  auto kept = gcp::read(reads, gcp::get(kept_url(call.in, kind, true)), call.stop);
  if (!kept && kept.error().cause == Cause::missing) return Value::object({{"kept", Value()}});
  if (!kept) return kept;
  return Value::object({{"kept", std::move(*kept)}});
}

bool holds(const Value& wanted, const Value& kept) {
  if (kept.is_unknown() || kept.is_null()) return false;
  const auto all = named(wanted);
  return std::all_of(all.begin(), all.end(), [&](const auto& one) { return one.first == "metricDescriptor" || kept[one.first] == one.second || (kept[one.first].is_null() && one.second == Value("")); });
}

/// A PUT replaces the whole: what the action cannot set goes along as it is.
Value with_the_rest(Value wanted, const Value& kept) {
  if (kept.is_unknown()) return wanted;
  auto all = named(wanted);
  for (const auto& [name, value] : named(kept)) {
    if (name == "metricDescriptor") std::erase_if(all, [](const auto& one) { return one.first == "metricDescriptor"; });
    const bool own = name == "destination" || name == "filter" || name == "description", told = name == "createTime" || name == "updateTime" || name == "writerIdentity" || name == "resourceName";
    if (name != "name" && !own && !told) all.emplace_back(name, value);
  }
  return Value::object(std::move(all));
}

Intent intent_of(const Value& in, const Value& seen, std::string_view kind, Value wanted, std::string_view query) {
  const Value kept = seen["kept"];
  const bool there = !kept.is_null();
  Intent intent;
  Value url = join({kept_url(in, kind, there), query});
  if (kept.is_unknown()) url = kept; // POST for a new one, PUT for one that is there
  intent.nothing = holds(wanted, kept);
  intent.extra = Value::object({{"wanted", wanted}, {"in", in}});
  intent.act = gcp::send(there ? "PUT" : "POST", std::move(url), there ? with_the_rest(std::move(wanted), kept) : std::move(wanted));
  intent.touches = touches_kept(in);
  return intent;
}

} // namespace

std::vector<std::string> touches_kept(const Value& in) { return {gcp::resource("gcp-logging", {in["project"], in["name"]})}; }

Expected<Value> observe_sink(const Call& call, const Value&, const Reads& reads) { return observe_kept(call, reads, "sinks"); }
Expected<Value> observe_metric(const Call& call, const Value&, const Reads& reads) { return observe_kept(call, reads, "metrics"); }

Intent prepare_sink(const Value& in, const Value& seen, const Identity&) {
  const bool there = !seen["kept"].is_null();
  const Value filter = in["filter"].is_null() ? Value("") : in["filter"]; // a filter that is not named again would stay
  Intent intent = intent_of(in, seen, "sinks", gcp::members({{"name", in["name"]}, {"destination", in["destination"]}, {"filter", there ? filter : in["filter"]}}), "?uniqueWriterIdentity=true");
  std::vector<Value> words{"gcloud", "logging", "sinks", there ? "update" : "create", in["name"], in["destination"]};
  if (there || !in["filter"].is_null()) words.push_back(join({"--log-filter=", filter}));
  words.push_back(join({"--project=", in["project"]}));
  intent.equivalent = shell_line(words);
  intent.outputs = intent.nothing ? Value::object({{"name", in["name"]}, {"writer", seen["kept"]["writerIdentity"]}}) : Value::object({{"name", in["name"]}});
  return intent;
}

Intent prepare_metric(const Value& in, const Value& seen, const Identity&) {
  Intent intent = intent_of(in, seen, "metrics",
                            gcp::members({{"name", in["name"]}, {"description", in["description"]}, {"filter", in["filter"]}, {"metricDescriptor", Value::object({{"metricKind", "DELTA"}, {"valueType", "INT64"}})}}), "");
  const bool there = !seen["kept"].is_null();
  std::vector<Value> words{"gcloud", "logging", "metrics", there ? "update" : "create", in["name"], join({"--log-filter=", in["filter"]})};
  words.push_back(join({"--description=", in["description"]}));
  words.push_back(join({"--project=", in["project"]}));
  intent.equivalent = shell_line(words);
  intent.outputs = Value::object({{"name", in["name"]}, {"metric", join({"logging.googleapis.com/user/", in["name"]})}});
  return intent;
}

Outcome answer_kept(const Intent& intent, const Expected<Answer>& answer) {
  return gcp::answered(answer, [&](const Value&) {
    Outcome outcome;
    outcome.outputs = intent.outputs;
    return outcome;
  });
}
Outcome answer_sink(const Intent& intent, const Expected<Answer>& answer) {
  return gcp::answered(answer, [&](const Value& sink) {
    Outcome outcome;
    outcome.outputs = Value::object({{"name", intent.outputs["name"]}, {"writer", sink["writerIdentity"]}});
    return outcome;
  });
}

Outcome judge_kept(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = gcp::members({{"name", intent.outputs["name"]}, {"writer", now["kept"]["writerIdentity"]}});
  if (!holds(intent.extra["wanted"], now["kept"])) outcome.state = State::not_seen;
  return outcome;
}

Standing standing_kept(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const Value kept = now["kept"], before = seen["kept"];
  if (holds(intent.extra["wanted"], kept)) return Standing::as_left;
  if (kept.is_null() != before.is_null()) return Standing::otherwise;
  const auto same = [&](const char* part) { return kept[part] == before[part]; };
  return kept.is_null() || (same("destination") && same("filter") && same("description")) ? Standing::as_before : Standing::otherwise;
}

/// What was there comes back; what was not is no harm.
Value undo_kept(const Intent& intent, const Value& seen, const Value&) {
  const Value kept = seen["kept"], in = intent.extra["in"];
  if (kept.is_null() || kept.is_unknown()) return {};
  return gcp::members({{"project", in["project"]}, {"name", in["name"]}, {"destination", kept["destination"]}, {"filter", kept["filter"]}, {"description", kept["description"]}});
}

} // namespace belay::modules::logging
