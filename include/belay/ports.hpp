#pragma once
#include "belay/error.hpp"
#include "belay/host.hpp"
#include "belay/stop.hpp"
#include "belay/value.hpp"
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace belay {

using Named = std::vector<std::pair<std::string, Value>>;

// The acts an action can make, as data: what is shown is what is sent. Secrets and unknowns live inside as values.

/// An HTTP request. `reads_by_post`: the row says that this POST only reads.
struct Request {
  std::string method = "GET";
  Value url;
  Named headers;
  Value body; ///< text or bytes as they are; a map or list as canonical JSON
  Duration limit{}; ///< zero: the Stop's alone
  bool reads_by_post = false;
  unsigned redirects = 0; ///< how many may be followed, of GET and HEAD; credentials never cross to another host
  std::string ca_file;     ///< PEM: authorities to trust beside the system's; empty: the system's alone
  std::string credentials; ///< whose token is added as it is sent: `google`; empty: nobody's. The bare port refuses any
  std::optional<std::string> proxy{}; ///< its URL; empty: none; absent: as the usual variables say
  bool kept_connection = false; ///< an act that may go over a connection used before, which may die under it: its sender can look what became of it
  bool link_local = false; ///< may go to link-local and metadata addresses: set by code that means them (a cloud's token), never by data
};
/// A program, without a shell. The environment is belay's own without its secrets, plus what is named here.
struct Command {
  std::vector<Value> argv; ///< no secret may stand here
  Named environment;
  Named private_files; ///< variable → contents: written to a 0600 file, the variable set to its path, removed afterwards (PGPASSFILE)
  Value input;         ///< standard input: text or bytes; null: empty
  std::string folder;
  Duration idle{}; ///< ended when nothing was written for this long; zero: never
};
/// SQL on `target`: text (a URI or conninfo) or a map of libpq's keywords (host, port, dbname, user, password, sslmode …).
struct Statement {
  Value target;
  std::string sql;
  std::vector<Value> arguments; ///< $1, $2 …
};
/// Lines on a socket (HAProxy's admin socket, Redis, ClamAV). `address`: `unix:/path` or `tcp:host:port`.
struct Exchange {
  Value address;
  std::vector<Value> lines; ///< each sent with a line feed; the answer is read to the end of the connection
};
/// Operations on files, done in order: `make_folder`, `write` (contents), `link` (to target, replacing atomically), `rename`,
/// `remove`, `remove_tree`, `copy_tree`. Each is durable when it returns (the folder is synced). `write` and `link` replace; `rename`
/// and `copy_tree` never do (`conflict`); a copy is there whole or not at all; removing what is not there succeeds. No operation follows
/// a link in the last place of its path, or any inside a tree.
struct FileChange {
  std::string operation;
  Value path, to; ///< `to`: the target of link, rename and copy_tree; the contents of write
  unsigned mode = 0; ///< 0: 0600 for files, 0700 for folders
};
struct Files {
  std::vector<FileChange> changes;
};
using Act = std::variant<std::monostate, Request, Command, Statement, Exchange, Files>;

/// A stream of bytes pushed through stages (child, zstd, hash, file, upload); write blocks, so a slow end slows the start.
struct Sink {
  virtual ~Sink() = default; ///< unfinished: what was written is discarded where that can be done
  virtual Expected<void> write(std::span<const std::byte>) = 0;
  virtual Expected<std::uint64_t> finish() = 0; ///< bytes in all
};
struct Source {
  virtual ~Source() = default;
  virtual Expected<std::size_t> read(std::span<std::byte>) = 0; ///< 0 at the end
};

/// Told while working; shown, not journaled, may be dropped.
struct Tell {
  virtual ~Tell() = default;
  virtual void output(std::string_view text) = 0;
  virtual void progress(std::int64_t done, std::int64_t of, std::string_view unit) = 0; ///< of: 0 when not known
};

struct Answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
  std::string body;
  bool cut = false; ///< the body was longer than what is kept (16 MiB)
  Duration took{};
};
struct Ended {
  int status = 0, signal = 0;
  std::string out, err; ///< the first and last parts where `cut` (1 MiB each kept)
  bool cut = false;
};
/// A peer's leaf certificate. Verified tells whether the chain and the name hold today; the days are read in any case.
struct Certificate {
  std::string subject, issuer;
  Timestamp not_before, not_after;
  bool verified = false;
  std::string why_not;
};

// Reading and acting are two types, so that a dry run and a probe cannot reach what acts.

