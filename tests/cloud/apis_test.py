"""What the emulated APIs other than Cloud Run and Cloud SQL answer, request by request."""

import base64
import json
import os
import subprocess
import unittest
import urllib.parse

from sdk_messages import problems_of_recorded, sdk_folder
from support import Emulator

STORAGE, UPLOAD = "https://storage.googleapis.com/storage/v1/b/bkt", "https://storage.googleapis.com/upload/storage/v1/b/bkt/o"
SECRETS = "https://secretmanager.googleapis.com/v1/projects/demo-proj/secrets"
ENTRIES = "https://logging.googleapis.com/v2/entries:"
MONITORING = "https://monitoring.googleapis.com/v3/projects/demo-proj"
PROJECT = "https://cloudresourcemanager.googleapis.com/v1/projects/demo-proj"
REDIS = "https://redis.googleapis.com/v1/projects/demo-proj/locations/us-central1"
CONNECTORS = "https://vpcaccess.googleapis.com/v1/projects/demo-proj/locations/us-central1"
IMAGE = "us-central1-docker.pkg.dev/demo-proj/app/api"
CHUNK = 256 * 1024


class ApisTest(unittest.TestCase):
  @classmethod
  def setUpClass(cls):
    cls.emulator = Emulator(seed={"storage": {"buckets": {"bkt": {}}}})

  @classmethod
  def tearDownClass(cls):
    cls.emulator.stop()

  def setUp(self):
    self.emulator.control("reset", {})

  def tearDown(self):
    if sdk_folder():
      self.assertEqual(problems_of_recorded(self.emulator.requests()), [])

  def call(self, method, url, body=None, **more):
    return self.emulator.call(method, url, body, **more)

  def refused(self, method, url, body=None, **more):
    answer = self.emulator.request(method, url, body, **more)
    self.assertGreaterEqual(answer.status, 400, answer.body)
    error = answer.body["error"]
    return answer.status, error.get("status") or error["errors"][0]["reason"]

  # -- Storage

  def put(self, name, data, query=""):
    return self.call("POST", f"{UPLOAD}?uploadType=media&name={name}{query}", data, headers={"Content-Type": "text/plain"})

  def test_an_object_is_written_read_in_ranges_and_deleted(self):
    made = self.put("a%2Fb.txt", b"0123456789")
    self.assertEqual((made["name"], made["size"], made["md5Hash"]), ("a/b.txt", "10", "eB5eJF1ptWaXm4bijSPyxw=="))
    self.assertEqual(base64.b64decode(made["crc32c"]).hex(), "280c069e")
    self.assertEqual(self.call("GET", STORAGE + "/o/a%2Fb.txt?alt=media"), b"0123456789")
    part = self.emulator.request("GET", STORAGE + "/o/a%2Fb.txt?alt=media", headers={"Range": "bytes=2-4"})
    self.assertEqual((part.status, part.body, part.headers["content-range"]), (206, b"234", "bytes 2-4/10"))
    self.assertEqual(self.emulator.request("GET", STORAGE + "/o/a%2Fb.txt?alt=media", headers={"Range": "bytes=20-"}).status, 416)
    self.assertEqual(self.emulator.request("DELETE", STORAGE + "/o/a%2Fb.txt").status, 204)
    self.assertEqual(self.refused("GET", STORAGE + "/o/a%2Fb.txt"), (404, "notFound"))

  def test_generations_guard_writes_and_deletes(self):
    first = self.put("x", b"one", "&ifGenerationMatch=0")
    self.assertEqual(self.refused("POST", f"{UPLOAD}?uploadType=media&name=x&ifGenerationMatch=0", b"two", headers={"Content-Type": "text/plain"}), (412, "conditionNotMet"))
    second = self.put("x", b"two", "&ifGenerationMatch=" + first["generation"])
    self.assertEqual(self.refused("DELETE", f"{STORAGE}/o/x?ifGenerationMatch={first['generation']}"), (412, "conditionNotMet"))
    self.assertEqual(self.refused("GET", f"{STORAGE}/o/x?generation={first['generation']}"), (404, "notFound"))
    self.assertEqual(self.call("GET", f"{STORAGE}/o/x?alt=media&generation={second['generation']}"), b"two")

  def begin_upload(self, given):
    return self.emulator.request("POST", UPLOAD + "?uploadType=resumable", given).headers["location"]

  def chunk(self, place, data, start, total):
    return self.emulator.request("PUT", place, data, headers={"Content-Range": f"bytes {start}-{start + len(data) - 1}/{total}", "Content-Type": "application/octet-stream"})

  def test_a_resumable_upload_goes_on_after_a_chunk_that_arrived_in_part(self):
    data = os.urandom(CHUNK * 3 + 5)
    place = self.begin_upload({"name": "big"})
    self.assertEqual(self.chunk(place, data[:CHUNK], 0, len(data)).headers["range"], f"bytes=0-{CHUNK - 1}")
    self.emulator.control("storage/truncate-chunk", {"bytes": 1000})
    self.assertEqual(self.chunk(place, data[CHUNK:3 * CHUNK], CHUNK, len(data)).headers["range"], f"bytes=0-{CHUNK + 999}")
    self.emulator.fault(where="upload", kind="lose-request")
    with self.assertRaises(Exception):
      self.chunk(place, data[CHUNK + 1000:], CHUNK + 1000, len(data))
    asked = self.emulator.request("PUT", place, b"", headers={"Content-Range": f"bytes */{len(data)}"})
    self.assertEqual((asked.status, asked.headers["range"]), (308, f"bytes=0-{CHUNK + 999}"))
    done = self.chunk(place, data[CHUNK + 1000:], CHUNK + 1000, len(data))
    self.assertEqual((done.status, done.body["size"]), (200, str(len(data))))
    self.assertEqual(self.call("GET", STORAGE + "/o/big?alt=media"), data)
    self.assertEqual(self.emulator.request("PUT", place, b"", headers={"Content-Range": f"bytes */{len(data)}"}).body["generation"], done.body["generation"])

  def test_an_upload_with_a_wrong_checksum_leaves_nothing(self):
    place = self.begin_upload({"name": "bad", "crc32c": "AAAAAA=="})
    self.assertEqual(self.chunk(place, b"hello", 0, 5).status, 400)
    self.assertEqual(self.refused("GET", STORAGE + "/o/bad"), (404, "notFound"))

  def test_a_list_has_pages_prefixes_and_folders(self):
    for name in ("a/1", "a/2", "b", "c/d/e", "z"):
      self.put(name.replace("/", "%2F"), b"x")
    first = self.call("GET", STORAGE + "/o?maxResults=2&delimiter=/")
    self.assertEqual((first.get("prefixes"), [each["name"] for each in first["items"]]), (["a/"], ["b"]))
    second = self.call("GET", f"{STORAGE}/o?maxResults=2&delimiter=/&pageToken={first['nextPageToken']}")
    self.assertEqual((second["prefixes"], [each["name"] for each in second["items"]], second.get("nextPageToken")), (["c/"], ["z"], None))
    self.assertEqual([each["name"] for each in self.call("GET", STORAGE + "/o?prefix=a/")["items"]], ["a/1", "a/2"])

  # -- secrets

  def test_a_secret_keeps_versions_and_latest_is_the_newest_whatever_its_state(self):
    self.call("POST", SECRETS + "?secretId=s", {"replication": {"automatic": {}}})
    payload = {"data": base64.b64encode(b"hunter2").decode(), "dataCrc32c": "1736498283"}
    for _ in range(2):
      self.call("POST", SECRETS + "/s:addVersion", {"payload": payload})
    self.assertEqual(self.refused("POST", SECRETS + "/s:addVersion", {"payload": dict(payload, dataCrc32c="1")}), (400, "INVALID_ARGUMENT"))
    self.assertEqual(self.call("GET", SECRETS + "/s/versions/latest:access")["payload"], payload)
    stale = self.call("GET", SECRETS + "/s/versions/2")["etag"]
    self.call("POST", SECRETS + "/s/versions/2:disable", {"etag": stale})
    self.assertEqual(self.refused("POST", SECRETS + "/s/versions/2:enable", {"etag": stale}), (400, "FAILED_PRECONDITION"))
    self.assertEqual(self.refused("GET", SECRETS + "/s/versions/latest:access"), (400, "FAILED_PRECONDITION"))
    self.call("POST", SECRETS + "/s/versions/1:destroy", {})
    self.assertEqual(self.refused("POST", SECRETS + "/s/versions/1:enable", {}), (400, "FAILED_PRECONDITION"))
    self.assertEqual([each["state"] for each in self.call("GET", SECRETS + "/s/versions")["versions"]], ["DISABLED", "DESTROYED"])
    self.assertNotIn("hunter2", str(self.emulator.control("state")["secrets"]))

  # -- logs

  def read(self, filter, **more):
    return self.call("POST", ENTRIES + "list", {"resourceNames": ["projects/demo-proj"], "filter": filter, **more})

  def test_entries_are_found_by_filter_in_order_and_in_pages(self):
    resource = {"type": "cloud_run_revision", "labels": {"service_name": "api"}}
    entries = [{"severity": "ERROR" if index % 2 else "INFO", "timestamp": f"2026-01-01T00:00:0{index}Z", "jsonPayload": {"message": f"m{index}", "duration_ms": index * 1000}} for index in range(6)]
    self.call("POST", ENTRIES + "write", {"logName": "projects/demo-proj/logs/app", "resource": resource, "entries": entries})
    first = self.read("severity>=ERROR", orderBy="timestamp desc", pageSize=2)
    rest = self.read("severity>=ERROR", orderBy="timestamp desc", pageSize=2, pageToken=first["nextPageToken"])
    self.assertEqual([each["jsonPayload"]["message"] for each in first["entries"] + rest["entries"]], ["m5", "m3", "m1"])
    for wanted, filter in ((3, "jsonPayload.duration_ms>2000"), (1, 'resource.type=cloud_run_revision AND jsonPayload.message:"M4"'), (0, "textPayload:*"), (6, 'log_id("app")'),
                           (2, "jsonPayload.message=(m1 OR m2)"), (4, "NOT severity=ERROR OR jsonPayload.message=m5"), (1, 'timestamp>="2026-01-01T00:00:04Z" severity=ERROR')):
      self.assertEqual(len(self.read(filter).get("entries", [])), wanted, filter)
    self.assertEqual(self.refused("POST", ENTRIES + "list", {"resourceNames": ["projects/demo-proj"], "filter": "severity>="}), (400, "INVALID_ARGUMENT"))
    self.emulator.control("settings", {"logging_empty_pages": 1})
    empty = self.read("")
    self.assertNotIn("entries", empty)
    self.assertEqual(len(self.read("", pageToken=empty["nextPageToken"])["entries"]), 6)

  def test_changes_and_refusals_are_in_the_audit_log(self):
    self.emulator.control("deny-permission", {"permission": "secretmanager.secrets.create"})
    self.refused("POST", SECRETS + "?secretId=s", {"replication": {"automatic": {}}})
    policy = self.call("POST", PROJECT + ":getIamPolicy", {})
    self.call("POST", PROJECT + ":setIamPolicy", {"policy": policy})
    changes = self.read('protoPayload.serviceName="cloudresourcemanager.googleapis.com"')["entries"]
    self.assertEqual([(each["protoPayload"]["methodName"], each["protoPayload"]["authenticationInfo"]["principalEmail"]) for each in changes], [("SetIamPolicy", "operator@example.com")])
    refusals = self.read("severity>=WARNING AND protoPayload.authorizationInfo.granted=false")["entries"]
    self.assertEqual(refusals[0]["protoPayload"]["authorizationInfo"][0]["permission"], "secretmanager.secrets.create")

  # -- monitoring

  def series(self, type, aligner, reducer="REDUCE_NONE", fields=(), seconds=600):
    end = self.emulator.control("clock")["seconds"]
    from datetime import datetime, timezone
    shown = [datetime.fromtimestamp(each, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") for each in (end - seconds, end)]
    grouped = "".join(f"&aggregation.groupByFields={each}" for each in fields)
    return self.call("GET", f"{MONITORING}/timeSeries?filter=metric.type%3D%22{type.replace('/', '%2F')}%22&interval.startTime={shown[0]}&interval.endTime={shown[1]}"
                     f"&aggregation.alignmentPeriod=600s&aggregation.perSeriesAligner={aligner}&aggregation.crossSeriesReducer={reducer}{grouped}")

  def test_requests_are_measured_late_and_by_class(self):
    self.emulator.control("clock", {"frozen": True, "at": 1790000040})
    count, latency = "run.googleapis.com/request_count", "run.googleapis.com/request_latencies"
    self.emulator.control("traffic", {"service": "api", "revision": "api-00001-aaa", "region": "us-central1", "statuses": {"200": 90, "500": 10}, "seconds": 0.25})
    self.assertEqual(self.series(count, "ALIGN_DELTA"), {})
    self.emulator.advance(240)
    found = self.series(count, "ALIGN_DELTA", "REDUCE_SUM", ["metric.labels.response_code_class"])["timeSeries"]
    self.assertEqual({each["metric"]["labels"]["response_code_class"]: each["points"][0]["value"]["int64Value"] for each in found}, {"2xx": "90", "5xx": "10"})
    self.assertAlmostEqual(self.series(latency, "ALIGN_DELTA", "REDUCE_PERCENTILE_95")["timeSeries"][0]["points"][0]["value"]["doubleValue"], 250)
    self.assertAlmostEqual(self.series(count, "ALIGN_RATE", "REDUCE_SUM")["timeSeries"][0]["points"][0]["value"]["doubleValue"], 100 / 600)
    raw = self.series(latency, "ALIGN_DELTA", "REDUCE_SUM")["timeSeries"][0]["points"][0]["value"]["distributionValue"]
    self.assertEqual((raw["count"], sum(int(each) for each in raw["bucketCounts"])), ("100", 100))
    self.assertEqual(self.refused("GET", f"{MONITORING}/timeSeries?filter=metric.type%3D%22{count}%22&interval.endTime=2026-01-01T00:00:00Z&aggregation.alignmentPeriod=10s"
                                  "&aggregation.perSeriesAligner=ALIGN_RATE"), (400, "INVALID_ARGUMENT"))

  def test_a_series_that_was_set_is_read_and_a_wrong_aligner_refused(self):
    type = "cloudsql.googleapis.com/database/cpu/utilization"
    self.emulator.control("monitoring/series", {"type": type, "resource": {"type": "cloudsql_database", "labels": {"database_id": "demo-proj:db1"}}, "value": 0.7})
    self.assertAlmostEqual(self.series(type, "ALIGN_MEAN")["timeSeries"][0]["points"][0]["value"]["doubleValue"], 0.7)
    end = "interval.endTime=2026-11-01T00:00:00Z&aggregation.alignmentPeriod=60s"
    self.emulator.control("monitoring/series", {"type": type, "value": 0.5})
    answer = self.emulator.request("GET", f"{MONITORING}/timeSeries?filter=metric.type%3D%22{type}%22&interval.startTime=2026-10-01T00:00:00Z&{end}&aggregation.perSeriesAligner=ALIGN_RATE")
    self.assertEqual(answer.status, 400, answer.body)

  def test_a_log_metric_counts_entries_and_an_alert_policy_watches_it(self):
    self.call("POST", "https://logging.googleapis.com/v2/projects/demo-proj/metrics", {"name": "error_rate", "filter": "severity=ERROR"})
    entry = {"severity": "ERROR", "textPayload": "x"}
    self.call("POST", ENTRIES + "write", {"logName": "projects/demo-proj/logs/app", "resource": {"type": "global"}, "entries": [entry] * 3})
    self.emulator.advance(300)
    found = self.series("logging.googleapis.com/user/error_rate", "ALIGN_DELTA")["timeSeries"]
    self.assertEqual(found[0]["points"][0]["value"]["int64Value"], "3")
    threshold = {"filter": 'metric.type="logging.googleapis.com/user/error_rate"', "comparison": "COMPARISON_GT", "thresholdValue": 5, "duration": "300s",
                 "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_DELTA"}]}
    policy = {"displayName": "errors", "combiner": "OR", "conditions": [{"displayName": "many", "conditionThreshold": threshold}]}
    made = self.call("POST", MONITORING + "/alertPolicies", policy)
    self.assertTrue(made["conditions"][0]["name"].startswith(made["name"] + "/conditions/"))
    changed = self.call("PATCH", f"https://monitoring.googleapis.com/v3/{made['name']}?updateMask=enabled", {"enabled": False})
    self.assertEqual((changed["enabled"], changed["displayName"]), (False, "errors"))
    threshold["comparison"] = "COMPARISON_GREATER_THAN"
    self.emulator.forget_requests()
    self.assertEqual(self.refused("POST", MONITORING + "/alertPolicies", policy), (400, "INVALID_ARGUMENT"))
    self.emulator.forget_requests()  # that body is none of Google's, on purpose

  # -- the rest

  def test_a_policy_is_written_back_under_its_etag(self):
    policy = self.call("POST", PROJECT + ":getIamPolicy", {})
    member = {"role": "roles/run.admin", "members": ["user:a@example.com"]}
    new = self.call("POST", PROJECT + ":setIamPolicy", {"policy": dict(policy, bindings=policy["bindings"] + [member])})
    self.assertEqual(self.refused("POST", PROJECT + ":setIamPolicy", {"policy": policy}), (409, "ABORTED"))
    self.assertEqual(self.refused("POST", PROJECT + ":setIamPolicy", {"policy": dict(new, bindings=[{"role": "roles/monitoring.writer", "members": ["user:a@example.com"]}])}),
                     (400, "INVALID_ARGUMENT"))

  def test_memorystore_changes_take_their_time_one_after_another(self):
    self.emulator.control("seed", {"redis": [{"name": "cache", "tier": "STANDARD_HA", "memorySizeGb": 5}]})
    self.emulator.control("operation", {"kind": "redis.update", "seconds": 60})
    begun = self.call("PATCH", REDIS + "/instances/cache?updateMask=memorySizeGb", {"memorySizeGb": 8})
    self.assertFalse(begun["done"])
    self.assertEqual(self.call("GET", REDIS + "/instances/cache")["state"], "UPDATING")
    self.assertEqual(self.refused("POST", REDIS + "/instances/cache:failover", {}), (409, "ABORTED"))
    self.emulator.advance(61)
    self.assertEqual(self.call("GET", f"https://redis.googleapis.com/v1/{begun['name']}")["response"]["memorySizeGb"], 8)
    self.emulator.control("settings", {"redis_replica_lags": True})
    self.assertEqual(self.refused("POST", REDIS + "/instances/cache:failover", {}), (400, "FAILED_PRECONDITION"))
    self.call("POST", REDIS + "/instances/cache:failover", {"dataProtectionMode": "FORCE_DATA_LOSS"})
    self.assertEqual(self.call("GET", REDIS + "/instances/cache")["currentLocationId"], "us-central1-b")

  def test_a_connector_is_deleted_and_made_again(self):
    self.emulator.control("seed", {"connectors": [{"name": "conn", "ipCidrRange": "10.8.0.0/28"}]})
    self.call("DELETE", CONNECTORS + "/connectors/conn")
    self.assertEqual(self.refused("GET", CONNECTORS + "/connectors/conn"), (404, "NOT_FOUND"))
    begun = self.call("POST", CONNECTORS + "/connectors?connectorId=conn", {"ipCidrRange": "10.8.0.0/28", "network": "default"})
    self.assertTrue(self.call("GET", f"https://vpcaccess.googleapis.com/v1/{begun['name']}")["done"])
    self.assertEqual(self.call("GET", CONNECTORS + "/connectors/conn")["state"], "READY")

  def test_a_key_that_was_made_gives_tokens_until_it_is_deleted(self):
    self.emulator.control("seed", {"service_accounts": ["api"]})
    account = "https://iam.googleapis.com/v1/projects/demo-proj/serviceAccounts/api@demo-proj.iam.gserviceaccount.com"
    made = self.call("POST", account + "/keys", {})
    key = json.loads(base64.b64decode(made["privateKeyData"]))
    self.assertEqual(len(self.call("GET", account + "/keys")["keys"]), 1)
    self.assertEqual(self.token_of(key), 200)
    self.call("POST", f"https://iam.googleapis.com/v1/{made['name']}:disable", {})
    self.assertEqual(self.token_of(key), 400)
    self.call("POST", f"https://iam.googleapis.com/v1/{made['name']}:enable", {})
    self.assertEqual(self.token_of(key), 200)
    self.call("DELETE", f"https://iam.googleapis.com/v1/{made['name']}")
    self.assertEqual((self.token_of(key), self.call("GET", account + "/keys")), (400, {}))

  def token_of(self, key):
    """The status of a request for a token with a JWT that the key signed."""
    part = lambda value: base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).rstrip(b"=").decode()
    now = int(self.emulator.control("clock")["seconds"])
    text = part({"alg": "RS256", "kid": key["private_key_id"]}) + "." + part({"iss": key["client_email"], "aud": key["token_uri"], "iat": now, "exp": now + 600, "scope": "x"})
    path = os.path.join(self.emulator.folder, "key.pem")
    with open(path, "w") as file:
      file.write(key["private_key"])
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", path], input=text.encode(), capture_output=True, check=True).stdout
    form = urllib.parse.urlencode({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": f"{text}.{part(signature)}"}).encode()
    return self.emulator.request("POST", key["token_uri"], form, headers={"Content-Type": "application/x-www-form-urlencoded"}, token=False).status

  def test_a_revision_needs_an_image_that_its_repository_holds(self):
    self.emulator.control("images", {"image": IMAGE + ":v1", "vulnerabilities": [{"id": "CVE-1", "severity": "CRITICAL"}]})
    run = "https://run.googleapis.com/v2/projects/demo-proj/locations/us-central1/services"
    for tag, state in (("v1", "CONDITION_SUCCEEDED"), ("v2", "CONDITION_FAILED")):
      self.call("POST", f"{run}?serviceId=api-{tag}", {"template": {"containers": [{"image": f"{IMAGE}:{tag}"}]}})
      condition = self.call("GET", f"{run}/api-{tag}")["terminalCondition"]
      self.assertEqual(condition["state"], state, condition)
    self.assertIn("not found", condition["message"])
    found = self.call("GET", "https://containeranalysis.googleapis.com/v1/projects/demo-proj/occurrences?filter=kind%3D%22VULNERABILITY%22")["occurrences"]
    self.assertEqual([each["vulnerability"]["severity"] for each in found], ["CRITICAL"])


if __name__ == "__main__":
  unittest.main()
