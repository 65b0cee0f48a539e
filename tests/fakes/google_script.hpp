#pragma once
#include "fakes/engine_rig.hpp"
#include "fakes/memory_files.hpp"
#include "modules/catalog.hpp"
#include "value/json.hpp"
#include <deque>
#include <stdexcept>

namespace belay::fakes {

/// Files that can also be written, renamed and removed; what is not finished is not there.
struct WritableFiles final : MemoryFiles {
  struct Pen final : Sink {
    WritableFiles& owner;
    std::string path, bytes;
    Pen(WritableFiles& o, std::string p) : owner(o), path(std::move(p)) {}
    Expected<void> write(std::span<const std::byte> more) override {
      bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
      return {};
    }
    Expected<std::uint64_t> finish() override {
      owner.files[path] = bytes;
      return bytes.size();
    }
  };
  Expected<std::unique_ptr<Sink>> create(const std::string& path) override {
    if (files.contains(path)) return Unexpected({Cause::conflict, Reached::no, path + " is there", {}});
    return std::make_unique<Pen>(*this, path);
  }
  Expected<void> change(const FileChange& change) override {
    const auto path = bare_json(change.path);
    if (change.operation == "rename") files[bare_json(change.to)] = files.at(path);
    else if (change.operation != "remove") throw std::logic_error("nobody expected a " + change.operation);
    files.erase(path);
    return {};
  }
};

/// Google as a script: what is asked and answered, in order. Another request than the next one, and one that was never made, fail the test.
struct GoogleScript : Http {
  struct Line {
    std::string request; ///< "GET sqladmin/v1/…": the method, the API, the path
    Expected<Answer> answer;
  };
  std::deque<Line> lines;
  std::vector<Request> sent; ///< every request, reads too
  std::string uploaded;      ///< what streams brought
  ManualClock clock;
  NoProcess process;
  NoSql sql;
  NoLines socket;
  WritableFiles files;
  struct Told : Tell {
    std::string text;
    void output(std::string_view more) override { text += more; }
    void progress(std::int64_t, std::int64_t, std::string_view) override {}
  } told;
  Identity id{"R1", "step", "R1/step", 1, {1'800'000'000, 0}};

  void expect(std::string request, int status, std::string body) { lines.push_back({std::move(request), Answer{status, {}, std::move(body), false, {}}}); }
  void expect(std::string request, int status, std::vector<std::pair<std::string, std::string>> headers, std::string body) { lines.push_back({std::move(request), Answer{status, std::move(headers), std::move(body), false, {}}}); }
  void expect(std::string request, std::string body) { expect(std::move(request), 200, std::move(body)); }
  void expect_lost(std::string request) { lines.push_back({std::move(request), Unexpected(Failure{Cause::transport, Reached::perhaps, "the connection was closed", ""})}); }
  void done() const {
    if (!lines.empty()) throw std::logic_error("never asked: " + lines.front().request);
  }
  Ports ports() { return {*this, process, sql, socket, files, clock}; }
  Reads reads() { return ports().reads(); }
  Stop stop() const { return Stop(clock); }

  Expected<Answer> read(const Request& request, const Stop&, Sink* into = nullptr) override {
    if (request.method != "GET" && request.method != "HEAD" && !request.reads_by_post) throw std::logic_error("a read must not send " + request.method);
    auto answer = next(request);
    if (into && answer && answer->status < 300) {
      if (auto written = into->write(bytes_of(answer->body)); !written) return Unexpected(written.error());
      answer->body.clear();
    }
    return answer;
  }
  void read_all(std::span<const Request> all, unsigned, const std::function<void(std::size_t, Expected<Answer>)>& each, const Stop& stop) override {
    for (std::size_t i = 0; i < all.size(); ++i) each(i, read(all[i], stop));
  }
  Expected<Certificate> certificate(const std::string&, int, const std::string&, const Stop&) override { throw std::logic_error("no certificate was to be read"); }
  Expected<Answer> send(const Request& request, Source* body, const Stop&) override {
    if (body) uploaded += drained(*body);
    return next(request);
  }

private:
  Expected<Answer> next(const Request& request) {
    sent.push_back(request);
    if (request.credentials != "google") throw std::logic_error("nobody signs " + bare_json(request.url));
    std::string url = bare_json(request.url);
    constexpr std::string_view https = "https://", domain = ".googleapis.com/";
    if (url.starts_with(https) && url.find(domain) != std::string::npos) url = url.substr(https.size(), url.find(domain) - https.size()) + "/" + url.substr(url.find(domain) + domain.size());
    const std::string now = request.method + " " + url;
    if (lines.empty() || lines.front().request != now) throw std::logic_error("nobody expected now: " + now + (lines.empty() ? "" : " but " + lines.front().request));
    auto answer = std::move(lines.front().answer);
    lines.pop_front();
    return answer;
  }
};

inline const Change& change_of(const char* name) {
  const Action* action = find_action(modules::catalog(), name);
  if (!action) throw std::logic_error(std::string("there is no action ") + name);
  return std::get<Change>(action->does);
}
inline const Read& read_of(const char* name) {
  const Action* action = find_action(modules::catalog(), name);
  if (!action) throw std::logic_error(std::string("there is no action ") + name);
  return std::get<Read>(action->does);
}
inline Value json(std::string_view text) { return parse_json(text).value(); }

/// A change on the script: looks, prepares, sends, and follows what is pending to its end, as the engine does where all goes well.
struct Played {
  Value seen;
  Intent intent;
  Outcome outcome;
};
inline Played play(GoogleScript& google, const char* name, const Value& in) {
  const Change& change = change_of(name);
  const Stop stop = google.stop();
  const Call call{in, google.id, stop, google.told};
  Played out;
  if (change.observe) {
    auto seen = change.observe(call, {}, google.reads());
    if (!seen) {
      out.outcome.state = State::failed;
      out.outcome.failure = seen.error();
      return out;
    }
    out.seen = *seen;
  }
  out.intent = change.prepare(in, out.seen, google.id);
  if (out.intent.refused || out.intent.nothing) return out;
  Ports ports = google.ports();
  if (change.perform) {
    out.outcome = change.perform(out.intent, call, ports);
  } else {
    const auto answer = google.send(std::get<Request>(out.intent.act), nullptr, stop);
    out.outcome = change.answer ? change.answer(out.intent, answer) : Outcome{};
  }
  while (out.outcome.state == State::pending) {
    const Value handle = out.outcome.handle;
    google.clock.advance(out.outcome.again);
    const auto now = change.observe(call, handle, google.reads());
    if (!now) throw std::logic_error("the look failed: " + now.error().message);
    out.outcome = change.judge(out.intent, out.seen, *now);
  }
  return out;
}
inline Outcome read(GoogleScript& google, const char* name, const Value& in) {
  const Stop stop = google.stop();
  return read_of(name).read({in, google.id, stop, google.told}, google.reads());
}
inline std::string body_of(const Intent& intent) { return canonical_json(std::get<Request>(intent.act).body); }

} // namespace belay::fakes
