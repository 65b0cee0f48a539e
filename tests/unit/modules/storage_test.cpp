#include "catch.hpp"
#include "codec/crc32c.hpp"
#include "fakes/google_script.hpp"

using namespace belay;
using fakes::GoogleScript, fakes::play, fakes::change_of, fakes::json, fakes::body_of;

namespace {

constexpr const char* k_object = "GET storage/storage/v1/b/b/o/d%2Fx.sql";
constexpr const char* k_open = "POST storage/upload/storage/v1/b/b/o?uploadType=resumable&name=d%2Fx.sql&ifGenerationMatch=0";
constexpr const char* k_session = "PUT storage/upload/session-1";
constexpr std::size_t k_piece = 8U << 20U;

Value in(std::vector<std::pair<std::string, Value>> more = {}) {
  more.insert(more.begin(), {{"bucket", "b"}, {"object", "d/x.sql"}});
  return Value::object(std::move(more));
}
void expect_opened(GoogleScript& google) {
  google.expect(k_object, 404, "{}");
  google.expect(k_open, 200, {{"location", "https://storage.googleapis.com/upload/session-1"}}, "");
}
std::string range_of(const Request& request) {
  for (const auto& [name, value] : request.headers)
    if (name == "Content-Range") return value.text();
  return {};
}
std::string stored(const std::string& bytes) { return R"({"generation":"7","crc32c":")" + crc32c_base64(crc32c(bytes)) + R"(","size":")" + std::to_string(bytes.size()) + "\"}"; }

} // namespace

TEST_CASE("a file is uploaded in pieces under its checksum, and never over an object", "[modules]") {
  GoogleScript google;
  std::string bytes(k_piece + 1000, 'x');
  for (std::size_t i = 0; i < bytes.size(); i += 997) bytes[i] = static_cast<char>(i);
  google.files.files["/f"] = bytes;
  expect_opened(google);
  google.expect(k_session, 308, {{"range", "bytes=0-8388607"}}, "");
  google.expect(k_session, stored(bytes));
  const auto played = play(google, "storage.put", in({{"file", "/f"}, {"type", "text/plain"}}));
  REQUIRE(played.outcome.state == State::done);
  CHECK(body_of(played.intent) == R"({"contentType":"text/plain","crc32c":")" + crc32c_base64(crc32c(bytes)) + R"(","name":"d/x.sql"})");
  CHECK(range_of(google.sent[2]) == "bytes 0-8388607/8389608");
  CHECK(range_of(google.sent[3]) == "bytes 8388608-8389607/8389608");
  CHECK(google.sent[2].body.octets() + google.sent[3].body.octets() == bytes);
  CHECK(played.outcome.outputs["generation"] == Value("7"));
  CHECK(played.intent.outputs["uri"] == Value("gs://b/d/x.sql"));
  google.done();
}

TEST_CASE("a piece that was lost is asked for, and only what the session lacks is sent again", "[modules]") {
  GoogleScript google;
  const std::string bytes = "0123456789";
  google.files.files["/f"] = bytes;
  expect_opened(google);
  google.expect_lost(k_session);
  google.expect(k_session, 503, "{}");
  google.expect(k_session, 308, {{"range", "bytes=0-3"}}, "");
  google.expect(k_session, stored(bytes));
  const auto played = play(google, "storage.put", in({{"file", "/f"}}));
  CHECK(played.outcome.state == State::done);
  CHECK(range_of(google.sent[3]) == "bytes */10");
  CHECK(range_of(google.sent[5]) == "bytes 4-9/10");
  CHECK(google.sent[5].body.octets() == "456789");
  google.done();
}

TEST_CASE("an upload whose last answer was lost is found finished by asking", "[modules]") {
  GoogleScript google;
  google.files.files["/f"] = "abc";
  expect_opened(google);
  google.expect_lost(k_session);
  google.expect(k_session, stored("abc"));
  CHECK(play(google, "storage.put", in({{"file", "/f"}})).outcome.state == State::done);
  google.done();
}

TEST_CASE("what arrived otherwise than it was sent is deleted again", "[modules]") {
  GoogleScript google;
  google.files.files["/f"] = "abc";
  expect_opened(google);
  google.expect(k_session, stored("abd"));
  google.expect("DELETE storage/storage/v1/b/b/o/d%2Fx.sql?ifGenerationMatch=7", 204, "");
  const auto played = play(google, "storage.put", in({{"file", "/f"}}));
  CHECK(played.outcome.state == State::no_effect);
  CHECK(played.outcome.failure->message.find("deleted again") != std::string::npos);
  google.done();
}

TEST_CASE("an empty file and a value are uploaded too", "[modules]") {
  GoogleScript google;
  google.files.files["/f"] = "";
  expect_opened(google);
  google.expect(k_session, stored(""));
  CHECK(play(google, "storage.put", in({{"file", "/f"}})).outcome.state == State::done);
  CHECK(range_of(google.sent.back()) == "bytes */0");
  expect_opened(google);
  google.expect(k_session, stored("hello"));
  CHECK(play(google, "storage.put", in({{"content", "hello"}})).outcome.state == State::done);
  CHECK(range_of(google.sent.back()) == "bytes 0-4/5");
  google.done();
}

