"""Uploads to Cloud Storage: in one request, with a description beside the bytes, and resumable in chunks of which some may be lost."""

import json
import re
import urllib.parse

from .routing import Problem, Reply
from .storage_state import state

CHUNK = 256 * 1024


def handlers(world):
  def storage():
    return state(world)

  def described(request, bucket, given):
    """The resource as the uploader gives it, its name from there or from the query."""
    resource = dict(given or {})
    name = resource.pop("name", None) or request.query.get("name")
    resource.pop("bucket", None)
    if not name:
      raise Problem(400, "Required parameter: name", reason="required")
    storage().check(bucket, name, request.query)
    return name, resource

  def upload(request, bucket):
    kind = request.query.get("uploadType", "media")
    if kind == "media":
      name, resource = described(request, bucket, {"contentType": request.headers["content-type"]} if "content-type" in request.headers else {})
      return storage().put(bucket, name, request.raw, resource)
    if kind == "multipart":
      given, content_type, data = parts_of(request)
      name, resource = described(request, bucket, given)
      return storage().put(bucket, name, data, {"contentType": content_type, **resource})
    if kind == "resumable":
      return begin(request, bucket)
    raise Problem(400, f"Invalid upload type: {kind}", reason="invalid")

  def begin(request, bucket):
    name, resource = described(request, bucket, request.body)
    if "x-upload-content-type" in request.headers:
      resource.setdefault("contentType", request.headers["x-upload-content-type"])
    id = "ABg5-" + world.new_uuid()
    storage().uploads[id] = {"bucket": bucket, "name": name, "resource": resource, "query": request.query, "data": bytearray(), "done": None}
    place = f"{'https' if request.secure else 'http'}://{request.headers.get('host', 'storage.googleapis.com')}{request.path}"
    return Reply(200, None, {"Location": f"{place}?{urllib.parse.urlencode({'uploadType': 'resumable', 'upload_id': id})}", "X-GUploader-UploadID": id})

  def resume(request, bucket):
    session = storage().uploads.get(request.query.get("upload_id", ""))
    if session is None or session["bucket"] != bucket:
      raise Problem(404, "The upload session does not exist.", reason="notFound")
    if session["done"]:
      return session["done"]
    first, total = range_of(request)
    received = session["data"]
    if first is not None:
      if first > len(received):
        raise Problem(400, f"Invalid request. The first byte of the chunk, {first}, is beyond the {len(received)} that were received.", reason="badRequest")
      chunk = request.raw[len(received) - first:]
      last = total is not None and first + len(request.raw) == total
      if not last and len(request.raw) % CHUNK:
        raise Problem(400, f"Invalid request. The number of bytes of a chunk must be a multiple of {CHUNK}, except in the final request.", reason="badRequest")
      if storage().keep_of_next_chunk is not None:
        chunk, storage().keep_of_next_chunk = chunk[:storage().keep_of_next_chunk], None
      received += chunk
    if total is None or len(received) < total:
      headers = {"X-GUploader-UploadID": request.query["upload_id"]}
      return Reply(308, None, {**headers, "Range": f"bytes=0-{len(received) - 1}"} if received else headers)
    storage().check(bucket, session["name"], session["query"])
    session["done"] = storage().put(bucket, session["name"], bytes(received), session["resource"])
    session["data"] = b""
    return session["done"]

  def cancel(request, bucket):
    if storage().uploads.pop(request.query.get("upload_id", ""), None) is None:
      raise Problem(404, "The upload session does not exist.", reason="notFound")
    return Reply(499, None)

  def truncate(request):
    storage().keep_of_next_chunk = int(request.required("bytes"))
    return {}

  return {"upload": upload, "resume": resume, "cancel": cancel, "truncate": truncate}


def range_of(request):
  """(first byte or None for a question, total or None while it is not known) of Content-Range; without it the body is everything."""
  header = request.headers.get("content-range")
  if header is None:
    return 0, len(request.raw)
  match = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", header)
  if not match:
    raise Problem(400, f"Failed to parse Content-Range header: {header}", reason="badRequest")
  first, last, total = match.groups()
  if first is not None and int(last) - int(first) + 1 != len(request.raw):
    raise Problem(400, "Invalid request. Content-Range and the length of the body differ.", reason="badRequest")
  return int(first) if first is not None else None, None if total == "*" else int(total)


def parts_of(request):
  """(resource, content type, bytes) of a multipart/related body (RFC 2387)."""
  content_type = request.headers.get("content-type", "")
  # gcloud writes it between single quotes, which RFC 2046 does not know and Google takes.
  match = re.search(r"boundary=(?:\"([^\"]+)\"|'([^']+)'|([^;\s]+))", content_type)
  if not match:
    raise Problem(400, "Missing multipart boundary.", reason="badContent")
  boundary = next(group for group in match.groups() if group)
  # Cut by hand: a mail parser would rewrite the line ends of the data.
  parts = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*(?:\r?\n|$)", request.raw)[1:3]
  if len(parts) != 2:
    raise Problem(400, "A multipart upload must have two parts.", reason="badContent")
  heads, bodies = zip(*(re.split(rb"\r?\n\r?\n", part, maxsplit=1) for part in parts))
  found = re.search(rb"(?im)^content-type:[ \t]*([^\r\n]+)", heads[1])
  try:
    return json.loads(bodies[0]), found.group(1).decode() if found else "application/octet-stream", bodies[1]
  except ValueError:
    raise Problem(400, "The first part of a multipart upload must be JSON.", reason="parseError") from None
