#include "belay/secret.hpp"
#include "catch.hpp"
#include "value/base64.hpp"
#include "value/cut.hpp"
#include "value/json.hpp"
#include <random>
#include <thread>

using namespace belay;

namespace {

Redactor& knowing(Redactor& redactor, std::string secret) {
  redactor.learn(Value(std::move(secret)).as_secret());
  return redactor;
}

/// A secret with every kind of awkward byte.
const std::string k_awkward = "p@ss w'or\"d/+&<\\$`é\n~%";

} // namespace

TEST_CASE("a secret in text is masked, as often as it stands there, and what is round it stays", "[value]") {
  Redactor redactor;
  knowing(redactor, "hunter22");
  CHECK(redactor.clean("a hunter22 b hunter22hunter22.") == "a (secret) b (secret)(secret).");
  CHECK(redactor.clean("hunter2") == "hunter2");
  CHECK(redactor.clean("") == "");
}

TEST_CASE("a secret shorter than four bytes is not learnt", "[value]") {
  Redactor redactor;
  knowing(redactor, "abc");
  knowing(redactor, "");
  CHECK(redactor.clean("abc abc") == "abc abc");
}

TEST_CASE("of overlapping secrets the longest is masked whole", "[value]") {
  Redactor redactor;
  knowing(knowing(redactor, "secret"), "secret-and-more");
  CHECK(redactor.clean("x secret-and-more y secret-and z") == "x (secret) y (secret)-and z");
}

TEST_CASE("the encoded forms of a secret are masked", "[value]") {
  Redactor redactor;
  knowing(redactor, k_awkward);
  const std::string form = GENERATE(
      as<std::string>{}, "p%40ss%20w%27or%22d%2F%2B%26%3C%5C%24%60%C3%A9%0A~%25", "p%40ss%20w%27or%22d%2f%2b%26%3c%5c%24%60%c3%a9%0a~%25", "p%40ss+w%27or%22d%2F%2B%26%3C%5C%24%60%C3%A9%0A~%25",
      "p%40ss%20w%27or%22d/%2B%26%3C%5C%24%60%C3%A9%0A~%25", R"(p@ss w'or\"d/+&<\\$`é\n~%)", R"(p@ss w'or\"d\/+&<\\$`é\n~%)", R"(p@ss w'or\"d/+&<\\$`\u00e9\n~%)",
      R"(p@ss w'or\"d/+\u0026\u003c\\$`é\n~%)", "70407373207727 6f7222642f2b263c5c2460c3a90a7e25", "70407373207727\n6F7222642F2B263C5C2460C3A90A7E25", "p@ss w'\\''or\"d/+&<\\$`é\n~%",
      "p@ss w'or\\\"d/+&<\\\\\\$\\`é\n~%", "p@ss w'or\"d/+&amp;&lt;\\$`é\n~%", "p@ss w''or\"d/+&<\\$`é\n~%");
  std::string text = form;
  if (text.find("7727 6f") != std::string::npos) text.erase(text.find(' '), 1);
  CHECK(redactor.clean("<<" + text + ">>") == "<<(secret)>>");
}

TEST_CASE("base64 of any text that holds the secret shows none of it, in both alphabets and broken into lines", "[value]") {
  std::mt19937 random(20261121);
  for (int round = 0; round < 300; ++round) {
    const auto bytes = [&](std::size_t size) {
      std::string made(size, '\0');
      for (char& c : made) c = static_cast<char>(random() % 255 + 1);
      return made;
    };
    const std::string secret = bytes(12 + random() % 80), before = bytes(random() % 40), after = bytes(random() % 40);
    Redactor redactor;
    knowing(redactor, secret);
    std::string encoded = base64(before + secret + after);
    if (round % 2)
      for (char& c : encoded) c = c == '+' ? '-' : c == '/' ? '_' : c;
    if (round % 3 == 0)
      for (std::size_t at = 76; at < encoded.size(); at += 77) encoded.insert(at, "\n");
    const std::string cleaned = redactor.clean(encoded);
    // At most the group of three bytes at either end, which holds a neighbour's bytes too, stays: less than a byte pair of the secret.
    const std::size_t kept = cleaned.size() - std::min(cleaned.size(), cleaned.find("(secret)") == std::string::npos ? 0 : std::string("(secret)").size());
    CHECK(cleaned.find("(secret)") != std::string::npos);
    CHECK(kept <= (before.size() + after.size() + 4) * 4 / 3 + 8);
  }
}

TEST_CASE("each line of a secret of several lines is masked by itself", "[value]") {
  Redactor redactor;
  knowing(redactor, "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nabc\n-----END KEY-----\n");
  CHECK(redactor.clean("log: MIIEvQIBADANBgkqhkiG") == "log: (secret)");
  CHECK(redactor.clean("abc") == "abc");
  Redactor with_line_feed;
  knowing(with_line_feed, "pass12\n");
  CHECK(with_line_feed.clean("it is pass12!") == "it is (secret)!");
}

TEST_CASE("secrets inside lists, maps and numbers are learnt", "[value]") {
  Redactor redactor;
  redactor.learn(Value::object({{"user", "bobby"}, {"pins", Value::List{Value(std::int64_t{987654}), "tables"}}}).as_secret());
  CHECK(redactor.clean("bobby 987654 tables user") == "(secret) (secret) (secret) user");
}

