"""Every request that a revision served: what monitoring measures."""

import dataclasses


@dataclasses.dataclass
class Served:
  """`time` in emulated seconds since 1970, `seconds` how long the answer took."""
  time: float
  region: str
  service: str
  revision: str
  status: int
  seconds: float


def pretend(world, region, service, revision, statuses, seconds, ends_ago=0.0, over=60.0):
  """Writes requests that were never sent: `statuses` {status: count}, spread evenly over the `over` seconds that ended `ends_ago` seconds ago."""
  total = sum(statuses.values())
  end = world.clock.seconds() - ends_ago
  order = sorted((((index + 0.5) / count, int(status)) for status, count in statuses.items() for index in range(count)))
  for index, (_, status) in enumerate(order):
    world.traffic_log.append(Served(end - over + over * (index + 0.5) / total, region, service, revision, status, seconds))
  world.traffic_log.sort(key=lambda served: served.time)
