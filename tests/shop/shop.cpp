// A small web service on PostgreSQL, for the demo and the tests. usage: shop --release FOLDER --port PORT
#include "database.hpp"
#include "http_server.hpp"
#include "metrics.hpp"
#include "settings.hpp"
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <stdexcept>
#include <string_view>
#include <sys/signalfd.h>
#include <thread>

namespace shop {
namespace {

using Clock = std::chrono::steady_clock;

/// The items' name from `{"name": "…"}`, or the body itself where it is no JSON.
std::string item_name(const std::string& body) {
  const auto key = body.find("\"name\"");
  if (key == std::string::npos) return body;
  const auto from = body.find('"', body.find(':', key));
  const auto to = from == std::string::npos ? from : body.find('"', from + 1);
  return to == std::string::npos ? body : body.substr(from + 1, to - from - 1);
}

class Shop {
public:
  explicit Shop(Settings settings) : m_settings(std::move(settings)), m_metrics(m_settings.version) {}

  Response handle(const Request& request) {
    const auto started = Clock::now();
    auto response = route(request);
    // What only watches the service does not count as its traffic.
    if (request.path.starts_with("/items")) m_metrics.count(response.status, std::chrono::duration<double>(Clock::now() - started).count());
    return response;
  }
  Database& database() { return m_database; }

private:
  Response json(int status, const std::string& members) const { return {status, "application/json", fmt::format("{{\"version\":\"{}\",{}}}\n", m_settings.version, members)}; }

  Response route(const Request& request) {
    try {
      if (request.path == "/health") return m_settings.fail_health ? json(503, "\"status\":\"failing\"") : json(200, "\"status\":\"ok\"");
      if (request.path == "/health/deep") return deep();
      if (request.path == "/metrics") return {200, "text/plain; version=0.0.4", m_metrics.text()};
      if (request.path == "/items") return items(request);
      return json(404, "\"error\":\"there is nothing here\"");
    } catch (const std::exception& e) {
      std::fprintf(stderr, "shop: %s %s: %s\n", request.method.c_str(), request.path.c_str(), e.what());
      return json(500, "\"error\":\"the database does not answer\"");
    }
  }

  Response deep() {
    try {
      m_database.ping();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "shop: /health/deep: %s\n", e.what());
      return json(503, R"("status":"failing","components":{"database":"failing"})");
    }
    return m_settings.fail_deep ? json(503, R"("status":"failing","components":{"database":"ok","stock":"failing"})")
                                : json(200, R"("status":"ok","components":{"database":"ok","stock":"ok"})");
  }

  Response items(const Request& request) {
    if (m_settings.delay_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(m_settings.delay_ms));
    const auto n = ++m_asked;
    const auto due = [&](std::uint64_t of) { return static_cast<std::uint64_t>(static_cast<double>(of) * m_settings.error_rate); };
    if (due(n) != due(n - 1)) return json(500, "\"error\":\"a fault of this release\"");
    if (request.method == "POST") return json(201, "\"item\":" + m_database.add(item_name(request.body)));
    if (request.method == "GET") return json(200, "\"items\":" + m_database.items());
    return json(405, "\"error\":\"GET or POST\"");
  }

  Settings m_settings;
  Metrics m_metrics;
  Database m_database;
  std::atomic<std::uint64_t> m_asked = 0;
};

int run(const std::string& folder, int port) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  const int stop_fd = ::signalfd(-1, &ending, SFD_CLOEXEC);

  const auto settings = read_settings(folder + "/release.json");
  const char* run_id = std::getenv("BELAY_RUN");
  const Origin origin{settings.version, run_id != nullptr ? run_id : "", port};
  Shop shop(settings);
  shop.database().migrate(origin);
  shop.database().record_start(origin);
  if (settings.migrate_fails) throw std::runtime_error("this release cannot migrate");
  if (settings.slow_start_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(settings.slow_start_ms));
  if (settings.crash_after_ms > 0)
    std::thread([ms = settings.crash_after_ms] { std::this_thread::sleep_for(std::chrono::milliseconds(ms)), std::_Exit(70); }).detach();
  HttpServer server(port, settings.version, [&](const Request& request) { return shop.handle(request); });
  std::fprintf(stderr, "shop %s on port %d\n", settings.version.c_str(), port);
  server.serve(stop_fd);
  std::fprintf(stderr, "shop %s on port %d ended\n", settings.version.c_str(), port);
  return 0;
}

} // namespace
} // namespace shop

int main(int argc, char** argv) {
  std::string folder;
  int port = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--release") folder = argv[i + 1];
    if (name == "--port") port = std::atoi(argv[i + 1]);
  }
  if (folder.empty() || port <= 0) return std::fprintf(stderr, "usage: shop --release FOLDER --port PORT\n"), 2;
  try {
    return shop::run(folder, port);
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "shop: %s\n", e.what()), 1;
  }
}
