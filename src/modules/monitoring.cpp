#include "modules/monitoring.hpp"
#include "modules/catalog.hpp"

/// Cloud Monitoring: figures, samples for gates, alert policies.
namespace belay::modules {
namespace {

constexpr Field k_project{.name = "project", .type = k_text, .help = "the Google Cloud project"};
constexpr Field k_series_in[] = {
    k_project,
    {.name = "metric", .type = k_text, .help = "the metric's type: run.googleapis.com/request_latencies …"},
    {.name = "filter", .type = k_text, .required = false, .help = "which resources and labels: resource.labels.service_name=\"api\" …"},
    {.name = "window", .type = k_duration, .required = false, .standard = "5m", .help = "how far back"},
    {.name = "lag", .type = k_duration, .required = false, .standard = "0s", .help = "the newest part that is left out, since figures arrive minutes late"},
    {.name = "period", .type = k_duration, .required = false, .help = "what one point stands for; the whole window without it"},
    {.name = "align", .type = k_text, .required = false, .standard = "ALIGN_MEAN", .help = "how one series' values become a point: ALIGN_MEAN, ALIGN_DELTA, ALIGN_RATE, ALIGN_PERCENTILE_95 …"},
    {.name = "reduce", .type = k_text, .required = false, .help = "how series become one: REDUCE_SUM, REDUCE_MAX, REDUCE_PERCENTILE_95 …"},
    {.name = "group_by", .type = k_texts, .required = false, .help = "labels that stay apart"},
    {.name = "scale", .type = k_real, .required = false, .standard = "1", .help = "what figures are multiplied by before they are judged"},
    {.name = "above", .type = k_real, .required = false, .help = "a point that is greater is a finding"},
    {.name = "below", .type = k_real, .required = false, .help = "a point that is smaller is a finding"},
    {.name = "needs_data", .type = k_boolean, .required = false, .standard = "false", .help = "whether no data is a finding"},
    {.name = "what", .type = k_text, .required = false, .help = "how a finding calls it"},
};
constexpr Field k_series_out[] = {
    {.name = "value", .type = k_real, .required = false, .help = "the newest point, of several series their sum; null without data"},
    {.name = "most", .type = k_real, .required = false, .help = "the greatest point"},
    {.name = "least", .type = k_real, .required = false, .help = "the smallest point"},
    {.name = "sum", .type = k_real, .required = false, .help = "of all points"},
    {.name = "series", .type = k_maps, .help = "each with labels, value (its newest point) and points, newest first"},
};
constexpr Field k_counts_in[] = {
    k_project,
    {.name = "region", .type = k_text, .help = "where the Cloud Run service is"},
    {.name = "service", .type = k_text, .help = "its name"},
    {.name = "revisions", .type = k_texts, .required = false, .help = "revisions that are counted from 0 where nothing is known of them yet"},
    {.name = "from", .type = k_timestamp, .required = false, .help = "since when; a minute before the run began without it"},
    BELAY_PROBE_FIELDS,
};
constexpr Field k_counts_out[] = {
    {.name = "servers", .type = k_map, .help = "revision: {requests, failures} since then; a failure is a 5xx"},
    {.name = "backend", .type = k_map, .help = "{requests, failures} of the whole service"},
    {.name = "error_rate", .type = k_real, .required = false, .help = "the one by the other; null without requests"},
    {.name = "probes", .type = k_map, .help = "{sent, failed, seconds} of this sample"},
};
constexpr Field k_policy_in[] = {
    k_project,
    {.name = "name", .type = k_text, .help = "its display name, by which it is found again"},
    {.name = "filter", .type = k_text, .help = "metric and resource: metric.type=\"…\" AND resource.type=\"…\""},
    {.name = "comparison", .type = k_text, .required = false, .standard = "above", .help = "above or below the threshold"},
    {.name = "threshold", .type = k_real, .help = "the value that alerts"},
    {.name = "lasting", .type = k_duration, .required = false, .standard = "5m", .help = "for how long it must hold"},
    {.name = "period", .type = k_duration, .required = false, .standard = "1m", .help = "what one point stands for"},
    {.name = "align", .type = k_text, .required = false, .standard = "ALIGN_MEAN", .help = "how one series' values become a point"},
    {.name = "reduce", .type = k_text, .required = false, .help = "how series become one"},
    {.name = "group_by", .type = k_texts, .required = false, .help = "labels that stay apart"},
    {.name = "channels", .type = k_texts, .required = false, .help = "who is told: projects/P/notificationChannels/N"},
    {.name = "documentation", .type = k_text, .required = false, .help = "what stands in the alert: best the command of the runbook"},
    {.name = "labels", .type = k_text_map, .required = false, .help = "labels of the policy"},
    {.name = "severity", .type = k_text, .required = false, .help = "CRITICAL, ERROR or WARNING"},
};
constexpr Field k_policy_out[] = {{.name = "policy", .type = k_text, .help = "projects/P/alertPolicies/N"}};

using namespace monitoring;

constexpr Action k_actions[] = {
    {"series", "Figures of a metric, judged against limits", k_series_in, k_series_out, Read{.read = read_series, .touches = touches}},
    {"counts", "Requests and failures of each revision of a Cloud Run service; a gate's sample", k_counts_in, k_counts_out, Read{.read = read_counts, .touches = touches}},
    {"alert-policy", "An alert policy as wanted: made where there is none of its name", k_policy_in, k_policy_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = observe_policy, .prepare = prepare_policy, .answer = answer_policy, .judge = judge_policy, .touches = touches_policy,
            .lateness = std::chrono::seconds(60)}},
};

} // namespace

constinit const Module monitoring_module{"monitoring", "Cloud Monitoring", k_actions};

} // namespace belay::modules
