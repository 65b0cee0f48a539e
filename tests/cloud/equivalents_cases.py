"""One row for each act that is tried through belay and through the gcloud command that belay shows beside it.

ACTION: [Case(title, inputs, …)]. Places (project, region) that an action takes are filled in. `before`: requests that bring the world to where the act begins.
"""

import dataclasses

RUN = "https://run.googleapis.com/v2/projects/demo-proj/locations/us-central1"
SQL = "https://sqladmin.googleapis.com/v1/projects/demo-proj"
SECRETS = "https://secretmanager.googleapis.com/v1/projects/demo-proj/secrets"
ACCOUNT = "https://iam.googleapis.com/v1/projects/demo-proj/serviceAccounts/api@demo-proj.iam.gserviceaccount.com"
LOGGING = "https://logging.googleapis.com/v2/projects/demo-proj"
POLICIES = "https://monitoring.googleapis.com/v3/projects/demo-proj/alertPolicies"
FIREWALLS = "https://compute.googleapis.com/compute/v1/projects/demo-proj/global/firewalls"
PROJECT = "https://cloudresourcemanager.googleapis.com/v1/projects/demo-proj"
HALF_AN_HOUR = 1800

PRODUCT_SEED = {
  "services": ["run.googleapis.com"],
  "service_accounts": ["api", "runner"],
  "secrets": {"db-pass": ["one", "two"], "empty": []},
  "storage": {"buckets": {"bkt": {"objects": {"a.txt": "hello", "folder/b.txt": "there"}}}},
  "redis": [{"name": "cache", "tier": "STANDARD_HA", "memorySizeGb": 5}],
  "connectors": [{"name": "conn", "ipCidrRange": "10.8.0.0/28"}],
  "firewalls": [{"name": "allow-hc", "network": "global/networks/default", "direction": "INGRESS", "priority": 1000, "sourceRanges": ["35.191.0.0/16"], "allowed": [{"IPProtocol": "tcp", "ports": ["8080"]}]}],
  "run": {
    "services": [{
      "name": "api", "image": "gcr.io/demo-proj/api:1", "env": {"COLOR": "blue", "SHAPE": "round"}, "port": 8080, "limits": {"cpu": "1", "memory": "512Mi"},
      "revisions": [{"name": "api-00001-one", "image": "gcr.io/demo-proj/api:1", "age_seconds": 7200}, {"name": "api-00002-two", "image": "gcr.io/demo-proj/api:2", "age_seconds": 3600},
                    {"name": "api-00003-bad", "image": "gcr.io/demo-proj/api:3", "age_seconds": 60}]}],
    "jobs": [{"name": "migrate", "image": "gcr.io/demo-proj/api:1", "env": {"A": "1"}}]},
}
SQL_SEED = {
  "sql": {"instances": [
    {"name": "db1", "databases": [{"name": "app", "fixture": "fineman-west"}], "users": [{"name": "app", "password": "first"}], "recoverable_for": 86400,
     "backups": [{"age": 7200}, {"age": 3600}],
     "settings": {"tier": "db-custom-2-8192", "availabilityType": "REGIONAL", "backupConfiguration": {"enabled": True, "startTime": "03:00", "pointInTimeRecoveryEnabled": True},
                  "databaseFlags": [{"name": "max_connections", "value": "200"}, {"name": "work_mem", "value": "4096"}]}},
    {"name": "db2", "databases": [{"name": "app"}], "users": [{"name": "app", "password": "first"}], "settings": {"tier": "db-custom-1-3840", "backupConfiguration": {"enabled": False}}}]},
  "storage": {"buckets": {"bkt": {"objects": {"table.sql": "CREATE TABLE brought (a int); INSERT INTO brought VALUES (7);"}}}},
}


@dataclasses.dataclass
class Case:
  """`inputs`: JSON, or a function of the emulator that gives it. `typed`: what a person types, or sends, into the command. `none`: why there is no command."""
  title: str
  inputs: object
  before: tuple = ()
  typed: str = ""
  none: str = ""


def to(revision):
  """Traffic as a rollback leaves it."""
  return ("PATCH", RUN + "/services/api?updateMask=traffic", {"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": revision, "percent": 100}]})


def key_of(emulator):
  return next(key["name"].rpartition("/")[2] for key in emulator.call("GET", ACCOUNT + "/keys")["keys"] if key.get("keyType") == "USER_MANAGED")


def oldest_backup(emulator):
  return emulator.call("GET", SQL + "/instances/db1/backupRuns")["items"][-1]["id"]


