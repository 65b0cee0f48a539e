"""A Cloud SQL instance as its clients reach it: a TCP port of its own on loopback, where database `app` and user `app` mean that instance's.

The cluster behind is shared, so the start-up message (PostgreSQL's protocol 3.0, "Message Formats", StartupMessage) is rewritten to
`INSTANCE.app`; what follows passes untouched, the password's proof included (SCRAM does not name the user to the server a second time).
"""

import socket
import struct
import threading

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102


class Front:
  """`accepts` tells, at each connection, whether the instance takes any (it may be stopped)."""

  def __init__(self, instance, address, accepts):
    self.instance, self.address, self.accepts = instance, address, accepts
    self.listener = socket.create_server(("127.0.0.1", 0))
    self.port = self.listener.getsockname()[1]
    threading.Thread(target=self.serve, daemon=True).start()

  def serve(self):
    while True:
      try:
        client, _ = self.listener.accept()
      except OSError:
        return
      threading.Thread(target=self.speak, args=(client,), daemon=True).start()

  def speak(self, client):
    try:
      with client:
        first = self.first_message(client)
        if first is None:
          return
        if not self.accepts():
          client.sendall(refusal("57P03", f'the instance "{self.instance}" is stopped'))
          return
        with socket.create_connection(self.address) as server:
          server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
          client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
          server.sendall(first)
          back = threading.Thread(target=copy, args=(server, client), daemon=True)
          back.start()
          copy(client, server)
          back.join()
    except (OSError, ValueError):
      return

  def first_message(self, client):
    while True:
      head = exactly(client, 8)
      if head is None:
        return None
      length, code = struct.unpack(">II", head)
      rest = exactly(client, length - 8)
      if code in (SSL_REQUEST, GSS_REQUEST):
        client.sendall(b"N")
        continue
      if code == CANCEL_REQUEST:
        return head + rest
      return self.rewritten(code, rest)

  def rewritten(self, code, rest):
    parts = rest.split(b"\0")[:-2]
    given = dict(zip(parts[::2], parts[1::2]))
    user, prefix = given.get(b"user", b""), self.instance.encode() + b"."
    given[b"database"] = prefix + given.get(b"database", user)
    given[b"user"] = prefix + user
    body = b"".join(name + b"\0" + value + b"\0" for name, value in given.items()) + b"\0"
    return struct.pack(">II", len(body) + 8, code) + body

  def close(self):
    # shutdown wakes the thread that waits in accept; close alone would not.
    try:
      self.listener.shutdown(socket.SHUT_RDWR)
    except OSError:
      pass
    self.listener.close()


def exactly(source, size):
  found = b""
  while len(found) < size:
    part = source.recv(size - len(found))
    if not part:
      return None
    found += part
  return found


def copy(source, target):
  try:
    while data := source.recv(65536):
      target.sendall(data)
  except OSError:
    pass
  finally:
    for end in (source, target):
      try:
        end.shutdown(socket.SHUT_RDWR)
      except OSError:
        pass


def refusal(code, message):
  fields = b"SFATAL\0VFATAL\0C" + code.encode() + b"\0M" + message.encode() + b"\0\0"
  return b"E" + struct.pack(">I", len(fields) + 4) + fields
