#include "catch.hpp"
#include "integration/support/http_server.hpp"
#include "integration/support/program.hpp"
#include "ports/http.hpp"
#include "ports/real_ports.hpp"
#include <condition_variable>
#include <fmt/core.h>
#include <thread>

using namespace belay;
using support::HttpReply;
using support::HttpRequest;
using support::HttpServer;

namespace {
struct Bench {
  std::unique_ptr<Time> time = make_clock();
  Stop stop{*time};
  std::unique_ptr<Http> http = make_http();
};
Request get(std::string url) {
  Request request;
  request.url = std::move(url);
  return request;
}
Request of(std::string method, std::string url, Value body = {}) {
  Request request = get(std::move(url));
  request.method = std::move(method);
  request.body = std::move(body);
  return request;
}
std::string header(const Answer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers)
    if (key == name) return value;
  return "";
}

struct Kept : Sink {
  std::string text;
  int pause_ms = 0;
  std::size_t break_at = 0;
  Expected<void> write(std::span<const std::byte> bytes) override {
    if (pause_ms) std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (break_at && text.size() > break_at) return Unexpected(Failure{Cause::full, Reached::no, "no space", ""});
    return {};
  }
  Expected<std::uint64_t> finish() override { return text.size(); }
};
struct Given : Source {
  std::string text;
  std::size_t at = 0;
  Expected<std::size_t> read(std::span<std::byte> into) override {
    const std::size_t size = std::min(into.size(), text.size() - at);
    std::copy_n(reinterpret_cast<const std::byte*>(text.data()) + at, size, into.begin());
    at += size;
    return size;
  }
};
} // namespace

TEST_CASE("any status is an answer, with its headers in lower case", "[integration][http]") {
  Bench bench;
  HttpServer server([](const HttpRequest& request) { return HttpReply{.status = request.path == "/gone" ? 404 : 500, .body = "no", .headers = {{"X-Thing", "a b"}}}; });
  const auto answer = bench.http->read(get(server.url("/gone")), bench.stop);
  REQUIRE(answer);
  CHECK(answer->status == 404);
  CHECK(answer->body == "no");
  CHECK(header(*answer, "x-thing") == "a b");
  CHECK(answer->took > Duration::zero());
  CHECK(bench.http->read(get(server.url("/")), bench.stop)->status == 500);
}

TEST_CASE("connections are kept between reads", "[integration][http]") {
  Bench bench;
  HttpServer server([](const HttpRequest&) { return HttpReply{}; });
  for (int i = 0; i < 5; ++i) REQUIRE(bench.http->read(get(server.url("/")), bench.stop));
  CHECK(server.connections() == 1);
}

TEST_CASE("a read refuses what may change something", "[integration][http]") {
  Bench bench;
  HttpServer server([](const HttpRequest&) { return HttpReply{}; });
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "get"}) {
    const auto answer = bench.http->read(of(method, server.url("/")), bench.stop);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().cause == Cause::refused);
    CHECK(answer.error().reached == Reached::no);
  }
  CHECK(server.seen().empty());
  Request query = of("POST", server.url("/search"), Value::object({{"q", 1}}));
  query.reads_by_post = true;
  REQUIRE(bench.http->read(query, bench.stop));
  CHECK(server.seen().at(0).body == "{\"q\":1}");
  CHECK(server.seen().at(0).headers.at("content-type") == "application/json");
  REQUIRE(bench.http->read(of("HEAD", server.url("/")), bench.stop));
}

