#include "modules/iam.hpp"
#include "modules/catalog.hpp"

/// Who may do what: service accounts, their keys, a project's policy.
namespace belay::modules {
namespace {

using namespace iam_parts;

constexpr Field k_project{.name = "project", .type = k_text, .help = "the Google Cloud project"};
constexpr Field k_account{.name = "account", .type = k_text, .help = "the service account: its name in the project, or its address"};
constexpr Field k_key{.name = "key", .type = k_text, .help = "the key's id"};

constexpr Field k_account_in[] = {k_project, k_account, {.name = "title", .type = k_text, .required = false, .help = "how people call it"}};
constexpr Field k_account_out[] = {{.name = "address", .type = k_text, .help = "NAME@PROJECT.iam.gserviceaccount.com"}, {.name = "member", .type = k_text, .help = "as a policy names it: serviceAccount:ADDRESS"}};
constexpr Field k_keys_in[] = {k_project, k_account, {.name = "older_than", .type = k_duration, .required = false, .help = "a key in force that is older is a finding"}};
constexpr Field k_keys_out[] = {{.name = "keys", .type = k_maps, .help = "those that people made: each with id, created, age, disabled"}};
constexpr Field k_key_create_in[] = {k_project, k_account, {.name = "secret", .type = k_text, .help = "the secret in Secret Manager that gets the key as a new version"}};
constexpr Field k_key_create_out[] = {
    {.name = "key", .type = k_text, .help = "the key's id"},
    {.name = "version", .type = k_text, .help = "the secret's version that holds it"},
    {.name = "reference", .type = k_text, .help = "gcp:projects/PROJECT/secrets/SECRET/versions/VERSION"},
};
constexpr Field k_key_in[] = {k_project, k_account, k_key, {.name = "state", .type = k_text, .help = "enabled or disabled"}};
constexpr Field k_key_out[] = {{.name = "state", .type = k_text, .help = "the wanted state"}};
constexpr Field k_key_delete_in[] = {k_project, k_account, k_key, {.name = "last", .type = k_boolean, .required = false, .standard = "false", .help = "whether it may be the last one that can be used"}};
constexpr Field k_key_delete_out[] = {{.name = "key", .type = k_text, .help = "the key's id"}};
constexpr Field k_policy_in[] = {
    k_project,
    {.name = "member", .type = k_text, .required = false, .help = "serviceAccount:ADDRESS, user:ADDRESS …"},
    {.name = "roles", .type = k_texts, .required = false, .help = "of which one that the member lacks is a finding"},
};
constexpr Field k_policy_out[] = {
    {.name = "bindings", .type = k_maps, .help = "each with role, members, condition"},
    {.name = "roles", .type = k_texts, .help = "the member's, with and without condition"},
    {.name = "missing", .type = k_texts, .help = "of `roles`, those that the member lacks"},
};
constexpr Field k_binding_in[] = {
    k_project,
    {.name = "member", .type = k_text, .help = "serviceAccount:ADDRESS, user:ADDRESS …"},
    {.name = "roles", .type = k_texts, .help = "roles/cloudsql.client …"},
    {.name = "state", .type = k_text, .required = false, .standard = "present", .help = "present or absent"},
};
constexpr Field k_binding_out[] = {{.name = "changed", .type = k_texts, .help = "the roles that were not as wanted before"}};

constexpr Duration k_lateness = std::chrono::seconds(60);

constexpr Action k_actions[] = {
    {"account", "Makes a service account; one that is there stays as it is", k_account_in, k_account_out,
     Change{.effect = Effect::adds, .repeat = Repeat::conditional, .observe = observe_account, .prepare = prepare_account, .answer = answer_done, .judge = judge_account, .touches = touches_account}},
    {"keys", "The keys of a service account, with their age", k_keys_in, k_keys_out, Read{.read = read_keys, .touches = touches_account}},
    {"key-create", "Makes a key and stores it as a secret's new version; the key itself is never shown", k_key_create_in, k_key_create_out,
     Change{.effect = Effect::adds, .repeat = Repeat::once, .observe = observe_keys, .prepare = prepare_key_create, .perform = perform_key_create, .judge = judge_key_create, .touches = touches_account}},
    {"key", "Enables or disables a key", k_key_in, k_key_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_keys, .prepare = prepare_key, .answer = answer_done, .judge = judge_key, .undo = undo_key, .standing = standing_key, .touches = touches_account,
            .lateness = k_lateness}},
    {"key-delete", "Deletes a key for good", k_key_delete_in, k_key_delete_out,
     Change{.effect = Effect::destroys, .repeat = Repeat::same_state, .observe = observe_keys, .prepare = prepare_key_delete, .answer = answer_key_delete, .judge = judge_key_delete, .touches = touches_account,
            .lateness = k_lateness}},
    {"policy", "Who has which role in a project", k_policy_in, k_policy_out, Read{.read = read_policy, .touches = touches_policy}},
    {"binding", "Gives a member roles in a project, or takes them away", k_binding_in, k_binding_out,
     Change{.effect = Effect::changes, .repeat = Repeat::conditional, .observe = observe_policy, .prepare = prepare_binding, .answer = answer_done, .judge = judge_binding, .undo = undo_binding, .standing = standing_binding,
            .touches = touches_policy}},
};

} // namespace

constinit const Module iam{"iam", "Service accounts, their keys, and who may do what", k_actions};

} // namespace belay::modules
