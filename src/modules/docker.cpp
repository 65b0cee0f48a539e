#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <fmt/core.h>

/// Images, by the docker program: built for the platform that runs them, pushed, and known by their digest.
namespace belay::modules {
namespace {

constexpr std::string_view k_inspect = "{{json .}}";

/// Names that docker would take for an option are refused; the registry judges the rest.
std::optional<Failure> unfit(const Value& image) {
  if (image.is_unknown()) return std::nullopt;
  const std::string name = text_or(image, "");
  if (!name.empty() && name.front() != '-' && name.find_first_of(" \t\r\n") == std::string::npos) return std::nullopt;
  return Failure{Cause::refused, Reached::no, fmt::format("'{}' is no name of an image", bare_json(image)), "write REGISTRY/NAME:TAG"};
}

Command docker(const Value& in, std::vector<Value> words) {
  Command command;
  command.argv = {Value("docker")};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.environment = {{"DOCKER_CLI_HINTS", Value("false")}};
  command.folder = text_or(in["folder"], "");
  return command;
}

/// {id, digests, created, platform} of a local image; an empty map where there is none.
Expected<Value> inspected(const Call& call, const Reads& reads) {
  if (auto failure = unfit(call.in["image"])) return Unexpected(std::move(*failure));
  const auto ended = reads.process.read(docker(call.in, {"image", "inspect", "--format", Value(std::string(k_inspect)), call.in["image"]}), call.stop);
  if (!ended) return Unexpected(ended.error());
  if (ended->status != 0) {
    if (ended->err.find("No such image") != std::string::npos) return Value::object({});
    return Unexpected(Failure{Cause::rejected, Reached::yes, "docker says: " + last_line(ended->err), "is the docker engine running, and may you use it?"});
  }
  auto image = parse_json(ended->out);
  if (!image) return Unexpected(Failure{Cause::malformed, Reached::yes, "docker's description of the image is no JSON: " + image.error().message, ""});
  return Value::object({{"id", (*image)["Id"]}, {"digests", (*image)["RepoDigests"].is_null() ? Value(Value::List{}) : (*image)["RepoDigests"]}, {"platform", join({(*image)["Os"], "/", (*image)["Architecture"]})}});
}

/// `NAME@sha256:…` of the repository that the image is named after; empty where it was never pushed there.
std::string digest_of(const Value& seen, const Value& image) {
  std::string name = text_or(image, "");
  const auto slash = name.rfind('/'), colon = name.rfind(':');
  if (colon != std::string::npos && (slash == std::string::npos || colon > slash)) name.resize(colon);
  for (const Value& one : elements(seen["digests"]))
    if (text_or(one, "").starts_with(name + "@")) return one.text();
  return "";
}

Outcome read_image(const Call& call, const Reads& reads) {
  const auto seen = inspected(call, reads);
  if (!seen) return failed_outcome(seen.error());
  if (!seen->has("id")) return failed_outcome({Cause::missing, Reached::yes, fmt::format("there is no image {} here", bare_json(call.in["image"])), "build or pull it first"});
  Outcome outcome;
  outcome.outputs = Value::object({{"id", (*seen)["id"]}, {"platform", (*seen)["platform"]}, {"digest", digest_of(*seen, call.in["image"])}});
  return outcome;
}

Expected<Value> observe(const Call& call, const Value&, const Reads& reads) { return inspected(call, reads); }

Intent prepare_build(const Value& in, const Value&, const Identity&) {
  std::vector<Value> words{"build", "--platform", in["platform"], "--tag", in["image"]};
  if (!in["file"].is_null()) words.insert(words.end(), {Value("--file"), in["file"]});
  for (const auto& [name, value] : named(in["arguments"])) words.insert(words.end(), {Value("--build-arg"), join({name + "=", value})});
  words.push_back(in["context"]);
  Intent intent;
  intent.refused = unfit(in["image"]);
  Command command = docker(in, std::move(words));
  intent.equivalent = shell_line(command.argv);
  intent.act = std::move(command);
  intent.touches = {"docker-image:" + bare_json(in["image"])};
  intent.outputs = Value::object({{"image", in["image"]}, {"id", Value::minted("id")}});
  intent.extra = Value::object({{"image", in["image"]}});
  return intent;
}

Outcome ended_build(const Intent& intent, const Expected<Ended>& ended) {
  Outcome outcome = outcome_of_change(ended, {}, "text");
  if (outcome.state == State::partial) outcome.state = State::no_effect; // an image is tagged when it is whole
  if (outcome.state == State::done) outcome.outputs = Value::object({{"image", intent.extra["image"]}});
  return outcome;
}

Outcome judge_build(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome;
  outcome.outputs = Value::object({{"image", intent.extra["image"]}, {"id", now["id"]}});
  if (!now.has("id") || now["id"] == seen["id"]) outcome.state = State::not_seen;
  return outcome;
}

Intent prepare_push(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  intent.refused = unfit(in["image"]);
  if (!intent.refused && !seen.is_unknown() && seen.kind() == Kind::map && !seen.has("id"))
    intent.refused = Failure{Cause::missing, Reached::no, fmt::format("there is no image {} to push", bare_json(in["image"])), "build it first"};
  Command command = docker(in, {"push", in["image"]});
  intent.equivalent = shell_line(command.argv);
  intent.act = std::move(command);
  intent.touches = {"registry:" + bare_json(in["image"])};
  intent.outputs = Value::object({{"image", in["image"]}, {"digest", Value::minted("digest")}});
  intent.extra = Value::object({{"image", in["image"]}});
  return intent;
}

/// Its last line is `TAG: digest: sha256:… size: N`.
Outcome ended_push(const Intent& intent, const Expected<Ended>& ended) {
  Outcome outcome = outcome_of_change(ended, {}, "text");
  if (outcome.state != State::done) return outcome;
  const auto at = ended->out.rfind("digest: sha256:");
  const std::string digest = at == std::string::npos ? "" : ended->out.substr(at + 8, 71);
  if (digest.size() != 71) {
    outcome.state = State::unknown;
    outcome.failure = Failure{Cause::malformed, Reached::yes, "docker pushed and named no digest", "look for the tag in the registry"};
    return outcome;
  }
  outcome.outputs = Value::object({{"image", intent.extra["image"]}, {"digest", digest}});
  return outcome;
}

std::vector<std::string> touches_image(const Value& in) { return {"docker-image:" + bare_json(in["image"])}; }

constexpr Field k_image{.name = "image", .type = k_text, .help = "REGISTRY/NAME:TAG"};
constexpr Field k_folder{.name = "folder", .type = k_text, .required = false, .help = "where docker runs; the project's folder without it"};
constexpr Field k_image_in[] = {k_image};
constexpr Field k_image_out[] = {
    {.name = "id", .type = k_text, .help = "of the image"},
    {.name = "platform", .type = k_text, .help = "system and processor that it is for"},
    {.name = "digest", .type = k_text, .help = "its name by digest in its repository; empty where it was not pushed"},
};
constexpr Field k_build_in[] = {
    k_image,
    {.name = "context", .type = k_text, .required = false, .standard = ".", .help = "the folder that is built"},
    {.name = "file", .type = k_text, .required = false, .help = "the Dockerfile, where it is not the context's"},
    {.name = "platform", .type = k_text, .required = false, .standard = "linux/amd64", .help = "what it is built for: Cloud Run takes linux/amd64"},
    {.name = "arguments", .type = k_text_map, .required = false, .standard = "{}", .help = "build arguments: anyone who has the image can read them"},
    k_folder,
};
constexpr Field k_build_out[] = {{.name = "image", .type = k_text, .help = "the same"}, {.name = "id", .type = k_text, .required = false, .help = "of the image"}};
constexpr Field k_push_in[] = {k_image, k_folder};
constexpr Field k_push_out[] = {{.name = "image", .type = k_text, .help = "the same"}, {.name = "digest", .type = k_text, .help = "sha256:…, what the registry calls it"}};

constexpr Action k_actions[] = {
    {"image", "What an image is", k_image_in, k_image_out, Read{.read = read_image, .touches = touches_image}},
    {"build", "Builds an image", k_build_in, k_build_out,
     Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe, .prepare = prepare_build, .ended = ended_build, .judge = judge_build, .touches = touches_image}},
    {"push", "Pushes an image; its digest is what is deployed", k_push_in, k_push_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe, .prepare = prepare_push, .ended = ended_push, .touches = touches_image, .lateness = std::chrono::seconds(10)}},
};
} // namespace

constinit const Module docker{"docker", "Images, by the docker program", k_actions};

} // namespace belay::modules
