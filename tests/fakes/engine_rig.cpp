#include "fakes/engine_rig.hpp"
#include "runbook/load_runbook.hpp"
#include "state/fact_codec.hpp"

namespace belay::fakes {

Timestamp SharedClock::wall() const {
  std::lock_guard guard(m_lock);
  return m_clock.wall();
}
Duration SharedClock::steady() const {
  std::lock_guard guard(m_lock);
  return m_clock.steady();
}
bool SharedClock::sleep(Duration time, const Stop& stop) const {
  if (at_sleep) at_sleep();
  if (stop) return false;
  std::lock_guard guard(m_lock);
  m_clock.advance(time);
  return true;
}

Expected<FileStatus> KeptFiles::status(const std::string& path) {
  if (files.contains(path) || std::find(folders.begin(), folders.end(), path) != folders.end()) return FileStatus{};
  return Unexpected(Failure{Cause::missing, Reached::no, path + " is not there", ""});
}
Expected<std::unique_ptr<Sink>> KeptFiles::create(const std::string& path) {
  struct Kept final : Sink {
    std::string& of;
    explicit Kept(std::string& s) : of(s) {}
    Expected<void> write(std::span<const std::byte> bytes) override {
      of.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return {};
    }
    Expected<std::uint64_t> finish() override { return of.size(); }
  };
  return std::make_unique<Kept>(files[path]);
}
Expected<void> KeptFiles::change(const FileChange& change) {
  if (change.operation != "make_folder") throw std::logic_error(change.operation + " was not expected");
  folders.push_back(change.path.text());
  return {};
}

std::optional<std::string> TypedTerminal::ask(const std::string& prompt, const Stop&) {
  prompts.push_back(prompt);
  if (lines.empty()) throw std::logic_error("nothing was to be asked: " + prompt);
  std::string line = lines.front();
  lines.pop_front();
  return line;
}

Expected<Resolved> KnownSecrets::resolve(const Value& reference, const Stop&) {
  asked.push_back(reference.text());
  const auto found = known.find(reference.text());
  if (found == known.end()) return Unexpected(Failure{Cause::missing, Reached::no, reference.text() + " is not set", ""});
  return found->second;
}

EngineRig::EngineRig() { machine.lives[100] = Machine::Life::alive; }

const Runbook& EngineRig::runbook(const std::string& body, const std::string& name) {
  std::vector<Problem> problems;
  Runbook made = load_runbook({"test/" + name + ".yaml", "runbook: test/" + name + "\ntitle: A test\n" + body}, "test/" + name, problems);
  if (!problems.empty()) throw std::logic_error(problems.front().message + " at line " + std::to_string(problems.front().where.line));
  project.runbooks.add(made);
  return runbooks.emplace_back(std::move(made));
}

engine::Finished EngineRig::start(const Runbook& runbook, engine::Options options, Value parameters) { return engine::start({runbook, service, std::move(parameters), std::move(options)}, world); }

void EngineRig::next_process() {
  machine.lives[machine.me.pid] = Machine::Life::dead;
  ++machine.me.pid;
  machine.lives[machine.me.pid] = Machine::Life::alive;
  signals.count = 0;
}

void EngineRig::with_service(bool is_protected) {
  Service s;
  s.name = "shop";
  s.platform = "test";
  s.environment = is_protected ? "production" : "local";
  s.is_protected = is_protected;
  s.service = Value::object({{"name", Value("shop")}});
  s.env = Value::object({{"name", Value(s.environment)}});
  s.secrets = {{"token", Value("env:TOKEN")}};
  secrets.known["env:TOKEN"] = {Value("hunter2hunter2").as_secret(), "v1"};
  service = s;
}

RunView EngineRig::view(const std::string& run) {
  auto records = store.read("run/" + run, 1, 100000);
  return fold(*decode_events("run/" + run, 1, *records));
}

std::string EngineRig::last_run() {
  Query query;
  query.kind = "run";
  auto rows = store.list(query);
  if (rows->empty()) throw std::logic_error("no run was journaled");
  return rows->front().stream.substr(4);
}

std::vector<std::string> EngineRig::kinds(const std::string& run) {
  std::vector<std::string> out;
  auto records = store.read("run/" + run, 1, 100000);
  for (const Record& r : *records) out.push_back(r.kind);
  return out;
}

} // namespace belay::fakes