TEST_CASE("an act is sent with its body and secrets as they are", "[integration][http]") {
  Bench bench;
  HttpServer server([](const HttpRequest&) { return HttpReply{.status = 201}; });
  Request request = of("PUT", server.url("/x"), Value("plain"));
  request.headers = {{"Authorization", join({"Bearer ", Value("hunter2").as_secret()})}, {"X-Empty", Value("")}};
  REQUIRE(bench.http->send(request, nullptr, bench.stop)->status == 201);
  REQUIRE(bench.http->send(of("DELETE", server.url("/x")), nullptr, bench.stop));
  REQUIRE(bench.http->send(of("POST", server.url("/x"), Value::bytes(std::string("\0\xff", 2))), nullptr, bench.stop));
  REQUIRE(bench.http->send(of("POST", server.url("/x")), nullptr, bench.stop));
  const auto seen = server.seen();
  CHECK(seen.at(0).method == "PUT");
  CHECK(seen.at(0).body == "plain");
  CHECK(seen.at(0).headers.at("authorization") == "Bearer hunter2");
  CHECK(seen.at(0).headers.count("x-empty") == 1);
  CHECK(seen.at(0).headers.count("content-type") == 0);
  CHECK(seen.at(1).method == "DELETE");
  CHECK(seen.at(2).body == std::string("\0\xff", 2));
  CHECK(seen.at(3).headers.at("content-length") == "0");
}

TEST_CASE("data cannot add a header or another scheme", "[integration][http]") {
  Bench bench;
  HttpServer server([](const HttpRequest&) { return HttpReply{}; });
  Request injected = get(server.url("/"));
  injected.headers = {{"X-Name", Value("a\r\nX-Evil: 1")}};
  CHECK(bench.http->read(injected, bench.stop).error().cause == Cause::refused);
  injected.headers = {{"X Name", Value("a")}};
  CHECK(bench.http->read(injected, bench.stop).error().cause == Cause::refused);
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "no url", "", "http://127.0.0.1/\r\nX: 1"})
    CHECK(bench.http->read(get(url), bench.stop).error().cause == Cause::refused);
  CHECK(server.seen().empty());
}

TEST_CASE("addresses at which clouds hand out credentials are refused, redirects to them too", "[integration][http]") {
  Bench bench;
  for (const char* url : {"http://169.254.169.254/latest/meta-data/", "http://0xA9FEA9FE/", "http://2852039166/", "http://169.254.1/", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/", "http://[fd00:ec2::254]/",
                          "http://metadata.google.internal/computeMetadata/v1/", "http://METADATA.google.internal./"}) {
    INFO(url);
    const auto answer = bench.http->read(get(url), bench.stop.nested(std::chrono::seconds(2)));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().cause == Cause::refused);
    CHECK(answer.error().reached == Reached::no);
  }
  HttpServer server([](const HttpRequest&) { return HttpReply{.status = 302, .headers = {{"Location", "http://169.254.169.254/"}}}; });
  Request request = get(server.url("/"));
  request.redirects = 3;
  CHECK(bench.http->read(request, bench.stop).error().cause == Cause::refused);
}

TEST_CASE("redirects are followed as far as allowed, and secrets stay with their host", "[integration][http]") {
  Bench bench;
  HttpServer other([](const HttpRequest&) { return HttpReply{.body = "other"}; });
  HttpServer server([&](const HttpRequest& request) {
    if (request.path == "/away") return HttpReply{.status = 307, .body = "ignored", .headers = {{"Location", other.url("/there")}}};
    if (request.path == "/loop") return HttpReply{.status = 302, .headers = {{"Location", "/loop"}}};
    return HttpReply{.status = 301, .headers = {{"Location", "/away"}}};
  });
  Request request = get(server.url("/"));
  request.headers = {{"Authorization", "Basic eA=="}, {"X-Api-Key", Value("k").as_secret()}, {"X-Plain", "p"}};
  CHECK(bench.http->read(request, bench.stop)->status == 301);
  request.redirects = 2;
  CHECK(bench.http->read(request, bench.stop)->body == "other");
  CHECK(server.seen().back().headers.count("x-api-key") == 1);
  const auto there = other.seen().at(0);
  CHECK(there.headers.count("authorization") == 0);
  CHECK(there.headers.count("x-api-key") == 0);
  CHECK(there.headers.at("x-plain") == "p");
  Request loop = get(server.url("/loop"));
  loop.redirects = 4;
  CHECK(bench.http->read(loop, bench.stop)->status == 302);
  CHECK(bench.http->send([&] { Request post = of("POST", server.url("/")); post.redirects = 5; return post; }(), nullptr, bench.stop)->status == 301);
}

