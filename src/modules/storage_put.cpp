#include "codec/crc32c.hpp"
#include "modules/command_outcome.hpp"
#include "modules/storage.hpp"
#include "value/json.hpp"
#include <algorithm>
#include <charconv>
#include <fmt/core.h>

/// Uploads, by Cloud Storage's resumable protocol: one request opens a session, whose address takes the bytes in pieces; a piece that was lost
/// is asked for and sent again. The object is there whole, or not at all.
namespace belay::modules::storage_parts {
namespace {

constexpr std::size_t k_piece = 8U << 20U; ///< a multiple of 256 KiB, as the protocol wants it
constexpr int k_tries = 6;

struct Measured {
  std::int64_t size = 0;
  std::uint32_t crc = 0;
};

Expected<std::size_t> fill(Source& source, std::string& piece) {
  std::size_t have = 0;
  while (have < piece.size()) {
    const auto got = source.read(std::as_writable_bytes(std::span(piece.data() + have, piece.size() - have)));
    if (!got) return got;
    if (*got == 0) break;
    have += *got;
  }
  return have;
}

Expected<Measured> measure(Source& source) {
  Measured measured;
  std::string piece(1U << 20U, '\0');
  for (;;) {
    const auto got = fill(source, piece);
    if (!got) return Unexpected(got.error());
    measured.crc = crc32c({piece.data(), *got}, measured.crc);
    measured.size += static_cast<std::int64_t>(*got);
    if (*got < piece.size()) return measured;
  }
}

Value octets_of(const Value& content) { return content.kind() == Kind::text ? content : content.kind() == Kind::bytes ? Value(content.octets()) : Value(canonical_json(content)); }
Value size_of(const Value& plain) { return static_cast<std::int64_t>(octets_of(plain).text().size()); }
Value crc_of(const Value& plain) { return crc32c_base64(crc32c(octets_of(plain).text())); }

std::string header(const Answer& answer, std::string_view name) {
  const auto at = std::find_if(answer.headers.begin(), answer.headers.end(), [&](const auto& one) { return one.first == name; });
  return at == answer.headers.end() ? std::string() : at->second;
}

/// How many bytes the session has: `Range: bytes=0-N`; none without the header.
std::int64_t kept_of(const Answer& answer) {
  const auto range = header(answer, "range");
  const auto dash = range.rfind('-');
  std::int64_t last = -1;
  if (dash != std::string::npos) std::from_chars(range.data() + dash + 1, range.data() + range.size(), last);
  return last + 1;
}

/// The session's address at the service that was asked, whatever host it names: a token goes nowhere else.
Value session_of(const std::string& location) {
  const auto scheme = location.find("://");
  const auto path = location.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  return path == std::string::npos ? Value() : gcp::url("storage", Value(location.substr(path + 1)));
}

struct Upload {
  Ports& ports;
  const Call& call;
  Value session;
  std::int64_t size = 0;

