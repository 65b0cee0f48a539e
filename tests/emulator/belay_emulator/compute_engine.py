"""Compute Engine v1: VPC firewall rules, networks, Cloud Armor policies and their rules, global operations. Seed: `"firewalls": [Firewall]`."""

import ipaddress
import re

from .clock import stamp
from .paging import page
from .routing import Problem, Route

SEED = "firewalls"
HOST = r"(compute|www)\.googleapis\.com"
GLOBAL = "/compute/v1/projects/([^/]+)/global"
BASE = "https://www.googleapis.com/compute/v1/projects/"


def invalid(field, value):
  return Problem(400, f"Invalid value for field '{field}': '{value}'.", reason="invalid")


def checked_firewall(world, body):
  if not re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", body.get("name", "")):
    raise invalid("resource.name", body.get("name", ""))
  if not body.get("allowed") and not body.get("denied"):
    raise Problem(400, "Required field 'resource' not specified: a firewall rule needs 'allowed' or 'denied'.", reason="required")
  if body.get("allowed") and body.get("denied"):
    raise Problem(400, "A firewall rule cannot have both 'allowed' and 'denied'.", reason="invalid")
  for each in body.get("sourceRanges", []):
    try:
      ipaddress.ip_network(each)
    except ValueError:
      raise invalid("resource.sourceRanges[0]", each) from None
  if not 0 <= int(body.get("priority", 1000)) <= 65535:
    raise invalid("resource.priority", body["priority"])
  network = body.get("network", "global/networks/default").rpartition("/")[2]
  if network not in networks(world):
    raise Problem(404, f"The resource 'projects/{world.project}/global/networks/{network}' was not found", reason="notFound")
  defaults = {"direction": "INGRESS", "priority": 1000, "disabled": False, "logConfig": {"enable": False}, "description": ""}
  if body.get("direction", "INGRESS") == "INGRESS" and not any(key in body for key in ("sourceRanges", "sourceTags", "sourceServiceAccounts")):
    defaults["sourceRanges"] = ["0.0.0.0/0"]
  return {**defaults, **body, "network": f"{BASE}{world.project}/global/networks/{network}"}


def networks(world):
  every = world.part("networks")
  every.setdefault("default", {"kind": "compute#network", "id": "5000000000000000001", "name": "default", "autoCreateSubnetworks": True, "creationTimestamp": world.now(),
                               "selfLink": f"{BASE}{world.project}/global/networks/default", "routingConfig": {"routingMode": "REGIONAL"}})
  return every


def add_firewall(world, body):
  name = body.get("name", "")
  resource = {**checked_firewall(world, body), "kind": "compute#firewall", "id": world.new_number(19), "creationTimestamp": world.now(),
              "selfLink": f"{BASE}{world.project}/global/firewalls/{name}"}
  world.part("firewalls")[name] = resource
  return resource


