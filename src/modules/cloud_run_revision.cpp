#include "modules/cloud_run_revision.hpp"
#include "modules/cloud_run_traffic.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::cloud_run {
namespace {

constexpr Duration k_again = std::chrono::milliseconds(300);
enum class RevisionKind : std::uint8_t { deploy, update, restart };

std::string text(const Value& value) { return text_or(value, ""); }
bool is_there(const Value& value) { return value.is_unknown() || value.is_secret() || !value.is_null(); }
Failure refuse(std::string message, std::string hint) { return {Cause::refused, Reached::no, std::move(message), std::move(hint)}; }

Value with(const Value& map, std::string_view name, const Value& value) {
  Value::Map out;
  for (const auto& member : map.map())
    if (!(member.first == Value(name))) out.push_back(member);
  if (is_there(value)) out.emplace_back(Value(name), value);
  return Value(std::move(out));
}

std::string generation_suffix(const std::string& service, const std::string& revision) { return revision.substr(std::min(revision.size(), service.size() + 1)); }

/// What to paste: gcloud keeps a split that names revisions, so that a new revision would get nothing of it; hence the second command.
std::string gcloud_line(const Value& in, const Value& made_of, const std::string& verb, const std::string& revision, bool no_traffic, bool frees_traffic) {
  const Value place[] = {in["service"], join({"--project=", in["project"]}), join({"--region=", in["region"]})};
  std::vector<Value> words{"gcloud", "run"};
  if (verb == "update") words.emplace_back("services");
  words.emplace_back(verb);
  words.insert(words.end(), std::begin(place), std::end(place));
  const auto flags = gcloud_flags(in, made_of);
  if (!flags) return {};
  words.insert(words.end(), flags->begin(), flags->end());
  if (made_of.map().empty()) words.emplace_back("--no-cpu-boost"); // which gcloud turns on for a new service, unasked
  if (!revision.empty()) words.emplace_back("--revision-suffix=" + generation_suffix(text(in["service"]), revision));
  if (no_traffic) words.emplace_back("--no-traffic");
  if (!text(in["tag"]).empty()) words.emplace_back("--tag=" + text(in["tag"]));
  std::string line = shell_line(words);
  if (!frees_traffic) return line;
  std::vector<Value> then{"gcloud", "run", "services", "update-traffic"};
  then.insert(then.end(), std::begin(place), std::end(place));
  then.emplace_back("--to-latest");
  return line + " && " + shell_line(then);
}

/// What the new revision is made from.
struct Base {
  Value made;
  std::string revision; ///< empty: the service's template
  std::optional<Failure> refused;
};
Base base_of(const Value& in, const Value& seen, RevisionKind kind) {
  const Value service = seen["service"];
  if (kind == RevisionKind::deploy) return {service.is_null() ? Value(Value::Map{}) : service["template"], {}, {}};
  const auto now = serving(service);
  std::string name = text(in["revision"]);
  if (name.empty() && now.size() == 1) name = now.front().first;
  if (name.empty())
    return {Value(Value::Map{}), {}, refuse(fmt::format("the traffic of {} is split ({}), so it is not clear which revision is meant", text(in["service"]), shown_split(now)), "finish the deploy or roll it back, or name one with `revision`")};
  const Value* revision = find_revision(seen["revisions"], name);
  if (!revision) return {Value(Value::Map{}), {}, refuse(fmt::format("there is no revision '{}'", name), "gcloud run revisions list names them")};
  return {template_of(*revision), name, {}};
}

Intent unknown_intent(const Value& in, const Value& seen) {
  const Value later = Value::unknown(join({seen, in}).waits_for());
  Intent intent;
  intent.touches = touches(in);
  const Value etag = seen["service"]["etag"].is_null() ? later : seen["service"]["etag"];
  Value made = later;
  if (is_there(in["image"])) made = Value::object({{"containers", Value(Value::List{Value::object({{"image", in["image"]}, {"(the rest)", later}})})}, {"(the rest)", later}});
  if (boolean_or(in["create"], false)) // whether the service is there decides between changing and making it
    intent.act = gcp::send("PATCH", later, Value::object({{"template", made}, {"traffic", later}, {"(the rest)", later}}));
  else
    intent.act = gcp::send("PATCH", gcp::with_query(service_url(in), {{"updateMask", Value("template,traffic,annotations")}}),
                           Value::object({{"name", service_path(in)}, {"etag", etag}, {"template", made}, {"traffic", later}, {"annotations", later}}));
  intent.outputs = Value::object({{"revision", later}, {"image", is_there(in["image"]) ? in["image"] : later}, {"split", later}, {"before", later}, {"url", later}, {"tag_url", later}, {"percent", Value(boolean_or(in["no_traffic"], false) ? 0 : 100)}});
  return intent;
}

/// The traffic's undo with who may reach the service besides, in one request.
Intent with_ingress(Intent intent, const Value& in, const Value& seen, const Value& ingress) {
  const Value wanted = ingress_of(text(ingress));
  if (wanted == Value("") || (seen.known() && seen["service"]["ingress"] == wanted)) return intent;
  auto& request = std::get<Request>(intent.act);
  request.url = gcp::with_query(service_url(in), {{"updateMask", Value("traffic,annotations,ingress")}});
  request.body = with(request.body, "ingress", wanted);
  intent.equivalent += " && " + shell_line({"gcloud", "run", "services", "update", in["service"], join({"--project=", in["project"]}), join({"--region=", in["region"]}), join({"--ingress=", ingress})});
  intent.nothing = false;
  if (!intent.extra.is_null()) intent.extra = with(intent.extra, "ingress", wanted);
  return intent;
}

Intent prepare(const Value& in, const Value& seen, const Identity& id, RevisionKind kind) {
  if (const Value back = in["take_back"]; is_there(back))
    return with_ingress(prepare_traffic(Value::object({{"project", in["project"]}, {"region", in["region"]}, {"service", in["service"]}, {"split", back["split"]}, {"set_tags", back["set_tags"]},
                                          {"remove_tags", back["remove_tags"]}, {"bad", back["bad"]}}),
                           seen, id), in, seen, back["ingress"]);
  if (!seen.known() || !in["service"].known() || !in["no_traffic"].known() || !in["tag"].known() || !in["project"].known() || !in["region"].known()) return unknown_intent(in, seen);
  const Value service = seen["service"];
  const bool creates = service.is_null(), no_traffic = boolean_or(in["no_traffic"], false);
  const std::string name = text(in["service"]), tag = text(in["tag"]);
  Intent intent;
  intent.touches = touches(in);
  if (kind == RevisionKind::deploy && !is_there(in["image"])) intent.refused = refuse("a deploy needs an image", "restart makes a new revision of the same image");
  if (creates && (kind != RevisionKind::deploy || !boolean_or(in["create"], false)))
    intent.refused = Failure{Cause::missing, Reached::no, fmt::format("there is no Cloud Run service '{}' in {} of {}", name, text(in["region"]), text(in["project"])), "is the name right? `create: true` makes a new one"};
  if (creates && no_traffic && !intent.refused) intent.refused = refuse("the first revision of a service gets all traffic", "leave no_traffic out");
  const auto now = serving(service);
  const Base base = base_of(in, seen, kind);
  const Edited edit = edited(base.made, in);
  for (const auto& why : {base.refused, edit.refused})
    if (why && !intent.refused) intent.refused = why;
  if (no_traffic && now.empty() && !intent.refused) intent.refused = refuse(fmt::format("no revision of {} serves, so there is none to keep the traffic", name), "leave no_traffic out");
  const std::string revision = next_revision(name, integer_or(gcp::whole(service["generation"]), 0), edit.made);
  const Split split = no_traffic ? Split(now) : Split{{std::string(k_latest), 100}};
  Tags wanted = wanted_tags(service);
  if (!tag.empty()) {
    std::erase_if(wanted, [&](const auto& one) { return one.first == tag; });
    wanted.emplace_back(tag, revision);
    std::sort(wanted.begin(), wanted.end());
  }
  const std::string ingress = text(given(in, "ingress"));
  if (!ingress.empty() && ingress_of(ingress).empty() && !intent.refused) intent.refused = refuse(fmt::format("'{}' is no ingress", ingress), "all, internal or internal-and-cloud-load-balancing");
  const bool moves_ingress = !ingress.empty() && service["ingress"] != Value(ingress_of(ingress));
  std::vector<std::pair<std::string, Value>> body;
  if (!creates) body.insert(body.end(), {{"name", service_path(in)}, {"etag", service["etag"]}});
  body.emplace_back("template", with(edit.made, "revision", Value(revision)));
  body.emplace_back("traffic", traffic_entries(split, wanted));
  if (!creates) body.emplace_back("annotations", recorded(service, {}, {}));
  if (moves_ingress) body.emplace_back("ingress", Value(ingress_of(ingress)));
  if (creates) {
    const Value parent = join({"v2/projects/", gcp::segment(in["project"]), "/locations/", gcp::segment(in["region"]), "/services"});
    intent.act = gcp::send("POST", gcp::with_query(gcp::url("run", parent), {{"serviceId", in["service"]}}), Value::object(std::move(body)));
  } else {
    const std::string mask = std::string("template,traffic,annotations") + (moves_ingress ? ",ingress" : "");
    intent.act = gcp::send("PATCH", gcp::with_query(service_url(in), {{"updateMask", Value(mask)}}), Value::object(std::move(body)));
  }
  const bool is_deploy = kind == RevisionKind::deploy, from_latest = is_deploy || base.revision == short_name(service["latestCreatedRevision"]);
  const bool frees = !creates && !no_traffic && asked_split(service) != Split{{std::string(k_latest), 100}};
  // gcloud starts from the service's template: where that is not the one that serves, no command of its does the same.
  if (from_latest) intent.equivalent = gcloud_line(in, base.made, is_deploy ? "deploy" : "update", revision, no_traffic, frees);
  const bool same = is_deploy ? text(in["image"]).find("@sha256:") != std::string::npos && !creates && edit.made == with(service["template"], "revision", {}) && now == Split{{short_name(service["latestReadyRevision"]), 100}}
                              : kind == RevisionKind::update && edit.made == base.made;
  intent.nothing = !intent.refused && same && !moves_ingress && tag.empty() && !boolean_or(service["reconciling"], false);
  const std::string stays = is_deploy ? short_name(service["latestReadyRevision"]) : base.revision;
  Value image;
  if (const auto containers = elements(edit.made["containers"]); !containers.empty()) image = containers.front()["image"];
  std::vector<std::pair<std::string, Value>> kept_split;
  for (const auto& [one, percent] : split) kept_split.emplace_back(one == k_latest ? revision : one, Value(percent));
  intent.outputs = intent.nothing ? Value::object({{"revision", Value(stays)}, {"image", image}, {"split", split_value(now)}, {"before", split_value(now)}, {"url", service["uri"]}, {"tag_url", Value("")}, {"percent", Value(100)}})
                                  : Value::object({{"revision", Value(revision)}, {"image", image}, {"split", Value::object(std::move(kept_split))}, {"before", split_value(now)}, {"url", creates ? Value::minted("url") : service["uri"]},
                                                   {"tag_url", tag.empty() ? Value("") : Value::minted("tag_url")}, {"percent", Value(no_traffic ? 0 : 100)}});
  std::vector<std::pair<std::string, Value>> tag_members;
  for (const auto& [one, of] : wanted) tag_members.emplace_back(one, Value(of));
  intent.extra = Value::object({{"project", in["project"]}, {"region", in["region"]}, {"service", in["service"]}, {"revision", Value(revision)}, {"tag", Value(tag)}, {"split", split_value(split)},
                                {"tags", Value::object(std::move(tag_members))}, {"makes", Value(true)}});
  if (moves_ingress) intent.extra = with(intent.extra, "ingress", Value(ingress_of(ingress)));
  return intent;
}

std::string log_of(const Value& now, const std::string& name) {
  std::string out;
  if (const Value* revision = find_revision(now["revisions"], name))
    if (const std::string link = text((*revision)["logUri"]); !link.empty()) out = "its log: " + link;
  for (const Value& line : elements(now["log"])) out += (out.empty() ? "" : "\n") + text(line);
  return out;
}

} // namespace

