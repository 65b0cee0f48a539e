"""Domain mappings, which Cloud Run has in v1 alone."""

from .clock import stamp
from .routing import Problem
from .run_operations import HOST
from .run_v1 import by_region, listed, region_of

PATH = r"/apis/domains\.cloudrun\.com/v1/namespaces/[^/]+/domainmappings"


class DomainMappings:
  def __init__(self, world):
    self._world = world
    self.all = {}  # (region, domain)

  def add(self, region, domain, service):
    self.all[region, domain] = {
      "apiVersion": "domains.cloudrun.com/v1", "kind": "DomainMapping",
      "metadata": {"name": domain, "namespace": self._world.project_number, "uid": self._world.new_uuid(), "generation": 1, "resourceVersion": self._world.new_number(16),
                   "creationTimestamp": self._world.now(), "labels": {"cloud.googleapis.com/location": region},
                   "selfLink": f"/apis/domains.cloudrun.com/v1/namespaces/{self._world.project_number}/domainmappings/{domain}"},
      "spec": {"routeName": service, "certificateMode": "AUTOMATIC"},
      "status": {"observedGeneration": 1, "mappedRouteName": service, "url": f"https://{domain}",
                 "resourceRecords": [{"type": "CNAME", "name": domain.split(".")[0], "rrdata": "ghs.googlehosted.com."}],
                 "conditions": [{"type": type, "status": "True", "lastTransitionTime": stamp(self._world.clock.seconds())}
                                for type in ("Ready", "CertificateProvisioned", "DomainRoutable")]},
    }
    return self.all[region, domain]

  def snapshot(self):
    return [{"domain": domain, "region": region, "service": each["spec"]["routeName"]} for (region, domain), each in self.all.items()]


def routes(world, state):
  mappings = world.part("domain_mappings", lambda: DomainMappings(world))

  def missing(region, name):
    raise Problem(404, f"Resource '{name}' of kind 'DOMAIN_MAPPING' in region '{region}' in project '{world.project}' does not exist.")

  def find(request, name):
    return by_region(mappings.all, region_of(request), name, missing)

  def create(request):
    region = region_of(request)
    metadata, spec = request.required("metadata"), request.required("spec")
    if (region, metadata.get("name")) in mappings.all:
      raise Problem(409, f"Resource '{metadata['name']}' already exists.", "ALREADY_EXISTS")
    state.service(region, spec.get("routeName", ""))
    return mappings.add(region, metadata["name"], spec["routeName"])

  def delete(request, name):
    found = find(request, name)
    del mappings.all[found["metadata"]["labels"]["cloud.googleapis.com/location"], name]
    return {"status": "Success"}

  def list_all(request):
    region = region_of(request)
    return dict(listed("DomainMapping", [each for (one, _), each in mappings.all.items() if region in (None, one)], request), apiVersion="domains.cloudrun.com/v1")

  return [("GET", HOST, PATH, list_all, "run.routes.list"), ("POST", HOST, PATH, create, "run.services.update"),
          ("GET", HOST, PATH + r"/([^/:]+)", find, "run.routes.get"), ("DELETE", HOST, PATH + r"/([^/:]+)", delete, "run.services.update")]