def routes(world):
  def found(kind, name):
    every = networks(world) if kind == "networks" else world.part({"securityPolicies": "security_policies"}.get(kind, kind))
    if name not in every:
      raise Problem(404, f"The resource 'projects/{world.project}/global/{kind}/{name}' was not found", reason="notFound")
    return every[name]

  def begin(request, verb, kind, resource, work):
    id = f"operation-{world.new_number(13)}-{world.random.getrandbits(48):012x}"
    about = {"number": world.new_number(19), "verb": verb, "user": request.principal, "link": resource["selfLink"], "target": resource["id"]}
    return shown(world.operations.begin(f"compute.{kind}.{verb}", resource["selfLink"], work, about, id=id))

  def shown(operation):
    about = operation.about
    result = {"kind": "compute#operation", "id": about["number"], "name": operation.id, "operationType": about["verb"], "targetLink": about["link"], "targetId": about["target"],
              "user": about["user"], "status": "DONE" if operation.done else "RUNNING", "progress": 100 if operation.done else 0, "insertTime": stamp(operation.began),
              "startTime": stamp(operation.began), "selfLink": f"{BASE}{world.project}/global/operations/{operation.id}"}
    if operation.done:
      result["endTime"] = stamp(operation.ended)
    if operation.error:
      result.update(error={"errors": [{"code": operation.error.reason or operation.error.code_name, "message": operation.error.message}]},
                    httpErrorStatusCode=operation.error.status, httpErrorMessage=operation.error.code_name)
    return result

  def operation(request, _, id):
    every = world.operations.get(id)
    if every is None or not every.kind.startswith("compute."):
      raise Problem(404, f"The resource 'projects/{world.project}/global/operations/{id}' was not found", reason="notFound")
    return every

  def get_operation(request, _, id):
    return shown(operation(request, _, id))

  def wait_operation(request, _, id):
    every = operation(request, _, id)
    world.operations.wait(every, 120)
    return shown(every)

  def listing(kind, title, every):
    def handler(request, _):
      items, token = page([each for _, each in sorted(every().items()) if kept(request.query.get("filter", ""), each)], request.query.get("maxResults"), request.query.get("pageToken"), 500, 500)
      result = {"kind": f"compute#{title}", "id": f"projects/{world.project}/global/{kind}", "selfLink": f"{BASE}{world.project}/global/{kind}"}
      result.update({key: value for key, value in (("items", items), ("nextPageToken", token)) if value})
      return result
    return handler

  def kept(wanted, each):
    """The two forms of filters that clients send for a name: `name eq "?x"?` (a regular expression) and `name = x`."""
    match = re.fullmatch(r"\(?name (eq|=) \"?(.*?)\"?\)?", wanted.strip())
    return not match or (re.fullmatch(match.group(2), each["name"]) is not None if match.group(1) == "eq" else each["name"] == match.group(2))

  def insert(request, _):
    body = request.body or {}
    checked_firewall(world, body)
    if body["name"] in world.part("firewalls"):
      raise Problem(409, f"The resource 'projects/{world.project}/global/firewalls/{body['name']}' already exists", reason="alreadyExists")
    resource = add_firewall(world, body)
    return begin(request, "insert", "firewalls", resource, lambda: None)

  def patch(request, _, name):
    resource = found("firewalls", name)
    new = checked_firewall(world, {**resource, **(request.body or {})})
    return begin(request, "patch", "firewalls", resource, lambda: resource.update(new))

  def delete(request, _, name):
    return begin(request, "delete", "firewalls", found("firewalls", name), lambda: world.part("firewalls").pop(name, None) and None)

  # -- Cloud Armor: what refuses addresses before a load balancer's backend

  def fingerprint():
    return f"{world.random.getrandbits(40):x}="[:8].rjust(8, "A")

  def insert_policy(request, _):
    name, policies = request.required("name"), world.part("security_policies")
    if name in policies:
      raise Problem(409, f"The resource 'projects/{world.project}/global/securityPolicies/{name}' already exists", reason="alreadyExists")
    default = {"kind": "compute#securityPolicyRule", "priority": 2147483647, "action": "allow", "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}, "preview": False}
    policies[name] = {"type": "CLOUD_ARMOR", **request.body, "kind": "compute#securityPolicy", "id": world.new_number(19), "creationTimestamp": world.now(),
                      "rules": request.body.get("rules") or [default], "selfLink": f"{BASE}{world.project}/global/securityPolicies/{name}"}
    return begin(request, "insert", "securityPolicies", policies[name], lambda: None)

  def rule(policy, request):
    wanted = int(request.query.get("priority", -1))
    for each in policy["rules"]:
      if each["priority"] == wanted:
        return each
    raise Problem(400, f"The rule with the priority {wanted} does not exist in the security policy.", reason="invalid")

  def add_rule(request, _, name):
    policy, body = found("securityPolicies", name), request.body or {}
    if any(each["priority"] == body.get("priority") for each in policy["rules"]):
      raise Problem(400, f"Cannot have rules with the same priorities: {body.get('priority')}.", reason="invalid")
    ranges = body.get("match", {}).get("config", {}).get("srcIpRanges", [])
    if len(ranges) > 10:
      raise invalid("resource.match.config.srcIpRanges", f"{len(ranges)} ranges; at most 10")

    def work():
      policy["rules"] = sorted(policy["rules"] + [{"kind": "compute#securityPolicyRule", "preview": False, **body}], key=lambda each: each["priority"])
    return begin(request, "addRule", "securityPolicies", policy, work)

  def remove_rule(request, _, name):
    policy = found("securityPolicies", name)
    gone = rule(policy, request)
    return begin(request, "removeRule", "securityPolicies", policy, lambda: policy["rules"].remove(gone))

  def get(kind):
    return lambda request, _, name: found(kind, name)

  firewall, armor = GLOBAL + "/firewalls", GLOBAL + "/securityPolicies"
  rows = [
    ("GET", firewall, listing("firewalls", "firewallList", lambda: world.part("firewalls")), "compute.firewalls.list"), ("POST", firewall, insert, "compute.firewalls.create"),
    ("GET", firewall + "/([^/]+)", get("firewalls"), "compute.firewalls.get"), ("PATCH", firewall + "/([^/]+)", patch, "compute.firewalls.update"),
    ("PUT", firewall + "/([^/]+)", patch, "compute.firewalls.update"), ("DELETE", firewall + "/([^/]+)", delete, "compute.firewalls.delete"),
    ("GET", GLOBAL + "/networks", listing("networks", "networkList", lambda: networks(world)), "compute.networks.list"),
    ("GET", GLOBAL + "/networks/([^/]+)", get("networks"), "compute.networks.get"),
    ("GET", armor, listing("securityPolicies", "securityPolicyList", lambda: world.part("security_policies")), "compute.securityPolicies.list"),
    ("POST", armor, insert_policy, "compute.securityPolicies.create"), ("GET", armor + "/([^/]+)", get("securityPolicies"), "compute.securityPolicies.get"),
    ("GET", armor + "/([^/]+)/getRule", lambda request, _, name: rule(found("securityPolicies", name), request), "compute.securityPolicies.get"),
    ("POST", armor + "/([^/]+)/addRule", add_rule, "compute.securityPolicies.update"), ("POST", armor + "/([^/]+)/removeRule", remove_rule, "compute.securityPolicies.update"),
    ("GET", GLOBAL + "/operations/([^/]+)", get_operation, "compute.globalOperations.get"), ("POST", GLOBAL + "/operations/([^/]+)/wait", wait_operation, "compute.globalOperations.get"),
  ]
  return [Route(method, HOST, path, handler, permission) for method, path, handler, permission in rows]


def seed(world, data):
  for given in data:
    add_firewall(world, given)
