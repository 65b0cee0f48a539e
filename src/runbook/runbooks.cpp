#include "runbook/runbooks.hpp"
#include "runbook/model.hpp"
#include <map>
#include <mutex>

namespace belay {

struct Runbooks::Shelf {
  struct Entry {
    std::function<Runbook()> later;
    std::unique_ptr<const Runbook> read;
    const Runbook* get() {
      if (!read) read = std::make_unique<const Runbook>(later());
      return read.get();
    }
  };
  std::mutex mutex;
  std::map<std::string, Entry, std::less<>> entries;
};

Runbooks::Runbooks() : m_shelf(std::make_shared<Shelf>()) {}

void Runbooks::add(Runbook runbook) {
  const std::lock_guard lock(m_shelf->mutex);
  const std::string name = runbook.name;
  m_shelf->entries[name] = {{}, std::make_unique<const Runbook>(std::move(runbook))};
}

void Runbooks::add_later(std::string name, std::function<Runbook()> read) {
  const std::lock_guard lock(m_shelf->mutex);
  m_shelf->entries[std::move(name)] = {std::move(read), nullptr};
}

void Runbooks::clear() {
  const std::lock_guard lock(m_shelf->mutex);
  m_shelf->entries.clear();
}

std::size_t Runbooks::size() const {
  const std::lock_guard lock(m_shelf->mutex);
  return m_shelf->entries.size();
}

const Runbook* Runbooks::find(std::string_view name) const {
  const std::lock_guard lock(m_shelf->mutex);
  const auto found = m_shelf->entries.find(name);
  return found == m_shelf->entries.end() ? nullptr : found->second.get();
}

std::vector<std::string> Runbooks::names() const {
  const std::lock_guard lock(m_shelf->mutex);
  std::vector<std::string> names;
  for (const auto& [name, entry] : m_shelf->entries) names.push_back(name);
  return names;
}

std::vector<const Runbook*> Runbooks::all() const {
  const std::lock_guard lock(m_shelf->mutex);
  std::vector<const Runbook*> all;
  for (auto& [name, entry] : m_shelf->entries) all.push_back(entry.get());
  return all;
}

} // namespace belay
