#include "catch.hpp"
#include "modules/catalog.hpp"

using namespace belay;

namespace {
const Ask& ask(const char* name) { return std::get<Ask>(find_action(modules::catalog(), name)->does); }
const Timestamp k_when{1'795'300'000, 0};
Value list(std::vector<const char*> texts) {
  Value::List all;
  for (const char* text : texts) all.emplace_back(text);
  return all;
}
} // namespace

TEST_CASE("a confirmed question goes on and says who confirmed it and when", "[modules]") {
  const Value in = Value::object({{"question", "Is the queue empty?"}, {"choices", list({"yes", "no"})}});
  const Question question = ask("manual.confirm").ask(in);
  CHECK(question.text == "Is the queue empty?");
  CHECK(question.choices == std::vector<std::string>{"yes", "no"});
  for (const char* said : {"yes", " YES\n", "y"}) {
    const Outcome outcome = ask("manual.confirm").answer(in, said, "ada", k_when);
    CHECK(outcome.state == State::done);
    CHECK(outcome.outputs == Value::object({{"answer", "yes"}, {"by", "ada"}, {"at", k_when}}));
  }
}

TEST_CASE("any other answer stops the run and reached nothing", "[modules]") {
  const Value in = Value::object({{"question", "Sure?"}, {"choices", list({"yes", "no"})}});
  for (const char* said : {"no", "n", "", "perhaps", "yess"}) {
    INFO(said);
    const Outcome outcome = ask("manual.confirm").answer(in, said, "ada", k_when);
    CHECK(outcome.state == State::failed);
    REQUIRE(outcome.failure);
    CHECK(outcome.failure->reached == Reached::no);
  }
}

TEST_CASE("a one-letter answer is no short form where there are more than two choices", "[modules]") {
  const Value in = Value::object({{"question", "Which?"}, {"choices", list({"blue", "black", "none"})}});
  CHECK(ask("manual.confirm").answer(in, "b", "ada", k_when).state == State::failed);
  CHECK(ask("manual.confirm").answer(in, "blue", "ada", k_when).state == State::done);
}

TEST_CASE("a checklist is done when every item is ticked and names what is left otherwise", "[modules]") {
  const Value in = Value::object({{"title", "Before:"}, {"items", list({"page is up", "team knows"})}});
  CHECK(ask("manual.checklist").ask(in).text == "Before:\n  1. page is up\n  2. team knows\nanswer 'all', or the numbers that are done (1,3)");
  for (const char* said : {"all", "1,2", "2 1", "1, 2"}) CHECK(ask("manual.checklist").answer(in, said, "ada", k_when).state == State::done);
  const Outcome half = ask("manual.checklist").answer(in, "2", "ada", k_when);
  CHECK(half.state == State::failed);
  CHECK(half.failure->message == "not done: 1. page is up");
  for (const char* said : {"3", "0", "1x", "-1", "both"}) {
    INFO(said);
    CHECK(ask("manual.checklist").answer(in, said, "ada", k_when).failure->message.find("names no item") != std::string::npos);
  }
}