Intent prepare_deploy(const Value& in, const Value& seen, const Identity& id) { return prepare(in, seen, id, RevisionKind::deploy); }
Intent prepare_update(const Value& in, const Value& seen, const Identity& id) { return prepare(in, seen, id, RevisionKind::update); }
Intent prepare_restart(const Value& in, const Value& seen, const Identity& id) { return prepare(in, seen, id, RevisionKind::restart); }

Outcome answer_revision(const Intent& intent, const Expected<Answer>& answer) {
  if (!intent.extra.has("makes")) return answer_traffic(intent, answer);
  return gcp::answered(answer, [&](const Value& operation) {
    Outcome out;
    out.state = State::pending;
    out.handle = operation["name"];
    out.again = std::chrono::milliseconds(1);
    return out;
  });
}

Outcome judge_revision(const Intent& intent, const Value& seen, const Value& now) {
  Outcome out;
  if (!intent.extra.has("makes")) {
    out = judge_traffic(intent, seen, now);
    if (out.state != State::done || !intent.extra.has("ingress") || now["service"]["ingress"] == intent.extra["ingress"]) return out;
    out.state = now["service"]["etag"] == seen["service"]["etag"] ? State::not_seen : State::partial;
    if (out.state == State::partial) out.failure = Failure{Cause::conflict, Reached::yes, fmt::format("the traffic is back, and who may reach the service is not: its ingress is {}", show(now["service"]["ingress"])), "somebody else changed the service since"};
    return out;
  }
  const auto& extra = intent.extra;
  const Value service = now["service"];
  const std::string name = text(extra["revision"]), of = text(extra["service"]);
  const auto ended = [&](State state, Cause cause, std::string message, std::string hint) {
    out.state = state;
    out.failure = Failure{cause, Reached::yes, std::move(message), std::move(hint)};
    return out;
  };
  if (service.is_null()) {
    out.state = State::not_seen;
    return seen["service"].is_null() ? out : ended(State::no_effect, Cause::missing, fmt::format("the service {} is gone", of), "it was deleted meanwhile");
  }
  const bool ours = text(service["template"]["revision"]) == name || short_name(service["latestCreatedRevision"]) == name;
  const Value* revision = find_revision(now["revisions"], name);
  const std::string where = shown_split(serving(service));
  if (!ours && !revision) {
    out.state = State::not_seen;
    if (service["etag"] == seen["service"]["etag"]) return out;
    return ended(State::no_effect, Cause::conflict, fmt::format("somebody else changed {} meanwhile; its traffic is at {}", of, where), "look at what was done there, then decide anew");
  }
  if (boolean_or(service["reconciling"], false)) {
    out.state = State::pending;
    out.again = k_again;
    return out;
  }
  const bool ready = short_name(service["latestReadyRevision"]) == name || (revision && is_ready(*revision));
  if (!ready) {
    std::string why = complaint(service);
    if (why.empty() && revision) why = complaint(*revision);
    return ended(State::partial, Cause::rejected, fmt::format("revision {} did not become ready: {}; the traffic is where it was: {}", name, why.empty() ? "no reason was given" : why, where), log_of(now, name));
  }
  Split split;
  for (const auto& [one, percent] : named(extra["split"])) split.emplace_back(one, integer_or(percent, 0));
  Tags wanted;
  for (const auto& [one, revision_of] : named(extra["tags"])) wanted.emplace_back(one, text(revision_of));
  if (!holds(service, split, wanted))
    return ended(State::partial, ours ? Cause::rejected : Cause::conflict, fmt::format("revision {} is ready, but the traffic is not as asked; it is at {}", name, where), ours ? complaint(service) : "somebody else changed the service since");
  Value outputs = intent.outputs;
  outputs = fill(fill(outputs, "url", service["uri"]), "tag_url", Value(tag_url(service, text(extra["tag"]))));
  out.outputs = std::move(outputs);
  return out;
}

