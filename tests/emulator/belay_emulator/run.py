"""Cloud Run put together: one state, both versions of its API, and how it is filled."""

from . import domain_mappings, run_jobs_api, run_operations, run_v1, run_v2
from .run_jobs import Execution, Job
from .run_seed import fill
from .run_state import Revision, RunState, Service
from .run_views import Views

SEED = "run"


def state_of(world):
  return world.part("run", lambda: RunState(world))


def routes(world):
  state = state_of(world)
  views = Views(state)
  jobs = run_jobs_api.jobs_of(world)
  job_views = run_jobs_api.JobViews(jobs)

  def show(version, subject):
    kinds = {Service: ("Service", views.v1_service, views.v2_service), Revision: ("Revision", views.v1_revision, views.v2_revision),
             Job: ("Job", job_views.v1_job, job_views.v2_job), Execution: ("Execution", job_views.v1_execution, job_views.v2_execution)}
    name, v1, v2 = kinds[type(subject)]
    return {"@type": f"type.googleapis.com/google.cloud.run.{version}.{name}", **(v1 if version == "v1" else v2)(subject)}

  operation_rows, operation_view = run_operations.routes(world, show)
  return (operation_rows + run_v1.routes(world, state, views) + run_v2.routes(world, state, views, operation_view) + domain_mappings.routes(world, state)
          + run_jobs_api.routes(world, jobs, job_views, operation_view))


def seed(world, data):
  fill(world, state_of(world), data)
