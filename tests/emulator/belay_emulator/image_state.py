"""Container images as the emulator knows them: repositories, and images by digest with their tags and what a scan found.

Image names are as Docker writes them: REGION-docker.pkg.dev/PROJECT/REPOSITORY/PATH or gcr.io/PROJECT/PATH, with :TAG or @sha256:…
"""

import hashlib
import re

from .clock import stamp


class Images:
  def __init__(self, world):
    self.world = world
    self.repositories = {}  # full name: Repository
    self.packages = {}  # image without tag: {"digests": {digest: {"tags", "pushed", "size", "findings"}}}

  def snapshot(self):
    return {"repositories": sorted(self.repositories), "images": {name: {digest: sorted(each["tags"]) for digest, each in package.items()} for name, package in self.packages.items()}}

  def add_repository(self, location, id, given=None):
    name = f"projects/{self.world.project}/locations/{location}/repositories/{id}"
    self.repositories[name] = {"format": "DOCKER", "mode": "STANDARD_REPOSITORY", **(given or {}), "name": name, "createTime": self.world.now(), "updateTime": self.world.now(),
                               "registryUri": f"{id}/{self.world.project}" if id.endswith("gcr.io") else f"{location}-docker.pkg.dev/{self.world.project}/{id}"}
    return self.repositories[name]

  def push(self, image, findings=(), digest=None, age=0.0):
    """An image under its tag (which leaves the image that had it); the repository is made where it is missing. Gives the digest."""
    base, tag, given = split(image)
    repository = self.repository_name(base)
    if repository and repository not in self.repositories:
      self.add_repository(repository.split("/")[3], repository.split("/")[5])
    digest = given or digest or "sha256:" + hashlib.sha256(image.encode()).hexdigest()
    package = self.packages.setdefault(base, {})
    if tag:
      self.untag(base, tag)
    each = package.setdefault(digest, {"tags": [], "pushed": stamp(self.world.clock.seconds() - age), "size": 10_000_000 + len(base), "findings": list(findings)})
    if tag:
      each["tags"].append(tag)
    return digest

  def untag(self, base, tag):
    for each in self.packages.get(base, {}).values():
      if tag in each["tags"]:
        each["tags"].remove(tag)
        return True
    return False

  def find(self, image):
    """The digest of an image, or None."""
    base, tag, digest = split(image)
    package = self.packages.get(base, {})
    if digest:
      return digest if digest in package else None
    return next((name for name, each in package.items() if (tag or "latest") in each["tags"]), None)

  def repository_name(self, base):
    """Of an image in Artifact Registry in this project; None for any other. What is at gcr.io is a repository of that name."""
    old = re.fullmatch(r"((?:([a-z]+)\.)?gcr\.io)/([^/]+)/.+", base)
    if old and old.group(3) == self.world.project:
      return f"projects/{self.world.project}/locations/{old.group(2) or 'us'}/repositories/{old.group(1)}"
    match = re.fullmatch(r"([a-z0-9-]+)-docker\.pkg\.dev/([^/]+)/([^/]+)/.+", base)
    if not match or match.group(2) != self.world.project:
      return None
    return f"projects/{self.world.project}/locations/{match.group(1)}/repositories/{match.group(3)}"

  def why_missing(self, image):
    """Why a revision cannot have it, or None; a repository that was never made here is taken to hold everything."""
    base = split(image)[0]
    if self.repository_name(base) not in self.repositories or self.find(image):
      return None
    return f"Image '{image}' not found."


def split(image):
  """(name, tag or "", digest or "")."""
  name, _, digest = image.partition("@")
  head, slash, last = name.rpartition("/")
  base, _, tag = last.partition(":")
  return head + slash + base, tag, digest


def state(world):
  return world.part("images", lambda: Images(world))