  Expected<Answer> put(const std::string& range, Value bytes) const {
    Request request = gcp::send("PUT", session, {});
    request.headers.emplace_back("Content-Range", Value(range));
    request.body = std::move(bytes);
    return ports.http.send(request, nullptr, call.stop);
  }
  /// Where the session stands, asked a few times; its last answer where it is finished.
  Expected<Answer> ask() const {
    Expected<Answer> answer = Unexpected(Failure{Cause::transport, Reached::perhaps, "the upload was interrupted", ""});
    for (int i = 0; i < k_tries; ++i) {
      if (!ports.time.sleep(std::chrono::milliseconds(250) * (1 << i), call.stop)) return Unexpected(Failure{Cause::stopped, Reached::perhaps, "stopped while uploading", ""});
      answer = put(fmt::format("bytes */{}", size), {});
      if (answer && answer->status < 500 && answer->status != 429) return answer;
    }
    return answer;
  }
};

bool is_over(const Expected<Answer>& answer) { return answer && answer->status != 308 && answer->status < 500 && answer->status != 429; }

/// Sends everything; the answer that ended the session, or why it could not be.
Expected<Answer> send_pieces(const Upload& upload, Source& source) {
  std::string piece(k_piece, '\0');
  std::int64_t begin = 0;
  do {
    const auto got = fill(source, piece);
    if (!got) return Unexpected(Failure{got.error().cause, Reached::no, got.error().message, got.error().hint});
    const std::int64_t end = begin + static_cast<std::int64_t>(*got);
    if (*got < piece.size() && end != upload.size)
      return Unexpected(Failure{Cause::conflict, Reached::no, fmt::format("the file had {} bytes and has {} now: it is being written", upload.size, end), "upload it when nobody writes it"});
    std::int64_t at = begin;
    for (int tries = 0; at < end || upload.size == 0;) {
      const auto bytes = Value::bytes(piece.substr(static_cast<std::size_t>(at - begin), static_cast<std::size_t>(end - at)));
      auto answer = upload.put(upload.size == 0 ? "bytes */0" : fmt::format("bytes {}-{}/{}", at, end - 1, upload.size), bytes);
      if (is_over(answer)) return answer;
      if (!answer || answer->status != 308) {
        answer = upload.ask();
        if (!answer || is_over(answer)) return answer;
        if (answer->status != 308) return answer;
      }
      const std::int64_t kept = kept_of(*answer);
      if (kept < at || kept > end) return Unexpected(Failure{Cause::malformed, Reached::perhaps, fmt::format("the upload's session says that it has {} bytes, which cannot be", kept), ""});
      tries = kept == at ? tries + 1 : 0;
      if (tries >= k_tries) return Unexpected(Failure{Cause::transport, Reached::perhaps, "the upload makes no progress", ""});
      at = kept;
      upload.call.tell.progress(at, upload.size, "bytes");
    }
    begin = end;
  } while (begin < upload.size);
  return Unexpected(Failure{Cause::malformed, Reached::perhaps, "the upload's session took every byte and named no object", ""});
}

/// A value that is sent whole: it may be a secret, whose bytes only the port sees.
Expected<Answer> send_whole(const Upload& upload, const Value& content) {
  auto answer = upload.put(upload.size == 0 ? "bytes */0" : fmt::format("bytes 0-{}/{}", upload.size - 1, upload.size), content);
  if (is_over(answer)) return answer;
  answer = upload.ask();
  if (answer && answer->status == 308 && kept_of(*answer) == 0) return upload.put(fmt::format("bytes 0-{}/{}", upload.size - 1, upload.size), content);
  return answer;
}

} // namespace

/// {source: {size, crc32c}, object: null where there is none}
std::vector<std::string> touches_put(const Value& in) {
  auto names = touches(in);
  if (!in["file"].is_null()) names.push_back("file:" + text_or(in["file"], ""));
  return names;
}

Expected<Value> observe_put(const Call& call, const Value&, const Reads& reads) {
  const Value& in = call.in;
  Value source;
  if (!in["file"].is_null()) {
    auto file = reads.files.open(text_or(in["file"], ""));
    if (!file) return Unexpected(file.error());
    const auto measured = measure(**file);
    if (!measured) return Unexpected(measured.error());
    source = Value::object({{"size", measured->size}, {"crc32c", crc32c_base64(measured->crc)}});
  }
  const auto object = read_object(call, reads);
  if (!object) return object;
  return Value::object({{"source", source}, {"object", *object}});
}

Intent prepare_put(const Value& in, const Value& seen, const Identity&) {
  Intent intent;
  const Value object = seen["object"], content = in["content"];
  const bool from_file = !in["file"].is_null();
  const Value size = from_file ? seen["source"]["size"] : lift(content, size_of), crc = from_file ? seen["source"]["crc32c"] : lift(content, crc_of);
  const Value type = in["type"];
  intent.act = gcp::send("POST", gcp::url("storage", join({"upload/storage/v1/b/", gcp::segment(in["bucket"]), "/o?uploadType=resumable&name=", gcp::segment(in["object"]), "&ifGenerationMatch=0"})),
                         gcp::members({{"name", in["object"]}, {"contentType", type}, {"crc32c", crc}}));
  const Value target = join({"gs://", in["bucket"], "/", in["object"]});
  if (!is_pattern(in)) intent.equivalent = shell_line({"gcloud", "storage", "cp", from_file ? in["file"] : Value("-"), target, "--if-generation-match=0", join({"--content-type=", type})});
  intent.touches = touches(in);
  intent.outputs = Value::object({{"uri", target}, {"size", size}, {"crc32c", crc}});
  intent.extra = Value::object({{"size", size}, {"crc32c", crc}});
  if (from_file == !content.is_null()) {
    intent.refused = Failure{Cause::refused, Reached::no, from_file ? "there is both a file and a content to upload" : "there is nothing to upload", "give one of file and content"};
  } else if (!seen.is_unknown() && !object.is_null()) {
    intent.nothing = object["crc32c"] == crc && object["size"] == size;
    if (!intent.nothing)
      intent.refused = Failure{Cause::conflict, Reached::no, fmt::format("{} is there already with another content, and is not replaced", show(target)), "choose another name: one with the date in it is never taken"};
  }
  return intent;
}

Outcome perform_put(const Intent& intent, const Call& call, Ports& ports) {
  const auto failed = [](State state, Failure failure) {
    Outcome outcome = failed_outcome(std::move(failure));
    outcome.state = state;
    return outcome;
  };
  const auto opened = ports.http.send(std::get<Request>(intent.act), nullptr, call.stop);
  if (!opened) return failed(State::no_effect, opened.error()); // a session without bytes is nothing
  if (opened->status < 200 || opened->status > 299) return failed(State::no_effect, gcp::failure_of(*opened));
  const auto location = header(*opened, "location");
  const Value session = session_of(location);
  if (session.is_null()) return failed(State::no_effect, {Cause::malformed, Reached::yes, "Google opened no session for the upload", ""});
  const Value size = intent.extra["size"];
  Upload upload{ports, call, session, integer_or(size, 0)};
  Expected<Answer> ended = Unexpected(Failure{});
  if (!call.in["file"].is_null()) {
    auto file = ports.files.open(text_or(call.in["file"], ""));
    if (!file) return failed(State::no_effect, file.error());
    ended = send_pieces(upload, **file);
  } else {
    // The length of a secret stays with the value; the session needs no total where all comes at once.
    const Value& content = call.in["content"];
    ended = size.is_secret() ? upload.put("bytes 0-*/*", content) : send_whole(upload, content);
  }
  return gcp::answered(ended, [&](const Value& object) {
    Outcome outcome;
    outcome.outputs = Value::object({{"uri", intent.outputs["uri"]}, {"generation", object["generation"]}});
    const Value told = object["crc32c"], crc = intent.extra["crc32c"];
    if (!told.is_null() && !crc.is_secret() && told != crc) {
      const auto gone = gcp::body_of(ports.http.send(gcp::send("DELETE", object_url(call.in, {"?ifGenerationMatch=", object["generation"]}), {}), nullptr, call.stop));
      return failed(gone ? State::no_effect : State::partial,
                    {Cause::malformed, Reached::yes, fmt::format("what arrived at {} is not what was sent: its checksum is another; {}", show(intent.outputs["uri"]), gone ? "it was deleted again" : "it could not be deleted"), "try again"});
    }
    return outcome;
  });
}

Outcome judge_put(const Intent& intent, const Value&, const Value& now) {
  Outcome outcome;
  outcome.outputs = intent.outputs;
  const Value object = now["object"], crc = intent.extra["crc32c"];
  if (object.is_null()) outcome.state = State::not_seen;
  else if (object["crc32c"] != (crc.is_secret() ? object["crc32c"] : crc)) outcome.state = State::no_effect;
  else outcome.outputs = Value::object({{"uri", intent.outputs["uri"]}, {"generation", object["generation"]}});
  return outcome;
}

} // namespace belay::modules::storage_parts
