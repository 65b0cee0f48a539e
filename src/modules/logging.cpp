#include "modules/logging.hpp"
#include "modules/catalog.hpp"

/// Cloud Logging: what services wrote, and what is made of it.
namespace belay::modules {
namespace {

#define BELAY_LOG_FIELDS                                                                                                                                      \
  {.name = "project", .type = k_text, .help = "the Google Cloud project"},                                                                                    \
      {.name = "filter", .type = k_text, .required = false, .help = "in the language of Cloud Logging: severity>=ERROR, resource.labels.service_name=\"api\" …"}, \
      {.name = "since", .type = k_duration, .required = false, .help = "how far back; a day where neither this, `from` nor the filter says"},                \
      {.name = "from", .type = k_timestamp, .required = false, .help = "from this time on"},                                                                  \
      {.name = "until", .type = k_timestamp, .required = false, .help = "before this time"}

constexpr Field k_read_in[] = {
    BELAY_LOG_FIELDS,
    {.name = "limit", .type = k_integer, .required = false, .standard = "100", .help = "how many at most"},
    {.name = "order", .type = k_text, .required = false, .standard = "newest", .help = "newest or oldest first"},
};
constexpr Field k_read_out[] = {
    {.name = "entries", .type = k_maps, .help = "each with time, severity, message, log, labels, payload, and of a request status, url, latency"},
    {.name = "count", .type = k_integer, .help = "how many"},
};
constexpr Field k_count_in[] = {
    BELAY_LOG_FIELDS,
    {.name = "limit", .type = k_integer, .required = false, .standard = "10000", .help = "counted up to here"},
    {.name = "most", .type = k_integer, .required = false, .help = "more are a finding"},
    {.name = "what", .type = k_text, .required = false, .standard = "log entries", .help = "how the finding calls them"},
};
constexpr Field k_count_out[] = {
    {.name = "count", .type = k_integer, .help = "how many entries match"},
    {.name = "complete", .type = k_boolean, .help = "false where there are more than `limit`"},
};
constexpr Field k_errors_in[] = {BELAY_LOG_FIELDS, {.name = "limit", .type = k_integer, .required = false, .standard = "5000", .help = "how many entries are looked at, newest first"}};
constexpr Field k_errors_out[] = {
    {.name = "groups", .type = k_maps, .help = "most frequent first: message (numbers, names and quotations left out), count, first, last, example"},
    {.name = "count", .type = k_integer, .help = "how many errors"},
};
constexpr Field k_tail_in[] = {
    {.name = "project", .type = k_text, .help = "the Google Cloud project"},
    {.name = "filter", .type = k_text, .required = false, .help = "in the language of Cloud Logging"},
    {.name = "watch", .type = k_duration, .required = false, .standard = "1m", .help = "how long"},
    {.name = "every", .type = k_duration, .required = false, .standard = "5s", .help = "how often it looks"},
};
constexpr Field k_tail_out[] = {{.name = "count", .type = k_integer, .help = "how many entries were shown"}, {.name = "errors", .type = k_integer, .help = "how many of them were errors"}};
constexpr Field k_sink_in[] = {
    {.name = "project", .type = k_text, .help = "the Google Cloud project"},
    {.name = "name", .type = k_text, .help = "the sink's name"},
    {.name = "destination", .type = k_text, .help = "storage.googleapis.com/BUCKET, bigquery.googleapis.com/projects/P/datasets/D …"},
    {.name = "filter", .type = k_text, .required = false, .help = "what goes there; everything without it"},
};
constexpr Field k_sink_out[] = {
    {.name = "name", .type = k_text, .help = "the sink's name"},
    {.name = "writer", .type = k_text, .required = false, .help = "the account that writes: it needs a role at the destination"},
};
constexpr Field k_metric_in[] = {
    {.name = "project", .type = k_text, .help = "the Google Cloud project"},
    {.name = "name", .type = k_text, .help = "the metric's name"},
    {.name = "filter", .type = k_text, .help = "the entries that it counts"},
    {.name = "description", .type = k_text, .required = false, .standard = "counted from the log", .help = "what it counts"},
};
constexpr Field k_metric_out[] = {{.name = "name", .type = k_text, .help = "the metric's name"}, {.name = "metric", .type = k_text, .required = false, .help = "its type, as alert policies and series name it"}};
#undef BELAY_LOG_FIELDS

constexpr Duration k_lateness = std::chrono::seconds(30);

constexpr Action k_actions[] = {
    {"read", "Entries of the log", k_read_in, k_read_out, Read{.read = logging::read_entries, .touches = logging::touches}},
    {"count", "How many entries match", k_count_in, k_count_out, Read{.read = logging::read_count, .touches = logging::touches}},
    {"errors", "Errors of the log, grouped by message", k_errors_in, k_errors_out, Read{.read = logging::read_errors, .touches = logging::touches}},
    {"tail", "Shows entries as they come, for a time", k_tail_in, k_tail_out, Read{.read = logging::read_tail, .touches = logging::touches}},
    {"sink", "Sends entries on to a place where they are kept", k_sink_in, k_sink_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = logging::observe_sink, .prepare = logging::prepare_sink, .answer = logging::answer_sink, .judge = logging::judge_kept,
            .undo = logging::undo_kept, .standing = logging::standing_kept, .touches = logging::touches_kept, .lateness = k_lateness}},
    {"metric", "Counts entries as a metric", k_metric_in, k_metric_out,
     Change{.effect = Effect::changes, .repeat = Repeat::same_state, .observe = logging::observe_metric, .prepare = logging::prepare_metric, .answer = logging::answer_kept, .judge = logging::judge_kept,
            .undo = logging::undo_kept, .standing = logging::standing_kept, .touches = logging::touches_kept, .lateness = k_lateness}},
};

} // namespace

constinit const Module logging_module{"logging", "Cloud Logging", k_actions};

} // namespace belay::modules
