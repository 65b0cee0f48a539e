#include "belay/reveal.hpp"
#include "belay/secret.hpp"
#include "value/json.hpp"
#include "value/secret_forms.hpp"
#include <algorithm>
#include <array>
#include <mutex>

namespace belay {
namespace {

constexpr std::string_view k_mask = "(secret)";
constexpr std::string_view k_cut = "…"; // see cut.hpp
constexpr std::size_t k_shortest_piece = 3; // of a secret, beside a cut

/// All forms of all secrets, by their first byte. Never changed once it is shared.
struct Table {
  std::array<std::vector<SecretForm>, 256> by_first;
  bool empty = true;
};

enum class Fit : std::uint8_t { no, begins, whole };
struct Match {
  Fit fit = Fit::no;
  std::size_t length = 0;
};

/// How the form lies at `at`. `begins`: the text ends before the form does. Up to a cut, a part of it is as good as all.
Match match(const SecretForm& form, std::string_view text, std::size_t at) {
  const std::size_t begin = at;
  for (std::size_t i = 0; i < form.text.size(); ++i) {
    if (form.wraps && i > 0) {
      if (at < text.size() && text[at] == '\r') ++at;
      if (at < text.size() && text[at] == '\n') ++at;
    }
    if (at == text.size()) return {Fit::begins, 0};
    if (text[at] != form.text[i]) return i >= k_shortest_piece && text.substr(at).starts_with(k_cut) ? Match{Fit::whole, at - begin} : Match{};
    ++at;
  }
  return {Fit::whole, at - begin};
}

/// How many bytes at `at`, right behind a cut, may be the end of a form.
std::size_t end_of_form(const Table& table, std::string_view text, std::size_t at) {
  std::size_t longest = 0;
  for (const auto& same_first : table.by_first)
    for (const SecretForm& form : same_first)
      for (std::size_t from = 1; from + k_shortest_piece <= form.text.size() && form.text.size() - from > longest; ++from)
        if (const Match found = match({form.text.substr(from), form.wraps}, text, at); found.fit == Fit::whole) longest = std::max(longest, found.length);
  return longest;
}

struct Masked {
  std::string text;
  std::size_t upto = 0; ///< what of the input it covers
};

/// Masks the longest form at each place. With `more` to come, ends before a place where a form may have begun.
Masked mask(const Table& table, std::string_view text, bool more) {
  Masked result;
  if (table.empty) return {std::string(text), text.size()};
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t longest = 0;
    bool begins = false;
    for (const SecretForm& form : table.by_first[static_cast<unsigned char>(text[at])]) {
      const Match found = match(form, text, at);
      begins |= found.fit == Fit::begins;
      longest = std::max(longest, found.length);
    }
    if (begins && more) {
      result.text += text.substr(copied, at - copied);
      result.upto = at;
      return result;
    }
    if (longest == 0 && !more && text.substr(at).starts_with(k_cut)) {
      at += k_cut.size();
      longest = end_of_form(table, text, at);
      if (longest == 0) continue;
    }
    if (longest == 0) {
      ++at;
      continue;
    }
    result.text += text.substr(copied, at - copied);
    result.text += k_mask;
    copied = at += longest;
  }
  result.text += text.substr(copied);
  result.upto = text.size();
  return result;
}

/// Bytes at the end that may be the beginning of one character.
std::size_t unfinished_character(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const std::size_t needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < needs ? back : 0;
  }
  return 0;
}

void collect(const Value& plain, std::vector<SecretForm>& forms) {
  const auto add = [&](std::string_view text) {
    const auto more = secret_forms(text);
    forms.insert(forms.end(), more.begin(), more.end());
  };
  switch (plain.kind()) {
  case Kind::text: return add(plain.text());
  case Kind::bytes: return add(plain.octets());
  case Kind::list:
    for (const Value& item : plain.list()) collect(item, forms);
    return;
  case Kind::map:
    for (const auto& [key, item] : plain.map()) collect(item, forms);
    return;
  case Kind::optional:
    if (plain.present()) collect(*plain.present(), forms);
    return;
  case Kind::integer:
  case Kind::unsigned_integer:
  case Kind::real: return add(bare_json(plain));
  default: return;
  }
}

} // namespace

struct Redactor::Forms {
  mutable std::mutex mutex;
  std::shared_ptr<const Table> table = std::make_shared<Table>();
  std::shared_ptr<const Table> now() const {
    const std::lock_guard lock(mutex);
    return table;
  }
};

Redactor::Redactor() : m_forms(std::make_unique<Forms>()) {}
Redactor::~Redactor() = default;

void Redactor::learn(const Value& secret) {
  if (!secret.known()) return;
  std::vector<SecretForm> forms;
  collect(Reveal::plain(secret), forms);
  if (forms.empty()) return;
  const std::lock_guard lock(m_forms->mutex);
  auto table = std::make_shared<Table>(*m_forms->table);
  for (SecretForm& form : forms) {
    auto& same_first = table->by_first[static_cast<unsigned char>(form.text[0])];
    if (std::find(same_first.begin(), same_first.end(), form) == same_first.end()) same_first.push_back(std::move(form));
  }
  table->empty = false;
  m_forms->table = std::move(table);
}

std::string Redactor::clean(std::string_view text) const { return printable(mask(*m_forms->now(), text, false).text); }

Value Redactor::clean(const Value& value) const {
  if (value.is_secret()) return Value::unknown({}).as_secret(); // what the journal reads back for one: it can never be sent in place of the secret
  const auto table = m_forms->now();
  const auto clean_all = [&](const auto& self, const Value& v) -> Value {
    if (v.is_secret()) return Value::unknown({}).as_secret();
    switch (v.kind()) {
    case Kind::text:
      // Not the text with a hole in it: a resume would send that for what it was.
      return mask(*table, v.text(), false).text == v.text() ? v : Value::unknown({}).as_secret();
    case Kind::bytes: return Value::bytes(mask(*table, v.octets(), false).text);
    case Kind::list: {
      Value::List items;
      for (const Value& item : v.list()) items.push_back(self(self, item));
      return items;
    }
    case Kind::map: {
      Value::Map members;
      for (const auto& [key, item] : v.map()) members.emplace_back(key.is_secret() ? Value(k_mask) : self(self, key), self(self, item));
      return members;
    }
    case Kind::optional: return v.present() ? Value::optional(self(self, *v.present())) : v;
    default: return v;
    }
  };
  return clean_all(clean_all, value);
}

Redactor::Stream::Stream(const Redactor& redactor) : m_redactor(&redactor) {}

std::string Redactor::Stream::feed(std::string_view text) {
  m_held += text;
  Masked masked = mask(*m_redactor->m_forms->now(), m_held, true);
  // A character that was cut in two is no broken one: it waits for its rest. It stands unmasked at the very end, if at all.
  const std::size_t waiting = masked.upto == m_held.size() ? unfinished_character(m_held) : 0;
  if (masked.text.size() >= waiting) {
    masked.text.resize(masked.text.size() - waiting);
    masked.upto -= waiting;
  }
  m_held.erase(0, masked.upto);
  return printable(masked.text);
}

std::string Redactor::Stream::end() {
  const std::string rest = m_redactor->clean(m_held);
  m_held.clear();
  return rest;
}

} // namespace belay