Standing standing_revision(const Intent& intent, const Value& seen, const Value& outputs, const Value& now) {
  if (!intent.extra.has("makes")) return standing_traffic(intent, seen, outputs, now);
  const Value service = now["service"];
  if (!service.known() || service.is_null()) return Standing::otherwise;
  const std::string name = text(intent.extra["revision"]);
  const std::string latest = short_name(service["latestCreatedRevision"]);
  if (!find_revision(now["revisions"], name) && latest != name) return latest == short_name(seen["service"]["latestCreatedRevision"]) ? Standing::as_before : Standing::otherwise;
  if (latest != name || (intent.extra.has("ingress") && service["ingress"] != intent.extra["ingress"])) return Standing::otherwise;
  return standing_traffic(intent, seen, outputs, now) == Standing::as_left ? Standing::as_left : Standing::otherwise;
}

Value undo_revision(const Intent& intent, const Value& seen, const Value& outputs) {
  const auto& extra = intent.extra;
  const Value service = seen["service"];
  if (!extra.has("makes") || service.is_null() || !seen.known()) return {};
  const std::string tag = text(extra["tag"]);
  std::string before;
  for (const auto& [name, of] : wanted_tags(service))
    if (name == tag) before = of;
  const bool added = !tag.empty() && before.empty();
  const bool moved = !tag.empty() && !before.empty();
  static_cast<void>(outputs);
  Value ingress;
  for (const char* one : {"all", "internal", "internal-and-cloud-load-balancing"})
    if (extra.has("ingress") && service["ingress"] == Value(ingress_of(one))) ingress = Value(one);
  return Value::object({{"project", extra["project"]}, {"region", extra["region"]}, {"service", extra["service"]},
                        {"take_back", gcp::members({{"split", split_value(serving(service))}, {"set_tags", moved ? Value::object({{tag, Value(before)}}) : Value::object({})},
                                                     {"remove_tags", added ? Value(Value::List{Value(tag)}) : Value(Value::List{})}, {"bad", Value(Value::List{extra["revision"]})}, {"ingress", ingress}})}});
}

} // namespace belay::modules::cloud_run
