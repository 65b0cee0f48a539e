"""Cloud Build v1: finished builds, to be read with their logs. Seed: `"builds": [{"id", "status", "log": text}]`; the log lies in the bucket `PROJECT_cloudbuild`."""

from . import storage_state
from .paging import page
from .routing import Problem, Route
from .secret_manager import answer

SEED = "builds"
HOST = r"cloudbuild\.googleapis\.com"
BUILDS = r"/v1/projects/([^/]+)(?:/locations/[^/]+)?/builds"


def routes(world):
  def get(request, _, id):
    if id not in world.part("builds"):
      raise Problem(404, "Requested entity was not found.", "NOT_FOUND")
    return world.part("builds")[id]

  def listed(request, _):
    builds, token = page(list(world.part("builds").values()), request.query.get("pageSize"), request.query.get("pageToken"))
    return answer(builds=builds, nextPageToken=token)

  return [Route("GET", HOST, BUILDS, listed, "cloudbuild.builds.list"), Route("GET", HOST, BUILDS + "/([^/:]+)", get, "cloudbuild.builds.get")]


def seed(world, data):
  bucket, storage = f"{world.project}_cloudbuild", storage_state.state(world)
  if bucket not in storage.buckets:
    storage.add_bucket(bucket)
  for given in data:
    id = given["id"]
    storage.put(bucket, f"log-{id}.txt", given.get("log", "").encode(), {"contentType": "text/plain"})
    world.part("builds")[id] = {
      "name": f"projects/{world.project}/locations/global/builds/{id}", "id": id, "projectId": world.project, "status": given.get("status", "SUCCESS"), "createTime": world.now(),
      "startTime": world.now(), "finishTime": world.now(), "logsBucket": f"gs://{bucket}", "logUrl": f"https://console.cloud.google.com/cloud-build/builds/{id}",
      "options": {"logging": "LEGACY"}}
