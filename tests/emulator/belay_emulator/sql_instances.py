"""Cloud SQL instances: list, get, insert, patch, update, restart, failover, delete, and their operations."""

import re

from .routing import Problem
from .sql_state import short_time, state

INT64 = ("settingsVersion", "dataDiskSizeGb", "storageAutoResizeLimit")
TIER = re.compile(r"db-(f1-micro|g1-small|custom-\d+-\d+|standard-\d+|n1-(standard|highmem)-\d+|perf-optimized-N-\d+)|db-c4a-highmem-\d+")
SETTINGS = frozenset("""activationPolicy activeDirectoryConfig advancedMachineFeatures authorizedGaeApplications availabilityType backupConfiguration collation connectionPoolConfig
connectorEnforcement crashSafeReplicationEnabled dataCacheConfig dataDiskProvisionedIops dataDiskProvisionedThroughput dataDiskSizeGb dataDiskType databaseFlags
databaseReplicationEnabled deletionProtectionEnabled denyMaintenancePeriods edition enableDataplexIntegration enableGoogleMlIntegration finalBackupConfig insightsConfig
ipConfiguration kind locationPreference maintenanceVersion maintenanceWindow passwordValidationPolicy pricingPlan replicationLagMaxSeconds replicationType
retainBackupsOnDelete settingsVersion sqlServerAuditConfig storageAutoResize storageAutoResizeLimit tier timeZone userLabels""".split())
RESTARTS = ("tier", "databaseFlags", "availabilityType", "edition", "activationPolicy")


def invalid(message):
  return Problem(400, f"Invalid request: {message}", reason="invalid")


def merged(old, new):
  """JSON merge as PATCH has it (RFC 7386): maps by member, null removes, all else replaces."""
  if not isinstance(new, dict):
    return new
  result = dict(old) if isinstance(old, dict) else {}
  for name, value in new.items():
    if value is None:
      result.pop(name, None)
    else:
      result[name] = merged(result.get(name), value)
  return result


def checked(settings, version, old=None):
  """Settings as they will be; Problem 400 for what Cloud SQL refuses."""
  for name in settings:
    if name not in SETTINGS:
      raise Problem(400, f'Invalid JSON payload received. Unknown name "{name}" at \'settings\': Cannot find field.', reason="badRequest")
  settings = dict(settings)
  for name in INT64:
    if name in settings:
      settings[name] = str(settings[name])
  if not TIER.fullmatch(settings.get("tier", "")):
    raise invalid(f"Invalid Tier ({settings.get('tier', '')}) for ({version}).")
  backups = settings.get("backupConfiguration", {})
  if backups.get("binaryLogEnabled") and version.startswith("POSTGRES"):
    raise invalid("Binary log can only be enabled for MySQL instances.")
  if backups.get("pointInTimeRecoveryEnabled") and not backups.get("enabled"):
    raise invalid("Point in time recovery must be disabled when backups are disabled.")
  if old and int(settings.get("dataDiskSizeGb", 10)) < int(old.get("dataDiskSizeGb", 10)):
    raise invalid("Disk size cannot be reduced.")
  return settings


def described(world, body):
  """The resource of a new instance from what was asked for."""
  name, version = body.get("name", ""), body.get("databaseVersion", "POSTGRES_15")
  if not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name) or len(name) > 97:
    raise invalid(f"Invalid instance name ({name}).")
  region = body.get("region", "us-central1")
  backups = {"kind": "sql#backupConfiguration", "enabled": False, "startTime": "07:00", "pointInTimeRecoveryEnabled": False, "transactionLogRetentionDays": 7,
             "backupRetentionSettings": {"retentionUnit": "COUNT", "retainedBackups": 7}}
  defaults = {"kind": "sql#settings", "edition": "ENTERPRISE", "activationPolicy": "ALWAYS", "availabilityType": "ZONAL", "pricingPlan": "PER_USE", "replicationType": "SYNCHRONOUS",
              "dataDiskType": "PD_SSD", "dataDiskSizeGb": "10", "storageAutoResize": True, "storageAutoResizeLimit": "0", "deletionProtectionEnabled": False,
              "backupConfiguration": backups, "ipConfiguration": {"ipv4Enabled": True, "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"},
              "locationPreference": {"kind": "sql#locationPreference", "zone": region + "-a"}}
  settings = checked(merged(defaults, body.get("settings", {})), version)
  settings["settingsVersion"] = "1"
  resource = {
    "kind": "sql#instance", "name": name, "project": world.project, "region": region, "gceZone": settings["locationPreference"]["zone"], "databaseVersion": version,
    "databaseInstalledVersion": version + "_18", "backendType": "SECOND_GEN", "instanceType": "CLOUD_SQL_INSTANCE", "state": "RUNNABLE",
    "connectionName": f"{world.project}:{region}:{name}", "serviceAccountEmailAddress": f"p{world.project_number}-{world.new_number(6)}@gcp-sa-cloud-sql.iam.gserviceaccount.com",
    "createTime": short_time(world.clock.seconds()), "selfLink": f"https://sqladmin.googleapis.com/v1/projects/{world.project}/instances/{name}", "settings": settings}
  place_standby(resource)
  return resource