TEST_CASE("nothing listening reached nothing; a connection that breaks after the request may have", "[integration][http]") {
  Bench bench;
  const auto nobody = bench.http->send(of("POST", fmt::format("http://127.0.0.1:{}/", support::free_port())), nullptr, bench.stop);
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().cause == Cause::transport);
  CHECK(nobody.error().reached == Reached::no);
  CHECK(bench.http->read(get("http://no-such-host.invalid/"), bench.stop).error().reached == Reached::no);
  HttpServer server([](const HttpRequest& request) { return request.path == "/cut" ? HttpReply{.body = "0123456789", .cut = 3} : HttpReply{.drop = true}; });
  for (const char* path : {"/drop", "/cut"}) {
    const auto broken = bench.http->send(of("POST", server.url(path)), nullptr, bench.stop);
    REQUIRE_FALSE(broken);
    CHECK(broken.error().cause == Cause::transport);
    CHECK(broken.error().reached == Reached::perhaps);
  }
}

TEST_CASE("an act is never sent twice, although a kept connection is dead", "[integration][http]") {
  Bench bench;
  HttpServer server([](const HttpRequest& request) { return HttpReply{.drop = request.method == "POST"}; });
  for (int i = 0; i < 20; ++i) {
    REQUIRE(bench.http->read(get(server.url("/")), bench.stop)); // leaves a connection that could be used again
    CHECK_FALSE(bench.http->send(of("POST", server.url("/")), nullptr, bench.stop));
  }
  int posts = 0;
  for (const auto& request : server.seen()) posts += request.method == "POST";
  CHECK(posts == 20);
}

TEST_CASE("a slow server is left at the limit, a stop within a tenth of a second", "[integration][http]") {
  Bench bench;
  HttpServer server([](const HttpRequest&) { return HttpReply{.after_ms = 10'000}; });
  Request request = of("POST", server.url("/"));
  request.limit = std::chrono::milliseconds(150);
  auto begun = std::chrono::steady_clock::now();
  const auto late = bench.http->send(request, nullptr, bench.stop);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(300));
  REQUIRE_FALSE(late);
  CHECK(late.error().cause == Cause::timeout);
  CHECK(late.error().reached == Reached::perhaps);

  const Stop stop = bench.stop.nested({});
  std::thread interrupter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    stop.request(Stop::Why::interrupted);
  });
  begun = std::chrono::steady_clock::now();
  const auto stopped = bench.http->read(get(server.url("/")), stop);
  interrupter.join();
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(300));
  CHECK(stopped.error().cause == Cause::stopped);
}

TEST_CASE("of a large body the first 16 MiB are kept and it says so", "[integration][http]") {
  Bench bench;
  const std::string large(20U << 20, 'x');
  HttpServer server([&](const HttpRequest&) { return HttpReply{.body = large}; });
  const auto answer = bench.http->read(get(server.url("/")), bench.stop);
  REQUIRE(answer);
  CHECK(answer->cut);
  CHECK(answer->body.size() == 16U << 20);
}

TEST_CASE("a body streams into a sink as slow as the sink is, and an error's body does not", "[integration][http]") {
  Bench bench;
  std::string large(24U << 20, 'x');
  for (std::size_t i = 0; i < large.size(); i += 4096) large[i] = static_cast<char>('a' + i / 4096 % 26);
  HttpServer server([&](const HttpRequest& request) { return request.path == "/" ? HttpReply{.body = large} : HttpReply{.status = 404, .body = "not here"}; });
  Kept sink;
  sink.pause_ms = 5;
  const auto answer = bench.http->read(get(server.url("/")), bench.stop, &sink);
  REQUIRE(answer);
  CHECK(answer->body.empty());
  CHECK((sink.text == large));
  Kept none;
  CHECK(bench.http->read(get(server.url("/none")), bench.stop, &none)->body == "not here");
  CHECK(none.text.empty());
  Kept full;
  full.break_at = 2U << 20;
  CHECK(bench.http->read(get(server.url("/")), bench.stop, &full).error().cause == Cause::full);
}