WITH_SECRETS = ("PATCH", RUN + "/services/api?updateMask=template", {"template": {
  "containers": [{"image": "gcr.io/demo-proj/api:3", "ports": [{"name": "http1", "containerPort": 8080}], "volumeMounts": [{"name": "cloudsql", "mountPath": "/cloudsql"}], "env": [
    {"name": "COLOR", "value": "blue"}, {"name": "SHAPE", "value": "round"}, {"name": "WORD", "valueSource": {"secretKeyRef": {"secret": "db-pass", "version": "1"}}},
    {"name": "OLD", "valueSource": {"secretKeyRef": {"secret": "db-pass", "version": "1"}}}]}],
  "volumes": [{"name": "cloudsql", "cloudSqlInstance": {"instances": ["demo-proj:us-central1:db1"]}}]}})
NEW_KEY = ("POST", ACCOUNT + "/keys", {"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE"})
SERVICE = {"service": "api"}
CONDITIONAL = ("POST", PROJECT + ":setIamPolicy", {"policy": {"version": 3, "bindings": [
  {"role": "roles/owner", "members": ["user:operator@example.com"]}, {"role": "roles/viewer", "members": ["user:a@example.com", "user:b@example.com"]},
  {"role": "roles/viewer", "members": ["user:a@example.com"], "condition": {"title": "soon over", "expression": 'request.time < timestamp("2030-01-01T00:00:00Z")'}}]}})
A_METRIC = 'metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision"'
WHOLE_POLICY = {"name": "Errors, many", "filter": A_METRIC + ' AND metric.labels.response_code_class="5xx"', "comparison": "above", "threshold": 0.05, "lasting": "10m", "period": "2m", "align": "ALIGN_RATE",
                "reduce": "REDUCE_SUM", "group_by": ["resource.label.service_name"], "documentation": "Roll back: it's `belay rollback api`", "labels": {"team": "ops"}, "severity": "CRITICAL"}


