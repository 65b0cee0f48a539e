#include "modules/cloud_run_traffic.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::cloud_run {
namespace {

constexpr const char *k_to_latest = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", *k_to_revision = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";
constexpr std::string_view k_by_tag = "tag:";
constexpr Duration k_again = std::chrono::milliseconds(200);

std::string text(const Value& value) { return text_or(value, ""); }
Failure refuse(std::string message, std::string hint) { return {Cause::refused, Reached::no, std::move(message), std::move(hint)}; }

Value target(const std::string& revision) {
  if (revision == k_latest) return Value::object({{"type", Value(k_to_latest)}});
  return Value::object({{"type", Value(k_to_revision)}, {"revision", Value(revision)}});
}
Value with(const Value& map, std::string_view name, Value value) {
  Value::Map out = map.map();
  out.emplace_back(Value(name), std::move(value));
  return Value(std::move(out));
}

struct Wanted {
  Split split;
  Tags tags;
  std::optional<Failure> refused;
};

/// `service` → `revision` is what `name` means: itself, LATEST, or of `tag:NAME` what the tag stands for.
std::string meant(const std::string& name, const Tags& known, std::optional<Failure>& refused) {
  if (!name.starts_with(k_by_tag)) return name;
  const std::string tag = name.substr(k_by_tag.size());
  const auto found = std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.first == tag; });
  if (found != known.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& one : known) names.push_back(one.first);
  refused = refuse(fmt::format("no revision has the tag '{}'", tag), did_you_mean(tag, names));
  return name;
}

std::optional<Failure> unfit(const std::string& name, const Value& revisions, const Split& now, bool may_have_traffic) {
  if (name == k_latest) return {};
  const Value* revision = find_revision(revisions, name);
  if (!revision) return refuse(fmt::format("there is no revision '{}'", name), did_you_mean(name, names_of(revisions)));
  const bool serves = std::any_of(now.begin(), now.end(), [&](const auto& one) { return one.first == name; });
  if (may_have_traffic && !serves && !is_ready(*revision)) return refuse(fmt::format("revision {} is not ready: {}", name, complaint(*revision)), "traffic stays as it is: choose one that is ready");
  return {};
}

Wanted wanted_of(const Value& in, const Value& seen) {
  Wanted out;
  const Value service = seen["service"], revisions = seen["revisions"];
  const auto now = serving(service);
  out.tags = wanted_tags(service);
  std::int64_t sum = 0;
  for (const auto& [key, percent] : named(in["split"])) {
    std::string name = meant(key, out.tags, out.refused);
    // What LATEST meant when it was undone may not be what it means now.
    if (name == k_latest && !text(in["latest"]).empty() && text(in["latest"]) != short_name(service["latestReadyRevision"])) name = text(in["latest"]);
    const auto share = integer_or(percent, -1);
    if (share < 0 || share > 100) out.refused = refuse(fmt::format("{} is no share of the traffic for {}", show(percent), key), "a whole number of percent, 0 to 100");
    else if (!out.refused) out.refused = unfit(name, revisions, now, share > 0);
    if (share > 0) out.split.emplace_back(name, share);
    sum += std::max<std::int64_t>(share, 0);
  }
  if (out.split.empty() && in["split"].is_null()) {
    out.split = asked_split(service);
  } else if (!out.refused && sum != 100) {
    out.refused = refuse(fmt::format("the shares add up to {} %, not 100", sum), "name every revision that is to get traffic");
  }
  for (const Value& tag : elements(in["remove_tags"])) std::erase_if(out.tags, [&](const auto& one) { return one.first == text(tag); });
  for (const auto& [tag, revision] : named(in["set_tags"])) {
    if (!out.refused) out.refused = unfit(text(revision), revisions, now, false);
    std::erase_if(out.tags, [&, &name = tag](const auto& one) { return one.first == name; });
    out.tags.emplace_back(tag, text(revision));
  }
  std::sort(out.tags.begin(), out.tags.end());
  return out;
}

