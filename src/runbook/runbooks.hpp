#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace belay {

struct Runbook;

/// The runbooks of a project, by name. What is to be read later is read when it is first asked for, once, from whatever thread.
class Runbooks {
public:
  Runbooks();
  void add(Runbook); ///< in the place of one of its name
  void add_later(std::string name, std::function<Runbook()> read);
  void clear();
  std::size_t size() const;
  const Runbook* find(std::string_view name) const; ///< nullptr: there is none; stays where it is while this lives
  std::vector<std::string> names() const;           ///< sorted; reads nothing
  std::vector<const Runbook*> all() const;          ///< sorted by name; reads every one

private:
  struct Shelf;
  std::shared_ptr<Shelf> m_shelf;
};

} // namespace belay
