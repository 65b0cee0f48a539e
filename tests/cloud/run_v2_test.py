"""Cloud Run's v2 as the emulator keeps it: what bites, what takes time, what fails, and where requests really go."""

import http.client
import json
import random
import sys
import unittest
import urllib.parse

import sdk_messages
from run_scenario import LATEST, SERVICE, SEED, SPLIT, traffic
from support import HAS_GCLOUD, ROOT, Emulator, needs_gcloud

REVISIONS = SERVICE + "/revisions"
OPERATIONS = "https://run.googleapis.com/v2/"


def get(url, path="/", headers=None):
  """(status, JSON or text) of a request to a service's own address."""
  parts = urllib.parse.urlsplit(url)
  connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
  try:
    connection.request("GET", path, headers=headers or {})
    response = connection.getresponse()
    text = response.read().decode()
    return response.status, json.loads(text) if "json" in response.getheader("content-type", "") else text
  finally:
    connection.close()


class RunV2Test(unittest.TestCase):
  @classmethod
  def setUpClass(cls):
    cls.emulator = Emulator(seed=SEED)

  @classmethod
  def tearDownClass(cls):
    cls.emulator.stop()

  def setUp(self):
    self.emulator.control("reset", {})

  def tearDown(self):
    if HAS_GCLOUD:  # every body of every test that was taken is one of Google's
      taken = [each for each in self.emulator.requests() if (each["status"] or 500) < 300]
      self.assertEqual(sdk_messages.problems_of_recorded(taken), [])

  def service(self):
    return self.emulator.call("GET", SERVICE)

  def patch(self, mask, body):
    return self.emulator.request("PATCH", f"{SERVICE}?updateMask={mask}" if mask else SERVICE, body)

  def wait(self, operation, seconds=20):
    return self.emulator.call("POST", f"{OPERATIONS}{operation['name']}:wait", {"timeout": f"{seconds}s"})

  def patched(self, mask, body):
    answer = self.patch(mask, body)
    self.assertEqual(answer.status, 200, answer.body)
    return self.wait(answer.body)

  def shares(self, url, count=20):
    found = {}
    for _ in range(count):
      revision = get(url)[1]["revision"]
      found[revision] = found.get(revision, 0) + 1
    return found

  def test_an_etag_that_is_not_the_current_one_is_a_conflict_and_changes_nothing(self):
    stale = self.service()["etag"]
    self.patched("traffic", {"traffic": SPLIT, "etag": stale})
    before = self.service()
    answer = self.patch("traffic", {"traffic": LATEST, "etag": stale})
    self.assertEqual((answer.status, answer.body["error"]["status"]), (409, "ABORTED"))
    self.assertEqual(self.service(), before)
    self.assertEqual(self.patch("traffic", {"traffic": LATEST}).status, 200)  # without one the last writer wins

  def test_a_template_goes_its_way_without_moving_pinned_traffic(self):
    self.patched("traffic", {"traffic": traffic(("api-00002-xyz", 100, ""))})
    container = dict(self.service()["template"]["containers"][0], image="us-docker.pkg.dev/demo-proj/app/api:9")
    done = self.patched("template.containers,template.revision", {"template": {"containers": [container]}})
    self.assertTrue(done["done"])
    service = self.service()
    self.assertEqual(service["latestCreatedRevision"], service["latestReadyRevision"])
    self.assertRegex(service["latestReadyRevision"], r"/revisions/api-\d{5}-[a-z]{3}$")
    self.assertEqual(service["trafficStatuses"], [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "api-00002-xyz", "percent": 100}])
    self.assertEqual(self.shares(service["uri"], 5), {"api-00002-xyz": 5})

  def test_the_name_of_a_revision_that_is_there_cannot_be_given_to_another(self):
    template = self.service()["template"]
    self.assertEqual(template["revision"], "api-00003-abc")
    template["containers"][0]["image"] = "other:1"
    answer = self.patch("template", {"template": template})
    self.assertEqual(answer.status, 409)
    self.assertIn("Revision named 'api-00003-abc' with different configuration already exists", answer.body["error"]["message"])
    self.assertEqual(self.patch("template.containers", {"template": template}).status, 409)  # the name stays when the mask leaves it out

  def test_what_makes_no_sense_is_refused_and_changes_nothing(self):
    before = self.service()
    for mask, body, word in (
      ("traffic", {"traffic": traffic(("api-00001-aaa", 60, ""))}, "sum to 100"),
      ("traffic", {"traffic": [{"percent": 100}]}, "type"), ("traffic", {"traffic": traffic(("", 100, "a"), ("api-00001-aaa", 0, "a"))}, "twice"),
      ("template.scaling", {"template": {"scaling": {"minInstanceCount": 9, "maxInstanceCount": 2}}}, "greater or equal"), ("ingress", {"ingress": "all"}, "Invalid value"),
      ("nonsense", {"nonsense": 1}, "nonsense"), ("", {"imageUrl": "x"}, "Unknown name"), ("labels", {"labels": {"run.googleapis.com/x": "y"}}, "namespace of the system"),
      ("template.timeout", {"template": {"timeout": "5 minutes"}}, "duration"), ("template.containers", {"template": {"containers": []}}, "image is required"),
    ):
      answer = self.patch(mask, body)
      self.assertEqual(answer.status, 400, (mask, answer.body))
      self.assertIn(word, answer.body["error"]["message"])
    self.assertEqual(self.patch("traffic&validateOnly=true", {"traffic": SPLIT}).status, 200)
    self.assertEqual(self.service(), before)

  def test_a_revision_that_never_becomes_ready_leaves_the_traffic_where_it_was(self):
    template = self.service()["template"]
    del template["revision"]
    template["containers"][0]["env"].append({"name": "FAULT_START", "value": "never"})
    done = self.patched("template", {"template": template})
    self.assertEqual(done["error"]["code"], 9)
    service = self.service()
    self.assertEqual((service["terminalCondition"]["state"], service["terminalCondition"]["revisionReason"]), ("CONDITION_FAILED", "HEALTH_CHECK_CONTAINER_ERROR"))
    self.assertNotEqual(service["latestCreatedRevision"], service["latestReadyRevision"])
    self.assertLess(int(service["observedGeneration"]), int(service["generation"]))
    self.assertEqual(service["trafficStatuses"][0]["revision"], "api-00003-abc")
    self.assertFalse(service.get("reconciling", False))
    failed = self.emulator.call("GET", "https://run.googleapis.com/v2/" + service["latestCreatedRevision"])
    self.assertEqual(failed["conditions"][0]["state"], "CONDITION_FAILED")
    self.assertEqual(self.shares(service["uri"], 3), {"api-00003-abc": 3})
    self.patched("traffic", {"traffic": traffic((service["latestCreatedRevision"].split("/")[-1], 100, ""))})
    self.assertEqual(self.service()["trafficStatuses"][0]["revision"], "api-00003-abc")

  def test_traffic_to_a_revision_that_is_not_there_fails_late_and_stays_asked_for(self):
    done = self.patched("traffic", {"traffic": traffic(("api-00009-zzz", 100, ""))})
    self.assertEqual(done["error"]["code"], 13)
    self.assertIn("Revision 'api-00009-zzz' does not exist or is deleted", done["error"]["message"])
    service = self.service()
    self.assertEqual((service["traffic"][0]["revision"], service["trafficStatuses"][0]["revision"]), ("api-00009-zzz", "api-00003-abc"))
    self.assertNotIn("error", self.patched("traffic", {"traffic": LATEST}))

  def test_a_revision_without_traffic_may_be_ready_before_the_service_says_so(self):
    self.patched("traffic", {"traffic": traffic(("api-00003-abc", 100, ""))})
    self.emulator.control("settings", {"latest_ready_lags": True})
    self.patched("template.containers,template.revision", {"template": {"containers": [{"image": "app:5"}]}})
    service = self.service()
    self.assertEqual(service["latestReadyRevision"].split("/")[-1], "api-00003-abc")
    created = self.emulator.call("GET", "https://run.googleapis.com/v2/" + service["latestCreatedRevision"])
    self.assertEqual(created["conditions"][0]["state"], "CONDITION_SUCCEEDED")

  def test_a_late_original_fails_once_others_have_written(self):
    self.emulator.fault(method="PATCH", kind="late")
    with self.assertRaises((ConnectionError, http.client.HTTPException)):
      self.patch("traffic", {"traffic": SPLIT, "etag": self.service()["etag"]})
    self.patched("traffic", {"traffic": traffic(("api-00001-aaa", 100, ""))})
    self.emulator.control("release", {})
    while any(each["status"] is None for each in self.emulator.requests()):
      pass
    self.assertEqual([each["status"] for each in self.emulator.requests(method="PATCH")], [409, 200])
    self.assertEqual(self.service()["trafficStatuses"][0]["revision"], "api-00001-aaa")

  def test_an_image_that_is_not_there_is_said_by_the_condition(self):
    self.emulator.control("settings", {"missing_images": ["app/api:404$"]})
    self.patched("template.containers,template.revision", {"template": {"containers": [{"image": "us-docker.pkg.dev/demo-proj/app/api:404"}]}})
    condition = self.service()["terminalCondition"]
    self.assertEqual((condition["state"], condition["reason"]), ("CONDITION_FAILED", "CONTAINER_MISSING"))
    self.assertIn("Image 'us-docker.pkg.dev/demo-proj/app/api:404' not found", condition["message"])

  def test_an_operation_takes_its_time_and_may_end_in_an_error(self):
    self.emulator.control("settings", {"operation_seconds": 60})
    operation = self.patch("traffic", {"traffic": SPLIT}).body
    self.assertFalse(operation.get("done", False))
    service = self.service()
    self.assertTrue(service["reconciling"])
    self.assertEqual((service["terminalCondition"]["state"], service["trafficStatuses"][0]["percent"]), ("CONDITION_RECONCILING", 100))
    self.assertNotIn("done", self.wait(operation, 0.05))
    self.emulator.advance(61)
    self.assertEqual([each.get("percent") for each in self.service()["trafficStatuses"]], [90, 10])
    self.assertTrue(self.wait(operation)["done"])
    self.assertTrue(self.emulator.call("GET", OPERATIONS + operation["name"])["done"])
    self.emulator.control("settings", {"operation_seconds": 0})
    self.emulator.control("operation", {"kind": "run.services", "error": {"message": "boom", "status": 500, "code_name": "INTERNAL"}})
    self.assertEqual(self.patched("traffic", {"traffic": LATEST})["error"], {"code": 13, "message": "boom"})
    self.assertEqual([each.get("percent") for each in self.service()["trafficStatuses"]], [90, 10])

  def test_requests_are_split_as_the_traffic_says_and_tags_have_addresses(self):
    self.patched("traffic", {"traffic": SPLIT})
    service = self.service()
    self.assertEqual(self.shares(service["uri"], 20), {"api-00002-xyz": 18, "api-00003-abc": 2})
    tagged = next(each["uri"] for each in service["trafficStatuses"] if each.get("tag") == "canary")
    self.assertEqual(self.shares(tagged, 3), {"api-00003-abc": 3})
    self.assertEqual(get(service["uri"], "/health")[1]["database"], "connected")
    self.assertIn('http_requests_total{status="200"}', get(tagged, "/metrics")[1])
    status, body = get(service["uri"], "/nothing")
    self.assertEqual((status, body), (404, {"error": "not found"}))

  def test_a_revisions_faults_are_exact(self):
    template = {"containers": [{"image": "app:5", "env": [{"name": "FAULT_ERROR_RATE", "value": "0.2"}, {"name": "FAULT_LATENCY_MS", "value": "20"}]}]}
    self.patched("template", {"template": template})
    statuses = [get(self.service()["uri"])[0] for _ in range(10)]
    self.assertEqual(statuses.count(500), 2)
    state = self.emulator.control("state")
    self.assertEqual(state["run"]["services"][0]["serving"][0]["percent"], 100)

  def test_a_fault_may_come_with_the_image(self):
    self.emulator.control("settings", {"image_env": {"app:bad$": {"FAULT_ERROR_RATE": "0.5"}, "app:dead$": {"FAULT_START": "never"}}})
    self.patched("template.containers,template.revision", {"template": {"containers": [{"image": "app:bad"}]}})
    self.assertEqual([get(self.service()["uri"])[0] for _ in range(4)].count(500), 2)
    dead = self.patched("template.containers", {"template": {"containers": [{"image": "app:dead"}]}})
    self.assertIn("failed to start", dead["error"]["message"])

  def test_domain_mappings_come_and_go(self):
    url = "https://us-central1-run.googleapis.com/apis/domains.cloudrun.com/v1/namespaces/demo-proj/domainmappings"
    wanted = {"apiVersion": "domains.cloudrun.com/v1", "kind": "DomainMapping", "metadata": {"name": "www.example.com"}, "spec": {"routeName": "api"}}
    self.assertEqual(self.emulator.call("POST", url, wanted)["status"]["mappedRouteName"], "api")
    self.assertEqual(self.emulator.request("POST", url, wanted).status, 409)
    self.assertEqual(self.emulator.request("POST", url, dict(wanted, metadata={"name": "x.example.com"}, spec={"routeName": "nope"})).status, 404)
    self.emulator.call("DELETE", url + "/www.example.com")
    self.assertEqual([each["metadata"]["name"] for each in self.emulator.call("GET", url)["items"]], ["api.example.com"])

  def test_ingress_and_the_invoker_role_close_the_address(self):
    uri = self.service()["uri"]
    self.assertEqual(get(uri)[0], 200)
    policy = self.emulator.call("GET", SERVICE + ":getIamPolicy")
    self.emulator.call("POST", SERVICE + ":setIamPolicy", {"policy": {"bindings": [], "etag": policy["etag"]}})
    self.assertEqual(get(uri)[0], 403)
    self.assertEqual(get(uri, headers={"Authorization": "Bearer " + self.emulator.token})[0], 200)
    stale = self.emulator.request("POST", SERVICE + ":setIamPolicy", {"policy": {"bindings": [], "etag": policy["etag"]}})
    self.assertEqual((stale.status, stale.body["error"]["status"]), (409, "ABORTED"))
    self.patched("ingress", {"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"})
    self.assertEqual(get(uri, headers={"Authorization": "Bearer " + self.emulator.token})[0], 404)

  def test_a_request_to_a_service_goes_through_the_proxy_too(self):
    self.assertEqual(self.emulator.call("GET", self.service()["uri"] + "/health", token=False)["revision"], "api-00003-abc")

  def test_lists_come_in_pages_newest_first(self):
    first = self.emulator.call("GET", REVISIONS + "?pageSize=2")
    second = self.emulator.call("GET", f"{REVISIONS}?pageSize=2&pageToken={first['nextPageToken']}")
    names = [each["name"].split("/")[-1] for each in first["revisions"] + second["revisions"]]
    self.assertEqual(names, ["api-00003-abc", "api-00002-xyz", "api-00001-aaa"])
    self.assertNotIn("nextPageToken", second)
    self.assertEqual(self.emulator.request("GET", REVISIONS + "?pageToken=x").status, 400)

  def test_a_service_comes_and_goes(self):
    parent = SERVICE.rpartition("/")[0]
    made = self.emulator.call("POST", parent + "?serviceId=second", {"template": {"containers": [{"image": "app:1"}]}, "labels": {"team": "a"}})
    self.assertEqual(self.wait(made)["response"]["template"]["maxInstanceRequestConcurrency"], 80)
    self.assertEqual(self.emulator.request("POST", parent + "?serviceId=second", {"template": {"containers": [{"image": "app:1"}]}}).status, 409)
    self.assertEqual(self.emulator.request("POST", parent + "?serviceId=Bad_Name", {"template": {"containers": [{"image": "app:1"}]}}).status, 400)
    self.wait(self.emulator.call("DELETE", parent + "/second"))
    self.assertEqual(self.emulator.request("GET", parent + "/second").status, 404)

  def test_jobs_run_the_command_of_the_settings_or_end_as_their_variables_say(self):
    jobs = SERVICE.rpartition("/services/")[0] + "/jobs"
    self.emulator.control("settings", {"job_commands": {"migrate": ["sh", "-c", "echo to $LEVEL; exit $CODE"]}})
    template = {"template": {"containers": [{"image": "app:1", "env": [{"name": "LEVEL", "value": "head"}, {"name": "CODE", "value": "0"}]}], "maxRetries": 0}}
    self.wait(self.emulator.call("POST", jobs + "?jobId=migrate", {"template": template}))
    done = self.wait(self.emulator.call("POST", jobs + "/migrate:run", {}))
    self.assertEqual((done["response"]["succeededCount"], done["response"]["conditions"][0]["state"]), (1, "CONDITION_SUCCEEDED"))
    overrides = {"overrides": {"containerOverrides": [{"env": [{"name": "CODE", "value": "7"}]}]}}
    failed = self.wait(self.emulator.call("POST", jobs + "/migrate:run", overrides))
    self.assertIn("exit code: 7", failed["error"]["message"])
    executions = self.emulator.call("GET", jobs + "/migrate/executions")["executions"]
    self.assertEqual(sorted((each.get("succeededCount", 0), each.get("failedCount", 0)) for each in executions), [(0, 1), (1, 0)])
    self.assertEqual(self.emulator.call("GET", jobs + "/migrate")["executionCount"], 2)
    outputs = {each["output"] for each in self.emulator.control("state")["run_jobs"]["jobs"][0]["executions"]}
    self.assertEqual(outputs, {"to head"})

  @needs_gcloud
  def test_every_body_is_of_googles_messages(self):
    self.patched("traffic", {"traffic": SPLIT})
    for url in (SERVICE, REVISIONS, SERVICE.rpartition("/")[0], SERVICE + ":getIamPolicy", OPERATIONS + "projects/demo-proj/locations/us-central1/operations",
                "https://us-central1-run.googleapis.com/apis/serving.knative.dev/v1/namespaces/demo-proj/routes/api",
                "https://us-central1-run.googleapis.com/apis/serving.knative.dev/v1/namespaces/demo-proj/configurations",
                "https://us-central1-run.googleapis.com/apis/domains.cloudrun.com/v1/namespaces/demo-proj/domainmappings/api.example.com"):
      self.emulator.call("GET", url)
    self.assertGreater(len(self.emulator.requests()), 8)  # held by tearDown


