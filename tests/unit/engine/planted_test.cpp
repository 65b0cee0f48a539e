#include "catch.hpp"
#include "fakes/crash_play.hpp"

using namespace belay;
using namespace belay::fakes;

// The crash harness is worth something only if it fails for a belay that is broken. Each defect here is put between the engine and its
// store or into the actions, and the harness must find it at some point of some case.
namespace {

/// Hands everything on; what a defect changes is overridden.
struct Passing : Store {
  Store& inner;
  explicit Passing(Store& s) : inner(s) {}
  Expected<Head> append(const std::string& stream, const Head& at, std::span<const Record> records, const Row& row, const std::optional<Grant>& grant, Durable durable) override { return inner.append(stream, at, records, row, grant, durable); }
  Expected<std::vector<Record>> read(const std::string& stream, std::uint64_t from, unsigned limit) override { return inner.read(stream, from, limit); }
  Expected<Head> head(const std::string& stream) override { return inner.head(stream); }
  Expected<std::vector<Row>> list(const Query& query) override { return inner.list(query); }
  Expected<std::variant<Grant, Taken>> take(const std::string& claim, const Holder& holder, Duration lease, bool (*dead)(const Machine&, const ProcessMark&), const Machine& machine) override { return inner.take(claim, holder, lease, dead, machine); }
  Expected<Grant> renew(const Grant& grant, Duration lease) override { return inner.renew(grant, lease); }
  Expected<void> release(const Grant& grant, bool park) override { return inner.release(grant, park); }
  Expected<void> unlock(const std::string& claim, const std::string& id) override { return inner.unlock(claim, id); }
  Expected<std::vector<Taken>> claims() override { return inner.claims(); }
  Expected<void> post(const Post& post) override { return inner.post(post); }
  Expected<std::vector<Post>> posts(const std::string& run, std::uint64_t after) override { return inner.posts(run, after); }
};

/// Says that an append is durable while it is still in the memory of the process: it is written with the next one, or lost.
struct Late : Passing {
  const std::string only; ///< the kind of record that is late; empty: every one
  Late(Store& s, std::string kind) : Passing(s), only(std::move(kind)) {}

  Expected<Head> append(const std::string& stream, const Head& at, std::span<const Record> records, const Row& row, const std::optional<Grant>& grant, Durable durable) override {
    if (auto written = flush(); !written) return Unexpected(written.error());
    if (!stream.starts_with("run/") || (!only.empty() && records.front().kind != only)) return inner.append(stream, at, records, row, grant, durable);
    kept = Kept{stream, at, {records.begin(), records.end()}, row, grant, durable};
    return Head{at.seq + records.size(), records.back().hash};
  }
  Expected<std::vector<Record>> read(const std::string& stream, std::uint64_t from, unsigned limit) override {
    [[maybe_unused]] auto written = flush();
    return inner.read(stream, from, limit);
  }
  Expected<Head> head(const std::string& stream) override {
    [[maybe_unused]] auto written = flush();
    return inner.head(stream);
  }
  Expected<void> release(const Grant& grant, bool park) override {
    [[maybe_unused]] auto written = flush(); // the process comes to its end
    return inner.release(grant, park);
  }

private:
  struct Kept {
    std::string stream;
    Head at;
    std::vector<Record> records;
    Row row;
    std::optional<Grant> grant;
    Durable durable;
  };
  std::optional<Kept> kept;

  Expected<void> flush() {
    if (!kept) return {};
    const Kept k = *std::exchange(kept, std::nullopt);
    auto head = inner.append(k.stream, k.at, k.records, k.row, k.grant, k.durable);
    return head ? Expected<void>() : Unexpected(head.error());
  }
};

/// Does not look at the epoch of what it appends, nor at that of a renewal.
struct Unfenced : Passing {
  using Passing::Passing;
  Expected<Head> append(const std::string& stream, const Head& at, std::span<const Record> records, const Row& row, const std::optional<Grant>&, Durable durable) override { return inner.append(stream, at, records, row, {}, durable); }
  Expected<Grant> renew(const Grant& grant, Duration) override { return grant; }
};

/// The actions of the tests with one of their promises broken.
struct BrokenActions {
  std::vector<Action> actions;
  Module module;
  std::vector<const Module*> modules;

  explicit BrokenActions(void (*breaks)(Change&)) {
    const Catalog real = test_catalog();
    modules.assign(real.begin(), real.end());
    actions.assign(modules.front()->actions.begin(), modules.front()->actions.end());
    for (Action& action : actions)
      if (auto* change = std::get_if<Change>(&action.does)) breaks(*change);
    module = {modules.front()->name, modules.front()->summary, actions};
    modules.front() = &module;
  }
};

bool plays_right(const CrashCase& c, const std::vector<int>& crashes, const Planted& planted) {
  try {
    return right(c, play(c, crashes, planted));
  } catch (const std::exception&) { // it lost its way altogether
    return false;
  }
}

/// How many histories with one crash, or none, end wrongly.
int wrong(const Planted& planted) {
  int count = 0;
  for (const CrashCase& c : crash_cases()) {
    const int points = play(c, {}).points;
    count += !plays_right(c, {}, planted);
    for (int n = 1; n <= points; ++n) count += !plays_right(c, {n}, planted);
  }
  return count;
}

/// A holder whose claim is taken away between its two steps: what it does after that. Of a sound belay, nothing.
std::vector<std::string> after_losing_the_claim(const Planted& planted) {
  EngineRig rig;
  const auto between = planted.store ? planted.store(rig.store) : nullptr;
  engine::World world{rig.ports, between ? *between : rig.store, rig.secrets, rig.clock, rig.machine, rig.terminal, rig.entropy, rig.signals, planted.catalog, rig.project, {}, "/artifacts"};
  rig.server.after = [&](int number) -> std::optional<Failure> {
    if (number == 1) [[maybe_unused]] auto freed = rig.store.unlock("shop", rig.store.claims()->front().id);
    return {};
  };
  engine::start({rig.runbook(crash_cases().front().body), {}, Value::object({}), {}}, world);
  auto ledger = rig.server.ledger;
  ledger.erase(ledger.begin());
  return ledger;
}

} // namespace

TEST_CASE("the crash harness finds nothing where nothing is planted", "[engine][planted]") {
  CHECK(wrong({}) == 0);
  CHECK(wrong({[](Store& s) { return std::make_unique<Passing>(s); }}) == 0);
  CHECK(after_losing_the_claim({}).empty());
}

TEST_CASE("the crash harness finds an intent that is written after its act", "[engine][planted]") {
  CHECK(wrong({[](Store& s) { return std::make_unique<Late>(s, "intended"); }}) > 0);
}

TEST_CASE("the crash harness finds a write that was acknowledged and not kept", "[engine][planted]") {
  CHECK(wrong({[](Store& s) { return std::make_unique<Late>(s, ""); }}) > 0);
}

TEST_CASE("the crash harness finds a judge that always says done", "[engine][planted]") {
  const BrokenActions broken([](Change& change) {
    if (change.judge) change.judge = [](const Intent&, const Value&, const Value&) { return Outcome{}; };
  });
  CHECK(wrong({{}, broken.modules}) > 0);
}

TEST_CASE("the crash harness finds an undo that was left out", "[engine][planted]") {
  const BrokenActions broken([](Change& change) { change.undo = nullptr; });
  CHECK(wrong({{}, broken.modules}) > 0);
}

TEST_CASE("a holder that lost its claim is found to go on where the store does not check the epoch", "[engine][planted]") {
  CHECK_FALSE(after_losing_the_claim({[](Store& s) { return std::make_unique<Unfenced>(s); }}).empty());
}