def place_standby(resource):
  """A REGIONAL instance has a second zone, a ZONAL one has none."""
  if resource["settings"].get("availabilityType") == "REGIONAL":
    resource.setdefault("secondaryGceZone", resource["region"] + ("-c" if resource["gceZone"].endswith("-a") else "-a"))
  else:
    resource.pop("secondaryGceZone", None)


def check_name_is_free(sql, world, name):
  days = world.settings.get("sql_deleted_name_days", 7)
  if name in sql.instances or name in sql.gone and world.clock.seconds() - sql.gone[name] < days * 86400:
    raise Problem(409, "The Cloud SQL instance already exists. When you delete an instance, you can't reuse the name of the deleted instance until one week from the deletion date.",
                  reason="instanceAlreadyExists")


def check_version(instance, given):
  """`settingsVersion` as the caller read it; Problem 412 where others changed the settings since."""
  if given is not None and str(given) != instance.resource["settings"]["settingsVersion"]:
    raise Problem(412, "Condition does not match.", reason="staleData")


def handlers(world):
  def sql():
    return state(world)

  def listed(request, _):
    return {"kind": "sql#instancesList", "items": [sql().shown(name) for name in sorted(sql().instances)]}

  def get(request, _, name):
    sql().instance(name)
    return sql().shown(name)

  def insert(request, _):
    body = request.body or {}
    resource = described(world, body)
    name = resource["name"]
    check_name_is_free(sql(), world, name)
    sql().add(resource)

    def work():
      if body.get("rootPassword"):
        sql().set_user(name, "postgres", body["rootPassword"])
    return sql().begin(request, name, "CREATE", work)

  def change(request, name, settings_of, more):
    instance = sql().instance(name)
    resource = instance.resource
    new = checked(settings_of(resource["settings"]), resource["databaseVersion"], resource["settings"])

    def work():
      before, version = resource["settings"], int(resource["settings"]["settingsVersion"])
      if new.get("backupConfiguration", {}).get("pointInTimeRecoveryEnabled") and not before["backupConfiguration"].get("pointInTimeRecoveryEnabled"):
        instance.recoverable_since = world.clock.seconds()
      resource["settings"] = dict(new, settingsVersion=str(version + 1))
      resource.update(more)
      place_standby(resource)
      if sql().server and any(before.get(key) != new.get(key) for key in RESTARTS):
        sql().server.end_sessions(name)
    return sql().begin(request, name, "UPDATE", work)

  def patch(request, _, name):
    body = request.body or {}
    check_version(sql().instance(name), body.get("settings", {}).get("settingsVersion"))
    more = {key: body[key] for key in ("databaseVersion",) if key in body}
    return change(request, name, lambda old: merged(old, body.get("settings", {})), more)

  def update(request, _, name):
    settings = request.required("settings")
    if "settingsVersion" not in settings:
      raise invalid("Missing parameter: settingsVersion.")
    check_version(sql().instance(name), settings["settingsVersion"])
    return change(request, name, lambda old: settings, {})

  def restart(request, _, name):
    sql().instance(name)
    return sql().begin(request, name, "RESTART", lambda: sql().server.end_sessions(name) if sql().server else None)

  def failover(request, _, name):
    instance = sql().instance(name)
    check_version(instance, (request.body or {}).get("failoverContext", {}).get("settingsVersion"))
    if instance.resource["settings"].get("availabilityType") != "REGIONAL":
      raise invalid("The instance is not configured for high availability, so it cannot fail over.")

    def work():
      resource = instance.resource
      resource["gceZone"], resource["secondaryGceZone"] = resource["secondaryGceZone"], resource["gceZone"]
      if sql().server:
        sql().server.end_sessions(name)
    return sql().begin(request, name, "FAILOVER", work)

  def delete(request, _, name):
    if sql().instance(name).resource["settings"].get("deletionProtectionEnabled"):
      raise Problem(400, "The instance is protected. Please disable the deletion protection and try again. To disable deletion protection, update the instance settings with "
                    "deletionProtectionEnabled set to false.", reason="invalidRequest")
    return sql().begin(request, name, "DELETE", lambda: sql().remove(name))

  def operation(request, _, id):
    found = world.operations.get(id)
    if found is None or not found.kind.startswith("sql."):
      raise Problem(404, "The Cloud SQL instance operation does not exist.", reason="operationDoesNotExist")
    return sql().rendered(found)

  def operations(request, _):
    name = request.query.get("instance")
    every = [each for each in world.operations.all() if each.kind.startswith("sql.") and name in (None, each.about["instance"])]
    every.sort(key=lambda each: each.began, reverse=True)
    page, token = paged(request, every, 100)
    shown = {"kind": "sql#operationsList", "items": [sql().rendered(each) for each in page]}
    return dict(shown, nextPageToken=token) if token else shown

  return {"list": listed, "get": get, "insert": insert, "patch": patch, "update": update, "restart": restart, "failover": failover, "delete": delete,
          "operation": operation, "operations": operations}


def paged(request, every, most):
  """A page of a list by maxResults and pageToken (a number of elements to skip), and the token of the next or None."""
  start, size = int(request.query.get("pageToken") or 0), int(request.query.get("maxResults") or most)
  return every[start:start + size], str(start + size) if start + size < len(every) else None