class TranslationTest(unittest.TestCase):
  """A v2 template put into Knative's form and back is the same template, for random ones."""

  def test_templates_survive_the_way_there_and_back(self):
    sys.path.insert(0, ROOT + "/tests/emulator")
    from belay_emulator.run_translation import template_to_v1, template_to_v2
    seed = random.randrange(10 ** 9)
    chance = random.Random(seed)

    def maybe(**members):
      return {name: value for name, value in members.items() if chance.random() < 0.6}

    for round in range(300):
      env = [{"name": f"N{index}", **({"value": f"v{index}"} if chance.random() < 0.6 else {"valueSource": {"secretKeyRef": {"secret": "s", "version": "3"}}})}
             for index in range(chance.randrange(4))]
      resources = {"limits": {"cpu": "1", "memory": "512Mi"}, **({"cpuIdle": True} if chance.random() < 0.5 else {}), **({"startupCpuBoost": True} if chance.random() < 0.5 else {})}
      volumes = [volume for volume in ({"name": "sec", "secret": {"secret": "k", "items": [{"version": "latest", "path": "p"}]}}, {"name": "mem", "emptyDir": {"medium": "MEMORY", "sizeLimit": "1Gi"}},
                                       {"name": "b", "gcs": {"bucket": "bkt", "readOnly": True, "mountOptions": ["x", "y"]}}, {"name": "n", "nfs": {"server": "10.0.0.2", "path": "/e"}})
                 if chance.random() < 0.4]
      mounts = [{"name": each["name"], "mountPath": "/" + each["name"]} for each in volumes]
      if chance.random() < 0.5:
        volumes.append({"name": "cloudsql", "cloudSqlInstance": {"instances": ["p:r:a", "p:r:b"]}})
        mounts.append({"name": "cloudsql", "mountPath": "/cloudsql"})
      container = {"image": "app:1", "resources": resources, **({"env": env} if env else {}), **({"volumeMounts": mounts} if mounts else {}),
                   **maybe(name="api", command=["run"], args=["-x"], ports=[{"name": "h2c", "containerPort": 9}], workingDir="/w", livenessProbe={"httpGet": {"path": "/l"}})}
      template = {"containers": [container], "timeout": "60s", "scaling": {"maxInstanceCount": 7}, **({"volumes": volumes} if volumes else {}), **maybe(
        revision="api-x", labels={"a": "b"}, annotations={"c/d": "e"}, serviceAccount="s@x", maxInstanceRequestConcurrency=9, sessionAffinity=True,
        executionEnvironment="EXECUTION_ENVIRONMENT_GEN2", vpcAccess={"connector": "c", "egress": "ALL_TRAFFIC"})}
      v1 = template_to_v1(template, None)
      self.assertEqual(template_to_v2(v1["metadata"], v1["spec"]), template, f"seed {seed}, round {round}")


if __name__ == "__main__":
  unittest.main()
