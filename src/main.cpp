#include "cli/run_cli.hpp"
#include "clients/gcp/google_http.hpp"
#include "clients/gcp/google_secrets.hpp"
#include "modules/catalog.hpp"
#include "ports/http.hpp"
#include "ports/lines.hpp"
#include "ports/real_ports.hpp"
#include "ports/secrets.hpp"
#include "ports/sql.hpp"
#include "ports/sqlite_store.hpp"
#include <iostream>
#include <malloc.h>

int main(int argc, char** argv) {
  using namespace belay;
  if (const auto guard = guard_main(argc, argv)) return *guard;
  harden_process();
  // The memory of threads grows a page at a time otherwise, each a system call.
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TOP_PAD, 4 << 20);
  const auto signals = make_signals();
  const auto time = make_clock();
  const auto entropy = make_entropy();
  const auto machine = make_machine();
  const auto terminal = make_terminal();
  const auto files = make_files();
  const auto process = make_process({"PGPASSWORD", "CLOUDSDK_PROXY_PASSWORD"});
  const auto http = make_http();
  const auto sql = make_sql();
  const auto lines = make_lines();
  const gcp::Route route(*machine);
  gcp::Credentials google({*http, *process, *files, *machine, *time}, route);
  gcp::GoogleHttp google_http(*http, google, route, *time);
  const auto plain_secrets = make_secrets(*process, *files, *machine);
  gcp::GoogleSecrets secrets(*plain_secrets, google_http);
  Ports ports{google_http, *process, *sql, *lines, *files, *time};
  const auto open_store = [&](const std::string& folder) { return open_sqlite_store(folder + "/state.db", *time, *entropy); };
  cli::Outside outside{ports, *machine, *terminal, *entropy, *signals, secrets, modules::catalog(), open_store, std::cin, std::cout, std::cerr, &google};
  return cli::run_cli({argv + 1, argv + argc}, outside);
}