std::string gcloud_line(const Value& in, const Split& split) {
  std::string to;
  bool latest = false;
  for (const auto& [name, percent] : split) {
    latest = latest || (name == k_latest && percent == 100);
    to += fmt::format("{}{}={}", to.empty() ? "" : ",", name, percent);
  }
  std::vector<Value> words{"gcloud", "run", "services", "update-traffic", in["service"], join({"--project=", in["project"]}), join({"--region=", in["region"]})};
  if (!in["split"].is_null()) words.push_back(latest ? Value("--to-latest") : in["split"].known() ? Value("--to-revisions=" + to) : join({"--to-revisions=", in["split"]}));
  std::string set, removed;
  for (const auto& [tag, revision] : named(in["set_tags"])) set += fmt::format("{}{}={}", set.empty() ? "" : ",", tag, show(revision).find('(') == 0 ? show(revision) : text(revision));
  for (const Value& tag : elements(in["remove_tags"])) removed += (removed.empty() ? "" : ",") + text(tag);
  if (!set.empty()) words.emplace_back("--update-tags=" + set);
  if (!removed.empty()) words.emplace_back("--remove-tags=" + removed);
  return shell_line(words);
}

Value tags_value(const Tags& all) {
  std::vector<std::pair<std::string, Value>> out;
  for (const auto& [tag, revision] : all) out.emplace_back(tag, Value(revision));
  return Value::object(std::move(out));
}
Split split_of(const Value& map) {
  Split out;
  for (const auto& [name, percent] : named(map)) out.emplace_back(name, integer_or(percent, 0));
  return out;
}
Tags tags_of(const Value& map) {
  Tags out;
  for (const auto& [tag, revision] : named(map)) out.emplace_back(tag, text(revision));
  return out;
}

/// What was decided for one split must not be sent over another one.
std::optional<Failure> moved_by_others(const Value& in, const Value& service, const Split& wanted) {
  if (in["from"].is_null()) return {};
  Split from = split_of(in["from"]), now = serving(service), to = wanted;
  std::erase_if(from, [](const auto& one) { return one.second == 0; });
  for (Split* each : {&from, &now, &to}) std::sort(each->begin(), each->end());
  if (now == from || now == to) return {};
  return refuse(fmt::format("somebody else moved the traffic of {}: it is at {}, and was at {} when this was decided", text(in["service"]), shown_split(now), shown_split(from)),
                "it is left as it is; look at what was done there, then decide anew");
}

} // namespace

Tags wanted_tags(const Value& service) {
  Tags out;
  for (const Value& entry : elements(service["traffic"]))
    if (const std::string tag = text(entry["tag"]); !tag.empty()) out.emplace_back(tag, text(entry["type"]) == k_to_latest ? std::string(k_latest) : short_name(entry["revision"]));
  std::sort(out.begin(), out.end());
  return out;
}

Split asked_split(const Value& service) {
  Split out;
  for (const Value& entry : elements(service["traffic"])) {
    const auto percent = integer_or(entry["percent"], 0);
    if (percent > 0) out.emplace_back(text(entry["type"]) == k_to_latest ? std::string(k_latest) : short_name(entry["revision"]), percent);
  }
  if (out.empty()) out.emplace_back(k_latest, 100); // the API's own reading of an empty list
  return out;
}

bool asks_for(const Value& service, Split split, Tags wanted) {
  Split now = asked_split(service);
  std::sort(now.begin(), now.end());
  std::sort(split.begin(), split.end());
  std::sort(wanted.begin(), wanted.end());
  return now == split && wanted_tags(service) == wanted;
}

Value traffic_entries(const Split& split, const Tags& tags) {
  Value::List out;
  for (const auto& [revision, percent] : split) out.push_back(with(target(revision), "percent", Value(percent)));
  for (const auto& [tag, revision] : tags) out.push_back(with(target(revision), "tag", Value(tag)));
  return Value(std::move(out));
}

Value split_value(const Split& split) {
  std::vector<std::pair<std::string, Value>> out;
  for (const auto& [name, percent] : split) out.emplace_back(name, Value(percent));
  return Value::object(std::move(out));
}

