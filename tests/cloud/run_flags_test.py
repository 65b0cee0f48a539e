"""Every flag of `gcloud run services update` that an operator uses, and what of it Cloud Run's v2 shows."""

import unittest

import recordings
from run_scenario import REGION, Scenario
from support import needs_gcloud

C0 = ("template", "containers", 0)
# Flags (those of a line together, for gcloud takes its time), whether they make a revision, and what v2 then shows: path (a name or an index a step), value.
FLAGS = (
  ("--image=gcr.io/demo-proj/api:9 --service-account=x@demo-proj.iam.gserviceaccount.com --add-cloudsql-instances=db1 --update-env-vars=B=3 --cpu=4 --memory=2Gi", True, (
    ((*C0, "image"), "gcr.io/demo-proj/api:9"), (("template", "serviceAccount"), "x@demo-proj.iam.gserviceaccount.com"),
    (("template", "volumes", 0, "cloudSqlInstance", "instances"), ["demo-proj:us-central1:db1"]), ((*C0, "env"), [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]),
    ((*C0, "resources", "limits"), {"cpu": "4", "memory": "2Gi"}))),
  ("--clear-cloudsql-instances --remove-env-vars=B --set-secrets=DB=db-pass:latest --min-instances=3 --max-instances=30 --concurrency=40 --timeout=10m --port=9090", True, (
    (("template", "volumes"), None), ((*C0, "env"), [{"name": "A", "value": "1"}, {"name": "DB", "valueSource": {"secretKeyRef": {"secret": "db-pass", "version": "latest"}}}]),
    (("template", "scaling"), {"minInstanceCount": 3, "maxInstanceCount": 30}), (("template", "maxInstanceRequestConcurrency"), 40), (("template", "timeout"), "600s"),
    ((*C0, "ports"), [{"name": "http1", "containerPort": 9090}]))),
  ("--update-secrets=DB=db-pass:3,/secrets/key=api-key:latest --max-instances=default --vpc-connector=conn --vpc-egress=all-traffic --no-cpu-throttling --cpu-boost", True, (
    ((*C0, "env", 1, "valueSource", "secretKeyRef", "version"), "3"), (("template", "volumes", 0, "secret"), {"secret": "api-key", "items": [{"version": "latest", "path": "key"}]}),
    ((*C0, "volumeMounts", 0, "mountPath"), "/secrets"), (("template", "scaling", "maxInstanceCount"), 100),
    (("template", "vpcAccess"), {"connector": "conn", "egress": "ALL_TRAFFIC"}), ((*C0, "resources", "cpuIdle"), None), ((*C0, "resources", "startupCpuBoost"), True))),
  ("--execution-environment=gen2 --session-affinity --update-labels=team=a --revision-suffix=v9 --command=run --args=-x,-y --liveness-probe=httpGet.path=/livez"
   " --use-http2 --startup-probe=httpGet.path=/healthz,httpGet.port=9090,initialDelaySeconds=5,timeoutSeconds=3,failureThreshold=3,periodSeconds=10", True, (
    (("template", "executionEnvironment"), "EXECUTION_ENVIRONMENT_GEN2"), (("template", "sessionAffinity"), True), (("labels",), {"team": "a"}), (("template", "revision"), "api-v9"),
    ((*C0, "command"), ["run"]), ((*C0, "args"), ["-x", "-y"]), ((*C0, "livenessProbe", "httpGet", "path"), "/livez"), ((*C0, "ports", 0, "name"), "h2c"),
    ((*C0, "startupProbe"), {"httpGet": {"path": "/healthz", "port": 9090}, "initialDelaySeconds": 5, "timeoutSeconds": 3, "failureThreshold": 3, "periodSeconds": 10}))),
  ("--clear-vpc-connector --vpc-egress=private-ranges-only --clear-env-vars --add-volume=name=v,type=cloud-storage,bucket=b --add-volume-mount=volume=v,mount-path=/m", True, (
    (("template", "vpcAccess", "connector"), None), (("template", "volumes", 1, "gcs"), {"bucket": "b"}), ((*C0, "env", 0, "name"), "DB"))),
  ("--ingress=internal-and-cloud-load-balancing --min=2 --no-invoker-iam-check --binary-authorization=default", False, (
    (("ingress",), "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"), (("scaling", "minInstanceCount"), 2), (("invokerIamDisabled",), True),
    (("binaryAuthorization",), {"useDefault": True}))),
  ("--tag=canary", False, ((("traffic", 1), {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "tag": "canary"}),)),
  ("--no-traffic --network=default --subnet=default", True, (
    (("traffic", 0, "type"), "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"), (("template", "vpcAccess", "networkInterfaces"), [{"network": "default", "subnetwork": "default"}]))),
)


def found(value, path):
  for step in path:
    try:
      value = value[step]
    except (KeyError, IndexError):
      return None
  return value


class FlagsTest(Scenario):
  def update(self, record):
    for flags, makes_revision, shown in FLAGS:
      before = self.service()["latestCreatedRevision"]
      record.gcloud("run", "services", "update", "api", REGION, "--async", *flags.split())
      service = self.service()
      self.assertEqual(service["latestCreatedRevision"] != before, makes_revision, flags)
      for path, wanted in shown:
        with self.subTest(f"{path} after {flags}"):
          self.assertEqual(found(service, path), wanted)

  @needs_gcloud
  def test_gcloud_updates_every_setting(self):
    record = recordings.Recording(self, "run_flags", self.emulator)
    self.update(record)
    record.finish()

  def test_what_gcloud_sent_to_update_is_answered_again(self):
    recordings.replay(self, "run_flags", self.emulator)


if __name__ == "__main__":
  unittest.main()
