#include "catch.hpp"
#include "fakes/google_script.hpp"

using namespace belay;
using fakes::GoogleScript, fakes::play, fakes::change_of, fakes::json, fakes::body_of;

namespace {
Value in(std::vector<std::pair<std::string, Value>> more = {}) {
  more.insert(more.begin(), {"project", "p"});
  return Value::object(std::move(more));
}
std::string counts_url(const char* start, const char* end) {
  return std::string("GET monitoring/v3/projects/p/timeSeries?filter=metric.type%3D%22run.googleapis.com%2Frequest_count%22%20AND%20resource.type%3D%22cloud_run_revision%22%20AND%20resource.labels.service_name%3D%22api%22"
                     "%20AND%20resource.labels.location%3D%22r%22&interval.startTime=") +
         start + "&interval.endTime=" + end +
         "&view=FULL&pageSize=10000&aggregation.perSeriesAligner=ALIGN_DELTA&aggregation.alignmentPeriod=60s&aggregation.crossSeriesReducer=REDUCE_SUM&aggregation.groupByFields=resource.labels.revision_name"
         "&aggregation.groupByFields=metric.labels.response_code_class";
}
} // namespace

TEST_CASE("figures of a metric are read and judged against limits", "[modules]") {
  GoogleScript google; // it is 2027-01-15T08:00:00Z
  google.expect("GET monitoring/v3/projects/p/timeSeries?filter=metric.type%3D%22m%22%20AND%20a%3D%22b%22&interval.startTime=2027-01-15T07%3A52%3A00Z&interval.endTime=2027-01-15T07%3A57%3A00Z&view=FULL&pageSize=10000"
                "&aggregation.perSeriesAligner=ALIGN_PERCENTILE_95&aggregation.alignmentPeriod=60s&aggregation.crossSeriesReducer=REDUCE_MAX",
                R"({"timeSeries":[{"metric":{"labels":{"c":"1"}},"resource":{"labels":{"s":"api"}},"points":[{"interval":{"endTime":"2027-01-15T07:57:00Z"},"value":{"doubleValue":231.5}},)"
                R"({"interval":{"endTime":"2027-01-15T07:56:00Z"},"value":{"int64Value":"9"}}]}]})");
  const auto outcome = fakes::read(google, "monitoring.series",
                                   in({{"metric", "m"}, {"filter", "a=\"b\""}, {"window", Value(Duration(std::chrono::minutes(5)))}, {"lag", Value(Duration(std::chrono::minutes(3)))},
                                       {"period", Value(Duration(std::chrono::minutes(1)))}, {"align", "ALIGN_PERCENTILE_95"}, {"reduce", "REDUCE_MAX"}, {"above", 200.0}, {"what", "p95"}}));
  REQUIRE(outcome.state == State::done);
  CHECK(outcome.outputs["value"] == Value(231.5));
  CHECK(outcome.outputs["most"] == Value(231.5));
  CHECK(outcome.outputs["least"] == Value(9.0));
  CHECK(outcome.outputs["sum"] == Value(240.5));
  CHECK(outcome.outputs["series"].list().at(0)["labels"]["s"] == Value("api"));
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].message == "231.5 is above 200");
}

TEST_CASE("no data is null, never 0, and a finding where it is needed", "[modules]") {
  GoogleScript google;
  google.expect("GET monitoring/v3/projects/p/timeSeries?filter=metric.type%3D%22m%22&interval.startTime=2027-01-15T07%3A55%3A00Z&interval.endTime=2027-01-15T08%3A00%3A00Z&view=FULL&pageSize=10000"
                "&aggregation.perSeriesAligner=ALIGN_MEAN&aggregation.alignmentPeriod=300s",
                "{}");
  const auto outcome = fakes::read(google, "monitoring.series", in({{"metric", "m"}, {"align", "ALIGN_MEAN"}, {"below", 5.0}, {"needs_data", true}}));
  CHECK(outcome.outputs["value"].is_null());
  CHECK(outcome.outputs["sum"].is_null());
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].message == "there is no data in the last 300s");
}

