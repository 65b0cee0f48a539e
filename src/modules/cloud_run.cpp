#include "modules/catalog.hpp"
#include "modules/cloud_run_access.hpp"
#include "modules/cloud_run_copy.hpp"
#include "modules/cloud_run_job.hpp"
#include "modules/cloud_run_reads.hpp"
#include "modules/cloud_run_revision.hpp"
#include "modules/cloud_run_traffic.hpp"

/// Cloud Run by its v2 API: revisions, who gets which share of the traffic, jobs. Every write carries the etag of what was seen, and what is in
/// effect afterwards decides.
namespace belay::modules {
namespace {

using namespace cloud_run;

constexpr Type k_integer_map{Kind::map, &k_integer};

#define BELAY_RUN_PLACE                                                                     \
  {.name = "project", .type = k_text, .help = "the Google Cloud project"}, {.name = "region", .type = k_text, .help = "where the service runs"}
#define BELAY_RUN_SERVICE BELAY_RUN_PLACE, {.name = "service", .type = k_text, .help = "the Cloud Run service"}
#define BELAY_RUN_OPTIONAL(NAME, TYPE, HELP) {.name = NAME, .type = TYPE, .required = false, .help = HELP}
#define BELAY_RUN_TEMPLATE                                                                                                                                             \
  BELAY_RUN_OPTIONAL("settings", k_map, "the service's settings (`env.gcp.run`): whatever of the following is not given here is taken from there"),                       \
      BELAY_RUN_OPTIONAL("image", k_text, "the image, with its tag or digest"), BELAY_RUN_OPTIONAL("env", k_map, "variables to set; the others are kept"),                 \
      BELAY_RUN_OPTIONAL("remove_env", k_texts, "variables to take away"), {.name = "replace_env", .type = k_boolean, .required = false, .standard = "false",              \
                                                                             .help = "whether all other variables are taken away"},                                      \
      BELAY_RUN_OPTIONAL("secrets", k_text_map, "variables that hold a secret: NAME:VERSION of Secret Manager"),                                                           \
      BELAY_RUN_OPTIONAL("service_account", k_text, "the account that it runs as: a name in the project, or an address"),                                                  \
      BELAY_RUN_OPTIONAL("sql_instances", k_texts, "Cloud SQL instances to connect to: names in the project and region, or whole ones; all of them"),                      \
      BELAY_RUN_OPTIONAL("cpu", k_text, "processors of an instance (2, 1000m)"), BELAY_RUN_OPTIONAL("memory", k_text, "memory of an instance (4Gi)"),                      \
      BELAY_RUN_OPTIONAL("min_instances", k_integer, "instances kept ready"), BELAY_RUN_OPTIONAL("max_instances", k_integer, "instances at most"),                         \
      BELAY_RUN_OPTIONAL("concurrency", k_integer, "requests that one instance takes at once"), BELAY_RUN_OPTIONAL("timeout", k_duration, "how long a request may take"),  \
      BELAY_RUN_OPTIONAL("port", k_integer, "the port that the container listens on"), BELAY_RUN_OPTIONAL("ingress", k_text, "who may reach it: all, internal, internal-and-cloud-load-balancing"), \
      BELAY_RUN_OPTIONAL("connector", k_text, "the VPC connector: a name in the project and region, or a whole one"),                                                      \
      BELAY_RUN_OPTIONAL("egress", k_text, "what goes through it: private-ranges-only, all-traffic"), BELAY_RUN_OPTIONAL("command", k_texts, "the container's command"),   \
      BELAY_RUN_OPTIONAL("args", k_texts, "the command's arguments")

constexpr Field k_describe_in[] = {BELAY_RUN_SERVICE, {.name = "judge", .type = k_boolean, .required = false, .standard = "false", .help = "whether what is wrong with it is a finding"}};
constexpr Field k_describe_out[] = {
    {.name = "revision", .type = k_text, .help = "the one with most traffic; empty where none has any"},
    {.name = "split", .type = k_integer_map, .help = "revision: percent, as in effect"},
    {.name = "tags", .type = k_map, .help = "tag: {revision, url}"},
    {.name = "url", .type = k_text, .help = "the service's address"},
    {.name = "image", .type = k_text, .help = "of the revision"},
    {.name = "ready", .type = k_boolean, .help = "whether what serves is ready and its last change succeeded"},
    {.name = "reconciling", .type = k_boolean, .help = "whether a change is under way"},
    {.name = "follows_latest", .type = k_boolean, .help = "whether the next revision gets all traffic by itself"},
    {.name = "latest_ready", .type = k_text, .help = "the newest revision that is ready"},
    {.name = "latest_created", .type = k_text, .help = "the newest revision"},
    {.name = "message", .type = k_text, .help = "what its conditions complain of"},
    {.name = "min_instances", .type = k_integer, .help = "of the revision"},
    {.name = "max_instances", .type = k_integer, .help = "of the revision; 0: Cloud Run's own"},
    {.name = "cpu", .type = k_text, .help = "of an instance"},
    {.name = "memory", .type = k_text, .help = "of an instance"},
    {.name = "concurrency", .type = k_integer, .help = "requests at once of an instance"},
    {.name = "timeout", .type = k_text, .help = "how long a request may take, as the API writes it (60s)"},
    {.name = "ingress", .type = k_text, .help = "as the API writes it"},
    {.name = "service_account", .type = k_text, .help = "the account that it runs as"},
    {.name = "variables", .type = k_texts, .help = "names of its variables"},
    {.name = "generation", .type = k_integer, .help = "grows with each change"},
    {.name = "creator", .type = k_text, .help = "who changed it last"},
    {.name = "changed", .type = k_timestamp, .help = "when it was changed last"},
};
constexpr Field k_revisions_in[] = {BELAY_RUN_SERVICE, {.name = "limit", .type = k_integer, .required = false, .standard = "20", .help = "how many at most"}};
constexpr Field k_revisions_out[] = {{.name = "revisions", .type = k_maps, .help = "newest first: {name, image, created, ready, percent, tags, served, left, message, log, creator}; left: a rollback left it as bad"}};
constexpr Field k_last_good_in[] = {
    BELAY_RUN_SERVICE,
    BELAY_RUN_OPTIONAL("before", k_text, "the revision that is to be left; without it the one with most traffic"),
    BELAY_RUN_OPTIONAL("wanted", k_text, "a revision that a person named: only checked"),
};
constexpr Field k_last_good_out[] = {
    {.name = "revision", .type = k_text, .help = "where to go back to"},
    {.name = "why", .type = k_text, .help = "why this one"},
    {.name = "image", .type = k_text, .help = "its image"},
    {.name = "created", .type = k_timestamp, .help = "when it was made"},
    {.name = "before", .type = k_text, .help = "the revision that is left"},
};
constexpr Field k_mappings_in[] = {
    BELAY_RUN_PLACE,
    BELAY_RUN_OPTIONAL("service", k_text, "of this service only"),
    {.name = "judge", .type = k_boolean, .required = false, .standard = "false", .help = "whether one that is not ready is a finding"},
};
constexpr Field k_mappings_out[] = {{.name = "mappings", .type = k_maps, .help = "{domain, service, ready, message, records}"}};

constexpr Field k_traffic_in[] = {
    BELAY_RUN_SERVICE,
    BELAY_RUN_OPTIONAL("split", k_integer_map, "revision, tag:NAME or LATEST: percent; together 100. Without it the shares stay"),
    BELAY_RUN_OPTIONAL("from", k_integer_map, "revision: percent, the split that this was decided for; another one is left as it is"),
    BELAY_RUN_OPTIONAL("set_tags", k_text_map, "tag: the revision that it is to stand for; other tags stay"),
    BELAY_RUN_OPTIONAL("remove_tags", k_texts, "tags to take away"),
    BELAY_RUN_OPTIONAL("bad", k_texts, "revisions to remember as bad: no rollback chooses them"),
    BELAY_RUN_OPTIONAL("latest", k_text, "what LATEST has to mean; where it means another revision, this one is named instead"),
};
constexpr Field k_traffic_out[] = {
    {.name = "split", .type = k_integer_map, .help = "as asked"},
    {.name = "before", .type = k_integer_map, .help = "revision: percent, as it was in effect"},
    {.name = "url", .type = k_text, .help = "the service's address"},
    {.name = "tag_urls", .type = k_text_map, .help = "tag: the address of its revision"},
};
constexpr Field k_deploy_in[] = {
    BELAY_RUN_SERVICE,
    BELAY_RUN_TEMPLATE,
    {.name = "no_traffic", .type = k_boolean, .required = false, .standard = "false", .help = "whether the new revision gets none yet; otherwise it gets all, whatever the split was"},
    BELAY_RUN_OPTIONAL("tag", k_text, "a tag for the new revision: it gets an address of its own"),
    {.name = "create", .type = k_boolean, .required = false, .standard = "false", .help = "whether a service that is not there is made"},
    BELAY_RUN_OPTIONAL("take_back", k_map, "what an undo gives: {split, set_tags, remove_tags, bad, ingress}; nothing else is changed then"),
};
constexpr Field k_update_in[] = {
    BELAY_RUN_SERVICE,
    BELAY_RUN_TEMPLATE,
    BELAY_RUN_OPTIONAL("revision", k_text, "the revision that the new one is like; without it the one that serves"),
    {.name = "no_traffic", .type = k_boolean, .required = false, .standard = "false", .help = "whether the new revision gets none yet"},
    BELAY_RUN_OPTIONAL("tag", k_text, "a tag for the new revision"),
    BELAY_RUN_OPTIONAL("take_back", k_map, "what an undo gives: {split, set_tags, remove_tags, bad, ingress}; nothing else is changed then"),
};
constexpr Field k_scale_in[] = {
    BELAY_RUN_SERVICE,
    BELAY_RUN_OPTIONAL("min_instances", k_integer, "instances kept ready"),
    BELAY_RUN_OPTIONAL("max_instances", k_integer, "instances at most"),
    BELAY_RUN_OPTIONAL("concurrency", k_integer, "requests that one instance takes at once"),
    BELAY_RUN_OPTIONAL("cpu", k_text, "processors of an instance"),
    BELAY_RUN_OPTIONAL("memory", k_text, "memory of an instance"),
    BELAY_RUN_OPTIONAL("revision", k_text, "the revision that the new one is like; without it the one that serves"),
    BELAY_RUN_OPTIONAL("take_back", k_map, "what an undo gives"),
};
constexpr Field k_restart_in[] = {
    BELAY_RUN_SERVICE,
    BELAY_RUN_OPTIONAL("revision", k_text, "the revision that is made again; without it the one that serves"),
    BELAY_RUN_OPTIONAL("take_back", k_map, "what an undo gives"),
};
constexpr Field k_revision_out[] = {
    {.name = "revision", .type = k_text, .help = "the new revision; it is ready"},
    {.name = "image", .type = k_text, .help = "its image"},
    {.name = "percent", .type = k_integer, .help = "what it gets of the traffic: 0 or 100"},
    {.name = "split", .type = k_integer_map, .help = "revision: percent, from now on"},
    {.name = "before", .type = k_integer_map, .help = "revision: percent, as it was"},
    {.name = "url", .type = k_text, .help = "the service's address"},
    {.name = "tag_url", .type = k_text, .help = "the new revision's own address; empty without a tag"},
};
constexpr Field k_access_in[] = {BELAY_RUN_SERVICE, {.name = "public", .type = k_boolean, .help = "whether anybody may call it, or only who has the role roles/run.invoker"}};
constexpr Field k_access_out[] = {{.name = "public", .type = k_boolean, .help = "as asked"}, {.name = "before", .type = k_boolean, .help = "as it was"}};
constexpr Field k_copy_in[] = {
    BELAY_RUN_SERVICE,
    {.name = "to", .type = k_text, .help = "the copy's name"},
    BELAY_RUN_TEMPLATE,
};
constexpr Field k_copy_out[] = {{.name = "service", .type = k_text, .help = "the copy's name"}, {.name = "url", .type = k_text, .help = "its address"}};
constexpr Field k_delete_copy_in[] = {BELAY_RUN_SERVICE, {.name = "of", .type = k_text, .help = "the service that it is a copy of; its label has to say so"}};
constexpr Field k_delete_copy_out[] = {{.name = "service", .type = k_text, .help = "the copy's name"}};
constexpr Field k_job_in[] = {
    BELAY_RUN_PLACE,
    {.name = "job", .type = k_text, .help = "the Cloud Run job"},
    BELAY_RUN_OPTIONAL("args", k_texts, "arguments for this execution"),
    BELAY_RUN_OPTIONAL("env", k_map, "variables for this execution"),
};
constexpr Field k_job_out[] = {
    {.name = "execution", .type = k_text, .help = "its name"},
    {.name = "succeeded", .type = k_integer, .help = "tasks that succeeded"},
    {.name = "log", .type = k_text, .help = "where its log is"},
};
constexpr Field k_job_image_in[] = {
    BELAY_RUN_PLACE,
    {.name = "job", .type = k_text, .help = "the Cloud Run job"},
    {.name = "image", .type = k_text, .help = "the image of its executions from now on"},
};
constexpr Field k_job_image_out[] = {{.name = "image", .type = k_text, .help = "as asked"}, {.name = "before", .type = k_text, .help = "as it was"}};
#undef BELAY_RUN_PLACE
#undef BELAY_RUN_SERVICE
#undef BELAY_RUN_OPTIONAL
#undef BELAY_RUN_TEMPLATE

constexpr Change revision_change(Intent (*prepare)(const Value&, const Value&, const Identity&)) {
  return Change{.effect = Effect::changes, .repeat = Repeat::conditional, .observe = cloud_run::observe, .prepare = prepare, .answer = answer_revision, .judge = judge_revision, .undo = undo_revision, .standing = standing_revision, .touches = touches};
}

constexpr Action k_actions[] = {
    {"describe", "A service: what serves, which share each revision has, whether it is well", k_describe_in, k_describe_out, Read{.read = read_describe, .touches = touches}},
    {"revisions", "A service's revisions, newest first", k_revisions_in, k_revisions_out, Read{.read = read_revisions, .touches = touches}},
    {"last-good", "The revision to go back to: ready, served before, not left as bad", k_last_good_in, k_last_good_out, Read{.read = read_last_good, .touches = touches}},
    {"domain-mappings", "The domains that lead to services", k_mappings_in, k_mappings_out, Read{.read = read_domain_mappings, .touches = touches}},
    {"traffic", "Splits the traffic between revisions, and gives revisions addresses of their own", k_traffic_in, k_traffic_out,
     Change{.effect = Effect::changes, .repeat = Repeat::conditional, .observe = observe_existing, .prepare = prepare_traffic, .answer = answer_traffic, .judge = judge_traffic, .undo = undo_traffic, .standing = standing_traffic, .touches = touches}},
    {"deploy", "Makes a new revision from an image, with all traffic or none", k_deploy_in, k_revision_out, revision_change(prepare_deploy)},
    {"update", "Makes a new revision like the one that serves, with other settings", k_update_in, k_revision_out, revision_change(prepare_update)},
    {"scale", "Makes a new revision like the one that serves, with other limits", k_scale_in, k_revision_out, revision_change(prepare_update)},
    {"restart", "Makes the revision that serves once more: every instance is new", k_restart_in, k_revision_out, revision_change(prepare_restart)},
    {"access", "Lets anybody call a service, or only those with the role", k_access_in, k_access_out,
     Change{.effect = Effect::changes, .repeat = Repeat::conditional, .observe = observe_access, .prepare = prepare_access, .answer = answer_access, .judge = judge_access, .undo = undo_access, .standing = standing_access, .touches = touches}},
    {"copy", "Makes a service like another one, to try something on", k_copy_in, k_copy_out,
     Change{.effect = Effect::adds, .repeat = Repeat::conditional, .observe = observe_copy, .prepare = prepare_copy, .answer = answer_copy, .judge = judge_copy, .touches = touches_copy}},
    {"delete-copy", "Deletes a service that is a copy that belay made; any other is refused", k_delete_copy_in, k_delete_copy_out,
     Change{.effect = Effect::adds, .repeat = Repeat::same_state, .observe = observe_delete_copy, .prepare = prepare_delete_copy, .answer = answer_copy, .judge = judge_delete_copy, .touches = touches_deleted_copy,
            .lateness = std::chrono::seconds(60)}},
    {"job-image", "Gives a job another image", k_job_image_in, k_job_image_out,
     Change{.effect = Effect::changes, .repeat = Repeat::conditional, .observe = observe_job, .prepare = prepare_job_image, .answer = answer_job_image, .judge = judge_job_image, .undo = undo_job_image, .standing = standing_job_image, .touches = touches_job}},
    {"job-run", "Runs a job to its end (a migration)", k_job_in, k_job_out,
     Change{.effect = Effect::changes, .repeat = Repeat::once, .observe = observe_job, .prepare = prepare_job_run, .answer = answer_job_run, .judge = judge_job_run, .touches = touches_job}},
};

} // namespace

constinit const Module cloud_run_module{"cloud-run", "Cloud Run: revisions, traffic, jobs", k_actions};

} // namespace belay::modules
