#pragma once
#include "belay/action.hpp"
#include "fakes/manual_clock.hpp"
#include "value/json.hpp"
#include <deque>
#include <map>
#include <stdexcept>

namespace belay::fakes {

/// Reading ports of a test that says beforehand what is asked and answered, in order: another question, and one that was never asked, fail the test.
struct StrictReads : HttpReads, ProcessReads, SqlReads, LineReads, FileReads {
  std::map<std::string, Expected<Answer>> answers; ///< by URL
  std::deque<std::pair<std::string, Expected<Ended>>> commands; ///< by the whole command line
  std::deque<std::pair<std::string, Expected<Value>>> statements; ///< by how the statement begins
  std::optional<Expected<Certificate>> shown;
  std::vector<Request> requests;
  ManualClock clock;

  Reads reads() { return {*this, *this, *this, *this, *this, clock}; }
  void done() const {
    if (!answers.empty() || !commands.empty() || !statements.empty() || shown) throw std::logic_error("something that was to be asked never was");
  }

  Expected<Answer> read(const Request& request, const Stop&, Sink* = nullptr) override {
    requests.push_back(request);
    const auto found = answers.find(bare_json(request.url));
    if (found == answers.end()) throw std::logic_error("nobody expected a request to " + bare_json(request.url));
    auto answer = std::move(found->second);
    answers.erase(found);
    return answer;
  }
  void read_all(std::span<const Request> all, unsigned, const std::function<void(std::size_t, Expected<Answer>)>& each, const Stop& stop) override {
    for (std::size_t i = all.size(); i-- > 0;) each(i, read(all[i], stop)); // not in the order in which they were asked
  }
  Expected<Certificate> certificate(const std::string&, int, const std::string&, const Stop&) override { return take(shown); }

  Expected<Ended> read(const Command& command, const Stop&) override {
    std::string line;
    for (const Value& word : command.argv) line += (line.empty() ? "" : " ") + bare_json(word);
    return next(commands, line, line);
  }
  std::optional<std::string> find(const std::string&) override { throw std::logic_error("nobody expected a search for a program"); }

  Expected<std::unique_ptr<Session>> open_read_only(const Value&, const Stop&) override { return std::make_unique<Scripted>(*this); }
  Expected<std::string> ask(const Exchange&, const Stop&) override { throw std::logic_error("nobody expected a line"); }
  Expected<std::unique_ptr<Source>> open(const std::string&) override { return no_file(); }
  Expected<std::string> text(const std::string&, std::uint64_t) override { return no_file(); }
  Expected<FileStatus> status(const std::string&) override { return no_file(); }
  Expected<std::vector<std::string>> list(const std::string&) override { return no_file(); }
  Expected<std::uint64_t> space(const std::string&) override { return no_file(); }

private:
  struct Scripted : Session {
    StrictReads& owner;
    explicit Scripted(StrictReads& o) : owner(o) {}
    Expected<Value> run(const Statement& statement, const Stop&) override {
      const std::size_t size = owner.statements.empty() ? 0 : owner.statements.front().first.size();
      return next(owner.statements, statement.sql.substr(0, size), statement.sql);
    }
  };
  static tl::unexpected<Failure> no_file() { throw std::logic_error("nobody expected a look at a file"); }
  template <class T> static T take(std::optional<T>& one) {
    if (!one) throw std::logic_error("nobody expected this");
    T value = std::move(*one);
    one.reset();
    return value;
  }
  template <class T> static T next(std::deque<std::pair<std::string, T>>& script, const std::string& key, const std::string& whole) {
    if (script.empty() || script.front().first != key) throw std::logic_error("nobody expected now: " + whole);
    T value = std::move(script.front().second);
    script.pop_front();
    return value;
  }
};

/// Drops what it is told.
struct DeafTell : Tell {
  void output(std::string_view) override {}
  void progress(std::int64_t, std::int64_t, std::string_view) override {}
};

} // namespace belay::fakes
