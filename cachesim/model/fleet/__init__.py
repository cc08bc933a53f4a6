"""Many cache nodes in place of one: who keeps which key, replicas, and clients that find their way.

A new kind of fleet is a class in specs.py and a line here. Scenario files use its name in kebab case.
"""

from cachesim.model.fleet.specs import Fleet, Pool, Shards

ALL: tuple[type[Fleet], ...] = (Pool, Shards)

__all__ = ["ALL", "Fleet", "Pool", "Shards"]
