#include "codec/sha256.hpp"
#include "modules/command_outcome.hpp"
#include "modules/host_parts.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include "value/nearest.hpp"
#include <algorithm>
#include <array>
#include <fmt/core.h>

namespace belay::modules::host_parts {
namespace {

constexpr const char* k_marker = ".belay-release.json";

Expected<std::string> hash_of(const std::string& path, const Reads& reads) {
  auto source = reads.files.open(path);
  if (!source) return Unexpected(source.error());
  Sha256 hash;
  std::array<std::byte, 65536> piece{};
  while (true) {
    const auto n = (*source)->read(piece);
    if (!n) return Unexpected(n.error());
    if (*n == 0) return hex(hash.finish());
    hash.feed({reinterpret_cast<const char*>(piece.data()), *n});
  }
}

/// Path, mode and SHA-256 of every file below, in the order of names: what makes two releases the same.
Expected<void> list_files(const std::string& folder, const std::string& below, std::vector<Value>& into, const Call& call, const Reads& reads) {
  const auto names = reads.files.list(folder);
  if (!names) return Unexpected(names.error());
  for (const auto& name : *names) {
    if (call.stop) return Unexpected(Failure{Cause::stopped, Reached::no, "stopped while reading " + folder, ""});
    if (below.empty() && name == k_marker) continue;
    const auto path = folder + "/" + name, relative = below.empty() ? name : below + "/" + name;
    const auto status = reads.files.status(path);
    if (!status) return Unexpected(status.error());
    if (status->sort == FileStatus::Sort::folder) {
      if (auto done = list_files(path, relative, into, call, reads); !done) return done;
    } else if (status->sort == FileStatus::Sort::link) {
      into.push_back(Value::object({{"path", relative}, {"link", status->target}}));
    } else {
      const auto hash = hash_of(path, reads);
      if (!hash) return Unexpected(hash.error());
      into.push_back(Value::object({{"path", relative}, {"mode", fmt::format("{:o}", status->mode & 0777)}, {"sha256", *hash}}));
    }
  }
  return {};
}

Expected<std::string> digest_of(const std::string& folder, const Call& call, const Reads& reads) {
  std::vector<Value> files;
  if (auto done = list_files(folder, "", files, call, reads); !done) return Unexpected(done.error());
  return hex(sha256(canonical_json(Value(std::move(files)))));
}

bool there(const std::string& path, const Reads& reads) { return reads.files.status(path).has_value(); }

/// `{}`-like null where the file is not there; a file that is no JSON is an error, never an empty answer.
Expected<Value> json_file(const std::string& path, const Reads& reads) {
  const auto text = reads.files.text(path, 1 << 20);
  if (!text) return text.error().cause == Cause::missing ? Expected<Value>(Value()) : Unexpected(text.error());
  auto value = parse_json(*text);
  if (!value) value.error().message = path + ": " + value.error().message;
  return value;
}

std::string release_folder(const std::string& root, const std::string& version) { return root + "/releases/" + version; }

} // namespace

std::optional<Failure> unfit_name(const Value& name, std::string_view what) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
  if (name.is_unknown()) return std::nullopt;
  const auto text = text_or(name, "");
  const bool good = !text.empty() && text.find_first_not_of(allowed) == std::string::npos && text.front() != '.' && text.front() != '-' && text.front() != '+';
  if (good) return std::nullopt;
  return Failure{Cause::refused, Reached::no, fmt::format("{} is no name of a {}", show(name), what), "letters, digits and _ . + -, beginning with a letter or digit"};
}

std::vector<std::string> touches_root(const Value& in) { return {"file:" + bare_json(in["root"])}; }

Outcome read_releases(const Call& call, const Reads& reads) {
  const auto root = text_or(call.in["root"], "");
  Value::List releases;
  const auto names = reads.files.list(root + "/releases");
  if (!names && names.error().cause != Cause::missing) return failed_outcome(names.error());
  if (names)
    for (const auto& name : *names)
      if (!name.starts_with('.') && there(release_folder(root, name) + "/" + k_marker, reads)) releases.emplace_back(name);
  const auto history = json_file(root + "/history.json", reads);
  if (!history) return failed_outcome(history.error());
  std::string current;
  if (const auto link = reads.files.status(root + "/current")) current = link->target.substr(link->target.rfind('/') + 1);
  Outcome outcome;
  outcome.outputs = Value::object({{"releases", std::move(releases)}, {"current", current}, {"history", history->is_null() ? Value(Value::List{}) : *history}});
  return outcome;
}

