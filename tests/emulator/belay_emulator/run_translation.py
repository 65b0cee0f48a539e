"""Between Knative's form of a template (v1) and Cloud Run's own (v2): the same facts, both ways, nothing lost."""

import copy
import json

from .routing import Problem

SYSTEM = ("run.googleapis.com/", "cloud.googleapis.com/", "serving.knative.dev/", "autoscaling.knative.dev/", "client.knative.dev/")
CLOUDSQL = "run.googleapis.com/cloudsql-instances"
INGRESS = {"all": "INGRESS_TRAFFIC_ALL", "internal": "INGRESS_TRAFFIC_INTERNAL_ONLY", "internal-and-cloud-load-balancing": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
           "none": "INGRESS_TRAFFIC_NONE"}
EGRESS = {"all-traffic": "ALL_TRAFFIC", "private-ranges-only": "PRIVATE_RANGES_ONLY"}
GENERATIONS = {"gen1": "EXECUTION_ENVIRONMENT_GEN1", "gen2": "EXECUTION_ENVIRONMENT_GEN2"}
LATEST, NAMED = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"

TEMPLATE_MEMBERS = ("revision", "labels", "annotations", "scaling", "vpcAccess", "timeout", "serviceAccount", "containers", "volumes", "executionEnvironment",
                    "maxInstanceRequestConcurrency", "sessionAffinity", "nodeSelector", "encryptionKey", "healthCheckDisabled", "serviceMesh", "gpuZonalRedundancyDisabled")
CONTAINER_MEMBERS = ("name", "image", "command", "args", "env", "resources", "ports", "volumeMounts", "workingDir", "livenessProbe", "startupProbe", "dependsOn", "buildInfo",
                     "baseImageUri")
COPIED = ("name", "image", "command", "args", "ports", "workingDir", "livenessProbe", "startupProbe")


def only(value, members, where):
  """Problem 400 as the API words it where an object has a member that it does not know."""
  for name in value:
    if name not in members:
      raise Problem(400, f'Invalid JSON payload received. Unknown name "{name}" at \'{where}\': Cannot find field.')


def without_system(names):
  return {name: value for name, value in names.items() if not name.startswith(SYSTEM)}


def no_system(names, where):
  for name in names or {}:
    if name.startswith(SYSTEM):
      raise Problem(400, f"{where}: '{name}' is in a namespace of the system, which this version of the API does not take.")


def inverse(table, value, where):
  for mine, theirs in table.items():
    if theirs == value:
      return mine
  raise Problem(400, f"Invalid value at '{where}': \"{value}\"")


def filled(value):
  """Without members that have a default value, as the API leaves them out."""
  return {name: each for name, each in value.items() if each not in (None, "", 0, False, [], {})}


# -- templates

def template_to_v2(metadata, spec):
  """A v2 `RevisionTemplate`, whose members a `Revision` has too."""
  annotations = metadata.get("annotations", {})
  containers = [_container_to_v2(container, annotations, index == 0) for index, container in enumerate(spec["containers"])]
  volumes = [_volume_to_v2(volume) for volume in spec.get("volumes", [])]
  instances = [each for each in annotations.get(CLOUDSQL, "").split(",") if each]
  if instances:
    volumes.append({"name": "cloudsql", "cloudSqlInstance": {"instances": instances}})
    containers[0].setdefault("volumeMounts", []).append({"name": "cloudsql", "mountPath": "/cloudsql"})
  access = {"connector": annotations.get("run.googleapis.com/vpc-access-connector"), "egress": EGRESS.get(annotations.get("run.googleapis.com/vpc-access-egress"))}
  if annotations.get("run.googleapis.com/network-interfaces"):
    access["networkInterfaces"] = json.loads(annotations["run.googleapis.com/network-interfaces"])
  scaling = {"minInstanceCount": int(annotations.get("autoscaling.knative.dev/minScale", 0)), "maxInstanceCount": int(annotations.get("autoscaling.knative.dev/maxScale", 0))}
  accelerator = (spec.get("nodeSelector") or {}).get("run.googleapis.com/accelerator")
  return filled({
    "revision": metadata.get("name"), "labels": without_system(metadata.get("labels", {})), "annotations": without_system(annotations), "scaling": filled(scaling),
    "vpcAccess": filled(access), "timeout": f"{spec.get('timeoutSeconds', 300)}s", "serviceAccount": spec.get("serviceAccountName"), "containers": containers,
    "volumes": volumes, "executionEnvironment": GENERATIONS.get(annotations.get("run.googleapis.com/execution-environment")),
    "maxInstanceRequestConcurrency": spec.get("containerConcurrency"), "sessionAffinity": annotations.get("run.googleapis.com/sessionAffinity", "").lower() == "true",
    "nodeSelector": filled({"accelerator": accelerator}), "encryptionKey": annotations.get("run.googleapis.com/encryption-key"),
    "healthCheckDisabled": annotations.get("run.googleapis.com/health-check-disabled", "").lower() == "true",
  })


