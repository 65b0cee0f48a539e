#include "engine/step_tell.hpp"
#include <fmt/format.h>

namespace belay::engine {

std::string file_name(std::string_view path) {
  std::string out;
  for (unsigned char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (plain) out += static_cast<char>(c);
    else if (c == '/') out += '.';
    else out += fmt::format("%{:02x}", c);
  }
  return out;
}

StepTell::StepTell(Session& session, std::string path) : m_session(session), m_path(std::move(path)), m_stream(session.journal.redactor()) {}

StepTell::~StepTell() {
  std::lock_guard guard(m_lock);
  end();
}

void StepTell::output(std::string_view text) {
  std::lock_guard guard(m_lock);
  if (!m_ended) keep(m_stream.feed(text));
}

void StepTell::progress(std::int64_t done, std::int64_t of, std::string_view unit) { m_session.journal.show(sign::Progress{m_path, done, of, std::string(unit)}); }

void StepTell::keep(const std::string& text) {
  constexpr std::size_t k_tail = 4096;
  if (text.empty()) return;
  open();
  if (m_sink && !m_sink->write(std::as_bytes(std::span(text.data(), text.size())))) m_sink.reset();
  m_tail += text;
  if (m_tail.size() > 2 * k_tail) m_tail.erase(0, m_tail.size() - k_tail);
  m_session.journal.show(sign::Output{m_path, text});
}

void StepTell::open() {
  if (m_tried || m_session.world.artifacts.empty()) return;
  m_tried = true;
  const std::string folder = m_session.world.artifacts + "/" + m_session.header.run;
  FileSystem& files = m_session.world.ports.files;
  for (const std::string& made : {m_session.world.artifacts, folder})
    if (!files.status(made)) [[maybe_unused]]
      auto done = files.change({"make_folder", Value(made), Value(), 0});
  // A file is never written twice: a later attempt, or a resume, gets its own.
  for (int n = 1; n <= 100 && !m_sink; ++n) {
    const std::string name = folder + "/" + file_name(m_path) + (n == 1 ? "" : "." + std::to_string(n)) + ".log";
    if (files.status(name)) continue;
    auto sink = files.create(name);
    if (!sink) return;
    m_sink = std::move(*sink);
    m_file = name;
  }
}

void StepTell::end() {
  if (m_ended) return;
  m_ended = true;
  keep(m_stream.end());
  if (m_sink && !m_sink->finish()) m_file.clear();
  if (!m_sink) m_file.clear();
  m_sink.reset();
}

std::string StepTell::artifact() {
  std::lock_guard guard(m_lock);
  end();
  return m_file;
}

std::string StepTell::tail() {
  std::lock_guard guard(m_lock);
  end();
  return m_tail.size() > 4096 ? m_tail.substr(m_tail.size() - 4096) : m_tail;
}

} // namespace belay::engine
