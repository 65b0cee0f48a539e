#include "modules/catalog.hpp"
#include "modules/inputs.hpp"

/// Messages to people. The action only says what is to be told: its settled fact is the message, which src/notify queues and delivers. So a message is
/// never sent before it is durable, and one whose step was interrupted was not sent.
namespace belay::modules {
namespace {

Value message_of(const Value& in) {
  return Value::object({{"template", in["template"]}, {"title", in["title"]}, {"text", in["text"]}, {"severity", in["severity"]}, {"to", in["to"]}, {"data", in["data"]}});
}

Intent prepare(const Value& in, const Value&, const Identity&) {
  Intent intent;
  intent.outputs = message_of(in);
  intent.extra = intent.outputs;
  intent.touches = {"notify:outbox"};
  if (in["template"].is_null() && in["title"].is_null() && in["text"].is_null())
    intent.refused = Failure{Cause::refused, Reached::no, "there is nothing to tell", "give a `title`, a `text` or the name of a `template`"};
  return intent;
}

Outcome perform(const Intent& intent, const Call&, Ports&) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  return outcome;
}

/// No settled fact: nobody was told, and nobody will be unless the step is made again.
Outcome judge(const Intent&, const Value&, const Value&) {
  Outcome outcome;
  outcome.state = State::no_effect;
  return outcome;
}

std::vector<std::string> nothing(const Value&) { return {}; }

constexpr Field k_in[] = {
    {.name = "title", .type = k_text, .required = false, .help = "one line: what happened; without it, the template's name in words"},
    {.name = "text", .type = k_text, .required = false, .help = "what else to know and to do"},
    {.name = "template", .type = k_text, .required = false, .help = "the sort of message, by which a notifier may choose its form: deployed, rolled-back, failed"},
    {.name = "severity", .type = k_text, .required = false, .standard = "info", .help = "info, warning, error or critical"},
    {.name = "to", .type = k_texts, .required = false, .standard = "[\"console\"]", .help = "names of notifiers"},
    {.name = "data", .type = k_map, .required = false, .help = "what a machine at the other end needs besides"},
};
constexpr Field k_out[] = {
    {.name = "title", .type = k_text, .required = false, .help = "as given"},
    {.name = "text", .type = k_text, .required = false, .help = "as given"},
    {.name = "template", .type = k_text, .required = false, .help = "as given"},
    {.name = "severity", .type = k_text, .help = "as given"},
    {.name = "to", .type = k_texts, .help = "as given"},
    {.name = "data", .type = k_map, .required = false, .help = "as given"},
};
constexpr Action k_actions[] = {
    {"send", "Tells people; queued with the run's journal, delivered by this command or the next", k_in, k_out,
     Change{.effect = Effect::tells, .repeat = Repeat::keyed, .prepare = prepare, .perform = perform, .judge = judge, .touches = nothing}},
};
} // namespace

constinit const Module notify{"notify", "Messages to people", k_actions};

} // namespace belay::modules
