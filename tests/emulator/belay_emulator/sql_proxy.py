"""A stand-in for Google's Cloud SQL proxy (version 2) that leads to the emulator's instances; where the emulator is, CLOUDSDK_PROXY_ADDRESS and _PORT say.

usage: cloud-sql-proxy [--address A] [--port P] [--exit-zero-on-sigterm] PROJECT:REGION:INSTANCE[?port=P]
"""

import argparse
import json
import os
import signal
import socket
import sys
import threading
import urllib.parse
import urllib.request

from .sql_front import copy


def port_behind(connection_name):
  """The loopback port of an instance; SystemExit in the real proxy's words where there is none."""
  address = f"http://{os.environ.get('CLOUDSDK_PROXY_ADDRESS', '127.0.0.1')}:{os.environ['CLOUDSDK_PROXY_PORT']}/_emulator/state"
  opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
  with opener.open(address, timeout=20) as answer:
    state = json.load(answer)
  project, _, name = connection_name.split(":")
  found = state.get("sql", {}).get("instances", {}).get(name)
  if project != state["project"] or not found or not found["port"]:
    sys.exit(f"The proxy has encountered a terminal error: unable to start: [{connection_name}] Unable to mount socket: googleapi: Error 404: The Cloud SQL instance does not "
             "exist., instanceDoesNotExist")
  return found["port"]


def lead(client, port):
  try:
    with client, socket.create_connection(("127.0.0.1", port)) as server:
      back = threading.Thread(target=copy, args=(server, client), daemon=True)
      back.start()
      copy(client, server)
      back.join()
  except OSError:
    pass


def main():
  parser = argparse.ArgumentParser(prog="cloud-sql-proxy", add_help=False)
  parser.add_argument("instance")
  parser.add_argument("--address", default="127.0.0.1")
  parser.add_argument("--port", "-p", type=int, default=5432)
  parser.add_argument("--exit-zero-on-sigterm", action="store_true")
  for ignored in ("--token", "--credentials-file", "--max-sigterm-delay"):
    parser.add_argument(ignored)
  for ignored in ("--private-ip", "--structured-logs", "--quiet", "--gcloud-auth", "--auto-iam-authn"):
    parser.add_argument(ignored, action="store_true")
  options = parser.parse_args()
  name, _, query = options.instance.partition("?")
  port = int(dict(urllib.parse.parse_qsl(query)).get("port", options.port))
  if name.count(":") != 2:
    sys.exit(f"invalid instance connection name: want 'PROJECT:REGION:INSTANCE', got {name!r}")
  behind = port_behind(name)
  signal.signal(signal.SIGTERM, lambda *_: os._exit(0 if options.exit_zero_on_sigterm else 143))
  signal.signal(signal.SIGINT, lambda *_: os._exit(130))
  try:
    listener = socket.create_server((options.address, port))
  except OSError as problem:
    sys.exit(f"The proxy has encountered a terminal error: unable to start: [{name}] Unable to mount socket: listen tcp {options.address}:{port}: bind: {problem.strerror}")
  print(f"[{name}] Listening on {options.address}:{port}\nThe proxy has started successfully and is ready for new connections!", flush=True)
  while True:
    client, _ = listener.accept()
    threading.Thread(target=lead, args=(client, behind), daemon=True).start()


if __name__ == "__main__":
  main()
