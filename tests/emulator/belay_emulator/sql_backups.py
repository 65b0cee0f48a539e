"""Backups of Cloud SQL and what is made from them: restored over an instance, or cloned into a new one as it was at a time."""

from .clock import seconds_of
from .routing import Problem
from .sql_instances import check_name_is_free, invalid, merged, paged
from .sql_server import forget
from .sql_state import short_time, state


def handlers(world):
  def sql():
    return state(world)

  def shown(backup):
    operation = world.operations.get(backup["operation"]) if backup["operation"] else None
    run = dict(backup["run"])
    if operation and not operation.done:
      run["status"] = "RUNNING"
      return run
    if operation and operation.error:
      run.update(status="FAILED", error={"kind": "sql#operationError", "code": operation.error.reason or "INTERNAL_ERROR", "message": operation.error.message})
    if operation:
      run["endTime"] = short_time(operation.ended)
    return run

  def backup(instance, id):
    for each in sql().instance(instance).backups:
      if each["run"]["id"] == id:
        return each
    raise Problem(404, "The backup run does not exist.", reason="backupRunDoesNotExist")

  def add(name, kind, description, at, operation=None):
    """A backup run's record, the newest first; the dump is put in when it is made."""
    instance, taken = sql().instance(name), {each["run"]["id"] for one in sql().instances.values() for each in one.backups}
    number = int(at * 1000)
    while str(number) in taken:
      number += 1
    when = short_time(at)
    run = {"kind": "sql#backupRun", "id": str(number), "instance": name, "type": kind, "status": "SUCCESSFUL", "backupKind": "SNAPSHOT", "location": "us",
           "databaseVersion": instance.resource["databaseVersion"], "enqueuedTime": when, "startTime": when, "windowStartTime": when,
           "selfLink": f"https://sqladmin.googleapis.com/v1/projects/{world.project}/instances/{name}/backupRuns/{number}"}
    if operation is None:
      run["endTime"] = when
    if description is not None:
      run["description"] = description
    record = {"run": run, "operation": operation, "saved": None}
    instance.backups.append(record)
    instance.backups.sort(key=lambda each: each["run"]["startTime"], reverse=True)
    return record

  def fill(name, record):
    record["saved"] = sql().save(name)
    record["run"]["maxChargeableBytes"] = str(record["saved"]["bytes"])
    sql().instances[name].snapshots.append((world.clock.seconds(), record["saved"]))

  def insert(request, _, name):
    sql().instance(name)
    if sql().running(name):  # before the record, which a refusal must not leave
      sql().begin(request, name, "BACKUP_VOLUME", None)
    record = add(name, "ON_DEMAND", (request.body or {}).get("description"), world.clock.seconds(), "")
    began = sql().begin(request, name, "BACKUP_VOLUME", lambda: fill(name, record), backupContext={"kind": "sql#backupContext", "backupId": record["run"]["id"]})
    record["operation"] = began["name"]
    return began

  def listed(request, _, name):
    page, token = paged(request, sql().instance(name).backups, 20)
    found = {"kind": "sql#backupRunsList", "items": [shown(each) for each in page]}
    return dict(found, nextPageToken=token) if token else found

  def get(request, _, name, id):
    return shown(backup(name, id))

  def delete(request, _, name, id):
    record = backup(name, id)

    def work():
      sql().instances[name].backups.remove(record)
      if record["saved"] and not any(saved is record["saved"] for _, saved in sql().instances[name].snapshots):
        forget(record["saved"])
    return sql().begin(request, name, "DELETE_BACKUP", work, backupContext={"kind": "sql#backupContext", "backupId": id})

  def restore(request, _, name):
    sql().instance(name)
    context = request.required("restoreBackupContext")
    record = backup(context.get("instanceId", name), str(context.get("backupRunId", "")))
    if shown(record)["status"] != "SUCCESSFUL" or record["saved"] is None:
      raise invalid(f"The backup run {record['run']['id']} is not successful, so it cannot be restored.")
    if record["run"]["databaseVersion"] != sql().instance(name).resource["databaseVersion"]:
      raise invalid("The backup's database version is not that of the target instance.")

    def work():
      sql().load(name, record["saved"])
      sql().keep(name)
    return sql().begin(request, name, "RESTORE_VOLUME", work, backupContext={"kind": "sql#backupContext", "backupId": record["run"]["id"]})

  def recovery_window(name):
    """(earliest, latest) in seconds."""
    instance, now = sql().instance(name), world.clock.seconds()
    backups = instance.resource["settings"]["backupConfiguration"]
    if not backups.get("pointInTimeRecoveryEnabled"):
      raise invalid("Point in time recovery is not enabled for the instance.")
    latest = now - world.settings.get("sql_recovery_lag_seconds", 60)
    return max(instance.recoverable_since, now - 86400 * backups.get("transactionLogRetentionDays", 7)), latest

  def latest_recovery_time(request, _, name):
    return {"kind": "sql#getLatestRecoveryTime", "latestRecoveryTime": short_time(recovery_window(name)[1])}

  def clone(request, _, name):
    source = sql().instance(name)
    context = request.required("cloneContext")
    target = context.get("destinationInstanceName", "")
    check_name_is_free(sql(), world, target)
    saved = None
    if context.get("pointInTime"):
      saved = at_time(name, source, context["pointInTime"])
    if sql().running(name):
      sql().begin(request, name, "CLONE", None)
    resource = merged(source.resource, {"name": target, "createTime": sql().now(), "settings": {"settingsVersion": "1"}})
    resource["connectionName"] = f"{world.project}:{resource['region']}:{target}"
    resource["selfLink"] = source.resource["selfLink"].rpartition("/")[0] + "/" + target
    sql().add(resource)

    def work():
      sql().load(target, saved or sql().save(name))
      sql().instances[target].snapshots.clear()
      sql().keep(target)
    return sql().begin(request, target, "CLONE", work)

  def at_time(name, source, text):
    try:
      at = seconds_of(text)
    except ValueError:
      raise invalid(f"'{text}' is not a time.") from None
    earliest, latest = recovery_window(name)
    found = [saved for when, saved in source.snapshots if when <= at]
    if not earliest <= at <= latest or not found:
      raise invalid(f"The point in time {text} is not within the recovery window, {short_time(earliest)} to {short_time(latest)}.")
    return found[-1]

  # -- what a test asks for

  def checkpoint(request):
    """Keeps the rows of one instance (or all) as they are now: what a clone to a later time brings back."""
    names = [request.body["instance"]] if (request.body or {}).get("instance") else sorted(sql().instances)
    for name in names:
      sql().instance(name)
      sql().keep(name)
    return {"time": short_time(world.clock.seconds()), "instances": names}

  def automated(request):
    """An automated backup now, or one that lies `age` seconds back; with `status` another end than SUCCESSFUL."""
    name, body = request.required("instance"), request.body
    record = add(name, body.get("type", "AUTOMATED"), body.get("description"), world.clock.seconds() - float(body.get("age", 0)))
    record["run"]["status"] = body.get("status", "SUCCESSFUL")
    if record["run"]["status"] == "SUCCESSFUL":
      fill(name, record)
    return record["run"]

  return {"insert": insert, "list": listed, "get": get, "delete": delete, "restore": restore, "clone": clone, "latest_recovery_time": latest_recovery_time,
          "checkpoint": checkpoint, "automated": automated, "add": add, "fill": fill}
