#include "engine/guards.hpp"
#include <algorithm>

namespace belay::engine {
namespace {

constexpr Duration k_limit = std::chrono::seconds(20);

bool is_there(const Value& v) { return v.is_secret() || v.is_unknown() || !v.is_null(); }

/// The database that a step works on: its input `target`, with `database` as the name where it is given; else the environment's only one.
Value connection(const Value& in, const Value& env) {
  const Value target = in["target"], name = in["database"];
  if (!is_there(target)) {
    const Value all = env["databases"];
    return all.kind() == Kind::map && !all.is_secret() && all.map().size() == 1 ? all.map().front().second : Value();
  }
  const bool named = name.kind() == Kind::text && !name.is_secret() && !name.text().empty();
  if (!named || target.kind() != Kind::map || target.is_secret()) return target;
  Value::Map members;
  for (const auto& member : target.map())
    if (!(member.first == Value("dbname"))) members.push_back(member);
  members.emplace_back(Value("dbname"), name);
  return Value(std::move(members));
}

class Look {
public:
  Look(const Value& in, const Value& env, const Reads& reads, const World& world, const Stop& stop) : m_in(in), m_env(env), m_reads(reads), m_world(world), m_stop(stop) {}

  Expected<std::string> of(const std::string& name) {
    if (name == "host") return m_world.machine.host();
    if (name == "project" && m_world.google) return m_world.google->project(m_stop);
    if (name == "project") return said({"gcloud", "config", "get-value", "project"});
    if (name == "cluster") return said({"kubectl", "config", "current-context"});
    if (name == "database" || name == "role") return of_database(name);
    return Unexpected(Failure{Cause::refused, Reached::no, "nothing tells it", ""});
  }

private:
  const Value &m_in, &m_env;
  const Reads& m_reads;
  const World& m_world;
  const Stop& m_stop;
  std::optional<Expected<Value>> m_row;

  /// The first line that a program which only looks prints.
  Expected<std::string> said(const std::vector<std::string>& argv) {
    Command command;
    for (const std::string& word : argv) command.argv.emplace_back(word);
    auto ended = m_reads.process.read(command, m_stop);
    if (!ended) return Unexpected(ended.error());
    if (ended->status != 0) return Unexpected(Failure{Cause::rejected, Reached::yes, argv.front() + " ended with status " + std::to_string(ended->status) + ": " + ended->err.substr(0, ended->err.find('\n')), ""});
    return ended->out.substr(0, ended->out.find('\n'));
  }

  Expected<std::string> of_database(const std::string& name) {
    if (!m_row) m_row = asked();
    if (!*m_row) return Unexpected(m_row->error());
    const Value found = (**m_row)[name];
    return found.kind() == Kind::text ? Expected<std::string>(found.text()) : Unexpected(Failure{Cause::malformed, Reached::yes, "the database did not say", ""});
  }

  Expected<Value> asked() {
    const Value target = connection(m_in, m_env);
    if (!is_there(target)) return Unexpected(Failure{Cause::refused, Reached::no, "neither the step nor the environment names one database", ""});
    if (!target.known()) return Unexpected(Failure{Cause::refused, Reached::no, "the database is not known yet", ""});
    auto session = m_reads.sql.open_read_only(target, m_stop);
    if (!session) return Unexpected(session.error());
    auto rows = (*session)->run({{}, "select current_database()::text as database, current_user::text as role", {}}, m_stop);
    if (!rows) return Unexpected(rows.error());
    const Value list = (*rows)["rows"];
    if (list.kind() != Kind::list || list.list().empty()) return Unexpected(Failure{Cause::malformed, Reached::yes, "the database did not say", ""});
    return list.list().front();
  }
};

} // namespace

std::vector<Guarded> look_at_guards(const Value& guards, const Value& in, const Value& env, const Reads& reads, const World& world, const Stop& stop) {
  std::vector<Guarded> out;
  if (guards.kind() != Kind::map) return out;
  const Stop limit = stop.nested(k_limit);
  Look look(in, env, reads, world, limit);
  for (const auto& [name, expected] : guards.map()) {
    Guarded guarded{name.text(), expected.kind() == Kind::text ? expected.text() : show(expected), {}, {}};
    if (auto found = look.of(guarded.name)) guarded.found = *found;
    else guarded.because = found.error().message;
    out.push_back(std::move(guarded));
  }
  return out;
}

std::string broken_guards(const std::vector<Guarded>& all) {
  std::string out;
  for (const Guarded& g : all)
    if (!g.holds()) out += (out.empty() ? "" : "; ") + g.name + " must be " + g.expected + (g.found.empty() ? ", and what it is cannot be told: " + (g.because.empty() ? std::string("the answer was empty") : g.because) : " and is " + g.found);
  return out;
}

} // namespace belay::engine
