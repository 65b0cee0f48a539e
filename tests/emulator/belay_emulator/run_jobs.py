"""Cloud Run's jobs and their executions: what they keep, and how an execution comes to its end."""

import copy
import os
import subprocess

from .routing import Problem
from .run_state import LOCATION, OWN_ANNOTATIONS, Conditional

FAULT = "FAULT_JOB"  # a variable of the job: fail


class Job(Conditional):
  """A template of executions, in Knative's form (`template` is an ExecutionTemplateSpec)."""

  def __init__(self, world, region, name, principal):
    super().__init__(world.clock)
    self.region, self.name, self.creator, self.modifier = region, name, principal, principal
    self.uid = world.new_uuid()
    self.created = self.updated = world.clock.seconds()
    self.generation, self.version = 0, 0
    self.annotations, self.labels, self.template = {}, {}, {}
    self.executions = 0
    self.latest = None
    self.policy = {"bindings": [], "etag": 0}

  def touch(self, world):
    self.version = max(int(world.clock.seconds() * 1000000), self.version + 1)

  def resource_version(self):
    return str(self.version)

  def etag(self):
    return f'"{self.version:x}"'


class Execution(Conditional):
  """One run of a job: `task` is its TaskTemplateSpec, overrides applied."""

  def __init__(self, world, job, name, task, count):
    super().__init__(world.clock)
    self.job, self.region, self.name, self.task, self.count = job.name, job.region, name, task, count
    self.parallelism = job.template["spec"].get("parallelism", 0)
    self.uid = world.new_uuid()
    self.created = self.started = self.updated = world.clock.seconds()
    self.ended = None
    self.creator = ""
    self.succeeded = self.failed = self.cancelled = self.retried = 0
    self.output = ""

  @property
  def running(self):
    return 0 if self.ended else self.count


