#include "runbook/runbook_table.hpp"

namespace belay {

namespace {

constexpr std::string_view k_types[] = {"string", "integer", "number", "boolean", "duration", "timestamp", "list", "map"};
constexpr std::string_view k_completions[] = {"release", "backup", "run", "service", "environment", "runbook"};
constexpr std::string_view k_effects[] = {"adds", "tells", "changes", "destroys"};
constexpr std::string_view k_on_stop[] = {"stop", "undo"};
constexpr std::string_view k_on_death[] = {"page", "resume", "undo"};

constexpr Shape k_text{Form::text}, k_template{Form::template_text}, k_tree{Form::tree}, k_condition{Form::condition}, k_duration{Form::duration}, k_flag{Form::boolean};
constexpr Shape k_conditions{.form = Form::list, .of = &k_condition, .otherwise = &k_condition};
constexpr Shape k_texts{.form = Form::list, .of = &k_text, .otherwise = &k_text};
constexpr Shape k_trees{.form = Form::map, .of = &k_tree};
constexpr Shape k_tree_or_expression{.form = Form::map, .of = &k_tree, .otherwise = &k_template};
constexpr Shape k_step{.form = Form::object, .object = &k_step_object};
constexpr Shape k_steps{.form = Form::list, .of = &k_step};
constexpr Shape k_parameter{.form = Form::object, .object = &k_parameter_object};
constexpr Shape k_count{.form = Form::integer, .least = 1};
constexpr Shape k_flag_or_count{.form = Form::boolean, .otherwise = &k_count};
constexpr Shape k_timeouts{.form = Form::object, .object = &k_timeout_object};
constexpr Shape k_timeout{.form = Form::duration, .otherwise = &k_timeouts};

constexpr Key k_retry_keys[] = {
    {"attempts", k_count, "how often it is tried in all", true},
    {"delay", k_duration, "the first wait between two attempts", false, "1s"},
    {"factor", {.form = Form::number, .least = 1}, "each wait is this many times the one before", false, "2"},
    {"max", k_duration, "no wait is longer"},
    {"jitter", {.form = Form::number}, "each wait varies by up to this share of itself, 0 to 1", false, "0.1"},
};
constexpr Key k_timeout_keys[] = {
    {"attempt", k_duration, "for one attempt"},
    {"step", k_duration, "for the whole step, its retries and waits included"},
};
constexpr Key k_undo_keys[] = {
    {"with", k_trees, "inputs laid over those with which the action takes itself back"},
    {"steps", k_steps, "steps that take this one back, run in this order"},
};
constexpr Key k_sample_keys[] = {
    {"use", k_text, "the action that reads: module.action", true},
    {"with", k_tree_or_expression, "its inputs"},
    {"every", k_duration, "how long between two samples", false, "5s"},
    {"timeout", k_timeout, "how long one sample may take"},
};
constexpr Key k_step_keys[] = {
    {"id", {Form::name}, "the step's name, unique among its neighbours; its outputs are steps.ID", true},
    {"title", k_template, "what it does, for people"},
    {"use", k_text, "the action: module.action, or runbook.call"},
    {"steps", k_steps, "steps of a group, in place of use"},
    {"with", k_tree_or_expression, "the action's inputs"},
    {"when", k_condition, "the step is skipped unless this is true"},
    {"for_each", k_tree, "a list of unique texts or a map: the step is done for each item, which is each.key and each.value"},
    {"parallel", k_flag_or_count, "on a group: its steps at once; with for_each: how many items at once"},
    {"retry", {.form = Form::object, .object = &k_retry_object}, "further attempts after a failure"},
    {"timeout", k_timeout, "a duration, or one for each attempt and one for the step"},
    {"expect", k_conditions, "what must hold of its outputs; anything else is a failure"},
    {"save", {.form = Form::map, .of = &k_condition}, "named values computed from its outputs, further members of steps.ID"},
    {"undo", {.form = Form::object, .object = &k_undo_object}, "how it is taken back, where the action does not know or not all"},
    {"irreversible", k_template, "why it cannot be taken back"},
    {"confirm", k_template, "the text that a person must type before it runs"},
    {"approve", k_flag, "a second person must approve before it runs", false, "false"},
    {"sample", {.form = Form::object, .object = &k_sample_object}, "of a gate: the read that it judges, again and again"},
    {"effect", {.form = Form::choice, .choices = k_effects}, "raises the action's own effect"},
    {"max", k_count, "of a for_each whose items are known late: how many there are at most"},
};
constexpr Key k_parameter_keys[] = {
    {"type", {.form = Form::choice, .choices = k_types}, "the type of its value", false, "string"},
    {"help", k_text, "what it means, for people"},
    {"optional", k_flag, "without a value it is null", false, "false"},
    {"default", k_tree, "its value where none is given; may use service and env"},
    {"choices", {.form = Form::list, .of = &k_text}, "the only values it may have"},
    {"pattern", k_text, "a regular expression (RE2) for the whole value"},
    {"secret", k_flag, "its value is a secret: given as a reference, a file or standard input", false, "false"},
    {"completes", {.form = Form::choice, .choices = k_completions}, "what the shell's completion offers"},
};
constexpr Key k_runbook_keys[] = {
    {"runbook", k_text, "its name: platform/procedure, like the file's place", true},
    {"title", k_text, "what it does, in one line", true},
    {"notes", k_texts, "what a person should know before running it"},
    {"parameters", {.form = Form::map, .of = &k_parameter}, "what it is told from outside"},
    {"claim", k_template, "the lock it holds while it runs; none: nothing is claimed"},
    {"safeward", k_flag, "it takes the service back to safety: freezes and approvals do not refuse it", false, "false"},
    {"on_stop", {.form = Form::choice, .choices = k_on_stop}, "what an interrupted run does", false, "stop"},
    {"on_death", {.form = Form::choice, .choices = k_on_death}, "what becomes of a run whose holder died", false, "page"},
    {"timeout", k_duration, "for the whole run"},
    {"steps", k_steps, "what it does, in order", true},
    {"always", k_steps, "what it does at the end, whatever became of the steps"},
    {"outputs", {.form = Form::map, .of = &k_tree}, "what it gives to who called it"},
};

} // namespace

const Object k_retry_object{"a retry", "further attempts after a failure", k_retry_keys};
const Object k_timeout_object{"a timeout", "limits for each attempt and for the step", k_timeout_keys};
const Object k_undo_object{"an undo", "how a step is taken back", k_undo_keys};
const Object k_sample_object{"a sample", "the read that a gate judges", k_sample_keys};
const Object k_step_object{"a step", "one use of one action, or a group of steps", k_step_keys};
const Object k_parameter_object{"a parameter", "what a runbook is told from outside", k_parameter_keys};
const Object k_runbook_object{"a runbook", "one procedure", k_runbook_keys};

} // namespace belay
