#pragma once
#include "modules/cloud_run_service.hpp"

/// What a new revision is made of.
namespace belay::modules::cloud_run {

/// The settings that are given: each input of `in`, and where it is absent the member of `in.settings` of the same name.
Value given(const Value& in, std::string_view name);

/// `template` with what `in` asks for changed and everything else as it is. Variables are merged by name unless `replace_env`; a value that is secret is
/// refused, for it would stand in the open. Names become whole: an account, a connector, Cloud SQL instances of the project and region.
struct Edited {
  Value made;
  std::optional<Failure> refused;
};
Edited edited(const Value& made_of, const Value& in);

/// The template that would make a revision again, its image by digest where the API tells it.
Value template_of(const Value& revision);

/// `SERVICE-00043-abc`: the service's next generation, and letters that are the same for the same contents, so that a dry run tells the name.
std::string next_revision(const std::string& service, std::int64_t generation, const Value& made);

/// The ingress as the API writes it; empty where `wanted` is none.
std::string ingress_of(const std::string& wanted);

/// gcloud's flags for what `in` asks for of a template `made_of`; nothing where no single gcloud command does that.
std::optional<std::vector<Value>> gcloud_flags(const Value& in, const Value& made_of);

} // namespace belay::modules::cloud_run
