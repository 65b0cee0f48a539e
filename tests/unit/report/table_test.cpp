#include "catch.hpp"
#include "report/line_view.hpp"
#include "report/table.hpp"

using namespace belay;
using namespace std::chrono_literals;

TEST_CASE("a table is aligned whatever colours or accents its cells hold", "[report]") {
  const report::Style color{true};
  const std::string text = report::table({"a", "b"}, {{"é", "1"}, {color.good("long"), "2"}});
  CHECK(text.find("é     1\n") != std::string::npos);
  CHECK(text.find("\x1b[32mlong\x1b[0m  2\n") != std::string::npos);
}

TEST_CASE("outputs are shown as lines, lists of maps as tables, secrets never", "[report]") {
  const Value outputs = Value::object({{"release", "1.1.0"}, {"token", Value("hunter2").as_secret()}, {"servers", Value(Value::List{Value::object({{"name", "blue"}, {"up", true}})})}});
  const std::string text = report::outputs_text(outputs);
  CHECK(text.find("release  1.1.0") != std::string::npos);
  CHECK(text.find("blue") != std::string::npos);
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK(text.find("(secret)") != std::string::npos);
}

TEST_CASE("a cell shows a duration in its own measure and a moment to the second", "[report]") {
  const std::string text = report::outputs_text(Value::object({{"took", Value(Duration(1'249'755))}, {"age", Value(Duration(std::chrono::minutes(3)))}, {"at", Value(Timestamp{0, 500})}}));
  CHECK(text == "took  1.25ms\nage   3m00s\nat    1970-01-01T00:00:00Z\n");
}

TEST_CASE("durations, amounts and rates read at a glance", "[report]") {
  CHECK(report::short_duration(400ms) == "0.4s");
  CHECK(report::short_duration(185s) == "3m05s");
  CHECK(report::short_duration(2h + 10min) == "2h10m");
  CHECK(report::byte_text(1'200'000) == "1.2 MB");
  CHECK(report::progress_text(240'000'000, 1'000'000'000, "bytes", 2s) == "240.0 MB of 1.0 GB, 120.0 MB/s");
  CHECK(report::progress_text(120, 300, "endpoints", 0s) == "120 of 300 endpoints");
}

TEST_CASE("cutting counts characters, not bytes", "[report]") {
  CHECK(report::cut("héllo", 5) == "héllo");
  CHECK(report::cut("héllo wörld", 6) == "héllo…");
  CHECK(report::pad("é", 3) == "é  ");
}

TEST_CASE("a table shows control sequences from outside, and obeys none", "[report]") {
  const Value outputs = Value::object({{"body", Value("fine\x1b[2J")}, {"rows", Value(Value::List{Value::object({{"na\x1bme", Value("\x9b""31m")}})})}});
  const std::string text = report::outputs_text(outputs);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\x9b') == std::string::npos);
  CHECK(text.find("fine\\x1b[2J") != std::string::npos);
}
