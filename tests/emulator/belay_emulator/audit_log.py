"""Cloud Audit Logs: every change that was made, or refused for want of a permission, as an entry of `cloudaudit.googleapis.com/activity`."""

import re

NAMES = (  # service, method of HTTP, path, the method's name in the log, resource type
  ("cloudresourcemanager", "POST", r".*/projects/[^/]+:setIamPolicy", "SetIamPolicy", "project"),
  ("iam", "POST", r".*/serviceAccounts", "google.iam.admin.v1.CreateServiceAccount", "service_account"),
  ("iam", "DELETE", r".*/serviceAccounts/[^/]+", "google.iam.admin.v1.DeleteServiceAccount", "service_account"),
  ("iam", "POST", r".*/serviceAccounts/[^/]+/keys", "google.iam.admin.v1.CreateServiceAccountKey", "service_account"),
  ("iam", "DELETE", r".*/serviceAccounts/[^/]+/keys/[^/]+", "google.iam.admin.v1.DeleteServiceAccountKey", "service_account"),
  ("iam", "POST", r".*/keys/[^/]+:disable", "google.iam.admin.v1.DisableServiceAccountKey", "service_account"),
  ("iam", "POST", r".*/serviceAccounts/[^/]+:setIamPolicy", "google.iam.admin.v1.SetIAMPolicy", "service_account"),
  ("run", "POST", r"/v2/.*/services", "google.cloud.run.v2.Services.CreateService", "cloud_run_revision"),
  ("run", "PATCH", r"/v2/.*/services/[^/]+", "google.cloud.run.v2.Services.UpdateService", "cloud_run_revision"),
  ("run", "DELETE", r"/v2/.*/services/[^/]+", "google.cloud.run.v2.Services.DeleteService", "cloud_run_revision"),
  ("run", "POST", r"/apis/.*/services", "google.cloud.run.v1.Services.CreateService", "cloud_run_revision"),
  ("run", "PUT", r"/apis/.*/services/[^/]+", "google.cloud.run.v1.Services.ReplaceService", "cloud_run_revision"),
  ("run", "POST", r".*/services/[^/]+:setIamPolicy", "google.cloud.run.v1.Services.SetIamPolicy", "cloud_run_revision"),
  ("cloudsql", "POST", r".*/instances/[^/]+/backupRuns", "cloudsql.backupRuns.create", "cloudsql_database"),
  ("cloudsql", "POST", r".*/instances/[^/]+/(restart|failover|clone|restoreBackup|export|import)", r"cloudsql.instances.\1", "cloudsql_database"),
  ("cloudsql", "PATCH", r"(?:/v1|/sql/v1beta4)/projects/[^/]+/instances/[^/]+", "cloudsql.instances.update", "cloudsql_database"),
  ("cloudsql", "PUT", r".*/instances/[^/]+/users", "cloudsql.users.update", "cloudsql_database"),
  ("secretmanager", "POST", r".*/secrets/[^/:]+:addVersion", "google.cloud.secretmanager.v1.SecretManagerService.AddSecretVersion", "audited_resource"),
  ("secretmanager", "POST", r".*/versions/[^/:]+:disable", "google.cloud.secretmanager.v1.SecretManagerService.DisableSecretVersion", "audited_resource"),
  ("compute", "POST", r".*/global/firewalls", "v1.compute.firewalls.insert", "gce_firewall_rule"),
  ("compute", "DELETE", r".*/global/firewalls/[^/]+", "v1.compute.firewalls.delete", "gce_firewall_rule"),
)
# POSTs that change nothing, and what is no API of the project.
READS = re.compile(r".*(:list|:tail|:getIamPolicy|:testIamPermissions|:wait|/wait|:write|:generateAccessToken|:generateIdToken|/token)$|/upload/|/resumable/")


def method_of(entry):
  """(service, method name, resource type) of a recorded request."""
  for service, method, path, name, type in NAMES:
    match = re.fullmatch(path, entry["path"]) if entry["method"] == method else None
    if match:
      return service, match.expand(name), type
  service = entry["host"].removesuffix(".googleapis.com").rpartition("-")[2]
  words = [each for each in re.split(r"[/:]", entry["path"]) if each]
  verb = words[-1] if ":" in entry["path"] else {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}[entry["method"]]
  return service, f"{service}.{verb}", "audited_resource"


def heard(world, entry):
  """Told after each answer."""
  refused = entry["status"] == 403
  if entry["method"] not in ("POST", "PUT", "PATCH", "DELETE") or not entry["principal"] or READS.search(entry["path"]) or entry["status"] >= 400 and not refused:
    return
  service, method, type = method_of(entry)
  found = re.search(r"(?:projects|namespaces)/[^?]*", entry["path"])
  payload = {
    "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": f"{service}.googleapis.com", "methodName": method,
    "resourceName": found.group(0).partition(":")[0] if found else entry["path"], "authenticationInfo": {"principalEmail": entry["principal"]},
    "requestMetadata": {"callerIp": "127.0.0.1", "callerSuppliedUserAgent": entry["user_agent"]}, "status": {}}
  error = (entry["reply"] or {}).get("error", {}) if isinstance(entry["reply"], dict) else {}
  if refused:
    permission = re.search(r"[a-z]+\.[A-Za-z]+\.[A-Za-z]+", error.get("message", "").replace("googleapis.com", ""))
    payload["status"] = {"code": 7, "message": error.get("message", "")}
    payload["authorizationInfo"] = [{"resource": payload["resourceName"], "permission": permission.group(0) if permission else "", "granted": False}]
  # Its id comes from the request's number: the world's own ids stay those that were recorded.
  world.logs.append({
    "logName": f"projects/{world.project}/logs/cloudaudit.googleapis.com%2Factivity", "resource": {"type": type, "labels": {"project_id": world.project}},
    "timestamp": entry["time"], "receiveTimestamp": entry["time"], "severity": "ERROR" if refused else "NOTICE", "insertId": f"audit{entry['n']}", "protoPayload": payload})


def routes(world):
  world.heard.append(lambda entry: heard(world, entry))
  return []
