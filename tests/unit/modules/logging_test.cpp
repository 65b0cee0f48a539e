#include "catch.hpp"
#include "fakes/google_script.hpp"
#include "modules/logging.hpp"

using namespace belay;
using fakes::GoogleScript, fakes::play, fakes::change_of, fakes::json, fakes::body_of;

namespace {
constexpr const char* k_list = "POST logging/v2/entries:list";
Value in(std::vector<std::pair<std::string, Value>> more = {}) {
  more.insert(more.begin(), {"project", "p"});
  return Value::object(std::move(more));
}
} // namespace

TEST_CASE("log entries are read newest first, over all pages, for a day where nobody says how far back", "[modules]") {
  GoogleScript google; // it is 2027-01-15T08:00:00Z
  google.expect(k_list, R"({"entries":[{"insertId":"a","timestamp":"2027-01-15T07:00:00Z","severity":"ERROR","textPayload":"boom"}],"nextPageToken":"T1"})");
  google.expect(k_list, R"({"nextPageToken":"T2"})");
  google.expect(k_list, R"({"entries":[{"timestamp":"2027-01-15T06:00:00Z","httpRequest":{"requestMethod":"GET","requestUrl":"/x","status":500,"latency":"0.2s"}}]})");
  const auto outcome = fakes::read(google, "logging.read", in({{"filter", "severity>=ERROR OR a=1"}, {"limit", 100}}));
  REQUIRE(outcome.state == State::done);
  CHECK(canonical_json(google.sent.at(0).body) ==
        R"({"filter":"(severity>=ERROR OR a=1) AND timestamp>=\"2027-01-14T08:00:00Z\"","orderBy":"timestamp desc","pageSize":100,"resourceNames":["projects/p"]})");
  CHECK(google.sent.at(2).body["pageToken"] == Value("T2"));
  CHECK(outcome.outputs["count"] == Value(2));
  CHECK(outcome.outputs["entries"].list().at(0)["message"] == Value("boom"));
  CHECK(outcome.outputs["entries"].list().at(1)["message"] == Value("GET /x 500"));
  google.done();
}

TEST_CASE("a time in the filter, or one that is given, replaces the day", "[modules]") {
  GoogleScript google;
  google.expect(k_list, "{}");
  fakes::read(google, "logging.read", in({{"filter", "timestamp>\"2027-01-01T00:00:00Z\""}}));
  CHECK(google.sent.back().body["filter"] == Value("(timestamp>\"2027-01-01T00:00:00Z\")"));
  google.expect(k_list, "{}");
  fakes::read(google, "logging.read", in({{"since", Value(Duration(std::chrono::minutes(5)))}, {"until", parse_rfc3339("2027-01-15T07:59:00Z").value()}}));
  CHECK(google.sent.back().body["filter"] == Value("timestamp>=\"2027-01-15T07:55:00Z\" AND timestamp<\"2027-01-15T07:59:00Z\""));
}

TEST_CASE("entries are counted, and what is cut off is said", "[modules]") {
  GoogleScript google;
  const char* three = R"({"entries":[{"textPayload":"c"},{"textPayload":"b"},{"textPayload":"a"}]})";
  google.expect(k_list, three);
  const auto all = fakes::read(google, "logging.count", in({{"limit", 10}, {"most", 2}, {"what", "failed logins"}}));
  CHECK(all.outputs["count"] == Value(3));
  CHECK(all.outputs["complete"] == Value(true));
  REQUIRE(all.findings.size() == 1);
  CHECK(all.findings[0].message == "3, and 2 are allowed; the newest: c");
  google.expect(k_list, three);
  const auto cut = fakes::read(google, "logging.count", in({{"limit", 2}}));
  CHECK(cut.outputs["count"] == Value(2));
  CHECK(cut.outputs["complete"] == Value(false));
}

TEST_CASE("errors that differ in numbers, names and quotations only are one kind", "[modules]") {
  CHECK(modules::logging::pattern_of("user 42 not found in db7f3a") == modules::logging::pattern_of("user 7 not found in 99"));
  CHECK(modules::logging::pattern_of("key \"a\" missing") == modules::logging::pattern_of("key \"b c\" missing"));
  CHECK(modules::logging::pattern_of("timeout") != modules::logging::pattern_of("refused"));
  GoogleScript google;
  google.expect(k_list, R"({"entries":[{"timestamp":"2027-01-15T07:03:00Z","jsonPayload":{"message":"timeout after 31 ms"}},{"timestamp":"2027-01-15T07:02:00Z","textPayload":"refused"},)"
                        R"({"timestamp":"2027-01-15T07:01:00Z","jsonPayload":{"message":"timeout after 30 ms"}}]})");
  const auto outcome = fakes::read(google, "logging.errors", in({{"filter", "resource.type=\"x\""}}));
  CHECK(google.sent.back().body["filter"].text().starts_with("(severity>=ERROR AND (resource.type=\"x\"))"));
  const auto groups = outcome.outputs["groups"].list();
  REQUIRE(groups.size() == 2);
  CHECK(groups[0]["message"] == Value("timeout after # ms"));
  CHECK(groups[0]["count"] == Value(2));
  CHECK(show(groups[0]["first"]) == show(parse_rfc3339("2027-01-15T07:01:00Z").value()));
  CHECK(groups[0]["example"] == Value("timeout after 31 ms"));
}

