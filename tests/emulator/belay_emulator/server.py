"""The sockets: requests in origin form and absolute form, CONNECT with TLS, kept alive, each answer in one segment."""

import json
import socket
import ssl
import threading
import urllib.parse

from .routing import Reply, Request, api_host

REASONS = {200: "OK", 201: "Created", 204: "No Content", 206: "Partial Content", 302: "Found", 304: "Not Modified", 308: "Resume Incomplete", 400: "Bad Request",
           401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict", 412: "Precondition Failed",
           416: "Range Not Satisfiable", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}
LONGEST_HEAD = 256 * 1024


class Malformed(Exception):
  pass


class Server:
  """Listens on loopback; one thread a connection. `answer(Request)` gives a Reply, or None to close without an answer."""

  def __init__(self, answer, port=0, tls=None, intercepts=lambda host: True):
    self._answer = answer
    self._tls = tls
    self._intercepts = intercepts
    self._closing = False
    self._open = set()
    self._lock = threading.Lock()
    self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    self._socket.bind(("127.0.0.1", port))
    self._socket.listen(256)
    self.port = self._socket.getsockname()[1]

  def start(self):
    threading.Thread(target=self._accept, daemon=True).start()
    return self

  def stop(self):
    self._closing = True
    try:
      self._socket.shutdown(socket.SHUT_RDWR)
    except OSError:
      pass
    self._socket.close()
    with self._lock:
      still_open = list(self._open)
    for each in still_open:
      try:
        each.shutdown(socket.SHUT_RDWR)
      except OSError:
        pass

  def _accept(self):
    while not self._closing:
      try:
        connection, _ = self._socket.accept()
      except OSError:
        return
      connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
      with self._lock:
        self._open.add(connection)
      threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

  def _serve(self, plain):
    connection, tunnel = plain, None
    try:
      reader = connection.makefile("rb")
      while not self._closing:
        head = _read_head(reader)
        if head is None:
          return
        method, target, headers = head
        if method == "CONNECT":
          host = target.rpartition(":")[0]
          if not self._tls or not self._intercepts(host):
            connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
          connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
          connection, tunnel = self._tls.wrap_socket(connection, server_side=True), host
          reader = connection.makefile("rb")
          continue
        if headers.get("expect", "").lower() == "100-continue":
          connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        raw = _read_body(reader, headers)
        reply = self._answer(_request(method, target, headers, raw, tunnel))
        if reply is None:
          return
        keep = headers.get("connection", "").lower() != "close"
        connection.sendall(_rendered(reply, method, keep))
        if not keep:
          return
    except Malformed as problem:
      _try_send(connection, _rendered(Reply(400, {"error": {"code": 400, "message": str(problem), "status": "INVALID_ARGUMENT"}}), "GET", False))
    except (OSError, ssl.SSLError):
      pass
    finally:
      with self._lock:
        self._open.discard(plain)
      try:
        connection.shutdown(socket.SHUT_RDWR)
      except OSError:
        pass
      connection.close()


def _try_send(connection, data):
  try:
    connection.sendall(data)
  except OSError:
    pass


def _read_head(reader):
  """(method, target, headers with lower-case names), or None at the end of the connection."""
  line = reader.readline(LONGEST_HEAD)
  if not line.strip():
    return None
  parts = line.decode("latin-1").split()
  if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
    raise Malformed("no HTTP/1 request line")
  headers, size = {}, 0
  while True:
    line = reader.readline(LONGEST_HEAD)
    size += len(line)
    if line in (b"\r\n", b"\n"):
      return parts[0], parts[1], headers
    name, colon, value = line.decode("latin-1").partition(":")
    if not colon or size > LONGEST_HEAD:
      raise Malformed("a header line without a colon, or too many of them")
    headers[name.strip().lower()] = value.strip()


def _read_body(reader, headers):
  if headers.get("transfer-encoding", "").lower() == "chunked":
    chunks = []
    while True:
      size = int(reader.readline(64).split(b";")[0].strip() or b"0", 16)
      if size == 0:
        while reader.readline(LONGEST_HEAD) not in (b"\r\n", b"\n", b""):
          pass
        return b"".join(chunks)
      chunks.append(reader.read(size))
      reader.readline(8)
  length = headers.get("content-length", "0")
  if not length.isdigit():
    raise Malformed("Content-Length is no number")
  raw = reader.read(int(length))
  if len(raw) < int(length):
    raise OSError("the connection ended within a body")
  return raw


def _request(method, target, headers, raw, tunnel):
  parts = urllib.parse.urlsplit(target)
  host = parts.netloc or headers.get("host", "")
  if tunnel:
    host = tunnel
  port = 0
  if host.rpartition(":")[2].isdigit():
    host, _, number = host.rpartition(":")
    port = int(number) if parts.netloc and not tunnel else 0
  body = None
  if raw and "json" in headers.get("content-type", "application/json"):
    try:
      body = json.loads(raw)
    except ValueError:
      if headers.get("content-type", "").startswith("application/json"):
        raise Malformed("Invalid JSON payload received.") from None
  query_all = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
  return Request(method, api_host(host), parts.path or "/", {name: values[-1] for name, values in query_all.items()}, body, raw, headers, query_all,
                 secure=tunnel is not None, port=port)


def _rendered(reply, method, keep):
  payload = reply.payload()
  lines = [f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Status')}"]
  headers = {"Content-Type": reply.content_type(), **reply.headers, "Content-Length": str(len(payload)), "Connection": "keep-alive" if keep else "close"}
  if method == "HEAD" and "content-length" in {name.lower() for name in reply.headers}:
    headers["Content-Length"] = next(value for name, value in reply.headers.items() if name.lower() == "content-length")
  if payload == b"" and "Content-Type" not in reply.headers:
    del headers["Content-Type"]
  lines += [f"{name}: {value}" for name, value in headers.items()]
  head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
  return head if method == "HEAD" else head + payload
