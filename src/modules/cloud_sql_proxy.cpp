#include "codec/sha256.hpp"
#include "modules/catalog.hpp"
#include "modules/command_outcome.hpp"
#include "modules/inputs.hpp"
#include <fmt/core.h>

/// The Cloud SQL Auth Proxy: a door on this machine to an instance that has no public one. It stands while the steps of its group need it.
namespace belay::modules {
namespace {

constexpr int k_ports_tried = 20;
constexpr Duration k_opens_within = std::chrono::seconds(30), k_look = std::chrono::milliseconds(100), k_settles = std::chrono::milliseconds(300);

Intent prepare(const Value& in, const Identity&) {
  Intent intent;
  Command command;
  command.argv = {Value("cloud-sql-proxy"), Value("--address"), Value("127.0.0.1"), Value("--port"), Value::minted("port")};
  if (boolean_or(in["private_ip"], false)) command.argv.emplace_back("--private-ip");
  if (!in["credentials_file"].is_null()) command.argv.insert(command.argv.end(), {Value("--credentials-file"), in["credentials_file"]});
  command.argv.push_back(in["instance"]);
  command.environment = named(in["environment"]);
  intent.equivalent = shell_line(command.argv);
  intent.act = std::move(command);
  intent.outputs = Value::object({{"host", "127.0.0.1"}, {"port", Value::minted("port")}, {"pid", Value::minted("pid")}});
  return intent;
}

/// Whether something accepts a connection there and, sent nothing, ends it.
bool listens(int port, const Call& call, Ports& ports) {
  const auto answer = ports.lines.ask({Value(fmt::format("tcp:127.0.0.1:{}", port)), {}}, call.stop);
  return answer || answer.error().reached != Reached::no;
}

/// Where the search begins: apart for each run and step, so that two runs seldom meet.
int first_port(const Identity& id) {
  const auto hash = sha256(id.run + "/" + id.path);
  return 20'000 + (static_cast<int>(hash[0]) * 256 + static_cast<int>(hash[1])) % 10'000;
}

Failure ended_early(Child& child) {
  const auto ended = child.end(std::chrono::seconds(1));
  const std::string said = ended ? last_line(ended->err.empty() ? ended->out : ended->err) : ended.error().message;
  return {Cause::rejected, Reached::yes, "cloud-sql-proxy ended at once: " + said, "is the connection name right, and may this account connect (roles/cloudsql.client)?"};
}

Expected<Held> open(const Intent& intent, const Call& call, Ports& ports) {
  const int first = first_port(call.id);
  for (int i = 0; i < k_ports_tried; ++i) {
    const int port = first + i;
    if (listens(port, call, ports)) continue;
    Command command = std::get<Command>(intent.act);
    for (Value& word : command.argv) word = fill(word, "port", Value(fmt::format("{}", port)));
    auto child = ports.process.start(command, call.stop);
    if (!child) return Unexpected(child.error());
    const Duration deadline = ports.time.steady() + k_opens_within;
    for (;;) {
      if (!(*child)->running()) return Unexpected(ended_early(**child));
      // It may be somebody else who took the port meanwhile: then the proxy cannot, and is gone in a moment.
      if (listens(port, call, ports) && ports.time.sleep(k_settles, call.stop) && (*child)->running()) return Held{Value::object({{"host", "127.0.0.1"}, {"port", port}, {"pid", (*child)->pid()}}), std::move(*child)};
      if (ports.time.steady() > deadline) return Unexpected(Failure{Cause::timeout, Reached::yes, fmt::format("cloud-sql-proxy did not open port {} within 30 s", port), "see what it says when it is started by hand"});
      if (!ports.time.sleep(k_look, call.stop)) return Unexpected(Failure{Cause::stopped, Reached::no, "stopped while cloud-sql-proxy was starting", ""});
    }
  }
  return Unexpected(Failure{Cause::refused, Reached::no, fmt::format("no free port from {} to {}", first, first + k_ports_tried - 1), "see what listens there: ss -ltnp"});
}

constexpr Field k_in[] = {
    {.name = "instance", .type = k_text, .help = "the connection name: project:region:instance"},
    {.name = "private_ip", .type = k_boolean, .required = false, .standard = "false", .help = "connect to the instance's private address"},
    {.name = "credentials_file", .type = k_text, .required = false, .help = "a key file; without it, the application default credentials"},
    {.name = "environment", .type = k_text_map, .required = false, .secret = true, .standard = "{}", .help = "variables of the proxy's own"},
};
constexpr Field k_out[] = {
    {.name = "host", .type = k_text, .help = "127.0.0.1"},
    {.name = "port", .type = k_integer, .help = "a free one, chosen when it is started"},
    {.name = "pid", .type = k_integer, .help = "of the proxy"},
};
constexpr Action k_actions[] = {{"connection", "A door to a Cloud SQL instance, open while steps refer to it", k_in, k_out, Hold{.prepare = prepare, .open = open}}};

} // namespace

constinit const Module cloud_sql_proxy{"cloud-sql-proxy", "The Cloud SQL Auth Proxy", k_actions};

} // namespace belay::modules