TEST_CASE("counts of revisions are sums since a fixed time, in the shape that gates read", "[modules]") {
  GoogleScript google;
  google.id.run_started.seconds -= 600;
  google.expect(counts_url("2027-01-15T07%3A49%3A00Z", "2027-01-15T08%3A00%3A00Z"),
                R"({"timeSeries":[{"metric":{"labels":{"response_code_class":"5xx"}},"resource":{"labels":{"revision_name":"api-2"}},"points":[{"value":{"int64Value":"3"}},{"value":{"int64Value":"2"}}]},)"
                R"({"metric":{"labels":{"response_code_class":"2xx"}},"resource":{"labels":{"revision_name":"api-2"}},"points":[{"value":{"int64Value":"95"}}]},)"
                R"({"metric":{"labels":{"response_code_class":"2xx"}},"resource":{"labels":{"revision_name":"api-1"}},"points":[{"value":{"int64Value":"900"}}]}]})");
  const auto outcome = fakes::read(google, "monitoring.counts", in({{"region", "r"}, {"service", "api"}, {"revisions", Value::List{"api-2", "api-3"}}}));
  REQUIRE(outcome.state == State::done);
  CHECK(canonical_json(outcome.outputs["servers"]) == R"({"api-1":{"failures":0,"requests":900},"api-2":{"failures":5,"requests":100},"api-3":{"failures":0,"requests":0}})");
  CHECK(outcome.outputs["error_rate"] == Value(5.0 / 1000));
  CHECK(outcome.outputs["probes"]["sent"] == Value(0));
  const auto& gate = std::get<Gate>(find_action(modules::catalog(), "gate.errors")->does);
  const Value settings = Value::object({{"canary", "api-2"}, {"baseline", "api-1"}});
  const auto first = gate.tick(settings, {}, outcome.outputs, {});
  CHECK(first.why.find("missing") == std::string::npos);
  CHECK(first.state["last"]["requests"] == Value(100));
}

TEST_CASE("an alert policy is kept by its name: made, left alone, or brought to what is wanted", "[modules]") {
  GoogleScript google;
  const auto& policy = change_of("monitoring.alert-policy");
  const Value inputs = in({{"name", "High error rate"}, {"filter", "metric.type=\"m\""}, {"comparison", "above"}, {"threshold", 0.05}, {"lasting", Value(Duration(std::chrono::minutes(5)))},
                           {"period", Value(Duration(std::chrono::minutes(1)))}, {"align", "ALIGN_RATE"}});
  google.expect("GET monitoring/v3/projects/p/alertPolicies?pageSize=500", R"({"alertPolicies":[{"name":"projects/p/alertPolicies/1","displayName":"Other"}]})");
  google.expect("POST monitoring/v3/projects/p/alertPolicies", R"({"name":"projects/p/alertPolicies/2"})");
  const auto played = play(google, "monitoring.alert-policy", inputs);
  CHECK(played.outcome.outputs["policy"] == Value("projects/p/alertPolicies/2"));
  CHECK(body_of(played.intent) ==
        R"({"combiner":"OR","conditions":[{"conditionThreshold":{"aggregations":[{"alignmentPeriod":"60s","perSeriesAligner":"ALIGN_RATE"}],"comparison":"COMPARISON_GT","duration":"300s","filter":"metric.type=\"m\"","thresholdValue":0.05},)"
        R"("displayName":"High error rate"}],"displayName":"High error rate","enabled":true})");
  std::string kept = body_of(played.intent);
  kept.insert(1, R"("name":"projects/p/alertPolicies/2","creationRecord":{},)");
  const Value seen = Value::object({{"policy", json(kept)}, {"same", 1}});
  CHECK(policy.prepare(inputs, seen, {}).nothing);
  const auto other = policy.prepare(in({{"name", "High error rate"}, {"filter", "metric.type=\"m\""}, {"threshold", 0.1}}), seen, {});
  CHECK_FALSE(other.nothing);
  CHECK(std::get<Request>(other.act).method == "PATCH");
  CHECK(other.equivalent.find("gcloud alpha monitoring policies update projects/p/alertPolicies/2 '--policy={") == 0);
  // Without a mask the API replaces the policy whole: channels and rates that others have set would be gone.
  CHECK(std::get<Request>(other.act).url == Value("https://monitoring.googleapis.com/v3/projects/p/alertPolicies/2?updateMask=displayName%2Ccombiner%2Cenabled%2Cconditions"));
  CHECK(other.equivalent.find("--fields") == std::string::npos); // gcloud takes none of these
  CHECK(policy.judge(other, {}, seen).state == State::not_seen);
  CHECK(policy.judge(played.intent, {}, seen).state == State::done);
  CHECK(policy.prepare(inputs, json(R"({"policy":{"name":"x"},"same":2})"), {}).refused);
}
