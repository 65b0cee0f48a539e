#include "modules/secret_manager.hpp"
#include "modules/catalog.hpp"

/// Secrets in Google's Secret Manager. A version is never destroyed here: disabling can be taken back.
namespace belay::modules {
namespace {

constexpr Field k_project{.name = "project", .type = k_text, .help = "the Google Cloud project"};
constexpr Field k_secret{.name = "secret", .type = k_text, .help = "the secret's name"};
constexpr Field k_version_members[] = {
    {.name = "version", .type = k_text, .help = "its number"},
    {.name = "state", .type = k_text, .help = "ENABLED, DISABLED or DESTROYED"},
    {.name = "created", .type = k_timestamp, .help = "when it was added"},
};
constexpr Type k_version{.kind = Kind::map, .members = k_version_members};

constexpr Field k_list_in[] = {
    k_project,
    {.name = "names", .type = k_texts, .required = false, .help = "which secrets: one that is not there is a finding; all without it"},
    {.name = "older_than", .type = k_duration, .required = false, .help = "a secret whose newest version is older is a finding"},
};
constexpr Field k_list_out[] = {{.name = "secrets", .type = k_maps, .help = "each with name, its newest enabled version, created and age"}};
constexpr Field k_versions_in[] = {k_project, k_secret};
constexpr Field k_versions_out[] = {
    {.name = "versions", .type = {Kind::list, &k_version}, .help = "newest first"},
    {.name = "newest", .type = k_text, .required = false, .help = "the newest that is enabled; null where none is"},
};
constexpr Field k_access_in[] = {
    k_project,
    k_secret,
    {.name = "version", .type = k_text, .required = false, .standard = "latest", .help = "its number, or `latest`: the one added last, even where it is disabled"},
};
constexpr Field k_access_out[] = {
    {.name = "value", .type = k_any, .secret = true, .help = "the payload: text where it is UTF-8, otherwise bytes"},
    {.name = "version", .type = k_text, .help = "its number"},
    {.name = "reference", .type = k_text, .help = "gcp:projects/PROJECT/secrets/SECRET/versions/VERSION"},
};
constexpr Field k_create_in[] = {
    k_project,
    k_secret,
    {.name = "locations", .type = k_texts, .required = false, .help = "regions that it is kept in; Google chooses without it"},
    {.name = "labels", .type = k_text_map, .required = false, .help = "labels of the secret"},
};
constexpr Field k_create_out[] = {{.name = "secret", .type = k_text, .help = "its name"}};
constexpr Field k_add_in[] = {
    k_project,
    k_secret,
    {.name = "value", .type = k_any, .secret = true, .help = "the payload: text or bytes, at most 64 KiB"},
    {.name = "keep_line_feed", .type = k_boolean, .required = false, .standard = "false", .help = "whether a line feed at its end belongs to it"},
    {.name = "if_missing", .type = k_boolean, .required = false, .standard = "false", .help = "whether a secret that has an enabled version already is left alone"},
};
constexpr Field k_mint_in[] = {
    k_project,
    k_secret,
    {.name = "bytes", .type = k_integer, .required = false, .standard = "32", .help = "how many random bytes, 16 to 4096"},
    {.name = "form", .type = k_text, .required = false, .standard = "hex", .help = "how they are written: hex or base64, without a line feed"},
    {.name = "if_missing", .type = k_boolean, .required = false, .standard = "false", .help = "whether a secret that has an enabled version already is left alone"},
};
constexpr Field k_add_out[] = {
    {.name = "version", .type = k_text, .help = "the new version's number"},
    {.name = "reference", .type = k_text, .help = "gcp:projects/PROJECT/secrets/SECRET/versions/VERSION"},
    {.name = "before", .type = k_text, .required = false, .help = "the newest enabled version before; null where there was none"},
};
constexpr Field k_version_in[] = {
    k_project,
    k_secret,
    {.name = "version", .type = k_text, .help = "its number"},
    {.name = "state", .type = k_text, .help = "enabled or disabled"},
};
constexpr Field k_version_out[] = {{.name = "state", .type = k_text, .help = "the wanted state"}};

using namespace secret_manager;

std::vector<std::string> touches_project(const Value& in) { return {gcp::resource("gcp-secret", {in["project"]})}; }

constexpr Action k_actions[] = {
    {"list", "Secrets, with the age of their newest version", k_list_in, k_list_out, Read{.read = read_list, .touches = touches_project}},
    {"versions", "The versions of a secret", k_versions_in, k_versions_out, Read{.read = read_versions_list, .touches = touches}},
    {"access", "The payload of a version, held to its checksum", k_access_in, k_access_out, Read{.read = read_access, .touches = touches}},
    {"create", "Makes a secret without a version; one that is there stays as it is", k_create_in, k_create_out,
     Change{.effect = Effect::adds, .repeat = Repeat::conditional, .observe = observe_create, .prepare = prepare_create, .judge = judge_create, .touches = touches}},
    {"add", "Adds a version with a checksum", k_add_in, k_add_out,
     Change{.effect = Effect::adds, .repeat = Repeat::once, .observe = observe_add, .prepare = prepare_add, .answer = answer_add, .judge = judge_add, .touches = touches}},
    {"mint", "Makes a random secret and stores it as a new version; it is never shown", k_mint_in, k_add_out,
     Change{.effect = Effect::adds, .repeat = Repeat::once, .observe = observe_add, .prepare = prepare_mint, .perform = perform_mint, .judge = judge_add, .touches = touches}},
    {"version", "Enables or disables a version", k_version_in, k_version_out,
     Change{.effect = Effect::changes, .repeat = Repeat::conditional, .observe = observe_version, .prepare = prepare_version, .answer = answer_version, .judge = judge_version, .undo = undo_version, .standing = standing_version,
            .touches = touches}},
};

} // namespace

constinit const Module secret_manager_module{"secret-manager", "Google's Secret Manager", k_actions};

} // namespace belay::modules
