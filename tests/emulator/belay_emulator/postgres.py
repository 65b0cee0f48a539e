"""The PostgreSQL server behind Cloud SQL, spoken to through the programs that come with it."""

import glob
import os
import shutil
import subprocess
import urllib.parse


class SqlError(RuntimeError):
  """PostgreSQL refused; its text is what it said."""


def identifier(name):
  return '"' + name.replace('"', '""') + '"'


def literal(text):
  return "'" + text.replace("'", "''") + "'"


def program(name):
  """The newest installed PostgreSQL's program of that name; the distribution's wrappers only where nothing else is found."""
  found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: int(path.split("/")[4].split(".")[0]))
  path = found[-1] if found else shutil.which(name)
  if not path:
    raise SqlError(f"the program {name} of PostgreSQL is not installed")
  return path


def parameters_of(conninfo):
  """A connection string (URI or key=value) as a map of libpq's parameters."""
  if not conninfo.startswith(("postgresql://", "postgres://")):
    return dict(part.split("=", 1) for part in conninfo.split())
  url = urllib.parse.urlsplit(conninfo)
  found = {"host": url.hostname, "port": url.port and str(url.port), "user": url.username and urllib.parse.unquote(url.username),
             "password": url.password and urllib.parse.unquote(url.password), "dbname": url.path.lstrip("/")}
  found.update(urllib.parse.parse_qsl(url.query))
  return {name: value for name, value in found.items() if value}


class Postgres:
  """A server reached by `conninfo` (of one who may create databases and roles); `folder` keeps the connection file."""

  def __init__(self, folder, conninfo):
    parameters = parameters_of(conninfo)
    self.host, self.port = parameters.get("host", "127.0.0.1"), int(parameters.get("port", 5432))
    os.makedirs(folder, exist_ok=True)
    self.service_file = os.path.join(folder, "pg_service.conf")
    # A file, so that a password is in no argument list and no environment.
    with open(os.open(self.service_file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:
      out.write("[admin]\n" + "".join(f"{name}={value}\n" for name, value in parameters.items() if name != "dbname"))
    self.version = self.sql("SHOW server_version").split()[0]

  def address(self):
    """Where clients reach the cluster by TCP: host and port."""
    return ("127.0.0.1" if self.host.startswith("/") else self.host, self.port)

  def run(self, name, *arguments, given=b"", database="postgres"):
    """Runs a client program against one database; gives its output as bytes, raises SqlError with its error text."""
    environment = {"PATH": os.environ.get("PATH", "/usr/bin"), "PGSERVICEFILE": self.service_file, "LC_ALL": "C.UTF-8"}
    return run([program(name), *arguments, "-d", f"service=admin dbname={literal_of_conninfo(database)}"], given=given, environment=environment)

  def sql(self, text, database="postgres"):
    """Executes statements as the cluster's administrator; gives psql's unaligned rows."""
    return self.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", given=text.encode(), database=database).decode().rstrip("\n")

  def databases(self, prefix):
    """Names of the databases that begin so, without that beginning."""
    rows = self.sql(f"SELECT datname FROM pg_database WHERE starts_with(datname, {literal(prefix)}) ORDER BY 1").split("\n")
    return [row[len(prefix):] for row in rows if row]

  def create_database(self, name, owner):
    self.sql(f"CREATE DATABASE {identifier(name)} OWNER {identifier(owner)} TEMPLATE template0")
    self.sql(f"ALTER SCHEMA public OWNER TO {identifier(owner)}", name)

  def drop_database(self, name):
    self.sql(f"DROP DATABASE IF EXISTS {identifier(name)} WITH (FORCE)")

  def end_sessions(self, prefix):
    self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE starts_with(datname, {literal(prefix)}) AND pid <> pg_backend_pid()")

  def dump(self, database, path):
    self.run("pg_dump", "-Fc", "--no-owner", "--no-acl", "-f", path, database=database)

  def restore(self, database, path, role):
    self.run("pg_restore", "--no-owner", "--no-acl", "--exit-on-error", f"--role={role}", path, database=database)

  def dump_text(self, database, *options):
    return self.run("pg_dump", "--no-owner", "--no-acl", *options, database=database)

  def run_script(self, database, text, role):
    self.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", given=f"SET ROLE {identifier(role)};\n".encode() + text, database=database)


def literal_of_conninfo(text):
  return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def run(argv, given=b"", environment=None, cwd=None):
  done = subprocess.run(argv, input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=cwd, check=False)
  if done.returncode != 0:
    raise SqlError(done.stderr.decode(errors="replace").strip() or f"{os.path.basename(argv[0])} ended with status {done.returncode}")
  return done.stdout
