"""Many cache nodes in place of one: who keeps which key, replicas, and clients that find their way.

A new kind of fleet is a class in specs.py or groups.py and a line here. Scenario files use its name in kebab case.
"""

from cachesim.model.fleet.groups import Replicated, Shards
from cachesim.model.fleet.specs import Fleet, Pool

ALL: tuple[type[Fleet], ...] = (Pool, Replicated, Shards)

__all__ = ["ALL", "Fleet", "Pool", "Replicated", "Shards"]
