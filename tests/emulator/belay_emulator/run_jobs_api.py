"""Jobs and executions as both versions of the API show and take them."""

import copy

from . import run_conditions, run_policy
from .clock import stamp
from .paging import page
from .routing import Problem
from .run_jobs import Jobs
from .run_operations import HOST
from .run_state import LOCATION
from .run_translation import filled, only, seconds_of_duration, template_to_v1, template_to_v2, without_system
from .run_v1 import by_region, listed, region_of

KNATIVE = r"/apis/run\.googleapis\.com/v1/namespaces/[^/]+"
PARENT = r"/v2/projects/[^/]+/locations/([^/]+)"
JOB_MEMBERS = ("name", "uid", "generation", "labels", "annotations", "createTime", "updateTime", "deleteTime", "expireTime", "creator", "lastModifier", "client", "clientVersion",
               "launchStage", "binaryAuthorization", "template", "observedGeneration", "terminalCondition", "conditions", "executionCount", "latestCreatedExecution", "reconciling",
               "etag", "satisfiesPzs", "startExecutionToken", "runExecutionToken")


class JobViews:
  def __init__(self, jobs):
    self._jobs = jobs
    self._world = jobs.world

  def _metadata(self, subject, kind, annotations, labels, generation):
    return {"name": subject.name, "namespace": self._world.project_number, "uid": subject.uid, "generation": generation, "creationTimestamp": stamp(subject.created),
            "selfLink": f"/apis/run.googleapis.com/v1/namespaces/{self._world.project_number}/{kind}/{subject.name}", "labels": {**labels, LOCATION: subject.region},
            "annotations": {**annotations, "run.googleapis.com/creator": subject.creator}}

  def _latest(self, job):
    return self._jobs.executions.get((job.region, job.latest)) if job.latest else None

  def _completion(self, execution):
    return {"True": "EXECUTION_SUCCEEDED", "False": "EXECUTION_FAILED"}.get(execution.status_of("Completed"), "EXECUTION_RUNNING") if not execution.cancelled else "EXECUTION_CANCELLED"

  def v1_job(self, job, operation_id=""):
    metadata = self._metadata(job, "jobs", {**job.annotations, "run.googleapis.com/lastModifier": job.modifier}, job.labels, job.generation)
    metadata["resourceVersion"] = job.resource_version()
    if operation_id:
      metadata["annotations"]["run.googleapis.com/operation-id"] = operation_id
    latest = self._latest(job)
    status = {"observedGeneration": job.generation, "executionCount": job.executions, "conditions": [run_conditions.to_v1(each) for each in job.conditions.values()]}
    if latest:
      status["latestCreatedExecution"] = filled({"name": latest.name, "creationTimestamp": stamp(latest.created), "completionTimestamp": stamp(latest.ended) if latest.ended else None,
                                                 "completionStatus": self._completion(latest)})
    return {"apiVersion": "run.googleapis.com/v1", "kind": "Job", "metadata": metadata, "spec": {"template": copy.deepcopy(job.template)}, "status": status}

  def v1_execution(self, execution):
    metadata = self._metadata(execution, "executions", {}, {"run.googleapis.com/job": execution.job}, 1)
    metadata["ownerReferences"] = [{"kind": "Job", "name": execution.job, "apiVersion": "run.googleapis.com/v1", "uid": execution.uid}]
    return {
      "apiVersion": "run.googleapis.com/v1", "kind": "Execution", "metadata": metadata,
      "spec": filled({"parallelism": execution.parallelism, "taskCount": execution.count, "template": copy.deepcopy(execution.task)}),
      "status": filled({"observedGeneration": 1, "startTime": stamp(execution.started), "completionTime": stamp(execution.ended) if execution.ended else None,
                        "runningCount": execution.running, "succeededCount": execution.succeeded, "failedCount": execution.failed, "cancelledCount": execution.cancelled,
                        "retriedCount": execution.retried, "logUri": self._log(execution), "conditions": [run_conditions.to_v1(each) for each in execution.conditions.values()]}),
    }

  def v1_task(self, execution, index):
    done = execution.ended is not None
    conditions = [run_conditions.to_v1(each) for each in execution.conditions.values()]
    return {"apiVersion": "run.googleapis.com/v1", "kind": "Task",
            "metadata": {"name": f"{execution.name}-task{index}", "namespace": self._world.project_number, "uid": execution.uid, "creationTimestamp": stamp(execution.created),
                         "labels": {"run.googleapis.com/job": execution.job, "run.googleapis.com/execution": execution.name, LOCATION: execution.region}},
            "spec": copy.deepcopy(execution.task["spec"]),
            "status": filled({"index": index, "startTime": stamp(execution.started), "completionTime": stamp(execution.ended) if done else None, "conditions": conditions})}

  def _task_to_v2(self, task):
    shown = template_to_v2({}, task["spec"])
    for name in ("maxInstanceRequestConcurrency", "scaling"):
      shown.pop(name, None)
    for container in shown["containers"]:
      container.get("resources", {}).pop("cpuIdle", None)
    return {**shown, "maxRetries": task["spec"].get("maxRetries", 3)}

  def v2_job(self, job):
    latest = self._latest(job)
    template = filled({"parallelism": job.template["spec"].get("parallelism"), "taskCount": job.template["spec"].get("taskCount"),
                       "template": self._task_to_v2(job.template["spec"]["template"])})
    return filled({
      "name": self.name(job), "uid": job.uid, "generation": str(job.generation), "observedGeneration": str(job.generation), "labels": without_system(job.labels),
      "annotations": without_system(job.annotations), "createTime": stamp(job.created), "updateTime": stamp(job.updated), "creator": job.creator, "lastModifier": job.modifier,
      "launchStage": "GA", "template": template, "terminalCondition": run_conditions.to_v2(job.conditions["Ready"]), "executionCount": job.executions, "etag": job.etag(),
      "reconciling": job.status_of("Ready") == "Unknown",
      "latestCreatedExecution": filled({"name": f"{self.name(job)}/executions/{latest.name}", "createTime": stamp(latest.created),
                                        "completionTime": stamp(latest.ended) if latest.ended else None, "completionStatus": self._completion(latest)}) if latest else None,
    })

  def v2_execution(self, execution):
    job = f"projects/{self._world.project}/locations/{execution.region}/jobs/{execution.job}"
    return filled({
      "name": f"{job}/executions/{execution.name}", "uid": execution.uid, "generation": "1", "observedGeneration": "1", "job": execution.job, "creator": execution.creator,
      "createTime": stamp(execution.created), "startTime": stamp(execution.started), "completionTime": stamp(execution.ended) if execution.ended else None,
      "updateTime": stamp(execution.updated), "launchStage": "GA", "parallelism": execution.parallelism, "taskCount": execution.count, "template": self._task_to_v2(execution.task),
      "reconciling": execution.ended is None, "conditions": [run_conditions.to_v2(each) for each in execution.conditions.values()], "runningCount": execution.running,
      "succeededCount": execution.succeeded, "failedCount": execution.failed, "cancelledCount": execution.cancelled, "retriedCount": execution.retried,
      "logUri": self._log(execution), "etag": f'"{int(execution.updated * 1000000):x}"',
    })

  def name(self, job):
    return f"projects/{self._world.project}/locations/{job.region}/jobs/{job.name}"

  def _log(self, execution):
    return f"https://console.cloud.google.com/logs/viewer?project={self._world.project}&resource=cloud_run_job/job_name/{execution.job}"


