#include "cli/views.hpp"
#include "notify/delivery.hpp"
#include "report/line_view.hpp"
#include "report/tree_view.hpp"
#include "state/fact_codec.hpp"
#include "value/json.hpp"
#include <mutex>
#include <ostream>

namespace belay::cli {
namespace {

/// Each durable fact as one line of JSON: {seq, at, kind, …the fact's own members under `fact`}.
class NdjsonView : public Observer {
public:
  explicit NdjsonView(std::ostream& to) : m_to(to) {}
  void on(const Event& event) override {
    const Record record = encode_fact(event.fact, event.at);
    const auto body = parse_json(record.body);
    std::lock_guard guard(m_lock);
    m_to << canonical_json(Value::object({{"seq", Value(static_cast<std::int64_t>(event.seq))}, {"at", Value(event.at)}, {"kind", Value(record.kind)}, {"fact", body ? *body : Value()}})) << '\n' << std::flush;
  }

private:
  std::ostream& m_to;
  std::mutex m_lock;
};

} // namespace

/// The terminal as the engine sees it: a live view stands still while a person is asked.
struct Views::Asking : Terminal {
  Terminal& real;
  report::TreeView* tree = nullptr;
  explicit Asking(Terminal& t) : real(t) {}
  bool interactive() const override { return real.interactive(); }
  bool live() const override { return real.live(); }
  int width() const override { return real.width(); }
  std::optional<std::string> ask(const std::string& prompt, const Stop& stop) override {
    if (tree) tree->pause(true);
    auto out = real.ask(prompt, stop);
    if (tree) tree->pause(false);
    return out;
  }
};

Views::Views(Context& c) : m_err(c.outside.err), m_asking(std::make_unique<Asking>(c.outside.terminal)) {
  const report::Style style{c.colored()};
  auto queueing = std::make_unique<notify::Queueing>(c.store(), c.outside.ports.time);
  m_queueing = queueing.get();
  m_views.push_back(std::move(queueing));
  if (c.ndjson()) m_views.push_back(std::make_unique<NdjsonView>(c.outside.out));
  const report::Detail detail = c.globals.quiet ? report::Detail::quiet : c.globals.verbose ? report::Detail::verbose : report::Detail::normal;
  if (c.outside.terminal.live() && detail == report::Detail::normal) {
    auto tree = std::make_unique<report::TreeView>(c.outside.err, c.outside.ports.time, c.outside.terminal, style);
    m_asking->tree = tree.get();
    m_views.push_back(std::move(tree));
  } else {
    m_views.push_back(std::make_unique<report::LineView>(c.outside.err, c.outside.ports.time, style, detail));
  }
}
Views::~Views() {
  for (const std::string& failure : m_queueing->failures()) m_err << "belay: " << failure << '\n';
}

std::vector<Observer*> Views::observers() const {
  std::vector<Observer*> out;
  for (const auto& view : m_views) out.push_back(view.get());
  return out;
}

Terminal& Views::terminal() { return *m_asking; }

} // namespace belay::cli