TEST_CASE("an object with the same content is left alone, another is not replaced", "[modules]") {
  const auto& put = change_of("storage.put");
  const auto with = [](const char* crc) { return json(std::string(R"({"source":{"size":3,"crc32c":"AA"},"object":{"size":3,"crc32c":")") + crc + "\",\"generation\":\"5\"}}"); };
  CHECK(put.prepare(in({{"file", "/f"}}), with("AA"), {}).nothing);
  CHECK(put.prepare(in({{"file", "/f"}}), with("BB"), {}).refused);
  CHECK(put.prepare(in(), with("AA"), {}).refused);
  CHECK(put.prepare(in({{"file", "/f"}, {"content", "x"}}), with("AA"), {}).refused);
  const auto intent = put.prepare(in({{"file", "/f"}, {"type", "text/plain"}}), json(R"({"source":{"size":3,"crc32c":"AA"},"object":null})"), {});
  CHECK(intent.equivalent == "gcloud storage cp /f gs://b/d/x.sql --if-generation-match=0 --content-type=text/plain");
  CHECK(put.judge(intent, {}, json(R"({"object":null})")).state == State::not_seen);
  CHECK(put.judge(intent, {}, json(R"({"object":{"crc32c":"AA","generation":"9"}})")).outputs["generation"] == Value("9"));
  CHECK(put.judge(intent, {}, json(R"({"object":{"crc32c":"BB","generation":"9"}})")).state == State::no_effect);
}

TEST_CASE("a name that gcloud would take for a pattern has no gcloud command", "[modules]") {
  const Value there = json(R"({"object":{"generation":"7","size":3,"crc32c":"AA"}})");
  const auto of = [&](const char* name) { return change_of("storage.delete").prepare(Value::object({{"bucket", "b"}, {"object", name}}), there, {}).equivalent; };
  CHECK(of("x.sql") == "gcloud storage rm 'gs://b/x.sql#7'");
  for (const char* name : {"*", "x?.sql", "x[1].sql"}) CHECK(of(name).empty());
}

TEST_CASE("an object is read as a value and fetched into a file, each held to its checksum", "[modules]") {
  GoogleScript google;
  google.expect(k_object, stored("{\"a\":1}"));
  google.expect("GET storage/storage/v1/b/b/o/d%2Fx.sql?alt=media&generation=7", "{\"a\":1}");
  CHECK(fakes::read(google, "storage.get", in()).outputs["body"]["a"] == Value(1));
  google.expect(k_object, stored("abc"));
  google.expect("GET storage/storage/v1/b/b/o/d%2Fx.sql?alt=media&generation=7", "abd");
  CHECK(fakes::read(google, "storage.get", in()).state == State::failed);
  google.expect(k_object, stored("abc"));
  google.expect("GET storage/storage/v1/b/b/o/d%2Fx.sql?alt=media&generation=7", "abc");
  CHECK(play(google, "storage.fetch", in({{"file", "/to"}})).outcome.state == State::done);
  CHECK(google.files.files.at("/to") == "abc");
  google.expect(k_object, stored("abc"));
  google.expect("GET storage/storage/v1/b/b/o/d%2Fx.sql?alt=media&generation=7", "abd");
  CHECK(play(google, "storage.fetch", in({{"file", "/other"}})).outcome.state == State::no_effect);
  CHECK(google.files.files.count("/other") == 0);
  CHECK(google.files.files.size() == 1);
  google.expect(k_object, stored("abc"));
  CHECK(play(google, "storage.fetch", in({{"file", "/to"}})).intent.refused);
  google.done();
}

TEST_CASE("a fetch takes no file away that is not its own", "[modules]") {
  GoogleScript google;
  google.files.files["/to.part"] = "somebody's";
  google.expect(k_object, stored("abc"));
  google.expect("GET storage/storage/v1/b/b/o/d%2Fx.sql?alt=media&generation=7", "abc");
  CHECK(play(google, "storage.fetch", in({{"file", "/to"}})).outcome.state == State::done);
  CHECK(google.files.files.at("/to.part") == "somebody's");
  CHECK(google.files.files.size() == 2);
}

TEST_CASE("the object that was looked at is deleted, and no later one", "[modules]") {
  GoogleScript google;
  const auto& remove = change_of("storage.delete");
  google.expect(k_object, stored("abc"));
  google.expect("DELETE storage/storage/v1/b/b/o/d%2Fx.sql?ifGenerationMatch=7", 412, R"({"error":{"code":412,"message":"conditionNotMet"}})");
  const auto played = play(google, "storage.delete", in());
  CHECK(played.outcome.state == State::no_effect);
  CHECK(played.outcome.failure->cause == Cause::conflict);
  CHECK(remove.judge(played.intent, played.seen, json(R"({"object":null})")).state == State::done);
  CHECK(remove.judge(played.intent, played.seen, json(R"({"object":{"generation":"7"}})")).state == State::not_seen);
  CHECK(remove.judge(played.intent, played.seen, json(R"({"object":{"generation":"8"}})")).state == State::no_effect);
  CHECK(remove.prepare(in(), json(R"({"object":null})"), {}).nothing);
  google.done();
}

TEST_CASE("objects are listed with their number, size and the newest", "[modules]") {
  GoogleScript google;
  google.expect("GET storage/storage/v1/b/b/o?maxResults=1000&prefix=d%2F", R"({"items":[{"name":"d/1","size":"5","updated":"2027-01-01T00:00:00Z"}],"nextPageToken":"T"})");
  google.expect("GET storage/storage/v1/b/b/o?maxResults=1000&prefix=d%2F&pageToken=T", R"({"items":[{"name":"d/2","size":"7","updated":"2027-01-02T00:00:00Z"}]})");
  const auto outcome = fakes::read(google, "storage.list", Value::object({{"bucket", "b"}, {"prefix", "d/"}}));
  CHECK(outcome.outputs["bytes"] == Value(12));
  CHECK(outcome.outputs["newest"]["name"] == Value("d/2"));
  google.expect(k_object, 404, "{}");
  CHECK(fakes::read(google, "storage.stat", in()).outputs["found"] == Value(false));
  google.expect(k_object, 404, "{}");
  CHECK(fakes::read(google, "storage.stat", in({{"required", true}})).state == State::failed);
}
