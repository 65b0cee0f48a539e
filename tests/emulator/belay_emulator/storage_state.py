"""The state of emulated Cloud Storage: buckets and the newest generation of each object, the bytes as files in the emulator's folder."""

import base64
import hashlib
import os
import urllib.parse

from .crc32c import crc32c_base64
from .routing import Problem


class Storage:
  def __init__(self, world):
    self.world = world
    self.buckets = {}  # name -> resource
    self.objects = {}  # bucket -> name -> (resource, path)
    self.uploads = {}
    self.keep_of_next_chunk = None
    self.files = 0
    self.generation = 0

  def snapshot(self):
    return {bucket: {name: resource["size"] for name, (resource, _) in objects.items()} for bucket, objects in self.objects.items()}

  def add_bucket(self, name, given=None):
    if name in self.buckets:
      raise Problem(409, "Your previous request to create the named bucket succeeded and you already own it.", reason="conflict")
    now = self.millis()
    self.buckets[name] = {
      "location": "US", "storageClass": "STANDARD", "locationType": "multi-region", **(given or {}), "kind": "storage#bucket", "id": name, "name": name,
      "projectNumber": self.world.project_number, "timeCreated": now, "updated": now, "metageneration": "1", "etag": "CAE=",
      "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}",
      "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "inherited"}}
    self.objects[name] = {}
    return self.buckets[name]

  def bucket(self, name):
    if name not in self.buckets:
      raise Problem(404, "The specified bucket does not exist.", reason="notFound")
    return self.objects[name]

  def get(self, bucket, name):
    """(resource, path of the bytes)."""
    found = self.bucket(bucket).get(name)
    if found is None:
      raise Problem(404, f"No such object: {bucket}/{name}", reason="notFound")
    return found

  def read(self, bucket, name):
    with open(self.get(bucket, name)[1], "rb") as file:
      return file.read()

  def check(self, bucket, name, query):
    """The preconditions of a request; Problem 412 where one does not hold. Generation 0 is that of no object."""
    found = self.bucket(bucket).get(name)
    generation, metageneration = (found[0]["generation"], found[0]["metageneration"]) if found else ("0", "0")
    held = {"ifGenerationMatch": lambda wanted: generation == wanted, "ifGenerationNotMatch": lambda wanted: generation != wanted,
            "ifMetagenerationMatch": lambda wanted: metageneration == wanted, "ifMetagenerationNotMatch": lambda wanted: metageneration != wanted}
    for condition, holds in held.items():
      if condition in query and not holds(query[condition]):
        raise Problem(412, "At least one of the pre-conditions you specified did not hold.", reason="conditionNotMet")

  def put(self, bucket, name, data, given=None):
    """A new generation of an object; `given`: what its uploader said of it, whose checksums must be true. Gives its resource."""
    objects, given = self.bucket(bucket), dict(given or {})
    sums = {"md5Hash": base64.b64encode(hashlib.md5(data).digest()).decode(), "crc32c": crc32c_base64(data)}
    for field, made in sums.items():
      if given.get(field, made) != made:
        raise Problem(400, f'Provided {"MD5 hash" if field == "md5Hash" else "CRC32C"} "{given[field]}" doesn\'t match calculated {"MD5 hash" if field == "md5Hash" else "CRC32C"} "{made}".',
                      reason="invalid")
    self.files += 1
    folder = os.path.join(self.world.folder, "storage")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, str(self.files))
    with open(path, "wb") as file:
      file.write(data)
    self.generation = max(self.generation + 1, int(self.world.clock.seconds() * 1e6))
    generation, now, encoded = str(self.generation), self.millis(), urllib.parse.quote(name, safe="")
    resource = {
      "contentType": "application/octet-stream", "storageClass": self.buckets[bucket]["storageClass"], **given, **sums, "kind": "storage#object",
      "id": f"{bucket}/{name}/{generation}", "name": name, "bucket": bucket, "generation": generation, "metageneration": "1", "size": str(len(data)),
      "etag": base64.b64encode(generation.encode()).decode(), "timeCreated": now, "updated": now, "timeStorageClassUpdated": now,
      "selfLink": f"https://www.googleapis.com/storage/v1/b/{bucket}/o/{encoded}",
      "mediaLink": f"https://storage.googleapis.com/download/storage/v1/b/{bucket}/o/{encoded}?generation={generation}&alt=media"}
    self.forget(bucket, name)
    objects[name] = (resource, path)
    return resource

  def forget(self, bucket, name):
    found = self.objects[bucket].pop(name, None)
    if found:
      os.unlink(found[1])

  def millis(self):
    return self.world.now()[:-4] + "Z"


def state(world):
  return world.part("storage", lambda: Storage(world))
