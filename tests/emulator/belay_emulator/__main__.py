"""belay-emulator: starts the emulator and says where it listens, in one JSON line."""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import threading

from .emulator import Emulator


def main():
  parser = argparse.ArgumentParser(prog="belay-emulator", description="Google Cloud's APIs on loopback, for trying a runbook without a cloud.")
  parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; without it, a free one")
  parser.add_argument("--folder", help="where to keep files; without it, a temporary folder that is removed at the end")
  parser.add_argument("--project", default="demo-proj", help="the id of the one project there is")
  parser.add_argument("--postgres", metavar="CONNINFO", help="a PostgreSQL server whose databases stand for Cloud SQL instances")
  parser.add_argument("--with-postgres", action="store_true", help="starts such a server in the folder")
  parser.add_argument("--seed", metavar="FILE", help="JSON to fill the APIs with")
  options = parser.parse_args()

  folder = options.folder or tempfile.mkdtemp(prefix="belay-emulator-")
  os.makedirs(folder, exist_ok=True)
  stop = threading.Event()
  for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: stop.set())
  emulator = None
  try:
    seed = json.load(open(options.seed)) if options.seed else {}
    emulator = Emulator(folder, options.project, options.port, options.postgres, options.with_postgres, seed)
    print(json.dumps(emulator.described()), flush=True)
    stop.wait()
  except (OSError, ValueError, RuntimeError) as problem:
    print(f"belay-emulator: {problem}", file=sys.stderr)
    return 1
  finally:
    if emulator:
      emulator.close()
    if not options.folder:
      shutil.rmtree(folder, ignore_errors=True)
  return 0


if __name__ == "__main__":
  sys.exit(main())
