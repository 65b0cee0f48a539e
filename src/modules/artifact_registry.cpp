#include "clients/gcp/proto_json.hpp"
#include "clients/gcp/rest.hpp"
#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <fmt/core.h>

/// Artifact Registry: which images there are, and what is known to be wrong with them.
namespace belay::modules {
namespace {

/// `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/PACKAGE[:TAG|@DIGEST]`; gcr.io is a repository of that name in `us`.
struct Image {
  std::string host, project, location, repository, package, tag, digest;
};

std::optional<Image> image_of(std::string_view text) {
  Image image;
  if (const auto at = text.find('@'); at != std::string_view::npos) image.digest = text.substr(at + 1), text = text.substr(0, at);
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  if (const auto colon = text.find(':', text.rfind('/')); colon != std::string_view::npos) image.tag = text.substr(colon + 1), text = text.substr(0, colon);
  image.host = text.substr(0, slash);
  text.remove_prefix(slash + 1);
  const auto next = [&] {
    const auto end = text.find('/');
    const auto part = std::string(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
  };
  image.project = next();
  constexpr std::string_view docker = "-docker.pkg.dev";
  if (image.host.ends_with(docker)) {
    image.location = image.host.substr(0, image.host.size() - docker.size());
    image.repository = next();
  } else if (image.host == "gcr.io" || image.host.ends_with(".gcr.io")) {
    image.location = image.host == "gcr.io" ? "us" : image.host.substr(0, image.host.find('.'));
    image.repository = image.host;
  } else {
    return std::nullopt;
  }
  image.package = text;
  if (image.package.empty() || image.repository.empty()) return std::nullopt;
  if (image.tag.empty() && image.digest.empty()) image.tag = "latest";
  return image;
}

Failure no_image(const Value& text) {
  return {Cause::refused, Reached::no, fmt::format("{} names no image of Artifact Registry", show(text)), "LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/NAME:TAG, or gcr.io/PROJECT/NAME:TAG"};
}

Value repository_url(const Image& image, const std::vector<Value>& path) {
  std::vector<Value> pieces{"v1/projects/", gcp::segment(image.project), "/locations/", gcp::segment(image.location), "/repositories/", gcp::segment(image.repository)};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return gcp::url("artifactregistry", join(pieces));
}
Value package_url(const Image& image, const std::vector<Value>& path) {
  std::vector<Value> pieces{"/packages/", gcp::segment(image.package)};
  pieces.insert(pieces.end(), path.begin(), path.end());
  return repository_url(image, pieces);
}
std::string name_of(const Image& image) { return image.host + "/" + image.project + (image.host == image.repository ? "" : "/" + image.repository) + "/" + image.package; }

std::vector<std::string> touches(const Value& in) {
  const auto image = image_of(text_or(in["image"], ""));
  return {image ? gcp::resource("image", {name_of(*image)}) : std::string()};
}

Expected<Value> read_tags(const Call& call, const Reads& reads, const Image& image) {
  return gcp::read_pages(reads, gcp::get(package_url(image, {"/tags?pageSize=1000"})), "tags", 10000, call.stop);
}

/// The digest that the image's tag stands for now.
Expected<std::string> digest_of(const Call& call, const Reads& reads, const Image& image) {
  const auto url = image.digest.empty() ? package_url(image, {"/tags/", gcp::segment(image.tag)}) : package_url(image, {"/versions/", gcp::segment(image.digest)});
  const auto found = gcp::read(reads, gcp::get(url), call.stop);
  if (found) return image.digest.empty() ? gcp::last_part(text_or((*found)["version"], "")) : image.digest;
  if (found.error().cause != Cause::missing) return Unexpected(found.error());
  std::vector<std::string> tags;
  if (const auto all = read_tags(call, reads, image))
    for (const Value& one : elements(*all)) tags.push_back(gcp::last_part(text_or(one["name"], "")));
  return Unexpected(Failure{Cause::missing, Reached::yes, fmt::format("there is no image {}{}{}", name_of(image), image.digest.empty() ? ":" : "@", image.digest.empty() ? image.tag : image.digest),
                            image.digest.empty() ? did_you_mean(image.tag, tags) : "was it pushed?"});
}

Outcome read_image(const Call& call, const Reads& reads) {
  const auto image = image_of(text_or(call.in["image"], ""));
  if (!image) return failed_outcome(no_image(call.in["image"]));
  const auto digest = digest_of(call, reads, *image);
  if (!digest) return failed_outcome(digest.error());
  Outcome outcome;
  outcome.outputs = Value::object({{"digest", *digest}, {"reference", name_of(*image) + "@" + *digest}, {"tag", image->tag.empty() ? Value() : Value(image->tag)}});
  return outcome;
}

Outcome read_tags_list(const Call& call, const Reads& reads) {
  const auto image = image_of(text_or(call.in["image"], ""));
  if (!image) return failed_outcome(no_image(call.in["image"]));
  const auto all = read_tags(call, reads, *image);
  if (!all) return failed_outcome(all.error());
  Value::List tags;
  for (const Value& one : elements(*all)) tags.push_back(Value::object({{"tag", gcp::last_part(text_or(one["name"], ""))}, {"digest", gcp::last_part(text_or(one["version"], ""))}}));
  Outcome outcome;
  outcome.outputs = Value::object({{"tags", Value(std::move(tags))}});
  return outcome;
}

Outcome read_images(const Call& call, const Reads& reads) {
  const auto image = image_of(text_or(call.in["image"], ""));
  if (!image) return failed_outcome(no_image(call.in["image"]));
  const auto all = gcp::read_pages(reads, gcp::get(repository_url(*image, {"/dockerImages?pageSize=1000"})), "dockerImages", 100000, call.stop);
  if (!all) return failed_outcome(all.error());
  Value::List images;
  const std::string prefix = name_of(*image) + "@";
  for (const Value& one : elements(*all)) {
    const auto uri = text_or(one["uri"], "");
    if (!uri.starts_with(prefix)) continue;
    images.push_back(gcp::members({{"digest", uri.substr(prefix.size())}, {"tags", one["tags"].is_null() ? Value(Value::List{}) : one["tags"]}, {"uploaded", gcp::time_of(one["uploadTime"])}, {"bytes", gcp::whole(one["imageSizeBytes"])}}));
  }
  std::stable_sort(images.begin(), images.end(), [](const Value& a, const Value& b) {
    const Value x = a["uploaded"], y = b["uploaded"];
    return x.kind() == Kind::timestamp && y.kind() == Kind::timestamp && y.timestamp() < x.timestamp();
  });
  Outcome outcome;
  outcome.outputs = Value::object({{"images", Value(std::move(images))}});
  return outcome;
}

constexpr const char* k_severities[] = {"MINIMAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"};
int rank(std::string_view severity) {
  for (int i = 0; i < 5; ++i)
    if (severity == k_severities[i]) return i;
  return -1;
}

Outcome read_vulnerabilities(const Call& call, const Reads& reads) {
  const auto image = image_of(text_or(call.in["image"], ""));
  if (!image) return failed_outcome(no_image(call.in["image"]));
  const auto digest = digest_of(call, reads, *image);
  if (!digest) return failed_outcome(digest.error());
  const auto uri = name_of(*image) + "@" + *digest;
  const auto filter = fmt::format("((kind = \"VULNERABILITY\") OR (kind = \"DISCOVERY\")) AND ((resourceUrl = \"https://{}\") OR (resourceUrl = \"{}\"))", uri, uri);
  const auto all = gcp::read_pages(reads, gcp::get(gcp::url("containeranalysis", join({"v1/projects/", gcp::segment(image->project), "/occurrences?filter=", gcp::segment(filter), "&pageSize=1000"}))), "occurrences", 100000, call.stop);
  if (!all) return failed_outcome(all.error());
  const auto worst = text_or(call.in["worst"], "MEDIUM");
  if (rank(worst) < 0) return failed_outcome({Cause::refused, Reached::no, fmt::format("'{}' is no severity", worst), "MINIMAL, LOW, MEDIUM, HIGH or CRITICAL"});
  Outcome outcome;
  std::int64_t counts[5] = {};
  Value::List found;
  bool scanned = false;
  for (const Value& one : elements(*all)) {
    if (one["kind"] == Value("DISCOVERY")) scanned = scanned || text_or(one["discovery"]["analysisStatus"], "").starts_with("FINISHED");
    const Value vulnerability = one["vulnerability"];
    if (vulnerability.is_null()) continue;
    scanned = true;
    const Value effective = vulnerability["effectiveSeverity"].is_null() ? vulnerability["severity"] : vulnerability["effectiveSeverity"];
    const int at = rank(text_or(effective, ""));
    if (at >= 0) ++counts[at];
    const auto packages = elements(vulnerability["packageIssue"]);
    const Value package = packages.empty() ? Value() : packages.front();
    found.push_back(gcp::members({{"name", gcp::last_part(text_or(one["noteName"], ""))}, {"severity", effective}, {"package", package["affectedPackage"]}, {"fixed_in", package["fixedVersion"]["fullName"]}}));
    if (at > rank(worst)) outcome.findings.push_back({gcp::last_part(text_or(one["noteName"], "")), fmt::format("{} in {}{}", text_or(effective, ""), text_or(package["affectedPackage"], "the image"), package["fixedVersion"]["fullName"].is_null() ? "" : ", fixed in " + text_or(package["fixedVersion"]["fullName"], "")), {}});
  }
  if (!scanned) outcome.findings.push_back({uri, "the image has not been scanned", "is the Container Scanning API enabled?"});
  std::vector<std::pair<std::string, Value>> by_severity;
  for (int i = 4; i >= 0; --i) by_severity.emplace_back(k_severities[i], counts[i]);
  outcome.outputs = Value::object({{"scanned", scanned}, {"counts", Value::object(std::move(by_severity))}, {"vulnerabilities", Value(std::move(found))}});
  return outcome;
}

constexpr Field k_image{.name = "image", .type = k_text, .help = "LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/NAME:TAG, or gcr.io/PROJECT/NAME:TAG; @sha256:… for :TAG"};
constexpr Field k_image_in[] = {k_image};
constexpr Field k_image_out[] = {
    {.name = "digest", .type = k_text, .help = "sha256:…: what the tag stands for now"},
    {.name = "reference", .type = k_text, .help = "the image by its digest, which is the same for ever"},
    {.name = "tag", .type = k_text, .required = false, .help = "the tag that was asked for"},
};
constexpr Field k_tags_out[] = {{.name = "tags", .type = k_maps, .help = "each with tag and digest"}};
constexpr Field k_images_out[] = {{.name = "images", .type = k_maps, .help = "newest first: digest, tags, uploaded, bytes"}};
constexpr Field k_vulnerabilities_in[] = {k_image, {.name = "worst", .type = k_text, .required = false, .standard = "MEDIUM", .help = "the worst that is tolerated: MINIMAL, LOW, MEDIUM, HIGH or CRITICAL; what is worse is a finding"}};
constexpr Field k_vulnerabilities_out[] = {
    {.name = "scanned", .type = k_boolean, .help = "whether it has been; one that has not is a finding"},
    {.name = "counts", .type = k_map, .help = "severity: how many"},
    {.name = "vulnerabilities", .type = k_maps, .help = "each with name, severity, package, fixed_in"},
};

constexpr Action k_actions[] = {
    {"image", "The digest of an image; the step fails where there is no such image", k_image_in, k_image_out, Read{.read = read_image, .touches = touches}},
    {"images", "What was pushed under an image's name", k_image_in, k_images_out, Read{.read = read_images, .touches = touches}},
    {"tags", "The tags of an image's name", k_image_in, k_tags_out, Read{.read = read_tags_list, .touches = touches}},
    {"vulnerabilities", "What is known to be wrong with an image", k_vulnerabilities_in, k_vulnerabilities_out, Read{.read = read_vulnerabilities, .touches = touches}},
};

} // namespace

constinit const Module artifact_registry{"artifact-registry", "Images in Artifact Registry", k_actions};

} // namespace belay::modules