TEST_CASE("values keep their shape; secrets and texts with one in them are masked", "[value]") {
  Redactor redactor;
  knowing(redactor, "hunter22");
  const Value cleaned = redactor.clean(Value::object({{"plain", "text\x1b"}, {"echo", "it was hunter22"}, {"password", Value("hunter22").as_secret()}, {"list", Value::List{Value(1), "hunter22", Value()}}}));
  CHECK(cleaned["plain"] == Value("text\x1b"));
  CHECK(cleaned["echo"] == Value::unknown({}).as_secret()); // a text with a hole in it could be sent for what it was
  CHECK(cleaned["password"].is_secret());
  CHECK(cleaned["password"].is_unknown());
  CHECK(cleaned["list"] == Value(Value::List{Value(1), Value::unknown({}).as_secret(), Value()}));
  CHECK(journal_json(cleaned).find("hunter22") == std::string::npos);
  CHECK(redactor.clean(Value::unknown({"shift"})) == Value::unknown({"shift"}));
}

TEST_CASE("a secret split over pieces in any way is masked, and nothing else is changed or lost", "[value]") {
  Redactor redactor;
  knowing(knowing(redactor, "hunter22"), "hunger");
  const std::string text = "hunhunter22 é hung hunger hunter2hunter22 \xe2\x82\xac hu";
  const std::string wanted = redactor.clean(text);
  REQUIRE(wanted == "hun(secret) é hung (secret) hunter2(secret) \xe2\x82\xac hu");
  for (std::size_t one = 0; one <= text.size(); ++one)
    for (std::size_t two = one; two <= text.size(); ++two) {
      Redactor::Stream stream(redactor);
      std::string out = stream.feed(std::string_view(text).substr(0, one));
      out += stream.feed(std::string_view(text).substr(one, two - one));
      out += stream.feed(std::string_view(text).substr(two));
      out += stream.end();
      CHECK(out == wanted);
    }
  Redactor::Stream stream(redactor);
  std::string out;
  for (const char c : text) out += stream.feed({&c, 1});
  CHECK(out + stream.end() == wanted);
}

TEST_CASE("a stream passes on at once what cannot be the beginning of a secret", "[value]") {
  Redactor redactor;
  knowing(redactor, "hunter22");
  Redactor::Stream stream(redactor);
  CHECK(stream.feed("ready\n") == "ready\n");
  CHECK(stream.feed("it is hunt") == "it is ");
  CHECK(stream.feed("ing season") == "hunting season");
  CHECK(stream.feed("hunter2") == "");
  CHECK(stream.end() == "hunter2");
}

TEST_CASE("learning while others clean is safe", "[value]") {
  Redactor redactor;
  knowing(redactor, "first-secret");
  std::thread learner([&] {
    for (int i = 0; i < 50; ++i) knowing(redactor, "secret-number-" + std::to_string(i));
  });
  for (int i = 0; i < 200; ++i) CHECK(redactor.clean("x first-secret y") == "x (secret) y");
  learner.join();
  CHECK(redactor.clean("secret-number-49") == "(secret)");
}

TEST_CASE("controls of external text become visible, everything else stays", "[value]") {
  CHECK(printable("plain, é, \xe2\x82\xac, \xf0\x9f\x98\x80, tab\t, line\n") == "plain, é, \xe2\x82\xac, \xf0\x9f\x98\x80, tab\t, line\n");
  CHECK(printable(std::string("\x1b[31mred\0\r\x7f", 11)) == "\\x1b[31mred\\x00\\x0d\\x7f");
  CHECK(printable("\xc2\x9b" "2J") == "\\u009b2J");
  CHECK(printable("\x9b" "2J") == "\\x9b2J");
  CHECK(printable("a\xe2\x80\xae" "b") == "a\\u202eb");
  CHECK(printable("\xe2\x81\xa6") == "\\u2066");
  CHECK(printable("\xc0\x9b \xe0\x80\x9b \xed\xa0\x80 \xf5 \xe2\x82") == "\\xc0\\x9b \\xe0\\x80\\x9b \\xed\\xa0\\x80 \\xf5 \\xe2\\x82");
}

TEST_CASE("a text is cut between characters, and where something is left out it is marked", "[value]") {
  CHECK(beginning_of("abcdef", 6) == "abcdef");
  CHECK(beginning_of("abcdef", 4) == "abcd…");
  CHECK(beginning_of("aéé", 4) == "aé…");
  CHECK(end_of("abcdef", 6) == "abcdef");
  CHECK(end_of("abcdef", 2) == "…ef");
  CHECK(end_of("ééa", 4) == "…éa");
}

TEST_CASE("a secret that a cut went through shows no piece of itself, wherever the cut is", "[value]") {
  Redactor redactor;
  const std::string secret = "correct-horse-battery";
  knowing(redactor, secret);
  const std::string text = "password " + secret + " was refused";
  const std::size_t begins = 9, ends = begins + secret.size();
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const std::string front = redactor.clean(beginning_of(text, at)), back = redactor.clean(end_of(text, text.size() - at));
    INFO(at << ": " << front << " | " << back);
    if (at >= begins + 3 && at < text.size()) CHECK(front == (at <= ends ? "password (secret)…" : "password (secret)" + text.substr(ends, at - ends) + "…"));
    if (at > 0 && at + 3 <= ends) CHECK(back == (at >= begins ? "…(secret) was refused" : "…" + text.substr(at, begins - at) + "(secret) was refused"));
    CHECK(front.find("corr") == std::string::npos);
    CHECK(back.find("tery") == std::string::npos);
  }
  CHECK(redactor.clean("a horse… of course") == "a horse… of course");
}
