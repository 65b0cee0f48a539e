#include "engine/begin.hpp"
#include "engine/predict_executor.hpp"

namespace belay::engine {

Plan predict(const Invocation& invocation, const Library& library, const World& world) {
  const Runbook& main = library.main();
  const Stop root(world.time);
  const Stop stop = root.nested(main.timeout.step);
  const std::string run = new_run_id(world);
  Redactor redactor;
  auto failed = [&](const Failure& failure) {
    Plan plan;
    plan.runbook = main.name;
    plan.failure = failure;
    return plan;
  };
  const Value outer = Value::object({{"service", invocation.service ? invocation.service->service : Value::object({})}, {"env", invocation.service ? invocation.service->env : Value::object({})}});
  auto params = parameters_of(main, invocation.parameters, outer);
  if (!params) throw Error(Exit::usage, params.error().message, params.error().hint);
  const Value about = Value::object({{"id", Value(run)}, {"runbook", Value(main.name)}, {"who", Value(world.machine.user())}, {"started", Value(world.time.wall())}});
  auto names = names_of(world, invocation.service, *params, library.references(), about, invocation.options.mode == Mode::offline, stop, &redactor);
  if (!names) return failed(names.error());
  for (const Parameter& p : main.parameters)
    if (p.secret) redactor.learn((*params)[p.name]);
  Ports& ports = world.ports;
  PredictExecutor executor(world, ports.reads(), library, invocation, run, stop);
  Walker walker(executor);
  Frame frame(main, names->base);
  Flow flow = walker.steps(main.steps, frame, "");
  if (flow == Flow::go && !main.always.empty()) {
    executor.last_steps();
    Frame last(main, frame.bindings());
    for (const Step& step : main.always) walker.step(step, last, "always/" + step.id);
  }
  Plan plan = executor.plan();
  for (PlannedStep& step : plan.steps) {
    for (std::string& guard : step.guards) guard = redactor.clean(std::string_view(guard));
    for (std::string* text : {&step.title, &step.because, &step.act, &step.equivalent, &step.on_failure}) *text = redactor.clean(std::string_view(*text));
    step.inputs = redactor.clean(step.inputs);
    step.outputs = redactor.clean(step.outputs);
  }
  if (plan.failure)
    for (std::string* text : {&plan.failure->message, &plan.failure->hint}) *text = redactor.clean(std::string_view(*text));
  return plan;
}

} // namespace belay::engine