TEST_CASE("a tail shows each entry once, those that come late too", "[modules]") {
  GoogleScript google;
  google.expect(k_list, R"({"entries":[{"insertId":"1","timestamp":"2027-01-15T08:00:01Z","severity":"INFO","textPayload":"one"}]})");
  google.expect(k_list, R"({"entries":[{"insertId":"2","timestamp":"2027-01-15T08:00:00Z","severity":"ERROR","textPayload":"late"},{"insertId":"1","timestamp":"2027-01-15T08:00:01Z","severity":"INFO","textPayload":"one"}]})");
  google.expect(k_list, "{}");
  const auto outcome = fakes::read(google, "logging.tail", in({{"watch", Value(Duration(std::chrono::seconds(10)))}, {"every", Value(Duration(std::chrono::seconds(5)))}}));
  CHECK(outcome.outputs["count"] == Value(2));
  CHECK(outcome.outputs["errors"] == Value(1));
  CHECK(google.told.text == "2027-01-15T08:00:01Z INFO one\n2027-01-15T08:00:00Z ERROR late\n");
  google.done();
}

TEST_CASE("a sink is made, left alone when as wanted, brought to what is wanted, and brought back", "[modules]") {
  GoogleScript google;
  const auto& sink = change_of("logging.sink");
  const Value inputs = in({{"name", "keep"}, {"destination", "storage.googleapis.com/b"}, {"filter", "severity>=ERROR"}});
  google.expect("GET logging/v2/projects/p/sinks/keep", 404, R"({"error":{"code":404,"status":"NOT_FOUND","message":"no"}})");
  google.expect("POST logging/v2/projects/p/sinks?uniqueWriterIdentity=true", R"({"name":"keep","writerIdentity":"serviceAccount:w"})");
  const auto played = play(google, "logging.sink", inputs);
  CHECK(played.outcome.outputs["writer"] == Value("serviceAccount:w"));
  CHECK(played.intent.equivalent == "gcloud logging sinks create keep storage.googleapis.com/b '--log-filter=severity>=ERROR' --project=p");
  CHECK(sink.undo(played.intent, played.seen, {}).is_null());
  const Value same = json(R"({"kept":{"name":"keep","destination":"storage.googleapis.com/b","filter":"severity>=ERROR","writerIdentity":"w"}})");
  CHECK(sink.prepare(inputs, same, {}).nothing);
  const Value other = json(R"({"kept":{"name":"keep","destination":"storage.googleapis.com/old","filter":"x"}})");
  const auto change = sink.prepare(inputs, other, {});
  CHECK(std::get<Request>(change.act).method == "PUT");
  CHECK(canonical_json(sink.undo(change, other, {})) == R"({"destination":"storage.googleapis.com/old","filter":"x","name":"keep","project":"p"})");
  CHECK(sink.judge(change, other, same).state == State::done);
  CHECK(sink.judge(change, other, other).state == State::not_seen);
  CHECK(sink.standing(change, other, {}, same) == Standing::as_left);
  CHECK(sink.standing(change, other, {}, other) == Standing::as_before);
  CHECK(sink.standing(change, other, {}, json(R"({"kept":{"name":"keep","destination":"elsewhere"}})")) == Standing::otherwise);
}

TEST_CASE("a sink that has a filter and is to have none loses it", "[modules]") {
  const auto& sink = change_of("logging.sink");
  const Value inputs = in({{"name", "keep"}, {"destination", "storage.googleapis.com/b"}});
  const Value filtered = json(R"({"kept":{"name":"keep","destination":"storage.googleapis.com/b","filter":"severity>=ERROR"}})");
  const auto change = sink.prepare(inputs, filtered, {});
  CHECK_FALSE(change.nothing);
  CHECK(body_of(change) == R"({"destination":"storage.googleapis.com/b","filter":"","name":"keep"})");
  CHECK(change.equivalent == "gcloud logging sinks update keep storage.googleapis.com/b --log-filter= --project=p");
  const Value open = json(R"({"kept":{"name":"keep","destination":"storage.googleapis.com/b"}})");
  CHECK(sink.prepare(inputs, open, {}).nothing);
  CHECK(sink.judge(change, filtered, open).state == State::done);
  CHECK(sink.judge(change, filtered, filtered).state == State::not_seen);
}

TEST_CASE("a metric of the log names its type for alert policies", "[modules]") {
  const auto intent = change_of("logging.metric").prepare(in({{"name", "error_rate"}, {"filter", "severity>=ERROR"}, {"description", "errors"}}), json(R"({"kept":null})"), {});
  CHECK(body_of(intent) == R"({"description":"errors","filter":"severity>=ERROR","metricDescriptor":{"metricKind":"DELTA","valueType":"INT64"},"name":"error_rate"})");
  CHECK(intent.outputs["metric"] == Value("logging.googleapis.com/user/error_rate"));
  // A PUT replaces the whole: what others have added to it goes along.
  const Value kept = json(R"({"kept":{"name":"error_rate","filter":"old","createTime":"2026-01-01T00:00:00Z","labelExtractors":{"a":"x"},"metricDescriptor":{"labels":[{"key":"a"}],"metricKind":"DELTA","valueType":"INT64"}}})");
  const auto change = change_of("logging.metric").prepare(in({{"name", "error_rate"}, {"filter", "new"}, {"description", "errors"}}), kept, {});
  CHECK(body_of(change) == R"({"description":"errors","filter":"new","labelExtractors":{"a":"x"},"metricDescriptor":{"labels":[{"key":"a"}],"metricKind":"DELTA","valueType":"INT64"},"name":"error_rate"})");
}
