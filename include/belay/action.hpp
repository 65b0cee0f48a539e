#pragma once
#include "belay/ports.hpp"
#include "belay/rule.hpp"

namespace belay {

/// adds: makes something new and takes nothing away (a backup, an upload); tells: sends a message. Only changes and destroys decide between exits 1 and 3.
enum class Effect : std::uint8_t { reads, adds, tells, changes, destroys };
/// What makes a repeated act harmless. conditional: a precondition makes a late original fail (an etag, an epoch); keyed: it takes
/// an idempotency key; same_state: repeating gives the same state, once the original can no longer land; once: nothing does.
enum class Repeat : std::uint8_t { conditional, keyed, same_state, once };
/// pending: accepted and under way, look `again`; not_seen: no trace, but the act can still land; failed: a read, or an unmet `expect`.
enum class State : std::uint8_t { planned, waiting, intent, pending, not_seen, done, no_effect, partial, failed, unknown, undone, undo_failed, skipped };

/// The type of an input or output, for the checker, the documentation and the schema. `of`: the element of a list, the values of a map.
struct Type {
  Kind kind = Kind::any;
  const Type* of = nullptr;
  std::span<const struct Field> members = {}; ///< of a map with fixed names
};
/// `standard`: the default as YAML text ("30s", "[]"); empty: none. `secret`: an input that may carry a secret, an output that is one.
struct Field {
  std::string_view name;
  Type type{};
  bool required = true, secret = false;
  std::string_view standard = {}, help = {};
};

/// Who acts: enough to name files, label requests and derive keys without a clock or a random number.
struct Identity {
  std::string run, path, key; ///< key: idempotency key, the same in every attempt of this step of this run
  int attempt = 1;
  Timestamp run_started{};
};

struct Finding {
  std::string subject, message;
  Value evidence;
};
/// What became of an act or a read. `handle` (an operation's name) is journaled before it is followed.
struct Outcome {
  State state = State::done;
  Value outputs, handle;
  std::optional<Failure> failure;
  std::vector<Finding> findings; ///< something a check found wrong: the run goes on and ends with exit 4
  Duration again{};              ///< of pending: how long to wait before the next look
};

/// Predicted act: pure data, from inputs and what was seen. Its digest is over its shown form, so a secret's value is not in it.
struct Intent {
  Act act;
  Value outputs; ///< predicted; what only the act will tell is `Value::minted` or absent
  std::vector<std::string> touches;
  std::string equivalent; ///< the command a person could paste; empty where there is none
  Value extra;            ///< what `perform`, `answer` and `judge` need besides
  std::optional<Failure> refused; ///< the act must not be made (a damaged backup, a release that is not there): nothing is sent
  bool nothing = false;           ///< the world is already as wanted: settled as done without an act
};

struct Call {
  const Value& in; ///< inputs with their defaults, of the declared types
  const Identity& id;
  const Stop& stop;
  Tell& tell;
};

/// `offline` dry runs do not call read at all.
struct Read {
  Outcome (*read)(const Call&, const Reads&) = nullptr;
  std::vector<std::string> (*touches)(const Value& in) = nullptr; ///< null: everything, so after a predicted change it is unknown
  bool pure = false; ///< computes from its inputs only (core.let): evaluated in every mode, offline too
};
/// What is found later where a change was made. as_left: nothing but what it left or what was there before it, so that taking it back
/// overwrites nobody; as_before: as if it had never been made; otherwise: others have changed it since; unclear: that cannot be told.
enum class Standing : std::uint8_t { as_left, as_before, otherwise, unclear };

/// touches are names of resources, `kind:identity`, compared by prefix at `/`: `haproxy:unix:/run/a.sock/shop/blue` lies in `haproxy:unix:/run/a.sock`.
struct Change {
  Effect effect = Effect::changes;
  Repeat repeat = Repeat::once;
  Expected<Value> (*observe)(const Call&, const Value& handle, const Reads&) = nullptr; ///< before (prepare), and after (judge); null: nothing is looked at
  Intent (*prepare)(const Value& in, const Value& seen, const Identity&) = nullptr;     ///< pure; unknowns and secrets pass through
  Outcome (*answer)(const Intent&, const Expected<Answer>&) = nullptr;                   ///< pure, of a Request; null: 2xx is done
  Outcome (*ended)(const Intent&, const Expected<Ended>&) = nullptr;                     ///< pure, of a Command; null: status 0 is done
  Outcome (*replied)(const Intent&, const Expected<Value>&) = nullptr;                   ///< pure, of a Statement (its result) and an Exchange (text); null: an answer is done
  Outcome (*perform)(const Intent&, const Call&, Ports&) = nullptr;                      ///< null: the engine sends intent.act
  Outcome (*judge)(const Intent&, const Value& seen, const Value& now) = nullptr;        ///< pure; null: cannot tell
  Value (*undo)(const Intent&, const Value& seen, const Value& outputs) = nullptr;       ///< pure; inputs of the same action that take it back; null result: nothing to take back
  /// pure; of what undo would write over, part by part where there are several. `now`: seen with the inputs of the change or of its undo; outputs: as settled,
  /// with what the other side answered (an etag); null: judge is asked. An act is not repeated over what stands otherwise.
  Standing (*standing)(const Intent&, const Value& seen, const Value& outputs, const Value& now) = nullptr;
  std::vector<std::string> (*touches)(const Value& in) = nullptr; ///< what observe looks at; null: everything
  Duration lateness{}; ///< of same_state: how long after its connection or child is closed an original may still land
};
/// Something that lives beside later steps (a proxy, a tunnel): opened on first need, closed at the end of its group, never `done`.
struct Held {
  Value outputs;
  std::unique_ptr<Child> child;
};
struct Hold {
  Intent (*prepare)(const Value& in, const Identity&) = nullptr;
  Expected<Held> (*open)(const Intent&, const Call&, Ports&) = nullptr;
};

/// A gate is a pure fold; the engine samples a read step, ticks, stops, shows and journals.
enum class Verdict : std::uint8_t { going, pass, fail, inconclusive };
struct Measure {
  std::string name;
  double value = 0, threshold = 0;
  std::string evidence; ///< "3 of 412 requests failed; 96 more decide"
};
struct Tick {
  Verdict verdict = Verdict::going;
  Value state; ///< handed to the next tick
  std::vector<Measure> measures;
  std::string why; ///< one sentence, for the verdict
  bool thin = false; ///< too little evidence: the sample may send its own probes (its input `probe` becomes true)
};
struct Gate {
  Tick (*tick)(const Value& in, const Value& state, const Value& sample, Duration elapsed) = nullptr; ///< sample: null where the read failed
};

/// A question to a person: asked on a terminal, parked elsewhere.
struct Question {
  std::string text;
  std::vector<std::string> choices; ///< empty: free text
  std::string digest;
  std::optional<Timestamp> expires;
};
struct Ask {
  Question (*ask)(const Value& in) = nullptr;
  Outcome (*answer)(const Value& in, const std::string& said, const std::string& who, Timestamp when) = nullptr;
};

struct Action {
  std::string_view name, summary; ///< name: without the module's (`traffic`)
  std::span<const Field> inputs, outputs;
  std::variant<Read, Change, Hold, Gate, Ask> does;
};
struct Module {
  std::string_view name, summary;
  std::span<const Action> actions;
};
using Catalog = std::span<const Module* const>;

/// `module.action`; nullptr when there is none.
const Action* find_action(Catalog, std::string_view name);

} // namespace belay
