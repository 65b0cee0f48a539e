"""The state of emulated Cloud SQL: instances with their backups and snapshots, and operations, one at a time for each instance."""

import dataclasses
import os

from .clock import stamp
from .postgres import SqlError
from .routing import Problem
from .sql_front import Front
from .sql_server import SqlServer

BUSY = ("CREATE", "CLONE", "RESTORE_VOLUME", "RESTART", "FAILOVER", "DELETE")  # while one of these runs, nobody connects


@dataclasses.dataclass
class Instance:
  """`snapshots`: (seconds, saved) in order of time; what a clone to a point in time starts from."""
  resource: dict
  databases: dict = dataclasses.field(default_factory=dict)
  users: dict = dataclasses.field(default_factory=dict)
  backups: list = dataclasses.field(default_factory=list)
  snapshots: list = dataclasses.field(default_factory=list)
  front: object = None
  recoverable_since: float = 0.0


class CloudSql:
  """All instances of the project. `server` is None where the emulator has no PostgreSQL: instances are then descriptions without rows."""

  def __init__(self, world):
    self.world = world
    self.instances = {}
    self.gone = {}  # name -> when it was deleted
    self.server = world.lasting("sql_server", lambda: SqlServer(world.folder, world.postgres)) if world.postgres else None
    self.saves = 0

  def close(self):
    for instance in self.instances.values():
      if instance.front:
        instance.front.close()

  def snapshot(self):
    shown = {name: {"state": self.state_of(name), "port": each.front.port if each.front else None, "databases": sorted(each.databases), "users": sorted(each.users),
                    "backups": [backup["run"]["id"] for backup in each.backups], "snapshots": [stamp(at) for at, _ in each.snapshots]}
             for name, each in self.instances.items()}
    return {"instances": shown, "server": list(self.server.postgres.address()) if self.server else None}

  def now(self):
    return short_time(self.world.clock.seconds())

  def instance(self, name):
    if name not in self.instances:
      raise Problem(404, "The Cloud SQL instance does not exist.", reason="instanceDoesNotExist")
    return self.instances[name]

  def must_have_rows(self):
    if not self.server:
      raise Problem(500, "this emulator was started without PostgreSQL (--with-postgres), so its instances hold no rows", reason="ERROR_RDBMS")

  def check_length(self, instance, name):
    """The server behind cuts names at 63 bytes, where Cloud SQL's may be longer: refused here, before two become one."""
    if self.server and len(f"{instance}.{name}".encode()) > 63:
      raise Problem(400, f"Invalid request: the emulator's PostgreSQL knows this as {instance}.{name}, which is longer than 63 bytes.", reason="invalid")

  # -- operations

  def running(self, name):
    return [each for each in self.world.operations.of(f"sql/{name}") if each.target == f"sql/{name}" and not each.done]

  def begin(self, request, name, kind, work, **about):
    """Starts the one operation of an instance; 409 while another runs. Gives its resource."""
    if self.running(name):
      raise Problem(409, "Operation failed because another operation was already in progress.", reason="operationInProgress")

    def done():
      try:
        return work()
      except SqlError as problem:
        raise Problem(500, str(problem), reason="ERROR_RDBMS") from None

    operation = self.world.operations.begin(f"sql.{kind}", f"sql/{name}", done, dict(about, kind=kind, instance=name, user=request.principal))
    return self.rendered(operation)

  def rendered(self, operation):
    """An operation as the API shows it."""
    about, link = operation.about, f"https://sqladmin.googleapis.com/v1/projects/{self.world.project}"
    shown = {"kind": "sql#operation", "name": operation.id, "operationType": about["kind"], "user": about["user"], "insertTime": short_time(operation.began),
             "targetProject": self.world.project, "targetId": about["instance"], "targetLink": f"{link}/instances/{about['instance']}",
             "selfLink": f"{link}/operations/{operation.id}", "status": "PENDING"}
    shown.update({name: about[name] for name in ("backupContext", "exportContext", "importContext") if name in about})
    if operation.done:
      shown.update(status="DONE", startTime=short_time(operation.began), endTime=short_time(operation.ended))
    elif self.world.clock.seconds() >= operation.began + 1:
      shown.update(status="RUNNING", startTime=short_time(operation.began))
    if operation.error:
      code = operation.error.reason or {"INTERNAL": "INTERNAL_ERROR"}.get(operation.error.code_name, operation.error.code_name)
      shown["error"] = {"kind": "sql#operationErrors", "errors": [{"kind": "sql#operationError", "code": code, "message": operation.error.message}]}
    return shown

  def last(self, name, *kinds):
    found = [each for each in self.world.operations.of(f"sql/{name}") if each.target == f"sql/{name}" and each.about["kind"] in kinds]
    return found[-1] if found else None

  def state_of(self, name):
    made = self.last(name, "CREATE", "CLONE")
    if made and not made.done:
      return "PENDING_CREATE"
    if made and made.error:
      return "FAILED"
    if any(each.about["kind"] == "RESTORE_VOLUME" for each in self.running(name)):
      return "MAINTENANCE"
    return self.instances[name].resource["state"]

  def shown(self, name):
    """An instance as the API shows it."""
    return dict(self.instances[name].resource, state=self.state_of(name))

  # -- instances with rows

  def add(self, resource):
    """A new instance, empty as Cloud SQL makes it: one database and one user, both called postgres."""
    name = resource["name"]
    self.check_length(name, "cloudsqlsuperuser")
    instance = self.instances[name] = Instance(resource, recoverable_since=self.world.clock.seconds())
    self.gone.pop(name, None)
    if self.server:
      self.server.make_instance(name)
      instance.front = Front(name, self.server.postgres.address(), lambda: self.takes_connections(name))
      resource["ipAddresses"] = [{"type": "PRIMARY", "ipAddress": "127.0.0.1"}]
    self.add_database(name, "postgres")
    self.set_user(name, "postgres", None)
    self.keep(name)
    return instance

  def takes_connections(self, name):
    instance = self.instances.get(name)
    return bool(instance) and instance.resource["settings"].get("activationPolicy") != "NEVER" and not any(each.about["kind"] in BUSY for each in self.running(name))

  def remove(self, name):
    instance = self.instances.pop(name)
    if instance.front:
      instance.front.close()
    if self.server:
      self.server.drop_instance(name)
    self.gone[name] = self.world.clock.seconds()

  def add_database(self, name, database, charset="UTF8", collation="en_US.UTF8"):
    if self.server:
      self.server.add_database(name, database)
    self.instances[name].databases[database] = {
      "kind": "sql#database", "name": database, "instance": name, "project": self.world.project, "charset": charset, "collation": collation,
      "selfLink": f"https://sqladmin.googleapis.com/v1/projects/{self.world.project}/instances/{name}/databases/{database}"}

  def set_user(self, name, user, password):
    if self.server:
      self.server.set_user(name, user, password)
    self.instances[name].users[user] = {"kind": "sql#user", "name": user, "host": "", "instance": name, "project": self.world.project}

  def save(self, name):
    """What the instance holds now, so that `load` can bring it back."""
    instance = self.instances[name]
    self.saves += 1
    saved = self.server.save(name, os.path.join(self.world.folder, "sql", str(self.saves))) if self.server else {"databases": [], "users": [], "bytes": 0}
    return dict(saved, described=([dict(each) for each in instance.databases.values()], [dict(each) for each in instance.users.values()]))

  def load(self, name, saved):
    if self.server:
      self.server.load(name, saved)
    databases, users = saved["described"]
    instance = self.instances[name]
    instance.databases = {each["name"]: dict(each, instance=name) for each in databases}
    instance.users = {each["name"]: dict(each, instance=name) for each in users}

  def keep(self, name):
    """Takes a snapshot for later clones to a point in time."""
    self.instances[name].snapshots.append((self.world.clock.seconds(), self.save(name)))


def short_time(seconds):
  """As Cloud SQL writes times: to the millisecond."""
  return stamp(seconds)[:-4] + "Z"


def state(world):
  return world.part("sql", lambda: CloudSql(world))
