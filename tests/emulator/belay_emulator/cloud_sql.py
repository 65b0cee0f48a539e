"""Cloud SQL Admin, v1beta4 (as gcloud speaks it) and v1 (as belay does) over one state.

Seed: `"sql": {"instances": [{…resource…, "databases": [{"name", "fixture" or "sql", "extensions": [name]}], "users": [{"name", "password"}], "backups": [{"age", "status", "type", "description"}]}]}`.
Control: `/_emulator/sql/checkpoint` {"instance"} keeps the rows as they are for clones to a later time; `/_emulator/sql/backup` {"instance", "age", "type", "status"}
makes a backup without an operation; `/_emulator/sql/state` {"instance", "state"} puts an instance in another state.
Settings: `sql_recovery_lag_seconds` (60): how far the newest recovery point lies back; `sql_deleted_name_days` (7): how long a deleted instance's name stays taken.
"""

from . import sql_backups, sql_contents, sql_instances
from .fixtures import FIXTURES
from .postgres import SqlError
from .routing import Problem, Route
from .sql_state import state

SEED = "sql"
HOST = r"(sqladmin|sql)\.googleapis\.com"
BASE = r"/(?:sql/v1beta4|v1)/projects/([^/]+)"
INSTANCE = BASE + r"/instances/([^/:]+)"


def guarded(world, permission, handler):
  """Cloud SQL words a refusal in its own way, so the check is here and not in the route."""
  def checked(request, *groups):
    if not world.access.may(request.principal, permission):
      resource = f"instances/{groups[1]}" if len(groups) > 1 else f"projects/{world.project}"
      raise Problem(403, f"boss::NOT_AUTHORIZED: Not authorized to access resource. Possibly missing permission {permission} on resource {resource}.", reason="notAuthorized")
    try:
      return handler(request, *groups)
    except SqlError as problem:
      raise Problem(500, f"PostgreSQL refused: {problem}", reason="internalError") from None
  return checked


def routes(world):
  if world.postgres:
    state(world)  # now, so that a server that cannot start is told where the emulator is started
  instances, backups, contents = sql_instances.handlers(world), sql_backups.handlers(world), sql_contents.handlers(world)
  rows = [
    ("GET", BASE + "/instances", "cloudsql.instances.list", instances["list"]), ("POST", BASE + "/instances", "cloudsql.instances.create", instances["insert"]),
    ("GET", INSTANCE, "cloudsql.instances.get", instances["get"]), ("PATCH", INSTANCE, "cloudsql.instances.update", instances["patch"]),
    ("PUT", INSTANCE, "cloudsql.instances.update", instances["update"]), ("DELETE", INSTANCE, "cloudsql.instances.delete", instances["delete"]),
    ("POST", INSTANCE + "/restart", "cloudsql.instances.restart", instances["restart"]), ("POST", INSTANCE + "/failover", "cloudsql.instances.failover", instances["failover"]),
    ("POST", INSTANCE + "/clone", "cloudsql.instances.clone", backups["clone"]), ("POST", INSTANCE + "/restoreBackup", "cloudsql.instances.restoreBackup", backups["restore"]),
    ("GET", INSTANCE + "/getLatestRecoveryTime", "cloudsql.instances.get", backups["latest_recovery_time"]),
    ("GET", INSTANCE + "/backupRuns", "cloudsql.backupRuns.list", backups["list"]), ("POST", INSTANCE + "/backupRuns", "cloudsql.backupRuns.create", backups["insert"]),
    ("GET", INSTANCE + r"/backupRuns/(\d+)", "cloudsql.backupRuns.get", backups["get"]), ("DELETE", INSTANCE + r"/backupRuns/(\d+)", "cloudsql.backupRuns.delete", backups["delete"]),
    ("POST", INSTANCE + "/export", "cloudsql.instances.export", contents["export"]), ("POST", INSTANCE + "/import", "cloudsql.instances.import", contents["import"]),
    ("GET", INSTANCE + "/databases", "cloudsql.databases.list", contents["databases"]), ("POST", INSTANCE + "/databases", "cloudsql.databases.create", contents["add_database"]),
    ("GET", INSTANCE + "/databases/([^/]+)", "cloudsql.databases.get", contents["database"]),
    ("DELETE", INSTANCE + "/databases/([^/]+)", "cloudsql.databases.delete", contents["drop_database"]),
    ("GET", INSTANCE + "/users", "cloudsql.users.list", contents["users"]), ("POST", INSTANCE + "/users", "cloudsql.users.create", contents["add_user"]),
    ("PUT", INSTANCE + "/users", "cloudsql.users.update", contents["set_user"]), ("DELETE", INSTANCE + "/users", "cloudsql.users.delete", contents["drop_user"]),
    ("GET", BASE + "/operations", "cloudsql.instances.get", instances["operations"]), ("GET", BASE + "/operations/([^/:]+)", "cloudsql.instances.get", instances["operation"]),
  ]

  def put_in_state(request):
    state(world).instance(request.required("instance")).resource["state"] = request.required("state")
    return {}

  controls = [("checkpoint", backups["checkpoint"]), ("backup", backups["automated"]), ("state", put_in_state)]
  return ([Route(method, HOST, path, guarded(world, permission, handler)) for method, path, permission, handler in rows]
          + [Route("POST", ".*", "/_emulator/sql/" + name, handler, public=True) for name, handler in controls])


def seed(world, data):
  sql, backups = state(world), sql_backups.handlers(world)
  for given in data.get("instances", []):
    resource = sql_instances.described(world, given)
    name = resource["name"]
    instance = sql.add(resource)
    for user in given.get("users", []):
      sql.set_user(name, user["name"], user.get("password"))
    for database in given.get("databases", []):
      sql.add_database(name, database["name"])
      if sql.server:
        sql.server.add_extensions(name, database["name"], database.get("extensions", []))
      script = database.get("sql", "") + FIXTURES[database["fixture"]] if "fixture" in database else database.get("sql", "")
      if script and sql.server:
        sql.server.run_script(name, database["name"], script.encode())
    sql.keep(name)
    if "recoverable_for" in given:
      age = float(given["recoverable_for"])
      instance.recoverable_since -= age
      instance.snapshots[0] = (instance.snapshots[0][0] - age, instance.snapshots[-1][1])
    for backup in given.get("backups", []):
      record = backups["add"](name, backup.get("type", "AUTOMATED"), backup.get("description"), world.clock.seconds() - float(backup.get("age", 0)))
      record["run"]["status"] = backup.get("status", "SUCCESSFUL")
      if record["run"]["status"] == "SUCCESSFUL":
        backups["fill"](name, record)
