"""The limits of a fleet: what the load needs of each, and what there is."""

import math
from typing import NamedTuple

from cachesim.node_types import NodeType
from cachesim.planner.load import Load
from cachesim.units import show_size

CONNECTIONS = 65_000  # maxclients of a managed node
REPLICAS = 5  # of one shard at most
STRAINED = 0.9  # share of a core, or of the network, that is used until a lost node is replaced


class Check(NamedTuple):
    """One limit: what is needed, and how much there is."""

    name: str
    need: float
    limit: float
    unit: str  # "bytes", "cores", "Gbit/s", "" for a count, "1/s"

    @property
    def ok(self) -> bool:
        """Whether there is enough."""
        return self.need <= self.limit * (1 + 1e-9)

    @property
    def used(self) -> float:
        """The share of the limit that is needed."""
        return self.need / self.limit if self.limit else math.inf

    def shown(self) -> list[str]:
        """Make the cells of a table: name, need, limit, share."""
        used = f"{self.used:.0%}" if self.limit else "-"
        return [self.name, self._show(self.need), self._show(self.limit), used]

    def _show(self, value: float) -> str:
        if self.unit == "bytes":
            return show_size(value)
        digits = ",.0f" if not self.unit or abs(value) >= 1000 else ".3g"
        return f"{value:{digits}} {self.unit}".strip()


def checks(load: Load, kind: NodeType, shards: int, replicas: int) -> list[Check]:
    """List every limit of a fleet.

    >>> fleet = Load(rate=50_000), NodeType(), 1, 1
    >>> [check.name for check in checks(*fleet) if not check.ok]
    []
    """
    copies, busy = 1 + replicas, load.busy_limit
    found = [
        Check("memory", load.memory(shards), kind.usable, "bytes"),
        Check("cpu", load.busy(shards, copies), busy * kind.core, "cores"),
        Check("network", load.gbps(shards, copies), busy * kind.gbps, "Gbit/s"),
        Check("connections", load.connections + replicas, CONNECTIONS, ""),
        Check("nodes (quota)", shards * copies, load.quota, ""),
    ]
    if load.database is not None:
        found.append(Check("database", misses(load, 0.0), load.database, "reads/s"))
    if load.survive == "zone":
        found.append(Check("copies (one per zone)", load.zones, copies, ""))
    return found + _after_a_loss(load, kind, shards, copies)


def _after_a_loss(load: Load, kind: NodeType, shards: int, copies: int) -> list[Check]:
    if load.survive == "nothing":
        return []
    lost = 1 if load.survive == "node" else math.ceil(copies / load.zones)
    after = f" (a {load.survive} lost)"
    if lost < copies:
        busy, gbps = (each(shards, copies - lost) for each in (load.busy, load.gbps))
        return [
            Check(f"cpu{after}", busy, STRAINED * kind.core, "cores"),
            Check(f"network{after}", gbps, STRAINED * kind.gbps, "Gbit/s"),
        ]
    if load.database is None:
        return [Check(f"copies{after}", 1, copies - lost, "")]
    return [Check(f"database{after}", misses(load, load.share(shards)), load.database, "reads/s")]


def misses(load: Load, cold: float) -> float:
    """Give the database reads per second while `cold` of the requests find an empty shard."""
    return load.rate * load.reads * (1 - load.hit_ratio * (1 - cold))