TEST_CASE("a source is uploaded whole", "[integration][http]") {
  Bench bench;
  HttpServer server([](const HttpRequest& request) { return HttpReply{.body = std::to_string(request.body.size())}; });
  Given source;
  source.text.assign(9U << 20, 'u');
  const auto answer = bench.http->send(of("PUT", server.url("/")), &source, bench.stop);
  if (!answer) FAIL(answer.error().message);
  CHECK(answer->body == std::to_string(9U << 20));
  CHECK((server.seen().at(0).body == source.text));
}

TEST_CASE("a thousand endpoints are read at once, each with its own answer", "[integration][http]") {
  Bench bench;
  HttpServer server([](const HttpRequest& request) { return HttpReply{.body = request.path, .close = request.path.back() == '7'}; });
  std::vector<Request> requests;
  for (int i = 0; i < 1000; ++i) requests.push_back(get(server.url("/" + std::to_string(i))));
  requests.push_back(get("ftp://x/"));
  requests.push_back(get(fmt::format("http://127.0.0.1:{}/", support::free_port())));
  std::vector<int> told(requests.size());
  int wrong = 0;
  bench.http->read_all(requests, 300, [&](std::size_t index, Expected<Answer> answer) {
    ++told.at(index);
    if (index < 1000) wrong += !answer || answer->body != "/" + std::to_string(index);
    else wrong += answer.has_value();
  }, bench.stop);
  CHECK(wrong == 0);
  CHECK(std::count(told.begin(), told.end(), 1) == static_cast<long>(requests.size()));
  CHECK(server.connections() <= 400);
}

TEST_CASE("endpoints that take their time are all asked at the same time", "[integration][http]") {
  Bench bench;
  constexpr int k_all = 100;
  std::mutex lock;
  std::condition_variable changed;
  int asked = 0;
  // None is answered before all have been asked.
  HttpServer server([&](const HttpRequest&) {
    std::unique_lock guard(lock);
    if (++asked == k_all) changed.notify_all();
    const bool met = changed.wait_for(guard, std::chrono::seconds(20), [&] { return asked >= k_all; });
    return HttpReply{.status = met ? 200 : 503};
  });
  int well = 0;
  bench.http->read_all(std::vector<Request>(k_all, get(server.url("/"))), k_all, [&](std::size_t, Expected<Answer> answer) { well += answer && answer->status == 200; }, bench.stop);
  CHECK(well == k_all);
}

TEST_CASE("no more are read at once than was allowed", "[integration][http]") {
  Bench bench;
  HttpServer server([](const HttpRequest&) { return HttpReply{.after_ms = 20}; });
  int well = 0;
  bench.http->read_all(std::vector<Request>(60, get(server.url("/"))), 20, [&](std::size_t, Expected<Answer> answer) { well += answer.has_value(); }, bench.stop);
  CHECK(well == 60);
  CHECK(server.connections() <= 20);
}

TEST_CASE("a stop ends a thousand reads, and every one is told", "[integration][http]") {
  Bench bench;
  HttpServer server([](const HttpRequest&) { return HttpReply{.after_ms = 5000}; });
  std::vector<Request> requests(100, get(server.url("/")));
  int failed = 0;
  const auto begun = std::chrono::steady_clock::now();
  bench.http->read_all(requests, 20, [&](std::size_t, Expected<Answer> answer) { failed += !answer; }, bench.stop.nested(std::chrono::milliseconds(200)));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(500));
  CHECK(failed == 100);
}
