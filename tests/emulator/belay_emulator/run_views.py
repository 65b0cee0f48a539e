"""Services and revisions as both versions of the API show them."""

import copy
import json

from . import run_conditions
from .clock import stamp
from .run_state import LOCATION, Condition, log_url
from .run_translation import INGRESS, filled, template_to_v2, traffic_to_v2, without_system


class Views:
  """`v1` and `v2` of whatever Cloud Run keeps."""

  def __init__(self, state):
    self._state = state
    self._world = state.world

  def v1_status_traffic(self, service):
    out = []
    for entry in service.serving:
      shown = filled({name: entry.get(name) for name in ("revisionName", "percent", "tag", "latestRevision")})
      if "tag" in entry:
        shown["url"] = service.front.tag_url(entry["tag"])
      out.append(shown)
    return out

  def v1_service(self, service):
    annotations = {
      **service.annotations, "serving.knative.dev/creator": service.creator, "serving.knative.dev/lastModifier": service.modifier,
      "run.googleapis.com/ingress": service.ingress, "run.googleapis.com/ingress-status": service.ingress, "run.googleapis.com/operation-id": service.operation_id,
    }
    status = {"observedGeneration": service.observed_generation, "conditions": [run_conditions.to_v1(each) for each in service.conditions.values()],
              "latestCreatedRevisionName": service.latest_created, "latestReadyRevisionName": service.latest_ready, "traffic": self.v1_status_traffic(service)}
    if service.front:
      annotations["run.googleapis.com/urls"] = json.dumps([service.url])
      status["url"] = service.url
      status["address"] = {"url": service.url}
    return {
      "apiVersion": "serving.knative.dev/v1", "kind": "Service",
      "metadata": {
        "name": service.name, "namespace": self._world.project_number, "uid": service.uid, "resourceVersion": service.resource_version(),
        "selfLink": f"/apis/serving.knative.dev/v1/namespaces/{self._world.project_number}/services/{service.name}", "generation": service.generation,
        "creationTimestamp": stamp(service.created), "labels": dict(service.labels), "annotations": annotations,
      },
      "spec": {"template": copy.deepcopy(service.template), "traffic": copy.deepcopy(service.traffic)}, "status": filled(status),
    }

  def conditions_of(self, revision):
    active = self._state.is_active(revision)
    shown = list(revision.conditions.values())
    shown.insert(1, Condition("Active", "True" if active else "False", "" if active else "Retired", "" if active else "Revision retired.", "Info", revision.updated))
    return shown

  def v1_revision(self, revision):
    service = self._state.services.get((revision.region, revision.service))
    labels = {**revision.labels, "serving.knative.dev/configuration": revision.service, "serving.knative.dev/configurationGeneration": str(revision.generation),
              "serving.knative.dev/service": revision.service, "serving.knative.dev/serviceUid": service.uid if service else "", LOCATION: revision.region}
    return {
      "apiVersion": "serving.knative.dev/v1", "kind": "Revision",
      "metadata": {
        "name": revision.name, "namespace": self._world.project_number, "uid": revision.uid, "generation": 1, "creationTimestamp": stamp(revision.created),
        "selfLink": f"/apis/serving.knative.dev/v1/namespaces/{self._world.project_number}/revisions/{revision.name}", "labels": labels,
        "resourceVersion": str(int(revision.updated * 1000000)), "annotations": {**revision.annotations, "serving.knative.dev/creator": revision.creator},
        "ownerReferences": [{"kind": "Configuration", "name": revision.service, "apiVersion": "serving.knative.dev/v1", "controller": True, "blockOwnerDeletion": True,
                             "uid": service.uid if service else ""}],
      },
      "spec": copy.deepcopy(revision.spec),
      "status": {"observedGeneration": 1, "conditions": [run_conditions.to_v1(each) for each in self.conditions_of(revision)], "logUrl": log_url(self._world, revision),
                 "imageDigest": revision.image_digest},
    }

  def v2_service(self, service):
    name = self._state.full_name(service)
    annotations = service.annotations
    failed = service.status_of("Ready") == "False"
    ready = service.conditions["Ready"]
    own = lambda key: annotations.get("run.googleapis.com/" + key)
    scaling = {"minInstanceCount": int(own("minScale") or 0), "maxInstanceCount": int(own("maxScale") or 0),
               "manualInstanceCount": int(own("manualInstanceCount")) if own("manualInstanceCount") else None,
               "scalingMode": own("scalingMode").upper() if own("scalingMode") else None}
    out = filled({
      "name": name, "description": own("description"), "uid": service.uid, "generation": str(service.generation), "labels": without_system(service.labels),
      "annotations": without_system(annotations), "createTime": stamp(service.created), "updateTime": stamp(service.updated), "creator": service.creator,
      "lastModifier": service.modifier, "client": own("client-name"), "clientVersion": own("client-version"), "ingress": INGRESS[service.ingress],
      "launchStage": own("launch-stage") or "GA", "template": template_to_v2(service.template["metadata"], service.template["spec"]),
      "traffic": traffic_to_v2(service.traffic), "scaling": filled(scaling), "invokerIamDisabled": (own("invoker-iam-disabled") or "").lower() == "true",
      "defaultUriDisabled": (own("default-url-disabled") or "").lower() == "true", "customAudiences": json.loads(own("custom-audiences") or "[]"),
      "binaryAuthorization": {"useDefault": True} if own("binary-authorization") == "default" else None, "iapEnabled": (own("iap-enabled") or "").lower() == "true",
      "observedGeneration": str(service.served_generation if failed else service.observed_generation), "terminalCondition": run_conditions.to_v2(ready),
      "conditions": [run_conditions.to_v2(each) for each in service.conditions.values() if each.type != "Ready"],
      "latestReadyRevision": f"{name}/revisions/{service.latest_ready}" if service.latest_ready else None,
      "latestCreatedRevision": f"{name}/revisions/{service.latest_created}" if service.latest_created else None,
      "trafficStatuses": self.v2_traffic_statuses(service), "reconciling": service.reconciling, "etag": service.etag(),
    })
    if service.front:
      out["uri"] = service.url
      out["urls"] = [service.url]
    return out

  def v2_traffic_statuses(self, service):
    out = []
    for entry, shown in zip(service.serving, traffic_to_v2(service.serving)):
      shown["revision"] = entry["revisionName"]
      if "tag" in entry:
        shown["uri"] = service.front.tag_url(entry["tag"])
      out.append(shown)
    return out

  def v2_revision(self, revision):
    service = f"projects/{self._world.project}/locations/{revision.region}/services/{revision.service}"
    template = template_to_v2({"labels": revision.labels, "annotations": revision.annotations}, revision.spec)
    for container in template["containers"]:
      container["image"] = revision.image_digest if container is template["containers"][0] and revision.is_ready() else container["image"]
    return filled({
      **template, "name": f"{service}/revisions/{revision.name}", "uid": revision.uid, "generation": "1", "createTime": stamp(revision.created),
      "updateTime": stamp(revision.updated), "launchStage": "GA", "service": revision.service, "creator": revision.creator,
      "conditions": [run_conditions.to_v2(each) for each in self.conditions_of(revision)], "observedGeneration": "1", "logUri": log_url(self._world, revision),
      "reconciling": revision.status_of("Ready") == "Unknown", "etag": f'"{int(revision.updated * 1000000):x}"',
    })