bool holds(const Value& service, const Split& split, const Tags& wanted) {
  const auto named_now = [&](const std::string& name) { return name == k_latest ? short_name(service["latestReadyRevision"]) : name; };
  Split a;
  for (const auto& [name, percent] : split) {
    const std::string revision = named_now(name);
    const auto found = std::find_if(a.begin(), a.end(), [&](const auto& one) { return one.first == revision; });
    if (found == a.end()) a.emplace_back(revision, percent);
    else found->second += percent;
  }
  Split b = serving(service);
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  Tags tags_now = tags(service), tags_then;
  for (const auto& [tag, revision] : wanted) tags_then.emplace_back(tag, named_now(revision));
  std::sort(tags_then.begin(), tags_then.end());
  return a == b && tags_now == tags_then;
}

Intent prepare_traffic(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.touches = touches(in);
  std::vector<std::pair<std::string, Value>> body{{"name", service_path(in)}};
  const Value url = gcp::with_query(service_url(in), {{"updateMask", Value("traffic,annotations")}});
  const bool open = in["split"].known() && in["set_tags"].known() && in["remove_tags"].known() && in["bad"].known() && in["latest"].known() && in["from"].known();
  if (!open || !seen.known()) {
    const auto pending = join({seen, in["split"], in["set_tags"], in["remove_tags"], in["bad"], in["latest"], in["from"]}).waits_for();
    const Value later = Value::unknown(pending);
    body.insert(body.end(), {{"etag", seen["service"]["etag"].is_null() ? later : seen["service"]["etag"]}, {"traffic", later}, {"annotations", later}});
    intent.act = gcp::send("PATCH", url, Value::object(std::move(body)));
    intent.equivalent = gcloud_line(in, split_of(in["split"]));
    intent.outputs = Value::object({{"split", in["split"].is_null() ? later : in["split"]}, {"before", later}, {"url", later}, {"tag_urls", later}});
    return intent;
  }
  const Value service = seen["service"];
  auto wanted = wanted_of(in, seen);
  intent.refused = std::move(wanted.refused);
  if (!intent.refused) intent.refused = moved_by_others(in, service, wanted.split);
  std::vector<std::string> bad, chosen;
  for (const Value& one : elements(in["bad"])) bad.push_back(text(one));
  for (const auto& [name, percent] : wanted.split) chosen.push_back(name);
  body.insert(body.end(), {{"etag", service["etag"]}, {"traffic", traffic_entries(wanted.split, wanted.tags)}, {"annotations", recorded(service, bad, chosen)}});
  intent.act = gcp::send("PATCH", url, Value::object(std::move(body)));
  intent.equivalent = gcloud_line(in, wanted.split);
  intent.extra = Value::object({{"project", in["project"]}, {"region", in["region"]}, {"service", in["service"]}, {"split", split_value(wanted.split)}, {"tags", tags_value(wanted.tags)}});
  const auto left = record_of(service).left;
  const bool marked = std::all_of(bad.begin(), bad.end(), [&](const auto& one) { return std::find(left.begin(), left.end(), one) != left.end(); });
  intent.nothing = !intent.refused && marked && asks_for(service, wanted.split, wanted.tags) && !boolean_or(service["reconciling"], false) && holds(service, wanted.split, wanted.tags);
  intent.outputs = Value::object({{"split", split_value(wanted.split)}, {"before", split_value(serving(service))}, {"url", service["uri"]}, {"tag_urls", Value::minted("tag_urls")}});
  if (intent.nothing || wanted.tags.empty()) {
    std::vector<std::pair<std::string, Value>> urls;
    for (const auto& [tag, revision] : tags(service))
      if (!wanted.tags.empty()) urls.emplace_back(tag, Value(tag_url(service, tag)));
    intent.outputs = fill(intent.outputs, "tag_urls", Value::object(std::move(urls)));
  }
  return intent;
}

Outcome answer_traffic(const Intent& intent, const Expected<Answer>& answer) {
  return gcp::answered(answer, [&](const Value& operation) {
    Outcome out;
    const auto progress = gcp::progress_of(operation);
    // It is over at once: what is in effect stands in the answer.
    if (progress.done && !progress.failure && progress.response.has("trafficStatuses")) {
      out = judge_traffic(intent, {}, Value::object({{"service", progress.response}}));
      if (out.state == State::done) return out;
    }
    out = {};
    out.state = State::pending;
    out.handle = operation["name"];
    out.again = std::chrono::milliseconds(1);
    return out;
  });
}