struct HttpReads {
  virtual ~HttpReads() = default;
  /// Refuses a method other than GET and HEAD unless `reads_by_post`. Statuses of any kind are answers, not failures.
  virtual Expected<Answer> read(const Request&, const Stop&, Sink* into = nullptr) = 0;
  /// Many at once; `each` is called from this thread, in the order in which they end.
  virtual void read_all(std::span<const Request>, unsigned at_once, const std::function<void(std::size_t, Expected<Answer>)>& each, const Stop&) = 0;
  virtual Expected<Certificate> certificate(const std::string& host, int port, const std::string& server_name, const Stop&) = 0;
};
struct Http : HttpReads {
  virtual Expected<Answer> send(const Request&, Source* body, const Stop&) = 0;
};

struct Child {
  virtual ~Child() = default; ///< ends its group
  virtual bool running() = 0;
  virtual std::int64_t pid() const = 0;
  virtual Expected<Ended> end(Duration grace) = 0; ///< TERM to the group, KILL after the grace
};
struct ProcessReads {
  virtual ~ProcessReads() = default;
  /// Runs a command that is declared to read. A non-zero status is an answer, not a failure; one that cannot be started is `missing`.
  virtual Expected<Ended> read(const Command&, const Stop&) = 0;
  virtual std::optional<std::string> find(const std::string& program) = 0; ///< its absolute path on PATH
};
struct Process : ProcessReads {
  /// `in` feeds and `out` takes the standard streams; without `out`, both outputs are kept and passed to `tell` in whole lines.
  /// `out` is not finished here: only the caller knows which statuses are good. Returns when the child and its group are gone; processes
  /// that it left behind get 2 s, are then ended, and are named at the end of `err`. A child that a signal ended has the status 128 + signal.
  virtual Expected<Ended> run(const Command&, Source* in, Sink* out, Tell* tell, const Stop&) = 0;
  virtual Expected<std::unique_ptr<Child>> start(const Command&, const Stop&) = 0;
};

/// One connection. The result is {rows: [{column: value}], count: affected rows}; types: boolean, integers, real, numeric as
/// text, timestamptz as timestamp, bytea as bytes, json as value, all else as text.
struct Session {
  virtual ~Session() = default;
  virtual Expected<Value> run(const Statement&, const Stop&) = 0; ///< the statement's target is ignored here
};
struct SqlReads {
  virtual ~SqlReads() = default;
  virtual Expected<std::unique_ptr<Session>> open_read_only(const Value& target, const Stop&) = 0; ///< default_transaction_read_only
};
struct Sql : SqlReads {
  virtual Expected<std::unique_ptr<Session>> open(const Value& target, const Stop&) = 0;
};

/// The answer's text, without its closing blank line. The read side refuses lines whose first word is not in `k_reading_lines`
/// (show, ping, info, llen, get): see src/ports.
struct LineReads {
  virtual ~LineReads() = default;
  virtual Expected<std::string> ask(const Exchange&, const Stop&) = 0;
};
struct Lines : LineReads {
  virtual Expected<std::string> tell(const Exchange&, const Stop&) = 0;
};

struct FileStatus {
  enum class Sort : std::uint8_t { file, folder, link, other } sort = Sort::file;
  std::uint64_t size = 0;
  unsigned mode = 0, owner = 0, group = 0;
  Timestamp changed;
  std::string target; ///< of a link
};
struct FileReads {
  virtual ~FileReads() = default;
  virtual Expected<std::unique_ptr<Source>> open(const std::string& path) = 0;
  virtual Expected<std::string> text(const std::string& path, std::uint64_t at_most) = 0; ///< whole; `full` when larger
  virtual Expected<FileStatus> status(const std::string& path) = 0;                        ///< of a link itself; `missing`
  virtual Expected<std::vector<std::string>> list(const std::string& folder) = 0;          ///< names, sorted
  virtual Expected<std::uint64_t> space(const std::string& folder) = 0;                    ///< bytes free to this user
};
struct FileSystem : FileReads {
  virtual Expected<std::unique_ptr<Sink>> create(const std::string& path) = 0; ///< O_EXCL, 0600, no link followed; finish syncs it
  /// A file that only this process and its children read: as `create`, but it is not made durable and goes with its sink, finished or not. `finish` may be
  /// called again: it fails where the disk has refused anything so far, so what was read of the file until then is what was written.
  virtual Expected<std::unique_ptr<Sink>> create_scratch(const std::string& path) = 0;
  virtual Expected<void> change(const FileChange&) = 0;
};

struct Reads {
  HttpReads& http;
  ProcessReads& process;
  SqlReads& sql;
  LineReads& lines;
  FileReads& files;
  const Time& time;
};
struct Ports {
  Http& http;
  Process& process;
  Sql& sql;
  Lines& lines;
  FileSystem& files;
  const Time& time;
  Reads reads() { return {http, process, sql, lines, files, time}; }
};

} // namespace belay
