#include "modules/catalog.hpp"
#include "modules/inputs.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <charconv>
#include <fmt/core.h>
#include <set>

/// Questions to a person. Who answered, when and what is in the outputs, hence in the journal.
namespace belay::modules {
namespace {

Value answered(const std::string& said, const std::string& who, Timestamp when) { return Value::object({{"answer", said}, {"by", who}, {"at", when}}); }

Outcome refused(std::string message, std::string hint, Value outputs) {
  Outcome outcome;
  outcome.state = State::failed;
  outcome.outputs = std::move(outputs);
  outcome.failure = Failure{Cause::refused, Reached::no, std::move(message), std::move(hint)};
  return outcome;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto first = text.find_first_not_of(" \t\r\n");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Question ask_confirm(const Value& in) {
  Question question;
  question.text = in["question"].is_unknown() || in["question"].is_secret() ? bare_json(in["question"]) : in["question"].text();
  for (const Value& choice : elements(in["choices"])) question.choices.push_back(text_or(choice, bare_json(choice)));
  return question;
}

/// The first choice goes on; any other stops the run here.
Outcome answer_confirm(const Value& in, const std::string& said, const std::string& who, Timestamp when) {
  const std::string word = lower(said);
  const auto choices = elements(in["choices"]);
  std::string known;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const std::string choice = text_or(choices[i], "");
    known += (i ? ", " : "") + choice;
    const bool same = lower(choice) == word || (choices.size() == 2 && !word.empty() && word.size() == 1 && lower(choice).substr(0, 1) == word);
    if (!same) continue;
    Outcome outcome;
    outcome.outputs = answered(choice, who, when);
    if (i == 0) return outcome;
    return refused(fmt::format("{} answered '{}'", who, choice), "nothing of this step was done; run it again once the answer can be different", outcome.outputs);
  }
  return refused(fmt::format("'{}' is none of the choices", said), "answer one of: " + known, answered(said, who, when));
}

Question ask_checklist(const Value& in) {
  Question question;
  question.text = text_or(in["title"], bare_json(in["title"]));
  std::size_t number = 0;
  for (const Value& item : elements(in["items"])) question.text += fmt::format("\n  {}. {}", ++number, text_or(item, bare_json(item)));
  question.text += "\nanswer 'all', or the numbers that are done (1,3)";
  return question;
}

/// Numbers of the items named; nothing where something is no number of an item.
std::optional<std::set<std::size_t>> ticked(const std::string& said, std::size_t count) {
  std::set<std::size_t> done;
  if (lower(said) == "all") {
    for (std::size_t i = 1; i <= count; ++i) done.insert(i);
    return done;
  }
  std::string_view rest = said;
  while (!rest.empty()) {
    const auto begin = rest.find_first_not_of(" ,\t");
    if (begin == std::string_view::npos) break;
    rest.remove_prefix(begin);
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || number < 1 || number > count) return std::nullopt;
    done.insert(number);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (!rest.empty() && rest.front() != ',' && rest.front() != ' ') return std::nullopt;
  }
  return done;
}

Outcome answer_checklist(const Value& in, const std::string& said, const std::string& who, Timestamp when) {
  const auto items = elements(in["items"]);
  const auto done = ticked(said, items.size());
  if (!done) return refused(fmt::format("'{}' names no item of the list", said), fmt::format("answer 'all', or numbers from 1 to {} with commas", items.size()), answered(said, who, when));
  Value::List list;
  std::string open;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool is_done = done->contains(i + 1);
    list.push_back(Value::object({{"item", items[i]}, {"done", is_done}}));
    if (!is_done) open += fmt::format("{}{}. {}", open.empty() ? "" : "; ", i + 1, text_or(items[i], "(secret)"));
  }
  Value outputs = Value::object({{"answer", said}, {"by", who}, {"at", when}, {"items", Value(std::move(list))}});
  if (!open.empty()) return refused("not done: " + open, "do what is left, then run the procedure again", outputs);
  Outcome outcome;
  outcome.outputs = std::move(outputs);
  return outcome;
}

constexpr Field k_confirm_in[] = {
    {.name = "question", .type = k_text, .help = "what is asked, as one sentence"},
    {.name = "choices", .type = k_texts, .required = false, .standard = "[\"yes\", \"no\"]", .help = "possible answers; the first goes on, any other stops the run here"},
};
constexpr Field k_confirm_out[] = {
    {.name = "answer", .type = k_text, .help = "the choice that was made"},
    {.name = "by", .type = k_text, .help = "who answered"},
    {.name = "at", .type = k_timestamp, .help = "when"},
};
constexpr Field k_checklist_in[] = {
    {.name = "title", .type = k_text, .required = false, .standard = "\"Check each of these:\"", .help = "the line above the list"},
    {.name = "items", .type = k_texts, .help = "what a person has to do or to see, one line each"},
};
constexpr Type k_checked_item{Kind::map};
constexpr Field k_checklist_out[] = {
    {.name = "answer", .type = k_text, .help = "what was answered"},
    {.name = "by", .type = k_text, .help = "who answered"},
    {.name = "at", .type = k_timestamp, .help = "when"},
    {.name = "items", .type = {Kind::list, &k_checked_item}, .help = "each item with `done`"},
};

constexpr Action k_actions[] = {
    {"confirm", "Asks a person; anything but the first choice stops the run", k_confirm_in, k_confirm_out, Ask{ask_confirm, answer_confirm}},
    {"checklist", "Has a person tick off a list; every item must be done", k_checklist_in, k_checklist_out, Ask{ask_checklist, answer_checklist}},
};
} // namespace

constinit const Module manual{"manual", "Questions and checklists for people", k_actions};

} // namespace belay::modules
