#include "clients/postgres_archive.hpp"
#include "catch.hpp"
#include "fakes/memory_streams.hpp"
#include <future>

using namespace belay;
using namespace belay::fakes;
using namespace belay::postgres_archive;

namespace {

struct Entry {
  int id;
  std::string oid, name, what;
  int section;
  std::vector<int> after;
};

std::string number(int of, unsigned size = 4) {
  std::string out(1, of < 0 ? '\1' : '\0');
  for (unsigned i = 0, rest = static_cast<unsigned>(of < 0 ? -of : of); i < size; ++i, rest >>= 8) out += static_cast<char>(rest & 0xff);
  return out;
}
std::string text(const std::string& of) { return number(static_cast<int>(of.size())) + of; }

/// An archive's head as pg_dump of that minor version of the format writes it to a pipe.
std::string head_of(const std::vector<Entry>& entries, int minor = 14) {
  std::string out = "PGDMP" + std::string{1, static_cast<char>(minor), 0, 4, 8, 1};
  out += minor >= 15 ? std::string(1, '\0') : number(0);
  for (int i = 0; i < 7; ++i) out += number(i);
  out += text("shop") + text("15.18") + text("15.18") + number(static_cast<int>(entries.size()));
  for (const auto& e : entries) {
    out += number(e.id) + number(1) + text("1259") + text(e.oid) + text(e.name) + text(e.what) + number(e.section) + text("make") + text("") + text("COPY " + e.name) + text("public") + text("") + number(-1);
    if (minor >= 16) out += number('r');
    out += text("owner") + text("false");
    for (const int id : e.after) out += text(std::to_string(id));
    out += number(-1) + std::string(1, '\1') + std::string(8, '\0');
  }
  return out;
}
std::string block(int id, const std::vector<std::string>& chunks) {
  std::string out = "\1" + number(id);
  for (const auto& chunk : chunks) out += text(chunk);
  return out + number(0);
}

const Entry k_items{10, "100", "items", "TABLE", 2, {}}, k_orders{11, "101", "orders", "TABLE", 2, {}}, k_key{30, "200", "items_key", "CONSTRAINT", 4, {10}};
const Entry k_order_rows{20, "101", "orders", "TABLE DATA", 3, {11}}, k_item_rows{20, "100", "items", "TABLE DATA", 3, {7}};
const std::string k_chunk = std::string("1\tone\n\0\1", 8);

struct Made {
  Expected<void> main, rows;
  std::string text;
};

Expected<void> poured(Part& part, const std::string& bytes, std::size_t piece, Meeting& meeting) {
  Expected<void> done;
  for (std::size_t at = 0; at < bytes.size() && done; at += piece) done = part.write(bytes_of(std::string_view(bytes).substr(at, piece)));
  if (done)
    if (const auto ended = part.finish(); !ended) done = tl::unexpected(ended.error());
  meeting.give_up();
  return done;
}

/// Both archives through their parts, each on its thread as in a backup, and what stands in the file then.
Made joined(const std::string& main, const std::string& rows, std::size_t tables = 1, std::size_t piece = 7) {
  Meeting meeting(tables);
  MemorySink to_main, to_rows;
  Part first(meeting, true, to_main), second(meeting, false, to_rows);
  auto beside = std::async(std::launch::async, [&] { return poured(second, rows, piece, meeting); });
  Made made;
  made.main = poured(first, main, piece, meeting);
  made.rows = beside.get();
  made.text = to_main.bytes + to_rows.bytes;
  return made;
}

} // namespace

TEST_CASE("two archives of one snapshot become the one that a single pg_dump would have written", "[clients]") {
  const int minor = GENERATE(14, 15, 16);
  const std::size_t piece = GENERATE(1, 7, 100'000);
  const std::string main = head_of({k_items, k_orders, k_order_rows, k_key}, minor) + block(20, {"x\n"});
  const std::string rows = head_of({{3, "0", "ENCODING", "ENCODING", 2, {}}, k_item_rows}, minor) + block(20, {k_chunk, "2\ttwo\n"});
  const Made made = joined(main, rows, 1, piece);
  REQUIRE(made.main);
  REQUIRE(made.rows);
  const Entry item_rows{31, "100", "items", "TABLE DATA", 3, {10}}; // after every id of the main archive, and of its own table there
  CHECK(made.text == head_of({k_items, k_orders, k_order_rows, item_rows, k_key}, minor) + block(20, {"x\n"}) + block(31, {k_chunk, "2\ttwo\n"}));
}

TEST_CASE("rows go to the end of a table of contents that has nothing behind its data", "[clients]") {
  const Made made = joined(head_of({k_items}), head_of({k_item_rows}) + block(20, {}));
  REQUIRE(made.main);
  REQUIRE(made.rows);
  CHECK(made.text == head_of({k_items, {11, "100", "items", "TABLE DATA", 3, {10}}}) + block(11, {}));
}

TEST_CASE("archives that do not complete each other are not joined", "[clients]") {
  const std::string main = head_of({k_items, k_orders, k_order_rows, k_key}), rows = head_of({k_item_rows}) + block(20, {k_chunk});
  const auto refused = [](const Made& made) {
    CHECK_FALSE((made.main && made.rows));
    for (const auto* one : {&made.main, &made.rows})
      if (!*one) CHECK((one->error().cause == Cause::malformed || one->error().cause == Cause::stopped));
  };
  refused(joined(main, rows, 2));                                                      // one table of two
  refused(joined(main, head_of({k_order_rows}) + block(20, {k_chunk})));               // both have these rows
  refused(joined(head_of({k_orders, k_key}), rows));                                   // nobody makes the table
  refused(joined(main, head_of({k_item_rows})));                                       // announced, and not there
  refused(joined(main, rows + block(20, {})));                                         // there twice
  refused(joined(main, head_of({k_item_rows}) + block(21, {})));                       // of another
  refused(joined(main, rows + "\3" + number(5)));                                      // a large object
  refused(joined(head_of({k_items}, 15), rows));                                       // of different versions
  refused(joined(head_of({k_items}, 17), head_of({k_item_rows}, 17)));                 // of a version to come
  refused(joined("-- a script\n" + std::string(100, ' '), rows));
}

TEST_CASE("a second archive that is cut anywhere is not taken for whole", "[clients]") {
  const std::string main = head_of({k_items}), rows = head_of({k_item_rows}) + block(20, {k_chunk, "2\n"});
  for (std::size_t size = 0; size < rows.size(); ++size) {
    INFO(size);
    CHECK_FALSE(joined(main, rows.substr(0, size)).rows);
  }
  CHECK(joined(main, rows).rows);
}

TEST_CASE("a main archive that is cut in its table of contents stops both", "[clients]") {
  const std::string main = head_of({k_items}), rows = head_of({k_item_rows}) + block(20, {k_chunk});
  for (std::size_t size = 0; size < main.size(); ++size) {
    INFO(size);
    const Made made = joined(main.substr(0, size), rows);
    CHECK_FALSE(made.main);
    REQUIRE_FALSE(made.rows);
    CHECK(made.rows.error().cause == Cause::stopped);
    CHECK(made.text.empty());
  }
}

TEST_CASE("archives of a pg_dump to come are not guessed at", "[clients]") {
  CHECK_FALSE(knows_archives_of(110022));
  CHECK(knows_archives_of(120000));
  CHECK(knows_archives_of(180003));
  CHECK_FALSE(knows_archives_of(190000));
}