def run_cases():
  image = {"image": "gcr.io/demo-proj/api:4"}
  everything = {
    **image, "env": {"MODE": "a,b", "SPACED": "it's $HOME ~ |"}, "remove_env": ["COLOR"], "secrets": {"DB_PASS": "db-pass:1", "OTHER": "db-pass:latest"}, "service_account": "runner", "sql_instances": ["db1", "demo-proj:us-east1:db9"],
    "cpu": "2", "memory": "1Gi", "min_instances": 1, "max_instances": 7, "concurrency": 40, "timeout": "90s", "port": 9090, "ingress": "internal", "connector": "conn", "egress": "all-traffic",
    "command": ["./serve"], "args": ["--a=1,2", "--b"]}
  return {
    "cloud-run.traffic": [
      Case("a split", {"split": {"api-00001-one": 40, "api-00002-two": 60}}),
      Case("to the latest", {"split": {"LATEST": 100}}, before=(to("api-00002-two"),)),
      Case("part of it to the latest", {"split": {"LATEST": 10, "api-00002-two": 90}}),
      Case("a tag that is added", {"set_tags": {"old": "api-00001-one", "mid": "api-00002-two"}}),
      Case("a tag that is moved, one that is taken away, and a split", {"set_tags": {"old": "api-00002-two"}, "remove_tags": ["gone"], "split": {"api-00001-one": 100}}, before=(
        ("PATCH", RUN + "/services/api?updateMask=traffic", {"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100},
                                                                         {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "api-00001-one", "tag": "old"},
                                                                         {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "api-00001-one", "tag": "gone"}]}),)),
      Case("a share of a tag", {"split": {"tag:next": 100}}, before=(
        ("PATCH", RUN + "/services/api?updateMask=traffic", {"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100},
                                                                         {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "api-00001-one", "tag": "next"}]}),)),
      Case("a rollback that remembers what was bad", {"split": {"api-00002-two": 100}, "bad": ["api-00003-bad"]}),
      Case("as it is", {"split": {"api-00002-two": 100}}, before=(to("api-00002-two"),), none="nothing"),
    ],
    "cloud-run.deploy": [
      Case("an image", image),
      Case("every setting", everything),
      Case("settings that a service has", {**image, "settings": {"cpu": "2", "memory": "1Gi", "env": {"MODE": "x"}, "secrets": {"DB_PASS": "db-pass:2"}, "service_account": "runner", "ingress": "all", "max_instances": 4}}),
      Case("all other variables gone", {**image, "env": {"MODE": "fast"}, "replace_env": True}),
      Case("all variables gone", {**image, "replace_env": True}),
      Case("variables and secrets replaced", {**image, "env": {"MODE": "fast"}, "secrets": {"DB_PASS": "db-pass:1"}, "replace_env": True}),
      Case("without traffic, with a tag", {**image, "no_traffic": True, "tag": "next"}),
      Case("with a tag", {**image, "tag": "next"}),
      Case("after a rollback", image, before=(to("api-00002-two"),)),
      Case("after a rollback, with a tag", {**image, "tag": "next"}, before=(to("api-00002-two"),)),
      Case("after a rollback, without traffic", {**image, "no_traffic": True}, before=(to("api-00002-two"),)),
      Case("a variable and a secret taken away", {**image, "env": {"NEW": "1"}, "secrets": {"MORE": "db-pass:1"}, "remove_env": ["SHAPE", "OLD"]}, before=(WITH_SECRETS,)),
      Case("a variable in the place of a secret", {**image, "env": {"WORD": "open"}}, before=(WITH_SECRETS,), none="gcloud refuses to make a variable of a secret, and a secret of a variable, in one command"),
      Case("all variables and secrets replaced", {**image, "env": {"A": "1"}, "secrets": {"WORD": "db-pass:2"}, "replace_env": True}, before=(WITH_SECRETS,)),
      Case("no database any more", {**image, "sql_instances": []}, before=(WITH_SECRETS,)),
      Case("no instance kept ready", {**image, "min_instances": 0}),
      Case("a new service", {**image, "service": "fresh", "create": True, "port": 8080, "max_instances": 3, "env": {"A": "1"}}),
      Case("a new service with nothing said", {**image, "service": "fresh", "create": True}),
    ],
    "cloud-run.update": [
      Case("a variable and a limit", {"env": {"MODE": "slow"}, "memory": "1Gi"}),
      Case("everything", {name: value for name, value in everything.items() if name != "image"}),
      Case("without traffic", {"env": {"MODE": "slow"}, "no_traffic": True, "tag": "next"}),
      Case("after a rollback", {"env": {"MODE": "slow"}}, before=(to("api-00002-two"),), none="gcloud starts from the newest revision, this from the one that serves"),
      Case("as it is", {"env": {"COLOR": "blue"}}, none="nothing"),
    ],
    "cloud-run.scale": [
      Case("instances", {"min_instances": 2, "max_instances": 9}),
      Case("processors and memory", {"cpu": "2", "memory": "2Gi", "concurrency": 10}),
      Case("as it is", {"memory": "512Mi"}, none="nothing"),
    ],
    "cloud-run.restart": [
      Case("what serves", {}),
      Case("an older revision", {"revision": "api-00001-one"}, none="gcloud starts from the newest revision, this from the one that is named"),
    ],
    "cloud-run.access": [
      Case("closed", {"public": False}),
      Case("open", {"public": True}, before=(("POST", RUN + "/services/api:setIamPolicy", {"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["user:a@example.com"]}]}}),)),
      Case("as it is", {"public": True}, none="nothing"),
    ],
    "cloud-run.copy": [Case("a trial", {"to": "api-trial"}, none="gcloud has no command that makes a service out of another's revision")],
    "cloud-run.delete-copy": [
      Case("a copy", {"service": "api-trial", "of": "api"}, before=(("POST", RUN + "/services?serviceId=api-trial", {"labels": {"belay-copy-of": "api"}, "template": {"containers": [{"image": "gcr.io/demo-proj/api:1"}]}}),)),
      Case("one that is not there", {"service": "api-trial", "of": "api"}, none="nothing"),
    ],
    "cloud-run.job-image": [Case("a new image", {"job": "migrate", "image": "gcr.io/demo-proj/api:2"})],
    "cloud-run.job-run": [
      Case("as it is", {"job": "migrate"}),
      Case("with arguments and variables", {"job": "migrate", "args": ["--to=a,b", "it's"], "env": {"A": "1,2", "B": "~ |"}}),
    ],
  }


def instance_cases():
  """What needs no rows."""
  db = {"instance": "db1"}
  new = {"instance": "db8", "version": "POSTGRES_15", "region": "us-central1", "tier": "db-custom-2-8192"}
  return {
    "cloud-sql.create": [
      Case("the least", new),
      Case("every setting", {**new, "edition": "ENTERPRISE", "storage_type": "HDD", "network": "projects/demo-proj/global/networks/default", "availability": "REGIONAL", "storage_gb": 20, "storage_auto_increase": False,
                             "activation": "ALWAYS", "deletion_protection": True, "backup_start": "02:00", "point_in_time": True, "retained_backups": 14, "log_days": 3,
                             "flags": {"max_connections": "300", "log_statement": "ddl"}}),
      Case("backups without a time", {**new, "backups": True}),
      Case("switches that are off", {**new, "backups": False, "storage_auto_increase": False, "deletion_protection": False}),
      Case("one that is there", {"instance": "db1", "version": "POSTGRES_15", "region": "us-central1"}, none="nothing"),
    ],
    "cloud-sql.patch": [
      Case("the machine", {**db, "tier": "db-custom-4-16384"}),
      Case("every setting", {**db, "tier": "db-custom-4-16384", "availability": "ZONAL", "storage_gb": 30, "storage_auto_increase": True, "deletion_protection": True, "backup_start": "04:00", "retained_backups": 14,
                             "log_days": 3, "flags": {"work_mem": "65536"}}),
      Case("switches that are off", {**db, "storage_auto_increase": False, "point_in_time": False}),
      Case("stopped", {**db, "activation": "NEVER"}),
      Case("no backups", {**db, "backups": False, "point_in_time": False}),
      Case("backups turned on", {"instance": "db2", "backups": True, "point_in_time": True}),
      Case("a time for backups turns them on", {"instance": "db2", "backup_start": "05:00"}),
      Case("a flag that is taken away", {**db, "flags": {"work_mem": None}}),
      Case("all flags taken away", {**db, "flags": {"work_mem": None, "max_connections": None}}),
      Case("a flag with a comma", {**db, "flags": {"work_mem": None, "session_preload_libraries": "a,b"}}),
      Case("as it is", {**db, "tier": "db-custom-2-8192"}, none="nothing"),
    ],
    "cloud-sql.restart": [Case("an instance", db)],
    "cloud-sql.failover": [Case("an instance", db)],
    "cloud-sql.database": [
      Case("a new one", {**db, "database": "other"}),
      Case("with its characters", {**db, "database": "other", "charset": "UTF8", "collation": "C"}),
      Case("one that is there", {**db, "database": "app"}, none="nothing"),
    ],
    "cloud-sql.backup-create": [Case("a backup", db), Case("with a reason", {**db, "description": "before 1.2.0, it's new"})],
    "cloud-sql.backup-delete": [Case("an old one", lambda emulator: {**db, "backup": oldest_backup(emulator)})],
  }


def row_cases():
  db = {"instance": "db1"}
  return {
    "cloud-sql.user": [
      Case("a new user", {**db, "user": "fresh", "password": "${{ secrets.pass }}"}, typed="hunter2\n"),
      Case("a new password", {**db, "user": "app", "password": "${{ secrets.pass }}"}, typed="hunter2\n"),
      Case("one that is there and keeps its password", {**db, "user": "app", "password": "${{ secrets.pass }}", "keep": True}, none="nothing"),
    ],
    "cloud-sql.restore": [
      Case("the newest into a new instance", {"instance": "db9", "from": "db1", "backup": "latest"}, before=(
        ("POST", SQL + "/instances", {"name": "db9", "databaseVersion": "POSTGRES_15", "region": "us-central1", "settings": {"tier": "db-custom-2-8192"}}),)),
    ],
    "cloud-sql.restore-over": [
      Case("the newest", {**db, "backup": "latest"}),
      Case("one by its number", lambda emulator: {**db, "backup": oldest_backup(emulator)}),
    ],
    "cloud-sql.clone": [Case("as it is", {**db, "to": "db7"}), Case("as it was", lambda emulator: {**db, "to": "db7", "at": emulator.ago(HALF_AN_HOUR)})],
    "cloud-sql.export": [
      Case("a database", {**db, "database": "app", "uri": "gs://bkt/dump.sql.gz"}),
      Case("on the instance itself, not compressed", {**db, "database": "app", "uri": "gs://bkt/a dump.sql", "offload": False}),
    ],
    "cloud-sql.import": [
      Case("an object", {"instance": "db2", "database": "app", "uri": "gs://bkt/table.sql"}),
      Case("as a user", {**db, "database": "app", "uri": "gs://bkt/table.sql", "user": "app"}),
    ],
  }


def access_cases():
  member = {"member": "user:a@example.com"}
  key = lambda emulator: {"account": "api", "key": key_of(emulator)}
  return {
    "service-usage.enable": [
      Case("two, of which one is new", {"services": ["redis.googleapis.com", "run.googleapis.com"]}),
      Case("three new ones", {"services": ["redis.googleapis.com", "sqladmin.googleapis.com", "compute.googleapis.com"]}),
      Case("those that are enabled", {"services": ["run.googleapis.com"]}, none="nothing"),
    ],
    "iam.account": [
      Case("a new one", {"account": "worker"}),
      Case("with a title, by its address", {"account": "worker@demo-proj.iam.gserviceaccount.com", "title": "The worker's own"}),
      Case("one that is there", {"account": "api"}, none="nothing"),
    ],
    "iam.key-create": [Case("a key in a secret", {"account": "api", "secret": "empty"})],
    "iam.key": [
      Case("disabled", lambda emulator: {**key(emulator), "state": "disabled"}, before=(NEW_KEY,)),
      Case("as it is", lambda emulator: {**key(emulator), "state": "enabled"}, before=(NEW_KEY,), none="nothing"),
    ],
    "iam.key-delete": [Case("one of two", key, before=(NEW_KEY, NEW_KEY)), Case("the last one", lambda emulator: {**key(emulator), "last": True}, before=(NEW_KEY,))],
    "iam.binding": [
      Case("two roles", {**member, "roles": ["roles/viewer", "roles/browser"]}),
      Case("beside a conditional one", {**member, "roles": ["roles/browser"]}, before=(CONDITIONAL,)),
      Case("taken away, the conditional one stays", {**member, "roles": ["roles/viewer"], "state": "absent"}, before=(CONDITIONAL,)),
      Case("as it is", {**member, "roles": ["roles/browser"], "state": "absent"}, none="nothing"),
    ],
    "secret-manager.create": [
      Case("a secret", {"secret": "fresh"}),
      Case("in two regions, with labels", {"secret": "fresh", "locations": ["us-central1", "us-east1"], "labels": {"team": "ops", "stage": "test"}}),
      Case("one that is there", {"secret": "db-pass"}, none="nothing"),
    ],
    "secret-manager.add": [
      Case("a value", {"secret": "db-pass", "value": "${{ secrets.pass }}"}, typed="hunter2"),
      Case("a value that is typed, with the line feed after it", {"secret": "db-pass", "value": "${{ secrets.pass }}"}, typed="hunter2\n"),
      Case("with its line feed", {"secret": "db-pass", "value": "${{ secrets.pass + '\\n' }}", "keep_line_feed": True}, typed="hunter2\n"),
      Case("where there is one", {"secret": "db-pass", "value": "${{ secrets.pass }}", "if_missing": True}, none="nothing"),
    ],
    "secret-manager.mint": [
      Case("as digits", {"secret": "db-pass"}),
      Case("as letters, and so many that they take two lines", {"secret": "empty", "bytes": 64, "form": "base64"}),
      Case("where there is one", {"secret": "db-pass", "if_missing": True}, none="nothing"),
    ],
    "secret-manager.version": [
      Case("disabled", {"secret": "db-pass", "version": "1", "state": "disabled"}),
      Case("enabled", {"secret": "db-pass", "version": "1", "state": "enabled"}, before=(("POST", SECRETS + "/db-pass/versions/1:disable", {}),)),
      Case("as it is", {"secret": "db-pass", "version": "1", "state": "enabled"}, none="nothing"),
    ],
  }


def network_and_storage_cases():
  return {
    "compute.connector": [
      Case("a new one", {"connector": "second", "range": "10.9.0.0/28"}),
      Case("with its size", {"connector": "second", "range": "10.9.0.0/28", "network": "default", "min_instances": 3, "max_instances": 5, "machine_type": "f1-micro"}),
      Case("taken away", {"connector": "conn", "state": "absent"}),
      Case("as it is", {"connector": "conn", "range": "10.8.0.0/28"}, none="nothing"),
    ],
    "compute.firewall": [
      Case("closed to some", {"name": "deny-one", "sources": ["203.0.113.0/24", "198.51.100.7"], "priority": 100}),
      Case("open to some ports", {"name": "allow-web", "action": "allow", "rules": ["tcp:80", "tcp:8000-8100", "udp", "icmp"], "sources": ["0.0.0.0/0"]}),
      Case("closed outwards", {"name": "deny-out", "direction": "EGRESS", "rules": ["tcp:25"], "sources": ["0.0.0.0/0"]}),
      Case("outwards, to everywhere", {"name": "deny-out", "direction": "EGRESS"}),
      Case("taken away", {"name": "allow-hc", "state": "absent"}),
      Case("as it is", {"name": "nobody", "state": "absent"}, none="nothing"),
    ],
    "memorystore.resize": [Case("larger", {"instance": "cache", "size_gb": 8}), Case("as it is", {"instance": "cache", "size_gb": 5}, none="nothing")],
    "memorystore.failover": [Case("without loss", {"instance": "cache"}), Case("with loss", {"instance": "cache", "lose_data": True})],
    "storage.put": [
      Case("a file", {"bucket": "bkt", "object": "up.txt", "file": "up.txt", "type": "text/plain"}),
      Case("a file whose type nobody says", {"bucket": "bkt", "object": "in/a folder/up.json", "file": "up.txt"}),
      Case("a text", {"bucket": "bkt", "object": "note.txt", "content": "some text", "type": "text/plain; charset=utf-8"}, typed="some text"),
      Case("a value", {"bucket": "bkt", "object": "note.json", "content": {"a": [1, 2]}, "type": "application/json"}, typed='{"a":[1,2]}'),
    ],
    "storage.fetch": [Case("an object", {"bucket": "bkt", "object": "folder/b.txt", "file": "down.txt"})],
    "storage.delete": [
      Case("an object", {"bucket": "bkt", "object": "folder/b.txt"}),
      Case("one whose name has signs", {"bucket": "bkt", "object": "odd*[1]?.txt"}, before=(("POST", "https://storage.googleapis.com/upload/storage/v1/b/bkt/o?uploadType=media&name=odd%2A%5B1%5D%3F.txt", b"odd"),
                                                                                          ("POST", "https://storage.googleapis.com/upload/storage/v1/b/bkt/o?uploadType=media&name=oddly1x.txt", b"odd")),
           none="gcloud takes *, ? and [ in a name for a pattern, which may mean other objects"),
      Case("one that is not there", {"bucket": "bkt", "object": "gone.txt"}, none="nothing"),
    ],
    "storage.bucket": [Case("a new one", {"bucket": "fresh", "location": "us-central1"}), Case("one that is there", {"bucket": "bkt", "location": "US"}, none="nothing")],
  }


def watching_cases():
  policy = {"name": "Errors", "filter": A_METRIC, "threshold": 0.05, "align": "ALIGN_RATE"}
  stored = {"displayName": "Errors", "combiner": "OR", "conditions": [{"displayName": "old", "conditionThreshold": {"filter": A_METRIC, "comparison": "COMPARISON_GT", "thresholdValue": 0.5, "duration": "60s"}}],
            "documentation": {"content": "old", "mimeType": "text/markdown"}, "userLabels": {"team": "dev", "kind": "old"}}
  sink = {"name": "keep", "destination": "storage.googleapis.com/bkt"}
  made = lambda **more: (("POST", LOGGING + "/sinks?uniqueWriterIdentity=true", {**sink, **more}),)
  metric = {"name": "errors", "filter": 'severity>=ERROR AND jsonPayload.message=~"it\'s"'}
  return {
    "logging.sink": [
      Case("everything", sink),
      Case("what a filter lets through", {**sink, "filter": 'severity>=ERROR AND resource.type="cloud_run_revision"'}),
      Case("another filter", {**sink, "filter": "severity>=ERROR"}, before=made(filter="severity>=INFO")),
      Case("another place", {**sink, "destination": "storage.googleapis.com/other"}, before=made()),
      Case("no filter any more", sink, before=made(filter="severity>=INFO")),
      Case("as it is", sink, before=made(), none="nothing"),
    ],
    "logging.metric": [
      Case("a count", metric),
      Case("with a description", {**metric, "description": "what went wrong"}),
      Case("another filter", metric, before=(("POST", LOGGING + "/metrics", {"name": "errors", "filter": "severity>=INFO", "description": "old"}),)),
    ],
    "monitoring.alert-policy": [
      Case("the least", policy),
      Case("everything", WHOLE_POLICY),
      Case("below", {**policy, "comparison": "below", "threshold": 1}),
      Case("as it is to be", policy, before=(("POST", POLICIES, stored),)),
      Case("with new labels", {**policy, "labels": {"team": "ops"}, "documentation": "new"}, before=(("POST", POLICIES, stored),)),
    ],
  }


# ACTION: why it is not tried here.
UNTRIED = {"cloud-sql.delete-copy": "it deletes only what an earlier step of the same run has made"}
