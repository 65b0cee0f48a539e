#pragma once
#include "belay/error.hpp"
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace belay::cli {

struct Context;
/// What a parsed command line asks for.
using Work = std::function<Exit(Context&)>;

/// The options of one command: a thin face of CLI11, which only flags.cpp includes (it costs seconds to compile). Names are
/// CLI11's: `-e,--env`. What a reference points to must live until the work is done.
class Flags {
public:
  Flags(std::string_view program, std::string_view summary);

  Flags command(std::string_view name, std::string_view summary, std::string_view group = {});
  void hide();
  void flag(std::string_view names, bool& into, std::string_view help);
  void text(std::string_view names, std::string& into, std::string_view help, std::string_view placeholder = "TEXT");
  void text(std::string_view names, std::optional<std::string>& into, std::string_view help, std::string_view placeholder = "TEXT");
  void texts(std::string_view names, std::vector<std::string>& into, std::string_view help, std::string_view placeholder = "TEXT"); ///< may be given several times
  void count(std::string_view names, unsigned& into, std::string_view help);
  void choice(std::string_view names, std::string& into, const std::vector<std::string>& choices, std::string_view help);
  void positional(std::string_view name, std::string& into, std::string_view help, bool required = true);
  void positionals(std::string_view name, std::vector<std::string>& into, std::string_view help, bool required = false);
  /// Options that are not declared are kept, in their order, for the runbook's parameters.
  void keep_unknown(std::vector<std::string>& into);
  void footer(std::string_view text);
  void runs(Work work);

  /// Parses; returns the chosen work. Nothing when help or the version was asked for (`printed` holds it). Throws Error(usage) with
  /// the nearest names, and says which command's help to read.
  std::optional<Work> parse(std::vector<std::string> arguments, std::string& printed);
  /// The commands and options that may follow `words`, for completion.
  std::vector<std::string> candidates(const std::vector<std::string>& words) const;
  /// Every command with its help, one after another: the command reference.
  std::string reference() const;

private:
  struct Node;
  explicit Flags(std::shared_ptr<Node>);
  std::shared_ptr<Node> m_node;
};

} // namespace belay::cli