class Jobs:
  def __init__(self, world):
    self.world = world
    self.jobs, self.executions = {}, {}  # (region, name)

  def job(self, region, name):
    found = self.jobs.get((region, name))
    if found is None:
      raise Problem(404, f"Resource '{name}' of kind 'JOB' in region '{region}' in project '{self.world.project}' does not exist.")
    return found

  def execution(self, region, name):
    found = self.executions.get((region, name))
    if found is None:
      raise Problem(404, f"Resource '{name}' of kind 'EXECUTION' in region '{region}' in project '{self.world.project}' does not exist.")
    return found

  def executions_of(self, job):
    return sorted((each for each in self.executions.values() if (each.region, each.job) == (job.region, job.name)), key=lambda each: each.created, reverse=True)

  def put(self, region, name, principal, template, annotations, labels, create):
    """Makes or changes a job; gives the operation."""
    if create and (region, name) in self.jobs:
      raise Problem(409, f"Resource '{name}' already exists.", "ALREADY_EXISTS")
    template = self._completed(template, name)
    job = Job(self.world, region, name, principal) if create else self.job(region, name)
    job.template, job.modifier, job.updated = template, principal, self.world.clock.seconds()
    job.annotations = {key: value for key, value in (annotations or {}).items() if key not in OWN_ANNOTATIONS}
    job.labels = {**(labels or {}), LOCATION: region}
    job.generation += 1
    job.touch(self.world)
    job.set("Ready", "Unknown", "Deploying")
    self.jobs[region, name] = job

    def work():
      job.set("Ready", "True")
      job.touch(self.world)
      return job
    return self.world.operations.begin("run.jobs." + ("create" if create else "update"), self._name(region, "jobs", name), work, about=job)

  def delete(self, job):
    del self.jobs[job.region, job.name]
    for execution in self.executions_of(job):
      del self.executions[execution.region, execution.name]

  def run(self, job, principal, overrides):
    """Begins an execution; gives (execution, operation)."""
    task = copy.deepcopy(job.template["spec"]["template"])
    container = task["spec"]["containers"][0]
    for override in overrides.get("containerOverrides", []):
      if override.get("args"):
        container["args"] = list(override["args"])
      elif override.get("clearArgs"):
        container.pop("args", None)
      variables = {each["name"]: each for each in container.get("env", [])}
      variables.update({each["name"]: {"name": each["name"], "value": each.get("value", "")} for each in override.get("env", [])})
      if variables:
        container["env"] = list(variables.values())
    if overrides.get("timeoutSeconds"):
      task["spec"]["timeoutSeconds"] = str(overrides["timeoutSeconds"])
    job.executions += 1
    letters = "".join(self.world.random.choice("bcdfghjklmnpqrstvwxz") for _ in range(5))
    execution = Execution(self.world, job, f"{job.name}-{letters}", task, overrides.get("taskCount") or job.template["spec"].get("taskCount", 1))
    execution.creator = principal
    execution.set("Completed", "Unknown", "", "Waiting for execution to complete.")
    execution.set("Started", "True")
    self.executions[job.region, execution.name] = execution
    job.latest = execution.name
    job.touch(self.world)
    operation = self.world.operations.begin("run.jobs.run", self._name(job.region, "jobs", job.name), lambda: self._end(execution), about=execution)
    return execution, operation

  def cancel(self, execution):
    if execution.ended is None:
      self._settle(execution, "False", "Cancelled", "Execution was cancelled.")
      execution.cancelled = execution.count

  def _end(self, execution):
    if execution.ended is not None:
      raise Problem(499, "Execution was cancelled.", "CANCELLED")
    problem = self.world.why_no_image(execution.task["spec"]["containers"][0]["image"])
    code = 1
    if problem is None:
      code, execution.output = self._outcome(execution)
      problem = f"Task {execution.name}-task0 failed with exit code: {code} and message: The container exited with an error." if code else None
    if execution.output:
      self.world.log("ERROR" if code else "INFO", "cloud_run_job", {"job_name": execution.job, "location": execution.region}, text=execution.output[-4000:])
    if problem:
      execution.failed = execution.count
      execution.retried = execution.task["spec"].get("maxRetries", 3) * execution.count
      self._settle(execution, "False", "NonZeroExitCode", problem)
      raise Problem(400, problem, "FAILED_PRECONDITION")
    execution.succeeded = execution.count
    self._settle(execution, "True", "", "Execution completed successfully.")
    return execution

  def _settle(self, execution, status, reason, message):
    execution.ended = execution.updated = self.world.clock.seconds()
    execution.set("Completed", status, reason, message)
    execution.set("ResourcesAvailable", "True")

  def _outcome(self, execution):
    """(exit code, output): of the command that the settings give for this job (`job_commands`), else as its variables say."""
    variables = self.world.variables_of(execution.task["spec"])
    if variables.get(FAULT) == "fail":
      return 1, "the job was told to fail"
    argv = self.world.settings.get("job_commands", {}).get(execution.job)
    if not argv:
      return 0, ""
    container = execution.task["spec"]["containers"][0]
    environment = dict(os.environ, **variables, CLOUD_RUN_JOB=execution.job, CLOUD_RUN_EXECUTION=execution.name, CLOUD_RUN_TASK_INDEX="0")
    done = subprocess.run([*argv, *container.get("args", [])], env=environment, capture_output=True, text=True, cwd=self.world.folder, timeout=600)
    return done.returncode, (done.stdout + done.stderr).strip()

  def _completed(self, template, name):
    template = copy.deepcopy(template or {})
    spec = template.setdefault("spec", {})
    template.setdefault("metadata", {})
    spec.setdefault("taskCount", 1)
    task = spec.setdefault("template", {}).setdefault("spec", {})
    if not task.get("containers") or not task["containers"][0].get("image"):
      raise Problem(400, "spec.template.spec.template.spec.containers: a container with an image is required.")
    task.setdefault("maxRetries", 3)
    task["timeoutSeconds"] = str(task.get("timeoutSeconds") or 600)  # an int64, so digits in a string
    task.setdefault("serviceAccountName", f"{self.world.project_number}-compute@developer.gserviceaccount.com")
    for index, container in enumerate(task["containers"]):
      container["name"] = container.get("name") or f"{name}-{index + 1}"
      limits = container.setdefault("resources", {}).setdefault("limits", {})
      limits.setdefault("cpu", "1000m")
      limits.setdefault("memory", "512Mi")
    return template

  def _name(self, region, kind, name):
    return f"projects/{self.world.project}/locations/{region}/{kind}/{name}"

  def snapshot(self):
    return {"jobs": [{"name": job.name, "region": job.region, "executions": [
      {"name": each.name, "completed": each.status_of("Completed"), "output": each.output} for each in self.executions_of(job)]} for job in self.jobs.values()]}
