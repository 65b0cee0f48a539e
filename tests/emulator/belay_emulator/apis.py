"""The table of emulated APIs: one row each. A module has `routes(world)`, and where it can be filled `SEED` (its key) and `seed(world, data)`."""

from . import (artifact_registry, audit_log, cloud_build, cloud_logging, cloud_monitoring, cloud_sql, cloud_storage, compute_engine, iam_accounts, memorystore, resource_manager, run,
               secret_manager, service_usage, sign_in, vpc_access)

# Cloud Storage last: on its host any path is an object's.
APIS = (sign_in, audit_log, run, cloud_sql, secret_manager, cloud_logging, cloud_monitoring, memorystore, service_usage, iam_accounts, resource_manager, compute_engine, vpc_access,
        artifact_registry, cloud_build, cloud_storage)


def add_routes(world, router):
  for api in APIS:
    router.add(api.routes(world))


def seed_all(world, data):
  """Fills the APIs from one JSON object; a key that no API knows is an error that names those that are."""
  known = {api.SEED: api for api in APIS if hasattr(api, "SEED")}
  for key in data:
    if key not in known:
      raise ValueError(f"no API is filled by {key!r}: {', '.join(sorted(known)) or 'none can be'}")
  for key, section in data.items():
    known[key].seed(world, section)
