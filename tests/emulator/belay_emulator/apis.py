"""The table of emulated APIs: one row each. A module has `routes(world)`, and where it can be filled `SEED` (its key) and `seed(world, data)`."""

from . import run, sign_in

APIS = (sign_in, run)


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