def task_to_v1(template):
  """An ExecutionTemplateSpec of a v2 `ExecutionTemplate`."""
  only(template, ("labels", "annotations", "parallelism", "taskCount", "template"), "job.template")
  task = dict(template.get("template") or {})
  retries = task.pop("maxRetries", None)
  spec = template_to_v1(task, None)["spec"]
  if retries is not None:
    spec["maxRetries"] = retries
  return {"metadata": {}, "spec": filled({"parallelism": template.get("parallelism"), "taskCount": template.get("taskCount"), "template": {"spec": spec}})}


def routes(world, jobs, views, operation_view):
  def put_v1(request, name=None):
    body = request.body or {}
    metadata = body.get("metadata") or {}
    region = region_of(request)
    wanted = name or metadata.get("name", "")
    if name and metadata.get("resourceVersion") not in (None, "", jobs.job(region, name).resource_version()):
      raise Problem(409, f"Conflict for resource '{name}': version '{metadata['resourceVersion']}' was specified but current version is "
                    f"'{jobs.job(region, name).resource_version()}'.", "ABORTED")
    operation = jobs.put(region, wanted, request.principal, (body.get("spec") or {}).get("template"), metadata.get("annotations"), metadata.get("labels"), create=name is None)
    return views.v1_job(jobs.job(region, wanted), operation.id)

  def find(request, name):
    return by_region(jobs.jobs, region_of(request), name, jobs.job)

  def find_execution(request, name):
    return by_region(jobs.executions, region_of(request), name, jobs.execution)

  def run_v1(request, name):
    execution, operation = jobs.run(find(request, name), request.principal, (request.body or {}).get("overrides") or {})
    shown = views.v1_execution(execution)
    shown["metadata"]["annotations"]["run.googleapis.com/operation-id"] = operation.id
    return shown

  def delete_v1(request, name):
    jobs.delete(find(request, name))
    return {"status": "Success"}

  def cancel_v1(request, name):
    execution = find_execution(request, name)
    jobs.cancel(execution)
    return views.v1_execution(execution)

  def in_region(table, region):
    return [each for each in table.values() if region in (None, "-", each.region)]

  def list_v1(kind, table, view):
    return lambda request: dict(listed(kind, [view(each) for each in in_region(table, region_of(request))], request), apiVersion="run.googleapis.com/v1")

  def tasks_v1(request):
    found = [views.v1_task(each, index) for each in in_region(jobs.executions, region_of(request)) for index in range(each.count)]
    return dict(listed("Task", found, request), apiVersion="run.googleapis.com/v1")

  def put_v2(request, region, name=None):
    body = request.body or {}
    only(body, JOB_MEMBERS, "job")
    create = name is None or (region, name) not in jobs.jobs and request.query.get("allowMissing") == "true"
    name = name or request.query.get("jobId", "")
    if not create and body.get("etag") not in (None, "", jobs.job(region, name).etag()):
      raise Problem(409, f"Conflict for resource '{name}': version '{body['etag']}' was specified but current version is '{jobs.job(region, name).etag()}'.", "ABORTED")
    operation = jobs.put(region, name, request.principal, task_to_v1(body.get("template") or {}), body.get("annotations"), body.get("labels"), create=create)
    return operation_view(operation, "v2")

  def run_v2(request, region, name):
    job = jobs.job(region, name)
    body = request.body or {}
    only(body, ("etag", "overrides", "validateOnly"), "run_job_request")
    if body.get("etag") not in (None, "", job.etag()):
      raise Problem(409, f"Conflict for resource '{name}': version '{body['etag']}' was specified but current version is '{job.etag()}'.", "ABORTED")
    overrides = dict(body.get("overrides") or {})
    if overrides.get("timeout"):
      overrides["timeoutSeconds"] = seconds_of_duration(overrides["timeout"], "overrides.timeout")
    _, operation = jobs.run(job, request.principal, overrides)
    return operation_view(operation, "v2")

  def delete_v2(request, region, name):
    job = jobs.job(region, name)
    jobs.delete(job)
    return operation_view(world.operations.begin("run.jobs.delete", views.name(job), lambda: job, about=job), "v2")

  def execution_v2(region, job, name):
    found = jobs.execution(region, name)
    if job not in ("-", found.job):
      raise Problem(404, f"Execution '{name}' of job '{job}' does not exist.")
    return found

  def cancel_v2(request, region, job, name):
    execution = execution_v2(region, job, name)
    jobs.cancel(execution)
    return operation_view(world.operations.begin("run.executions.cancel", f"projects/{world.project}/locations/{region}/jobs/{execution.job}", lambda: execution, about=execution), "v2")

  def paged(name, items, view, request):
    shown, token = page(items, request.query.get("pageSize"), request.query.get("pageToken"))
    return {**({name: [view(each) for each in shown]} if shown else {}), **({"nextPageToken": token} if token else {})}

  one, execution = PARENT + r"/jobs/([^/:]+)", PARENT + r"/jobs/([^/:]+)/executions/([^/:]+)"
  return [
    ("POST", HOST, KNATIVE + "/jobs", put_v1, "run.jobs.create"), ("GET", HOST, KNATIVE + "/jobs", list_v1("Job", jobs.jobs, views.v1_job), "run.jobs.list"),
    ("GET", HOST, KNATIVE + r"/jobs/([^/:]+)", lambda request, name: views.v1_job(find(request, name)), "run.jobs.get"),
    ("PUT", HOST, KNATIVE + r"/jobs/([^/:]+)", put_v1, "run.jobs.update"), ("DELETE", HOST, KNATIVE + r"/jobs/([^/:]+)", delete_v1, "run.jobs.delete"),
    ("POST", HOST, KNATIVE + r"/jobs/([^/:]+):run", run_v1, "run.jobs.run"),
    ("GET", HOST, KNATIVE + "/executions", list_v1("Execution", jobs.executions, views.v1_execution), "run.executions.list"),
    ("GET", HOST, KNATIVE + r"/executions/([^/:]+)", lambda request, name: views.v1_execution(find_execution(request, name)), "run.executions.get"),
    ("POST", HOST, KNATIVE + r"/executions/([^/:]+):cancel", cancel_v1, "run.executions.cancel"), ("GET", HOST, KNATIVE + "/tasks", tasks_v1, "run.tasks.list"),
    ("POST", HOST, PARENT + "/jobs", put_v2, "run.jobs.create"),
    ("GET", HOST, PARENT + "/jobs", lambda request, region: paged("jobs", in_region(jobs.jobs, region), views.v2_job, request), "run.jobs.list"),
    ("GET", HOST, one, lambda request, *names: views.v2_job(jobs.job(*names)), "run.jobs.get"), ("PATCH", HOST, one, put_v2, "run.jobs.update"),
    ("DELETE", HOST, one, delete_v2, "run.jobs.delete"), ("POST", HOST, one + ":run", run_v2, "run.jobs.run"),
    ("GET", HOST, one + "/executions", lambda request, *names: paged("executions", jobs.executions_of(jobs.job(*names)), views.v2_execution, request), "run.executions.list"),
    ("GET", HOST, execution, lambda request, *names: views.v2_execution(execution_v2(*names)), "run.executions.get"),
    ("POST", HOST, execution + ":cancel", cancel_v2, "run.executions.cancel"),
  ] + run_policy.routes_of(world, HOST, PARENT + r"/jobs/([^/:]+)", jobs.job, "run.jobs") + run_policy.routes_of(
    world, HOST, r"/v1/projects/[^/]+/locations/([^/]+)/jobs/([^/:]+)", jobs.job, "run.jobs")


def jobs_of(world):
  return world.part("run_jobs", lambda: Jobs(world))