def _container_to_v2(container, annotations, first):
  out = {name: copy.deepcopy(container[name]) for name in COPIED if name in container}
  resources = {"limits": dict(container.get("resources", {}).get("limits", {}))}
  if first:
    resources["cpuIdle"] = annotations.get("run.googleapis.com/cpu-throttling", "").lower() != "false"
    resources["startupCpuBoost"] = annotations.get("run.googleapis.com/startup-cpu-boost", "").lower() == "true"
  out["resources"] = filled(resources)
  out["env"] = [_variable_to_v2(each) for each in container.get("env", [])]
  out["volumeMounts"] = copy.deepcopy(container.get("volumeMounts", []))
  depends = json.loads(annotations.get("run.googleapis.com/container-dependencies", "{}")).get(container.get("name"))
  out["dependsOn"] = depends
  return filled(out)


def _variable_to_v2(variable):
  reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
  if reference:
    return {"name": variable["name"], "valueSource": {"secretKeyRef": {"secret": reference["name"], "version": reference.get("key", "latest")}}}
  return filled({"name": variable["name"], "value": variable.get("value")})


def _volume_to_v2(volume):
  out = {"name": volume["name"]}
  if "secret" in volume:
    secret = volume["secret"]
    out["secret"] = filled({"secret": secret["secretName"], "defaultMode": secret.get("defaultMode"),
                            "items": [filled({"version": item.get("key"), "path": item.get("path"), "mode": item.get("mode")}) for item in secret.get("items", [])]})
  elif "emptyDir" in volume:
    out["emptyDir"] = filled({"medium": volume["emptyDir"].get("medium", "").upper(), "sizeLimit": volume["emptyDir"].get("sizeLimit")})
  elif "csi" in volume:
    attributes = volume["csi"].get("volumeAttributes", {})
    out["gcs"] = filled({"bucket": attributes.get("bucketName"), "readOnly": volume["csi"].get("readOnly"), "mountOptions": [each for each in attributes.get("mountOptions", "").split(",") if each]})
  elif "nfs" in volume:
    out["nfs"] = dict(volume["nfs"])
  return out


def template_to_v1(template, before):
  """Knative's template for a v2 one. `before` is the v1 template it replaces: annotations of the system that v2 does not know stay as they were there."""
  only(template, TEMPLATE_MEMBERS, "service.template")
  no_system(template.get("labels"), "template.labels")
  no_system(template.get("annotations"), "template.annotations")
  old = (before or {}).get("metadata", {}).get("annotations", {})
  known = (CLOUDSQL, "run.googleapis.com/vpc-access-connector", "run.googleapis.com/vpc-access-egress", "run.googleapis.com/network-interfaces",
           "autoscaling.knative.dev/minScale", "autoscaling.knative.dev/maxScale", "run.googleapis.com/execution-environment", "run.googleapis.com/sessionAffinity",
           "run.googleapis.com/cpu-throttling", "run.googleapis.com/startup-cpu-boost", "run.googleapis.com/encryption-key", "run.googleapis.com/health-check-disabled",
           "run.googleapis.com/container-dependencies", "run.googleapis.com/client-name", "run.googleapis.com/client-version")
  annotations = {name: value for name, value in old.items() if name.startswith(SYSTEM) and name not in known}
  annotations.update(template.get("annotations", {}))

  def put(name, value):
    if value not in (None, "", 0):
      annotations[name] = str(value)

  scaling, access = template.get("scaling", {}), template.get("vpcAccess", {})
  put("autoscaling.knative.dev/minScale", scaling.get("minInstanceCount"))
  put("autoscaling.knative.dev/maxScale", scaling.get("maxInstanceCount"))
  put("run.googleapis.com/vpc-access-connector", access.get("connector"))
  if access.get("egress"):
    put("run.googleapis.com/vpc-access-egress", inverse(EGRESS, access["egress"], "template.vpcAccess.egress"))
  if access.get("networkInterfaces"):
    put("run.googleapis.com/network-interfaces", json.dumps(access["networkInterfaces"]))
  if template.get("executionEnvironment"):
    put("run.googleapis.com/execution-environment", inverse(GENERATIONS, template["executionEnvironment"], "template.executionEnvironment"))
  put("run.googleapis.com/sessionAffinity", "true" if template.get("sessionAffinity") else None)
  put("run.googleapis.com/encryption-key", template.get("encryptionKey"))
  put("run.googleapis.com/health-check-disabled", "true" if template.get("healthCheckDisabled") else None)
  sql_volumes = {volume["name"]: volume["cloudSqlInstance"].get("instances", []) for volume in template.get("volumes", []) if "cloudSqlInstance" in volume}
  put(CLOUDSQL, ",".join(instance for instances in sql_volumes.values() for instance in instances))
  containers, depends = [], {}
  for index, container in enumerate(template.get("containers", [])):
    containers.append(_container_to_v1(container, sql_volumes, annotations if index == 0 else None))
    if container.get("dependsOn"):
      depends[container.get("name", "")] = container["dependsOn"]
  put("run.googleapis.com/container-dependencies", json.dumps(depends) if depends else None)
  spec = filled({
    "containers": containers, "volumes": [_volume_to_v1(each) for each in template.get("volumes", []) if "cloudSqlInstance" not in each],
    "timeoutSeconds": seconds_of_duration(template["timeout"], "template.timeout") if template.get("timeout") else None,
    "serviceAccountName": template.get("serviceAccount"), "containerConcurrency": template.get("maxInstanceRequestConcurrency"),
    "nodeSelector": {"run.googleapis.com/accelerator": template["nodeSelector"]["accelerator"]} if template.get("nodeSelector") else None,
  })
  metadata = {"labels": dict(template.get("labels", {})), "annotations": annotations}
  if template.get("revision"):
    metadata["name"] = template["revision"]
  return {"metadata": metadata, "spec": spec}


