"""A PostgreSQL server of the emulator's own, made when it starts and gone when it ends."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from .postgres import SqlError, program, run


def statements_are_counted():
  """Options that load pg_stat_statements, as Cloud SQL does; none where PostgreSQL came without its library."""
  library = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(program("postgres")))), "lib", "pg_stat_statements.so")
  return ["-c", "shared_preload_libraries=pg_stat_statements"] if os.path.exists(library) else []


class PostgresCluster:
  """Runs from its construction until `close`. Its log is in `folder`; its data is in a temporary folder, since the server's user may not
  enter the emulator's and a socket's path is limited to 107 bytes. Clients on TCP must prove a password; only the socket's folder trusts."""

  def __init__(self, folder):
    self._home = tempfile.mkdtemp(prefix="belay-pg-")
    self._server = None
    as_root = os.geteuid() == 0
    # PostgreSQL refuses to run as root.
    prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] if as_root else []
    if as_root:
      shutil.chown(self._home, "postgres", "postgres")
    data, log = os.path.join(self._home, "data"), os.path.join(folder, "postgresql.log")
    try:
      run(prefix + [program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"], cwd=self._home)
      rules = "local all postgres trust\nlocal all all reject\nhost all all 127.0.0.1/32 scram-sha-256\n"
      run(prefix + ["tee", os.path.join(data, "pg_hba.conf")], given=rules.encode(), cwd=self._home)
      self.port = _free_port()
      with open(log, "wb") as out:
        self._server = subprocess.Popen(
          prefix + [program("postgres"), "-D", data, "-p", str(self.port), "-k", self._home, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                    "-c", "shared_buffers=32MB", "-c", "max_connections=200", *statements_are_counted()],
          stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self._home, start_new_session=True)
      self._await(log)
    except Exception:
      self.close()
      raise
    self.conninfo = f"host={self._home} port={self.port} user=postgres"

  def _await(self, log):
    deadline = time.monotonic() + 20
    while subprocess.run([program("pg_isready"), "-q", "-h", self._home, "-p", str(self.port)], check=False).returncode != 0:
      if self._server.poll() is not None or time.monotonic() > deadline:
        raise SqlError(f"PostgreSQL did not start; its log is {log}")
      time.sleep(0.02)

  def close(self):
    if self._server and self._server.poll() is None:
      self._server.send_signal(signal.SIGINT)
      try:
        self._server.wait(10)
      except subprocess.TimeoutExpired:
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(10)
    shutil.rmtree(self._home, ignore_errors=True)


def _free_port():
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    return probe.getsockname()[1]
