#include "ports/family.hpp"
#include <csignal>

namespace belay {
namespace {

/// Adds to `members` whatever has a parent among them, until nothing is added.
void add_children(const std::vector<ProcessRow>& rows, std::set<pid_t>& members) {
  for (bool grown = true; grown;) {
    grown = false;
    for (const auto& row : rows)
      if (members.contains(row.parent) && members.insert(row.pid).second) grown = true;
  }
}

bool dead(const ProcessRow& row) { return row.state == 'Z' || row.state == 'X'; }

} // namespace

std::vector<pid_t> Family::look() {
  const auto rows = process_rows();
  std::set<pid_t> members;
  for (const auto& row : rows)
    if (row.group == m_leader || row.pid == m_leader || m_known.contains({row.pid, row.started})) members.insert(row.pid);
  add_children(rows, members);
  m_known.clear();
  std::vector<pid_t> alive;
  for (const auto& row : rows) {
    if (!members.contains(row.pid) || dead(row)) continue;
    m_known.insert({row.pid, row.started});
    alive.push_back(row.pid);
  }
  return alive;
}

void Family::signal(int signal) {
  const auto members = look();
  ::kill(-m_leader, signal);
  for (const pid_t pid : members)
    if (const auto row = process_row(pid); row && row->group != m_leader) ::kill(pid, signal);
}

std::vector<pid_t> descendants(pid_t of) {
  const auto rows = process_rows();
  std::set<pid_t> members{of};
  add_children(rows, members);
  std::vector<pid_t> alive;
  for (const auto& row : rows)
    if (row.pid != of && members.contains(row.pid) && !dead(row)) alive.push_back(row.pid);
  return alive;
}

} // namespace belay