Outcome judge_traffic(const Intent& intent, const Value& seen, const Value& now) {
  Outcome out;
  const Value service = now["service"];
  const Split split = split_of(intent.extra["split"]);
  const Tags wanted = tags_of(intent.extra["tags"]);
  const auto state = text(service["terminalCondition"]["state"]);
  if (service.is_null()) {
    out.state = State::no_effect;
    out.failure = Failure{Cause::missing, Reached::yes, fmt::format("the service {} is gone", text(intent.extra["service"])), "it was deleted meanwhile"};
    return out;
  }
  const bool asked = asks_for(service, split, wanted);
  if (boolean_or(service["reconciling"], false) && (asked || service["etag"] == seen["service"]["etag"])) {
    out.state = asked ? State::pending : State::not_seen;
    out.again = k_again;
    return out;
  }
  if (holds(service, split, wanted) && (asked || service["etag"] != seen["service"]["etag"])) {
    std::vector<std::pair<std::string, Value>> urls;
    for (const auto& [tag, revision] : tags(service)) urls.emplace_back(tag, Value(tag_url(service, tag)));
    out.outputs = Value::object({{"split", intent.extra["split"]}, {"before", intent.outputs["before"]}, {"url", service["uri"]}, {"tag_urls", Value::object(std::move(urls))}});
    return out;
  }
  if (asked) {
    out.state = State::partial;
    out.failure = Failure{Cause::rejected, Reached::yes, fmt::format("the traffic did not move as asked: {}; it is at {}", complaint(service), shown_split(serving(service))), "look at the revisions' conditions: gcloud run revisions list"};
    return out;
  }
  if (!seen.is_null() && service["etag"] == seen["service"]["etag"]) {
    out.state = State::not_seen;
    return out;
  }
  out.state = State::no_effect;
  out.failure = Failure{Cause::conflict, Reached::yes, fmt::format("somebody else changed {} meanwhile; its traffic is at {}", text(intent.extra["service"]), shown_split(serving(service))), "look at what was done there, then decide anew"};
  return out;
}

Standing standing_traffic(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  const Value service = now["service"];
  if (!service.known() || service.is_null()) return Standing::otherwise;
  if (asks_for(service, split_of(intent.extra["split"]), tags_of(intent.extra["tags"]))) return Standing::as_left;
  return asks_for(service, asked_split(seen["service"]), wanted_tags(seen["service"])) ? Standing::as_before : Standing::otherwise;
}

Value undo_traffic(const Intent& intent, const Value& seen, const Value&) {
  const Value service = seen["service"];
  const auto& in = intent.extra;
  if (!service.known() || in.is_null()) return {};
  const Split before = serving(service);
  const bool followed = asked_split(service) == Split{{std::string(k_latest), 100}};
  const std::string latest = short_name(service["latestReadyRevision"]);
  const Tags tags_before = wanted_tags(service), tags_after = tags_of(in["tags"]);
  std::vector<std::pair<std::string, Value>> set;
  Value::List removed;
  for (const auto& [tag, revision] : tags_before)
    if (std::find(tags_after.begin(), tags_after.end(), std::pair{tag, revision}) == tags_after.end()) set.emplace_back(tag, Value(revision));
  for (const auto& [tag, revision] : tags_after)
    if (std::none_of(tags_before.begin(), tags_before.end(), [&, &name = tag](const auto& one) { return one.first == name; })) removed.emplace_back(tag);
  return Value::object({{"project", in["project"]}, {"region", in["region"]}, {"service", in["service"]},
                        {"split", followed ? split_value({{std::string(k_latest), 100}}) : split_value(before)}, {"latest", followed ? Value(latest) : Value()},
                        {"set_tags", Value::object(std::move(set))}, {"remove_tags", Value(std::move(removed))}, {"bad", Value(Value::List{})}});
}

} // namespace belay::modules::cloud_run
