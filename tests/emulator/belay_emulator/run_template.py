"""A revision's template in Knative's form: what the server fills in, and what it refuses."""

import copy

from .routing import Problem

MAX_SCALE = "autoscaling.knative.dev/maxScale"
MIN_SCALE = "autoscaling.knative.dev/minScale"
STARTUP_PROBE = {"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1, "tcpSocket": {"port": 8080}}


def completed(template, service, default_account):
  """A copy of `template` with Cloud Run's defaults; Problem 400 where it cannot be a revision."""
  template = copy.deepcopy(template or {})
  metadata = template.setdefault("metadata", {})
  annotations = metadata.setdefault("annotations", {})
  metadata.setdefault("labels", {})
  for name in ("namespace", "creationTimestamp"):
    metadata.pop(name, None)
  if metadata.get("name") == "":
    del metadata["name"]
  spec = template.setdefault("spec", {})
  containers = spec.get("containers") or []
  if not containers or not all(container.get("image") for container in containers):
    raise Problem(400, "spec.template.spec.containers: a container with an image is required.")
  annotations.setdefault(MAX_SCALE, "100")
  spec.setdefault("timeoutSeconds", 300)
  spec.setdefault("serviceAccountName", default_account)
  for empty in ("nodeSelector", "volumes"):
    if not spec.get(empty):
      spec.pop(empty, None)
  for index, container in enumerate(containers):
    _complete_container(container, index, service, len(containers) == 1)
  if not spec.get("containerConcurrency"):
    spec["containerConcurrency"] = 80 if cpus(containers[0]["resources"]["limits"]["cpu"]) >= 1 else 1
  _check_scale(annotations)
  return template


def _complete_container(container, index, service, alone):
  if not container.get("name"):
    container["name"] = f"{service}-{index + 1}"
  limits = container.setdefault("resources", {}).setdefault("limits", {})
  limits.setdefault("cpu", "1000m")
  limits.setdefault("memory", "512Mi")
  if not container["resources"].get("requests"):
    container["resources"].pop("requests", None)
  if alone and not container.get("ports"):
    container["ports"] = [{"name": "http1", "containerPort": 8080}]
  for port in container.get("ports", []):
    port.setdefault("name", "http1")
    port.setdefault("containerPort", 8080)
  if container.get("ports") and not container.get("startupProbe"):
    container["startupProbe"] = dict(STARTUP_PROBE, tcpSocket={"port": container["ports"][0]["containerPort"]})
  for name in ("env", "volumeMounts", "command", "args"):
    if name in container and not container[name]:
      del container[name]
  if "env" in container:
    container["env"] = [{"name": each["name"], **({"valueFrom": each["valueFrom"]} if each.get("valueFrom") else {"value": each.get("value", "")})} for each in container["env"]]
    names = [each["name"] for each in container["env"]]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
      raise Problem(400, f"spec.template.spec.containers[{index}].env: duplicate name {', '.join(repeated)}.")
  if cpus(limits["cpu"]) not in (1, 2, 4, 6, 8) and cpus(limits["cpu"]) >= 1:
    raise Problem(400, f"spec.template.spec.containers[{index}].resources.limits.cpu: Invalid value specified for cpu: "
                  f"it must be 1, 2, 4, 6, 8 or below 1, and is {limits['cpu']}.")
  if cpus(limits["cpu"]) >= 4 and megabytes(limits["memory"]) < 2048:
    raise Problem(400, f"spec.template.spec.containers[{index}].resources.limits.memory: Invalid value specified for memory. With 4 or more cpus at least 2Gi are needed.")


def _check_scale(annotations):
  least, most = annotations.get(MIN_SCALE), annotations.get(MAX_SCALE)
  for name, value in ((MIN_SCALE, least), (MAX_SCALE, most)):
    if value is not None and not str(value).isdigit():
      raise Problem(400, f"spec.template.metadata.annotations[{name}]: {value!r} is no number.")
  if most == "0":  # as unset: the default of the server
    annotations[MAX_SCALE] = most = "100"
  if least is not None and int(least) > int(most):
    raise Problem(400, "template.scaling.max_instance_count must be greater or equal than min_instance_count.", details=[{
      "@type": "type.googleapis.com/google.rpc.BadRequest",
      "fieldViolations": [{"field": "template.scaling.max_instance_count", "description": "must be greater or equal than min_instance_count."}]}])


def cpus(text):
  try:
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
  except ValueError:
    raise Problem(400, f"{text!r} is no amount of cpu.") from None


def megabytes(text):
  for unit, factor in (("Gi", 1024), ("Mi", 1), ("G", 953.67), ("M", 0.95367), ("Ki", 1 / 1024), ("k", 0.00095367)):
    if text.endswith(unit) and text[:-len(unit)].replace(".", "", 1).isdigit():
      return float(text[:-len(unit)]) * factor
  if text.isdigit():
    return int(text) / 1048576
  raise Problem(400, f"{text!r} is no amount of memory.")


def environment(spec):
  """Name and value of the variables of a template's first container; those from secrets have no value here."""
  return {each["name"]: each.get("value", "") for each in spec["containers"][0].get("env", [])}


def secret_references(spec):
  """[(secret, version)] that the template needs."""
  found = []
  for container in spec["containers"]:
    for each in container.get("env", []):
      reference = (each.get("valueFrom") or {}).get("secretKeyRef")
      if reference:
        found.append((reference.get("name", ""), reference.get("key", "latest")))
  for volume in spec.get("volumes", []):
    if "secret" in volume:
      found += [(volume["secret"].get("secretName", ""), item.get("key", "latest")) for item in volume["secret"].get("items", [{}])]
  return found
