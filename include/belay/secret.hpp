#pragma once
#include "belay/error.hpp"
#include "belay/stop.hpp"
#include "belay/value.hpp"
#include <memory>
#include <string>
#include <string_view>

namespace belay {

/// A secret and where it came from. `version`: what a resume asks for again (a digest of the contents where the source has no versions).
struct Resolved {
  Value value; ///< text, marked secret
  std::string version;
};
/// Turns `env:NAME`, `file:PATH`, `command:` (a list of arguments) references into secret values. The journal keeps the reference.
struct Secrets {
  virtual ~Secrets() = default;
  virtual Expected<Resolved> resolve(const Value& reference, const Stop&) = 0;
  /// The reference that gives this version again, where its source keeps versions; else the same.
  virtual Value pinned(const Value& reference, const std::string& version) const {
    static_cast<void>(version);
    return reference;
  }
};

/// The second net. Owned by the journal: text is cleaned as it enters the stream of events, so no observer ever holds a
/// secret; control sequences of external bytes are escaped in the same pass. Safe to use from several threads.
class Redactor {
public:
  Redactor();
  ~Redactor();
  void learn(const Value& secret); ///< and its base64 (3 alignments, both alphabets), URL, JSON, hex and shell forms; shorter than 4 bytes is not learnt
  std::string clean(std::string_view text) const;  ///< secrets become `(secret)`
  std::string clean(const std::string& text) const { return clean(std::string_view(text)); } // would be ambiguous: Value is made of text, too
  std::string clean(const char* text) const { return clean(std::string_view(text)); }
  Value clean(const Value&) const;                 ///< secret values, and texts that contain one, as unknown secrets: what is read back can be sent by nobody
  /// For text that comes in pieces: holds back what may be the beginning of a secret.
  class Stream {
  public:
    explicit Stream(const Redactor&);
    std::string feed(std::string_view);
    std::string end();

  private:
    const Redactor* m_redactor;
    std::string m_held;
  };

private:
  struct Forms;
  std::unique_ptr<Forms> m_forms;
};

/// C0, C1, ESC and bidirectional controls of external text as visible escapes (`\x1b`); line feeds and tabs stay.
std::string printable(std::string_view text);

} // namespace belay
