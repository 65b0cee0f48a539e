#include "settings.hpp"
#include <cctype>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace shop {
namespace {

/// Reads one flat JSON object of texts, numbers and booleans: all that a release's settings hold.
class FlatObject {
public:
  explicit FlatObject(std::string text) : m_text(std::move(text)) {}

  template <class Each> void read(Each each) {
    expect('{');
    if (peek() == '}') return;
    while (true) {
      const auto name = text();
      expect(':');
      each(name, peek() == '"' ? text() : word());
      if (peek() != ',') break;
      ++m_at;
    }
    expect('}');
  }

private:
  char peek() {
    while (m_at < m_text.size() && std::isspace(static_cast<unsigned char>(m_text[m_at]))) ++m_at;
    return m_at < m_text.size() ? m_text[m_at] : '\0';
  }
  void expect(char wanted) {
    if (peek() != wanted) throw std::runtime_error(std::string("expected '") + wanted + "' at byte " + std::to_string(m_at));
    ++m_at;
  }
  std::string text() {
    expect('"');
    const auto end = m_text.find('"', m_at);
    if (end == std::string::npos) throw std::runtime_error("a text that does not end");
    auto result = m_text.substr(m_at, end - m_at);
    m_at = end + 1;
    return result;
  }
  std::string word() {
    const auto end = m_text.find_first_of(",} \t\r\n", m_at);
    auto result = m_text.substr(m_at, end - m_at);
    m_at = end == std::string::npos ? m_text.size() : end;
    return result;
  }

  std::string m_text;
  std::size_t m_at = 0;
};

bool truth(const std::string& value) {
  if (value == "true") return true;
  if (value == "false") return false;
  throw std::runtime_error("'" + value + "' is neither true nor false");
}

void apply(Settings& settings, const std::string& name, const std::string& value) {
  if (name == "version") settings.version = value;
  else if (name == "error_rate") settings.error_rate = std::stod(value);
  else if (name == "delay_ms") settings.delay_ms = std::stoi(value);
  else if (name == "fail_health") settings.fail_health = truth(value);
  else if (name == "fail_deep") settings.fail_deep = truth(value);
  else if (name == "slow_start_ms") settings.slow_start_ms = std::stoi(value);
  else if (name == "crash_after_ms") settings.crash_after_ms = std::stoi(value);
  else if (name == "migrate_fails") settings.migrate_fails = truth(value);
  else throw std::runtime_error("unknown member '" + name + "'");
}

} // namespace

Settings read_settings(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  std::ostringstream text;
  text << in.rdbuf();
  Settings settings;
  try {
    FlatObject(text.str()).read([&](const std::string& name, const std::string& value) { apply(settings, name, value); });
  } catch (const std::exception& e) {
    throw std::runtime_error(file + ": " + e.what());
  }
  return settings;
}

} // namespace shop
