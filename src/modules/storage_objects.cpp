#include "codec/crc32c.hpp"
#include "codec/sha256.hpp"
#include "modules/command_outcome.hpp"
#include "modules/storage.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <fmt/core.h>

namespace belay::modules::storage_parts {
namespace {

std::string gs(const Value& in) { return "gs://" + text_or(in["bucket"], "") + "/" + text_or(in["object"], ""); }
Value gs_value(const Value& in) { return join({"gs://", in["bucket"], "/", in["object"]}); }

Value shown(const Value& object) {
  return gcp::members({{"generation", object["generation"]}, {"size", gcp::whole(object["size"])}, {"crc32c", object["crc32c"]}, {"updated", gcp::time_of(object["updated"])}, {"type", object["contentType"]}});
}

/// Passes bytes on and keeps their CRC-32C.
struct CheckedSink final : Sink {
  Sink& next;
  std::uint32_t crc = 0;
  explicit CheckedSink(Sink& n) : next(n) {}
  Expected<void> write(std::span<const std::byte> bytes) override {
    crc = crc32c({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, crc);
    return next.write(bytes);
  }
  Expected<std::uint64_t> finish() override { return next.finish(); }
};

Outcome done_with(const Intent& intent) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  return outcome;
}

} // namespace

Value bucket_url(const Value& in, const std::vector<Value>& path) {
  std::vector<Value> pieces{"storage/v1/b/", gcp::segment(in["bucket"])};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return gcp::url("storage", join(pieces));
}
bool is_pattern(const Value& in) { return text_or(in["object"], "").find_first_of("*?[") != std::string::npos; }
Value object_url(const Value& in, const std::vector<Value>& query) {
  std::vector<Value> pieces{"/o/", gcp::segment(in["object"])};
  pieces.insert(pieces.end(), query.begin(), query.end());
  return bucket_url(in, pieces);
}
std::vector<std::string> touches(const Value& in) { return {gcp::resource("gcp-storage", {in["bucket"], in["object"]})}; }
std::vector<std::string> touches_bucket(const Value& in) { return {gcp::resource("gcp-storage", {in["bucket"]})}; }

Expected<Value> read_object(const Call& call, const Reads& reads) {
  const auto object = gcp::read(reads, gcp::get(object_url(call.in)), call.stop);
  if (!object && object.error().cause == Cause::missing) return Value();
  if (!object) return object;
  return shown(*object);
}

Outcome read_stat(const Call& call, const Reads& reads) {
  const auto object = read_object(call, reads);
  if (!object) return failed_outcome(object.error());
  Outcome outcome;
  std::vector<std::pair<std::string, Value>> members{{"found", !object->is_null()}};
  for (auto& one : named(*object)) members.push_back(std::move(one));
  outcome.outputs = Value::object(std::move(members));
  if (object->is_null() && boolean_or(call.in["required"], false)) return failed_outcome({Cause::missing, Reached::yes, "there is no object " + gs(call.in), ""});
  return outcome;
}

Outcome read_list(const Call& call, const Reads& reads) {
  const auto prefix = call.in["prefix"];
  const auto all = gcp::read_pages(reads, gcp::get(bucket_url(call.in, {"/o?maxResults=1000", prefix.is_null() ? Value("") : join({"&prefix=", gcp::segment(prefix)})})), "items",
                                   static_cast<std::size_t>(std::max<std::int64_t>(1, integer_or(call.in["limit"], 10000))), call.stop);
  if (!all) return failed_outcome(all.error());
  Value::List objects;
  std::int64_t bytes = 0;
  Value newest;
  for (const Value& one : elements(*all)) {
    std::vector<std::pair<std::string, Value>> members{{"name", one["name"]}};
    for (auto& member : named(shown(one))) members.push_back(std::move(member));
    objects.push_back(Value::object(std::move(members)));
    bytes += integer_or(objects.back()["size"], 0);
    const Value updated = objects.back()["updated"];
    if (updated.kind() == Kind::timestamp && (newest.is_null() || newest["updated"].timestamp() < updated.timestamp())) newest = objects.back();
  }
  Outcome outcome;
  outcome.outputs = Value::object({{"count", static_cast<std::int64_t>(objects.size())}, {"bytes", bytes}, {"newest", newest}, {"objects", Value(std::move(objects))}});
  return outcome;
}

Outcome read_get(const Call& call, const Reads& reads) {
  const auto object = read_object(call, reads);
  if (!object) return failed_outcome(object.error());
  if (object->is_null()) return failed_outcome({Cause::missing, Reached::yes, "there is no object " + gs(call.in), ""});
  const auto answer = reads.http.read(gcp::get(object_url(call.in, {"?alt=media&generation=", (*object)["generation"]})), call.stop);
  if (!answer) return failed_outcome(answer.error());
  if (answer->status != 200) return failed_outcome(gcp::failure_of(*answer));
  if (answer->cut) return failed_outcome({Cause::full, Reached::yes, gs(call.in) + " is longer than the 16 MiB that a value may have", "bring it into a file: storage.fetch"});
  if (const auto told = text_or((*object)["crc32c"], ""); !told.empty() && told != crc32c_base64(crc32c(answer->body)))
    return failed_outcome({Cause::malformed, Reached::yes, gs(call.in) + " arrived damaged: it does not match its checksum", "try again"});
  const auto value = parse_json(answer->body);
  Outcome outcome;
  outcome.outputs = Value::object({{"body", value ? *value : Value(answer->body)}, {"generation", (*object)["generation"]}, {"size", static_cast<std::int64_t>(answer->body.size())}});
  return outcome;
}

// fetch

std::vector<std::string> touches_fetch(const Value& in) {
  auto names = touches(in);
  names.push_back(gcp::resource("file", {in["file"]}));
  return names;
}

/// {object, file: its size, null where it is not there}
Expected<Value> observe_fetch(const Call& call, const Value&, const Reads& reads) {
  const auto object = read_object(call, reads);
  if (!object) return object;
  const auto file = reads.files.status(text_or(call.in["file"], ""));
  if (!file && file.error().cause != Cause::missing) return Unexpected(file.error());
  return Value::object({{"object", *object}, {"file", file ? Value(static_cast<std::int64_t>(file->size)) : Value()}});
}

Intent prepare_fetch(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const Value object = seen["object"];
  intent.act = gcp::get(object_url(in, {"?alt=media&generation=", object["generation"]}));
  if (!is_pattern(in)) intent.equivalent = shell_line({"gcloud", "storage", "cp", "--no-clobber", join({gs_value(in), "#", object["generation"]}), in["file"]});
  intent.touches = touches_fetch(in);
  intent.outputs = Value::object({{"file", in["file"]}, {"size", object["size"]}, {"generation", object["generation"]}});
  intent.extra = object;
  if (seen.is_unknown()) return intent;
  if (object.is_null()) intent.refused = Failure{Cause::missing, Reached::no, "there is no object " + gs(in), ""};
  else if (!seen["file"].is_null()) intent.refused = Failure{Cause::conflict, Reached::no, bare_json(in["file"]) + " is there already, and is not replaced", "choose another name"};
  return intent;
}

/// Into a file beside, which takes its name when it is whole and matches its checksum.
Outcome perform_fetch(const Intent& intent, const Call& call, Ports& ports) {
  const auto file = text_or(call.in["file"], ""), part = file + "." + hex(sha256(call.id.key)).substr(0, 12) + ".part"; // this step's own, in every attempt
  const auto failed = [](Failure failure) {
    Outcome outcome = failed_outcome(std::move(failure));
    outcome.state = State::no_effect;
    return outcome;
  };
  if (auto removed = ports.files.change({"remove", Value(part), {}, 0}); !removed) return failed(removed.error());
  auto sink = ports.files.create(part);
  if (!sink) return failed(sink.error());
  CheckedSink checked(**sink);
  const auto answer = ports.http.read(std::get<Request>(intent.act), call.stop, &checked);
  if (!answer) return failed(answer.error());
  if (answer->status != 200) return failed(gcp::failure_of(*answer));
  const auto written = checked.finish();
  if (!written) return failed(written.error());
  const auto told = text_or(intent.extra["crc32c"], "");
  if (!told.empty() && told != crc32c_base64(checked.crc)) {
    const auto removed = ports.files.change({"remove", Value(part), {}, 0});
    return failed({Cause::malformed, Reached::yes, gs(call.in) + " arrived damaged: it does not match its checksum" + (removed ? "" : "; " + part + " could not be removed"), "try again"});
  }
  if (auto renamed = ports.files.change({"rename", Value(part), Value(file), 0}); !renamed) return failed(renamed.error());
  return done_with(intent);
}

Outcome judge_fetch(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome = done_with(intent);
  if (now["file"].is_null() || now["file"] != intent.extra["size"]) outcome.state = State::not_seen;
  return outcome;
}

// delete

/// {object}
Expected<Value> observe_delete(const Call& call, const Value&, const Reads& reads) {
  const auto object = read_object(call, reads);
  if (!object) return object;
  return Value::object({{"object", *object}});
}

Intent prepare_delete(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const Value generation = seen["object"]["generation"];
  intent.act = gcp::send("DELETE", object_url(in, {"?ifGenerationMatch=", generation}), {});
  if (!is_pattern(in)) intent.equivalent = shell_line({"gcloud", "storage", "rm", join({gs_value(in), "#", generation})});
  intent.touches = touches(in);
  intent.outputs = Value::object({{"generation", generation}});
  intent.nothing = !seen.is_unknown() && seen["object"].is_null();
  return intent;
}

Outcome answer_delete(const Intent& intent, const Expected<Answer>& answer) {
  if (answer && answer->status == 404) return done_with(intent);
  return gcp::answered(answer, [&](const Value&) { return done_with(intent); });
}

Outcome judge_delete(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome = done_with(intent);
  if (now["object"].is_null()) return outcome;
  outcome.state = now["object"]["generation"] == seen["object"]["generation"] ? State::not_seen : State::no_effect;
  return outcome;
}

// bucket

/// {bucket: its location, null where there is none}
Expected<Value> observe_bucket(const Call& call, const Value&, const Reads& reads) {
  const auto bucket = gcp::read(reads, gcp::get(bucket_url(call.in)), call.stop);
  if (!bucket && bucket.error().cause == Cause::missing) return Value::object({{"bucket", Value()}});
  if (!bucket) return bucket;
  return Value::object({{"bucket", (*bucket)["location"]}});
}

Intent prepare_bucket(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.act = gcp::send("POST", gcp::url("storage", join({"storage/v1/b?project=", gcp::segment(in["project"])})),
                         gcp::members({{"name", in["bucket"]}, {"location", in["location"]}, {"iamConfiguration", Value::object({{"uniformBucketLevelAccess", Value::object({{"enabled", true}})}, {"publicAccessPrevention", "enforced"}})}}));
  intent.equivalent = shell_line({"gcloud", "storage", "buckets", "create", join({"gs://", in["bucket"]}), join({"--project=", in["project"]}), join({"--location=", in["location"]}), "--uniform-bucket-level-access",
                                  "--public-access-prevention"});
  intent.touches = touches_bucket(in);
  intent.outputs = Value::object({{"bucket", in["bucket"]}});
  intent.nothing = !seen.is_unknown() && !seen["bucket"].is_null();
  return intent;
}

Outcome judge_bucket(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome = done_with(intent);
  if (now["bucket"].is_null()) outcome.state = State::not_seen;
  return outcome;
}

} // namespace belay::modules::storage_parts
