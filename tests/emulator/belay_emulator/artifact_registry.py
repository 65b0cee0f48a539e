"""Artifact Registry v1, the listing half of Docker's registry protocol at gcr.io, and Container Analysis v1 for what scans found.

Seed and `/_emulator/images`: `"images": [{"image": "us-central1-docker.pkg.dev/P/app/api:v1", "age": seconds, "vulnerabilities": [{"id": "CVE-…", "severity": "HIGH", "package"}]}]`.
"""

import base64
import urllib.parse

from . import long_running
from .image_state import state
from .log_filter import FilterError, matches, parse
from .paging import page
from .routing import Problem, Reply, Route
from .secret_manager import answer

SEED = "images"
HOST = r"artifactregistry\.googleapis\.com"
LOCATION = "/v1/projects/([^/]+)/locations/([^/]+)"
REPOSITORY = LOCATION + "/repositories/([^/:]+)"
PACKAGE = REPOSITORY + "/packages/([^/]+)"
METADATA = "google.devtools.artifactregistry.v1.OperationMetadata"


def routes(world):
  def images():
    return state(world)

  def repository(location, id):
    name = f"projects/{world.project}/locations/{location}/repositories/{id}"
    if name not in images().repositories:
      raise Problem(404, "Requested entity was not found.", "NOT_FOUND")
    return images().repositories[name]

  def packages(location, id):
    """name -> its images by digest, of one repository."""
    start = repository(location, id)["registryUri"] + "/"
    return {base[len(start):]: found for base, found in sorted(images().packages.items()) if base.startswith(start)}

  def package(location, id, name):
    found = packages(location, id).get(urllib.parse.unquote(name))
    if found is None:
      raise Problem(404, "Requested entity was not found.", "NOT_FOUND")
    return found

  def paged(request, member, every):
    shown, token = page(every, request.query.get("pageSize"), request.query.get("pageToken"), 100, 1000)
    return answer(**{member: shown, "nextPageToken": token})

  def list_repositories(request, _, location):
    return paged(request, "repositories", [each for name, each in sorted(images().repositories.items()) if location in ("-", name.split("/")[3])])

  def get_repository(request, _, location, id):
    return repository(location, id)

  def add_repository(request, _, location):
    id = request.query.get("repositoryId") or request.query.get("repository_id", "")
    if f"projects/{world.project}/locations/{location}/repositories/{id}" in images().repositories:
      raise Problem(409, "the repository already exists", "ALREADY_EXISTS")
    given = request.body or {}

    def work():
      return images().add_repository(location, id, {key: given[key] for key in ("format", "description", "labels", "mode") if key in given})
    return long_running.begin(world, "repositories.create", id, f"projects/{world.project}/locations/{location}/operations/", None, "create", work,
                              "google.devtools.artifactregistry.v1.Repository")

  def docker_image(location, id, name, digest, each):
    start = f"projects/{world.project}/locations/{location}/repositories/{id}/dockerImages/"
    shown = {"name": f"{start}{urllib.parse.quote(name, safe='')}@{digest}", "uri": f"{repository(location, id)['registryUri']}/{name}@{digest}", "uploadTime": each["pushed"],
             "updateTime": each["pushed"], "buildTime": each["pushed"], "imageSizeBytes": str(each["size"]), "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}
    return dict(shown, tags=sorted(each["tags"])) if each["tags"] else shown

  def list_images(request, _, location, id):
    every = [docker_image(location, id, name, digest, each) for name, found in packages(location, id).items() for digest, each in found.items()]
    return paged(request, "dockerImages", sorted(every, key=lambda each: each["uploadTime"], reverse="desc" in request.query.get("orderBy", "")))

  def get_image(request, _, location, id, image):
    name, _, digest = urllib.parse.unquote(image).partition("@")
    found = package(location, id, name)
    if digest not in found:
      raise Problem(404, "Requested entity was not found.", "NOT_FOUND")
    return docker_image(location, id, name, digest, found[digest])

  def package_name(location, id, name):
    return f"projects/{world.project}/locations/{location}/repositories/{id}/packages/{name}"

  def list_packages(request, _, location, id):
    every = [{"name": package_name(location, id, urllib.parse.quote(name, safe="")), "createTime": min(each["pushed"] for each in found.values()),
              "updateTime": max(each["pushed"] for each in found.values())} for name, found in packages(location, id).items() if found]
    return paged(request, "packages", every)

  def tag_shown(location, id, name, tag, digest):
    here = package_name(location, id, name)
    return {"name": f"{here}/tags/{tag}", "version": f"{here}/versions/{digest}"}

  def list_tags(request, _, location, id, name):
    return paged(request, "tags", [tag_shown(location, id, name, tag, digest) for digest, each in package(location, id, name).items() for tag in sorted(each["tags"])])

  def get_tag(request, _, location, id, name, tag):
    for digest, each in package(location, id, name).items():
      if tag in each["tags"]:
        return tag_shown(location, id, name, tag, digest)
    raise Problem(404, "Requested entity was not found.", "NOT_FOUND")

  def put_tag(request, _, location, id, name, tag=None):
    tag, digest = tag or request.query.get("tagId", ""), request.required("version").rpartition("/")[2]
    found = package(location, id, name)
    if digest not in found:
      raise Problem(404, "Requested entity was not found.", "NOT_FOUND")
    images().untag(f"{repository(location, id)['registryUri']}/{urllib.parse.unquote(name)}", tag)
    found[digest]["tags"].append(tag)
    return tag_shown(location, id, name, tag, digest)

  def delete_tag(request, _, location, id, name, tag):
    get_tag(request, _, location, id, name, tag)
    images().untag(f"{repository(location, id)['registryUri']}/{urllib.parse.unquote(name)}", tag)
    return {}

  def version_shown(location, id, name, digest, each):
    shown = {"name": f"{package_name(location, id, name)}/versions/{digest}", "createTime": each["pushed"], "updateTime": each["pushed"],
             "metadata": {"name": f"{package_name(location, id, name)}/versions/{digest}", "imageSizeBytes": str(each["size"])}}
    return dict(shown, relatedTags=[tag_shown(location, id, name, tag, digest) for tag in sorted(each["tags"])]) if each["tags"] else shown

  def list_versions(request, _, location, id, name):
    return paged(request, "versions", [version_shown(location, id, name, digest, each) for digest, each in package(location, id, name).items()])

  def get_version(request, _, location, id, name, version):
    found = package(location, id, name)
    if version not in found:
      raise Problem(404, "Requested entity was not found.", "NOT_FOUND")
    return version_shown(location, id, name, version, found[version])

  def delete_version(request, _, location, id, name, version):
    found = package(location, id, name)
    if version not in found:
      raise Problem(404, "Requested entity was not found.", "NOT_FOUND")
    if found[version]["tags"] and request.query.get("force") != "true":
      raise Problem(400, "The version has tags: delete them first, or force it.", "FAILED_PRECONDITION")
    return long_running.begin(world, "versions.delete", name, f"projects/{world.project}/locations/{location}/operations/", None, "delete",
                              lambda: found.pop(version, None) and None)

  # -- gcr.io

  def registry_root(request):
    if request.headers.get("authorization"):
      world.access.authenticate(request)
      return {}
    return Reply(401, {"errors": [{"code": "UNAUTHORIZED", "message": "Unauthorized access."}]},
                 {"WWW-Authenticate": f'Bearer realm="https://{request.host}/v2/token",service="{request.host}"'})

  def registry_token(request):
    """Docker's clients bring the access token as a basic password and want it back as their bearer's."""
    header = request.headers.get("authorization", "")
    token = base64.b64decode(header[6:]).decode().partition(":")[2] if header.lower().startswith("basic ") else ""
    request.headers["authorization"] = "Bearer " + token
    world.access.authenticate(request)
    return {"token": token, "expires_in": 3600}

  def registry_tags(request, path):
    found = images().packages.get(f"gcr.io/{urllib.parse.unquote(path)}")
    if found is None:
      raise Problem(404, "Requested entity was not found.", "NOT_FOUND")
    manifest = {digest: {"imageSizeBytes": str(each["size"]), "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "tag": sorted(each["tags"]),
                         "timeCreatedMs": "0", "timeUploadedMs": "0"} for digest, each in found.items()}
    return {"child": [], "manifest": manifest, "name": path, "tags": sorted(tag for each in found.values() for tag in each["tags"])}

  # -- Container Analysis

  def found_occurrences(request):
    every = [occurrence(base, digest, finding) for base, package in sorted(images().packages.items()) for digest, each in package.items()
             for finding in [None] + each["findings"]]
    try:
      node = parse(request.query.get("filter", ""))
      return [each for each in every if matches(node, dict(each, resourceUrl=each["resourceUri"]))]
    except FilterError as problem:
      raise Problem(400, str(problem), "INVALID_ARGUMENT") from None

  def occurrences(request, _):
    return paged(request, "occurrences", found_occurrences(request))

  def summary(request, _):
    counts = {}
    for each in found_occurrences(request):
      if each["kind"] == "VULNERABILITY":
        count = counts.setdefault((each["resourceUri"], each["vulnerability"]["severity"]), [0, 0])
        count[0] += 1
        count[1] += each["vulnerability"]["fixAvailable"]
    return answer(counts=[{"resourceUri": uri, "severity": severity, "totalCount": str(total), "fixableCount": str(fixable)} for (uri, severity), (total, fixable) in sorted(counts.items())])

  def occurrence(base, digest, finding):
    """One found weakness, or (None) that the image was scanned to the end."""
    key = finding["id"] if finding else "discovery"
    common = {"name": f"projects/{world.project}/occurrences/{digest[7:19]}-{key}", "resourceUri": f"https://{base}@{digest}", "createTime": world.now(), "updateTime": world.now()}
    if finding is None:
      return {**common, "kind": "DISCOVERY", "noteName": "projects/goog-analysis/notes/PACKAGE_VULNERABILITY",
              "discovery": {"analysisStatus": "FINISHED_SUCCESS", "continuousAnalysis": "ACTIVE"}}
    severity = finding.get("severity", "MEDIUM")
    issue = {"affectedPackage": finding.get("package", "openssl"), "affectedCpeUri": "cpe:/o:debian:debian_linux:12", "affectedVersion": {"fullName": finding.get("version", "1.0"),
             "name": finding.get("version", "1.0"), "kind": "NORMAL"}, "fixAvailable": "fixed" in finding, "effectiveSeverity": severity, "packageType": "OS"}
    if "fixed" in finding:
      issue["fixedVersion"] = {"fullName": finding["fixed"], "name": finding["fixed"], "kind": "NORMAL"}
    return {**common, "kind": "VULNERABILITY", "noteName": f"projects/goog-vulnz/notes/{finding['id']}", "vulnerability": {
      "shortDescription": finding["id"], "severity": severity, "effectiveSeverity": severity, "cvssScore": finding.get("score", 5.0), "packageIssue": [issue], "fixAvailable": "fixed" in finding}}

  def push(request):
    body = request.body or {}
    return {"digest": images().push(request.required("image"), body.get("vulnerabilities", []), body.get("digest"), float(body.get("age", 0)))}

  world.checks["image"].append(lambda image: images().why_missing(image))
  rows = [
    ("GET", LOCATION + "/repositories", list_repositories, "artifactregistry.repositories.list"), ("POST", LOCATION + "/repositories", add_repository, "artifactregistry.repositories.create"),
    ("GET", REPOSITORY, get_repository, "artifactregistry.repositories.get"), ("GET", REPOSITORY + "/dockerImages", list_images, "artifactregistry.dockerimages.list"),
    ("GET", REPOSITORY + "/dockerImages/(.+)", get_image, "artifactregistry.dockerimages.get"), ("GET", REPOSITORY + "/packages", list_packages, "artifactregistry.packages.list"),
    ("GET", PACKAGE + "/tags", list_tags, "artifactregistry.tags.list"), ("POST", PACKAGE + "/tags", put_tag, "artifactregistry.tags.create"),
    ("GET", PACKAGE + "/tags/([^/]+)", get_tag, "artifactregistry.tags.get"), ("PATCH", PACKAGE + "/tags/([^/]+)", put_tag, "artifactregistry.tags.update"),
    ("DELETE", PACKAGE + "/tags/([^/]+)", delete_tag, "artifactregistry.tags.delete"), ("GET", PACKAGE + "/versions", list_versions, "artifactregistry.versions.list"),
    ("GET", PACKAGE + "/versions/([^/]+)", get_version, "artifactregistry.versions.get"), ("DELETE", PACKAGE + "/versions/([^/]+)", delete_version, "artifactregistry.versions.delete"),
    ("GET", LOCATION + "/operations/([^/:]+)", long_running.get(world), None),
  ]
  return ([Route(method, HOST, path, handler, permission) for method, path, handler, permission in rows] + [
    Route("GET", r"([a-z]+\.)?gcr\.io", "/v2/", registry_root, public=True), Route("GET", r"([a-z]+\.)?gcr\.io", "/v2/token", registry_token, public=True),
    Route("GET", r"([a-z]+\.)?gcr\.io", "/v2/(.+)/tags/list", registry_tags),
    Route("GET", r"containeranalysis\.googleapis\.com", r"/v1/projects/([^/]+)/occurrences", occurrences, "containeranalysis.occurrences.list"),
    Route("GET", r"containeranalysis\.googleapis\.com", r"/v1/projects/([^/]+)/occurrences:vulnerabilitySummary", summary, "containeranalysis.occurrences.list"),
    Route("POST", ".*", "/_emulator/images", push, public=True)])


def seed(world, data):
  for given in data:
    each = {"image": given} if isinstance(given, str) else given
    state(world).push(each["image"], each.get("vulnerabilities", []), each.get("digest"), float(each.get("age", 0)))
