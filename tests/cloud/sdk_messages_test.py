"""The holder of bodies is held itself: planted mistakes are told, right bodies are not."""

import unittest

from sdk_messages import problems_of_recorded
from support import needs_gcloud

SERVICE = "/v2/projects/p/locations/r/services/s"


def told(method, host, path, body=None, reply=None):
  entry = {"method": method, "host": host + ".googleapis.com", "path": path, "body": body, "reply": reply, "status": 200}
  return " ".join(problems_of_recorded([entry]))


@needs_gcloud
class SdkMessagesTest(unittest.TestCase):
  def test_planted_mistakes_are_told_with_their_paths(self):
    for expected, entry in (
      ("template.containers[0].imageUrl: no member", ("PATCH", "run", SERVICE, {"template": {"containers": [{"imageUrl": "x"}]}})),
      ("ingress: 'all' is none of", ("PATCH", "run", SERVICE, {"ingress": "all"})),
      ("metadata(@type).generation: 4 is no string of digits", ("PATCH", "run", SERVICE, {}, {"metadata": {"@type": "type.googleapis.com/google.cloud.run.v2.Service", "generation": 4}})),
      ("metadata.creationTimestamp: '2020' is no time", ("GET", "us-central1-run", "/apis/serving.knative.dev/v1/namespaces/p/services/s", None, {"metadata": {"creationTimestamp": "2020"}})),
      ("settings.settingsVersion: 4 is no string", ("GET", "sqladmin", "/v1/projects/p/instances/d", None, {"settings": {"settingsVersion": 4}})),
      ("policy.etag: 'BwX=' is not canonical", ("POST", "run", SERVICE + ":setIamPolicy", {"policy": {"etag": "BwX="}})),
      ("traffic: dict where a list belongs", ("PATCH", "run", SERVICE, {"traffic": {}})),
      ("done: 1 is no boolean", ("POST", "run", "/v1/projects/p/locations/r/operations/o:wait", {"timeout": "30s"}, {"done": 1})),
      ("the SDK has no such method", ("GET", "run", "/v2/projects/p/locations/r/servces/s", None, {})),
    ):
      self.assertIn(expected, told(*entry))

  def test_right_bodies_are_not_told(self):
    self.assertEqual(told("PATCH", "run", SERVICE, {"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}], "ingress": "INGRESS_TRAFFIC_ALL"},
                          {"name": "projects/p/locations/r/operations/o", "done": True, "response": {"@type": "type.googleapis.com/google.cloud.run.v2.Service", "generation": "4"}}), "")
    self.assertEqual(told("GET", "sqladmin", "/v1/projects/p/instances/d", None, {"settings": {"settingsVersion": "4", "userLabels": {"any": "label"}}}), "")


if __name__ == "__main__":
  unittest.main()
