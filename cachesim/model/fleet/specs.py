"""What a fleet is, and `Pool`: nodes that do not know of each other. groups.py has those with replicas."""

import functools
import re
from collections.abc import Sequence
from dataclasses import field
from typing import Annotated

from cachesim.engines.base import EngineSpec
from cachesim.errors import BadInput
from cachesim.model.fleet.ejection import Eject, PoolView
from cachesim.model.fleet.topology import Places, Truth, View
from cachesim.model.routes import MEMCACHED_PORT, Finder, Ketama, Route
from cachesim.rng import Draw
from cachesim.spec import Delay, Rule, Seconds, Spec

# A Redis Cluster works well up to so many (Redis Cluster specification); each node is an engine in memory here.
Nodes = Annotated[int, Rule("from 1 to 1,000", lambda x: 1 <= x <= 1000)]
Zones = Annotated[int, Rule("from 1 to 6", lambda x: 1 <= x <= 6)]
Spare = Annotated[int, Rule("from 0 to 100", lambda x: 0 <= x <= 100)]


class Fleet(Spec):
    """Several cache nodes in place of one. Each has the engine and the memory of `Scenario.cache`."""

    processes: Nodes = 4  # of the application: each knows the fleet on its own
    zones: Zones = (
        1  # in which processes and nodes stand, dealt out in turn; the database is in zone-0
    )

    def groups(self) -> Sequence[Sequence[str]]:
        """Name the nodes: one group per part of the keys; the first node of a group is its primary."""
        raise NotImplementedError

    def spares(self) -> Sequence[str]:
        """Name the nodes that have no keys of their own."""
        return ()

    @property
    def is_zoned(self) -> bool:
        """Whether it matters in which zone a node and a process are."""
        return self.zones > 1

    @property
    def zone_names(self) -> list[str]:
        """The names of the zones; the database is in the first one."""
        return [self._zone(number) for number in range(self.zones)]

    def zone_of(self, node: str) -> str:
        """Name the zone of a node: the numbers in its name, added up, and dealt out to the zones.

        So the copies of a shard are in different zones, and so are the primaries of neighbours.

        >>> Pool(3, zones=2).zone_of("node-1"), Pool(3, zones=2).zone_of("node-2")
        ('zone-1', 'zone-0')
        """
        return self._zone(sum(map(int, re.findall(r"\d+", node))))

    def zone_of_process(self, process: int) -> str:
        """Name the zone of a process of the application: they are dealt out, too."""
        return self._zone(process % self.processes)

    def read_zone(self, process: int) -> str | None:
        """Name the zone in which a process looks for a copy to read; None: the zone does not matter."""
        return None

    def _zone(self, number: int) -> str:
        return f"zone-{number % self.zones}"

    def view(self, truth: Truth, draw: Draw) -> View:
        """Make what one process knows; it may draw after how many seconds it learns of a change."""
        return View(truth)

    def finder(self) -> Finder:
        """Make the function that finds the group of a key: its place among the groups."""
        raise NotImplementedError

    def slot(self, key: str) -> int | None:
        """Find the slot of a key; None: this fleet has none."""
        return None

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput unless this fleet can have nodes with that engine."""
        if hasattr(cache, "embedded"):
            raise BadInput(
                f"a fleet has no real servers, got {cache!r}; take the embedded engine, "
                "or compare fleets with `cachesim fidelity --fleet`"
            )
        if not cache.speaks:
            raise BadInput(
                f"a fleet takes Redis or Memcached, got {cache!r}; choose one of the two"
            )


class Pool(Fleet):
    """Nodes that do not know of each other: the client's route says which node keeps a key.

    >>> [name for group in Pool(2).groups() for name in group]
    ['node-0', 'node-1']
    """

    nodes: Nodes = field(default=4, kw_only=False)
    route: Route = Ketama()
    discovery: Delay = (
        0.0  # seconds between two looks of a process at the list of nodes; 0: no delay
    )
    eject: Eject | None = None  # when a process stops asking a node that fails; None: never
    gutter: Spare = 0  # nodes that stand in for an ejected one; 0: the others share its keys
    gutter_ttl: Seconds = 10.0  # at most, of a value there

    def groups(self) -> Sequence[Sequence[str]]:
        """Name the nodes: each keeps a part of the keys on its own."""
        return [(f"node-{number}",) for number in range(self.nodes)]

    def finder(self) -> Finder:
        """Make the function that finds a key's node. The route sees addresses, 10.0.1.1:11211 and up."""
        return self.ring(tuple(range(self.nodes))).__getitem__

    def ring(self, members: Sequence[int]) -> Places:
        """Make the table of a pool with these nodes, by number: key -> number of its node."""
        find = self.route.among(members).over([address(number) for number in members])
        return Places(lambda key: members[find(key)])

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gutter and self.eject is None:
            raise BadInput(
                "Pool.gutter stands in for ejected nodes; give eject, too, or leave it out"
            )
        self.route.over([address(number) for number in range(self.nodes)])  # it may refuse them

    def spares(self) -> Sequence[str]:
        """Name the nodes of the gutter."""
        return [f"gutter-{number}" for number in range(self.gutter)]

    def view(self, truth: Truth, draw: Draw) -> View:
        """Make what one process knows: it looks at the list of nodes at moments of its own."""
        gutter = tuple(range(self.nodes, self.nodes + self.gutter))
        return PoolView(truth, self.discovery * draw(), self, functools.cache(self.ring), gutter)


def address(number: int) -> str:
    """Give the address of a pool's node: 10.0.1.1:11211 and up.

    >>> address(0), address(300)
    ('10.0.1.1:11211', '10.0.2.46:11211')
    """
    high, low = divmod(number, 255)
    middle, low_middle = divmod(high, 255)
    return f"10.{middle}.{low_middle + 1}.{low + 1}{MEMCACHED_PORT}"