Expected<Value> observe_install(const Call& call, const Value&, const Reads& reads) {
  const auto root = text_or(call.in["root"], ""), version = text_or(call.in["version"], ""), from = text_or(call.in["from"], "");
  if (auto failure = unfit_name(call.in["version"], "release")) { // before it is part of a path that is read
    failure->cause = Cause::missing; // none of that name can be there
    return Unexpected(std::move(*failure));
  }
  const bool absent = text_or(call.in["state"], "present") == "absent";
  Value wanted;
  if (!absent) {
    const auto digest = digest_of(from, call, reads);
    if (!digest) {
      if (digest.error().cause != Cause::missing) return Unexpected(digest.error());
      const auto slash = from.rfind('/');
      const auto beside = reads.files.list(slash == std::string::npos ? "." : from.substr(0, slash));
      return Unexpected(Failure{Cause::missing, Reached::no, fmt::format("there is no release to install at {}", from), beside ? did_you_mean(version, *beside) : "its folder is not there either"});
    }
    wanted = *digest;
  }
  const auto folder = release_folder(root, version);
  Value installed;
  if (there(folder, reads)) {
    const auto digest = digest_of(folder, call, reads);
    if (!digest) return Unexpected(digest.error());
    installed = *digest;
  }
  const auto marker = json_file(folder + "/" + k_marker, reads);
  if (!marker) return Unexpected(marker.error());
  return Value::object({{"wanted", wanted}, {"installed", installed}, {"marker", !marker->is_null()}, {"run", (*marker)["run"]}, {"recorded", (*marker)["digest"]}});
}

Intent prepare_install(const Value& in, const Value& seen, const Identity& id) {
  const bool absent = text_or(in["state"], "present") == "absent";
  const Value folder = join({in["root"], "/releases/", in["version"]}), incoming = join({in["root"], "/releases/.incoming-", in["version"]});
  Intent intent;
  intent.refused = unfit_name(in["version"], "release");
  intent.extra = Value::object({{"root", in["root"]}, {"version", in["version"]}, {"from", in["from"]}, {"absent", absent}, {"run", id.run}});
  intent.outputs = Value::object({{"release", in["version"]}, {"folder", folder}, {"digest", seen["wanted"]}});
  intent.touches = {bare_json(folder)};
  intent.touches.front().insert(0, "file:");
  Files files;
  if (absent) {
    // What somebody changed in it since may be wanted: it is put aside, where no release is looked for.
    const bool changed = seen.known() && !seen["recorded"].is_null() && seen["installed"] != seen["recorded"];
    const Value aside = join({in["root"], "/releases/.changed-", in["version"], "-", id.run});
    if (changed) files.changes.push_back({"rename", folder, aside, 0});
    else files.changes.push_back({"remove_tree", folder, {}, 0});
    intent.equivalent = changed ? shell_line({"mv", folder, aside}) : "rm -r " + shell_word(folder);
    intent.nothing = seen.known() && seen["installed"].is_null();
  } else {
    const Value marker = Value::object({{"version", in["version"]}, {"digest", seen["wanted"]}, {"run", id.run}});
    // Until the rename there is no such release: a copy that was cut short cannot be taken for one.
    files.changes = {{"make_folder", join({in["root"], "/releases"}), {}, 0755},
                     {"remove_tree", incoming, {}, 0},
                     {"copy_tree", in["from"], incoming, 0755},
                     {"write", join({incoming, "/", k_marker}), marker, 0644},
                     {"rename", incoming, folder, 0}};
    intent.equivalent = shell_line({"cp", "-a", in["from"], folder});
    const bool same = seen.known() && seen["installed"] == seen["wanted"];
    intent.nothing = same && boolean_or(seen["marker"], false);
    if (!intent.refused && seen.known() && !seen["installed"].is_null() && !intent.nothing)
      intent.refused = Failure{Cause::conflict, Reached::no, fmt::format("release {} is installed already, with other contents than {}", bare_json(in["version"]), bare_json(in["from"])),
                               "give the new contents a version of their own"};
  }
  intent.act = std::move(files);
  return intent;
}

Outcome judge_install(const Intent& intent, const Value& seen, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  const bool done = boolean_or(intent.extra["absent"], false) ? now["installed"].is_null() : boolean_or(now["marker"], false) && now["installed"] == seen["wanted"];
  outcome.state = done ? State::done : State::not_seen;
  return outcome;
}

/// A folder that is there is this run's own, when its marker says so; what a program wrote into it since does not make it another's.
Standing standing_install(const Intent& intent, const Value& seen, const Value&, const Value& now) {
  if (now["installed"].is_null()) return seen["installed"].is_null() ? Standing::as_before : Standing::otherwise;
  return now["run"] == intent.extra["run"] ? Standing::as_left : Standing::otherwise;
}

Value undo_install(const Intent& intent, const Value& seen, const Value&) {
  if (boolean_or(intent.extra["absent"], false) || !seen["installed"].is_null()) return {};
  return Value::object({{"root", intent.extra["root"]}, {"version", intent.extra["version"]}, {"from", intent.extra["from"]}, {"state", "absent"}});
}

} // namespace belay::modules::host_parts
