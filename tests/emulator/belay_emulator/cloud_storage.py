"""Cloud Storage, JSON API v1 (and objects by their plain address).

Seed: `"storage": {"buckets": {"NAME": {"objects": {"NAME": "text"}}}}`.
Control: `/_emulator/storage/truncate-chunk` {"bytes": N}: of the next chunk of a resumable upload only the first N bytes arrive.
"""

import base64
import re
import urllib.parse

from . import policies, storage_uploads
from .routing import Problem, Reply, Route
from .storage_state import state

SEED = "storage"
HOST = r"(storage|www)\.googleapis\.com"
BUCKETS = "/storage/v1/b"
BUCKET = BUCKETS + "/([^/]+)"
OBJECT = BUCKET + "/o/(.+)"


def routes(world):
  def storage():
    return state(world)

  def allowed(request, permission, resource):
    if not world.access.may(request.principal, permission):
      raise Problem(403, f"{request.principal} does not have {permission} access to the Google Cloud Storage {resource}. Permission '{permission}' denied on resource (or it may "
                    "not exist).", reason="forbidden")

  def guard(permission, handler, resource="object"):
    def checked(request, *groups):
      allowed(request, permission, resource)
      return handler(request, *(urllib.parse.unquote(group) for group in groups))
    return checked

  def list_buckets(request):
    prefix = request.query.get("prefix", "")
    return {"kind": "storage#buckets", "items": [storage().buckets[name] for name in sorted(storage().buckets) if name.startswith(prefix)]}

  def add_bucket(request):
    given = {key: value for key, value in (request.body or {}).items() if key in ("location", "storageClass", "lifecycle", "versioning", "labels", "retentionPolicy")}
    return storage().add_bucket(request.required("name"), given)

  def get_bucket(request, bucket):
    storage().bucket(bucket)
    return storage().buckets[bucket]

  def patch_bucket(request, bucket):
    storage().bucket(bucket)
    resource = storage().buckets[bucket]
    if request.query.get("ifMetagenerationMatch", resource["metageneration"]) != resource["metageneration"]:
      raise Problem(412, "At least one of the pre-conditions you specified did not hold.", reason="conditionNotMet")
    resource.update(request.body or {}, updated=storage().millis(), metageneration=str(int(resource["metageneration"]) + 1))
    return resource

  def delete_bucket(request, bucket):
    if storage().bucket(bucket):
      raise Problem(409, "The bucket you tried to delete is not empty.", reason="conflict")
    del storage().buckets[bucket], storage().objects[bucket]
    return Reply(204)

  def listed(request, bucket):
    query = request.query
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    after = base64.urlsafe_b64decode(query["pageToken"]).decode() if query.get("pageToken") else None
    most = min(int(query.get("maxResults") or 1000), 1000)
    items, prefixes, last, more = [], [], None, False
    for name in sorted(storage().bucket(bucket)):
      if not name.startswith(prefix) or name < query.get("startOffset", "") or query.get("endOffset") and name >= query["endOffset"]:
        continue
      cut = name.find(delimiter, len(prefix)) if delimiter else -1
      folder = name[:cut + len(delimiter)] if cut >= 0 else None
      # A folder counts once; the token of a page that ended with it stands for all that is in it.
      if after is not None and (name <= after or folder is not None and folder == after) or folder is not None and folder in prefixes:
        continue
      if len(items) + len(prefixes) == most:
        more = True
        break
      last = folder or name
      prefixes.append(folder) if folder else items.append(storage().get(bucket, name)[0])
    shown = {"kind": "storage#objects"}
    shown.update({key: value for key, value in (("items", items), ("prefixes", prefixes)) if value})
    return dict(shown, nextPageToken=base64.urlsafe_b64encode(last.encode()).decode()) if more else shown

  def get(request, bucket, name):
    storage().get(bucket, name)
    storage().check(bucket, name, request.query)
    return media(request, bucket, name) if request.query.get("alt") == "media" else found(request, bucket, name)[0]

  def found(request, bucket, name):
    resource, path = storage().get(bucket, name)
    if request.query.get("generation", resource["generation"]) != resource["generation"]:
      raise Problem(404, f"No such object: {bucket}/{name}#{request.query['generation']}", reason="notFound")
    return resource, path

  def media(request, bucket, name):
    resource, path = found(request, bucket, name)
    headers = {"Content-Type": resource["contentType"], "X-Goog-Hash": f"crc32c={resource['crc32c']},md5={resource['md5Hash']}", "X-Goog-Generation": resource["generation"],
               "X-Goog-Stored-Content-Length": resource["size"], "ETag": resource["etag"], "Accept-Ranges": "bytes"}
    size = int(resource["size"])
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    with open(path, "rb") as file:
      if not wanted or wanted.groups() == ("", ""):
        return Reply(200, file.read(), headers)
      first, last = wanted.groups()
      start = int(first) if first else max(0, size - int(last))
      end = min(int(last), size - 1) if first and last else size - 1
      if start >= size or end < start:
        return Reply(416, b"", {"Content-Range": f"bytes */{size}"})
      file.seek(start)
      return Reply(206, file.read(end - start + 1), {**headers, "Content-Range": f"bytes {start}-{end}/{size}"})

  def patch(request, bucket, name):
    resource, path = found(request, bucket, name)
    storage().check(bucket, name, request.query)
    changes = {key: value for key, value in (request.body or {}).items() if key in ("metadata", "contentType", "cacheControl", "contentDisposition", "customTime")}
    storage().objects[bucket][name] = (dict(resource, **changes, updated=storage().millis(), metageneration=str(int(resource["metageneration"]) + 1)), path)
    return storage().objects[bucket][name][0]

  def delete(request, bucket, name):
    storage().check(bucket, name, request.query)
    found(request, bucket, name)
    storage().forget(bucket, name)
    return Reply(204)

  def rewrite(request, bucket, name, to_bucket, to_name):
    resource, _ = found(request, bucket, name)
    storage().check(to_bucket, to_name, request.query)
    given = {"contentType": resource["contentType"], **({"metadata": resource["metadata"]} if "metadata" in resource else {}), **(request.body or {})}
    made = storage().put(to_bucket, to_name, storage().read(bucket, name), {key: given[key] for key in ("contentType", "metadata") if key in given})
    return {"kind": "storage#rewriteResponse", "totalBytesRewritten": made["size"], "objectSize": made["size"], "done": True, "resource": made}

  def plain(request, bucket, name):
    # A bare loopback address fits every route's host, and any path would be an object's.
    if request.host != "storage.googleapis.com":
      raise Problem(404, f"the emulator serves no {request.method} {request.host}{request.path}", "NOT_FOUND")
    return media(request, bucket, name)

  uploads = storage_uploads.handlers(world)
  bucket_policy = policies.of(world, "bucket", lambda name: storage().bucket(name))
  rows = [
    ("GET", BUCKETS, guard("storage.buckets.list", list_buckets, "project")), ("POST", BUCKETS, guard("storage.buckets.create", add_bucket, "project")),
    ("GET", BUCKET, guard("storage.buckets.get", get_bucket, "bucket")), ("PATCH", BUCKET, guard("storage.buckets.update", patch_bucket, "bucket")),
    ("DELETE", BUCKET, guard("storage.buckets.delete", delete_bucket, "bucket")), ("GET", BUCKET + "/o", guard("storage.objects.list", listed, "bucket")),
    ("GET", BUCKET + "/iam", guard("storage.buckets.getIamPolicy", bucket_policy.get, "bucket")), ("PUT", BUCKET + "/iam", guard("storage.buckets.setIamPolicy", bucket_policy.put, "bucket")),
    ("POST", BUCKETS + r"/([^/]+)/o/(.+)/(?:rewriteTo|copyTo)/b/([^/]+)/o/(.+)", guard("storage.objects.create", rewrite)),
    ("GET", OBJECT, guard("storage.objects.get", get)), ("PATCH", OBJECT, guard("storage.objects.update", patch)), ("DELETE", OBJECT, guard("storage.objects.delete", delete)),
    ("GET", "/download" + OBJECT, guard("storage.objects.get", media)),
    ("POST", "/(?:resumable/)?upload" + BUCKET + "/o", guard("storage.objects.create", uploads["upload"])),
    ("PUT", "/(?:resumable/)?upload" + BUCKET + "/o", guard("storage.objects.create", uploads["resume"])),
    ("DELETE", "/(?:resumable/)?upload" + BUCKET + "/o", guard("storage.objects.create", uploads["cancel"])),
  ]
  return ([Route(method, HOST, path, handler) for method, path, handler in rows]
          + [Route("POST", ".*", "/_emulator/storage/truncate-chunk", uploads["truncate"], public=True)]
          # The last of all: any path is an object's.
          + [Route("GET", r"storage\.googleapis\.com", r"/([^/]+)/(.+)", guard("storage.objects.get", plain))])


def seed(world, data):
  for name, given in data.get("buckets", {}).items():
    state(world).add_bucket(name)
    for key, text in given.get("objects", {}).items():
      state(world).put(name, key, text.encode(), {"contentType": "text/plain"})