def _container_to_v1(container, sql_volumes, annotations):
  only(container, CONTAINER_MEMBERS, "service.template.containers")
  out = {name: copy.deepcopy(container[name]) for name in COPIED if name in container}
  resources = container.get("resources")
  if resources is not None:
    only(resources, ("limits", "cpuIdle", "startupCpuBoost"), "service.template.containers.resources")
    out["resources"] = {"limits": dict(resources.get("limits", {}))}
    if annotations is not None and not resources.get("cpuIdle"):
      annotations["run.googleapis.com/cpu-throttling"] = "False"
    if annotations is not None and resources.get("startupCpuBoost"):
      annotations["run.googleapis.com/startup-cpu-boost"] = "True"
  out["env"] = [_variable_to_v1(each) for each in container.get("env", [])]
  out["volumeMounts"] = [dict(each) for each in container.get("volumeMounts", []) if each.get("name") not in sql_volumes]
  return out


def _variable_to_v1(variable):
  only(variable, ("name", "value", "valueSource"), "service.template.containers.env")
  reference = (variable.get("valueSource") or {}).get("secretKeyRef")
  if reference:
    return {"name": variable["name"], "valueFrom": {"secretKeyRef": {"name": reference["secret"], "key": reference.get("version") or "latest"}}}
  return {"name": variable["name"], "value": variable.get("value", "")}


def _volume_to_v1(volume):
  only(volume, ("name", "secret", "cloudSqlInstance", "emptyDir", "gcs", "nfs"), "service.template.volumes")
  out = {"name": volume["name"]}
  if "secret" in volume:
    secret = volume["secret"]
    out["secret"] = filled({"secretName": secret["secret"], "defaultMode": secret.get("defaultMode"),
                            "items": [filled({"key": item.get("version") or "latest", "path": item.get("path"), "mode": item.get("mode")}) for item in secret.get("items", [])]})
  elif "emptyDir" in volume:
    out["emptyDir"] = filled({"medium": {"MEMORY": "Memory"}.get(volume["emptyDir"].get("medium")), "sizeLimit": volume["emptyDir"].get("sizeLimit")})
  elif "gcs" in volume:
    gcs = volume["gcs"]
    out["csi"] = filled({"driver": "gcsfuse.run.googleapis.com", "readOnly": gcs.get("readOnly"),
                         "volumeAttributes": filled({"bucketName": gcs.get("bucket"), "mountOptions": ",".join(gcs.get("mountOptions", []))})})
  elif "nfs" in volume:
    out["nfs"] = dict(volume["nfs"])
  return out


def seconds_of_duration(text, where):
  """The whole seconds of a protobuf Duration."""
  if not isinstance(text, str) or not text.endswith("s") or not text[:-1].replace(".", "", 1).isdigit():
    raise Problem(400, f"Invalid value at '{where}' (Field 'seconds'), Illegal duration format; duration must end with 's'")
  return int(float(text[:-1]))


# -- traffic

def traffic_to_v2(entries):
  return [filled({"type": LATEST if each.get("latestRevision") else NAMED, "revision": None if each.get("latestRevision") else each.get("revisionName"),
                  "percent": each.get("percent"), "tag": each.get("tag")}) for each in entries]


def traffic_to_v1(entries):
  out = []
  for each in entries:
    only(each, ("type", "revision", "percent", "tag"), "service.traffic")
    kind = each.get("type")
    if kind not in (LATEST, NAMED):
      raise Problem(400, f"Invalid value at 'service.traffic.type': \"{kind}\"" if kind else "traffic: the type of a target is required.")
    if kind == LATEST and each.get("revision"):
      raise Problem(400, "traffic: a target of the latest revision names no revision.")
    out.append(filled({"latestRevision": kind == LATEST, "revisionName": each.get("revision"), "percent": each.get("percent"), "tag": each.get("tag")}))
  return out
