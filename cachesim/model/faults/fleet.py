"""Faults and changes of a fleet: nodes and zones die, nodes join and leave, the network is cut in two."""

import math
from dataclasses import field
from typing import Annotated

from cachesim.errors import BadInput
from cachesim.model.events import Drive, Steps
from cachesim.model.faults.base import Condition, Fault, OfCache
from cachesim.model.faults.nodes import CrashCache
from cachesim.model.fleet.failing_node import FailingNode
from cachesim.model.fleet.failover import UnreliableGroupSystem
from cachesim.model.fleet.unreliable import UnreliableFleetSystem
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.spec import Delay, Rule, Seconds


class KillNode(CrashCache):
    """A cache node dies with its memory: the machine is gone. `down` seconds later it is back, empty.

    >>> str(KillNode("node-2", at=40))
    'KillNode at 40 s for good'
    """

    node: str = field(default="", kw_only=False)
    down: Seconds = math.inf  # seconds until an empty node is there again; inf: for good


class AddNode(Fault):
    """An empty node joins the pool; each process uses it as soon as it sees the new list of nodes.

    With `warm`, a get that misses where the key is now asks the node that kept it before, and the client stores
    the answer at the new place. A delete goes to both. So nobody asks the database for what the pool has.

    >>> AddNode(at=30).window
    (30.0, 30.0)

    References
    ----------
    Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013: how a cold cluster is filled.
    """

    adds = 1
    warm: Delay = 0.0  # seconds for which clients do so, from the join on; 0: they never do

    def play(self, system: UnreliableSystem) -> Steps:
        """Make the node, and let the route have it."""
        yield system.until(self.at)
        fleet_of(self, system).add_node(self.warm)


class RemoveNode(OfCache):
    """A node leaves the pool with its content; its keys go where the route puts them now."""

    node: str = field(default="", kw_only=False)

    def play(self, system: UnreliableSystem) -> Steps:
        """Take the node out of the route, and empty it."""
        yield system.until(self.at)
        fleet_of(self, system).remove_node(self.struck(system))


class FailOverCache(OfCache):
    """A planned failover: a replica takes over at once, and the old primary becomes its replica.

    What was on its way to the replica is lost. Nothing happens if no replica is there.

    >>> str(FailOverCache(node="shard-1 primary", at=40))
    'FailOverCache at 40 s'
    """

    node: str = "primary"  # a name or a role

    def play(self, system: UnreliableSystem) -> Steps:
        """Fail over once."""
        yield system.until(self.at)
        node = self.struck(system)
        if not isinstance(system, UnreliableGroupSystem) or not isinstance(node, FailingNode):
            raise BadInput(
                "FailOverCache needs replicas; give the scenario some: fleet=cs.Replicated(1)"
            )
        system.fail_over(node)


Names = Annotated[
    tuple[str, ...], Rule("names of nodes", lambda x: all(isinstance(name, str) for name in x))
]
Numbers = Annotated[
    tuple[int, ...],
    Rule("numbers of processes, from 0", lambda x: all(type(n) is int and n >= 0 for n in x)),
]


class Partition(Condition):
    """The network is cut in two: these nodes and these processes of the application, and all others.

    Packets between the two sides vanish, as in PartitionCache; on each side everything goes on. Both sides
    reach the database. Process n serves the users whose number modulo `Fleet.processes` is n. In a cluster the
    side with more than half of the primaries decides. The service behind `Replicated` stands on the side that
    has no name here.

    >>> Partition(nodes=("primary",), processes=(0,), at=20).window
    (20.0, 30.0)

    References
    ----------
    Redis Cluster specification, "Availability"; Kingsbury, "Jepsen: Redis" (2013).
    """

    nodes: Names = ()  # names, or roles such as "shard-0 primary"
    processes: Numbers = ()

    def play(self, system: UnreliableSystem) -> Steps:
        """Cut the network for a while."""
        count = fleet_of(self, system).fleet.processes
        for name in self.nodes:
            system.cache_named(name)  # it refuses one that is not there, before the run
        if unknown := [number for number in self.processes if number >= count]:
            raise BadInput(
                f"Partition.processes must be below {count}, the processes of this fleet, got {unknown[0]}"
            )
        yield from super().play(system)

    def begin(self, system: UnreliableSystem) -> None:
        """Cut it; a role names the node that has it now."""
        fleet_of(self, system).split(id(self), self.nodes, self.processes)

    def end(self, system: UnreliableSystem) -> None:
        """Heal it."""
        fleet_of(self, system).heal(id(self))


class KillZone(Fault):
    """Every cache node of a zone dies with its memory. `down` seconds later the nodes are back, empty.

    The database is in zone-0 and dies with it; `down` seconds later it is back, too. If it has a standby, that
    takes over: after `Database.failover` seconds, whatever `down` says. No process of the application dies.
    A cluster elects nobody while half of its primaries or more are gone, as with two zones.

    >>> str(KillZone("zone-1", at=40))
    'KillZone at 40 s for good'
    """

    zone: str = field(default="zone-0", kw_only=False)
    down: Seconds = math.inf  # seconds until the nodes are there again; inf: for good

    @property
    def lasts(self) -> float:
        """As long as it is down, in seconds."""
        return self.down

    def play(self, system: UnreliableSystem) -> Steps:
        """Let everything in the zone die; bring it back."""
        live = fleet_of(self, system)
        fleet = live.fleet
        if self.zone not in (zones := fleet.zone_names):
            raise BadInput(
                f'KillZone finds no zone "{self.zone}"; this fleet has {", ".join(zones)}'
            )
        yield system.until(self.at)
        if self.zone == zones[0]:
            Drive(self._kill_database(system))
        nodes = [node for node in live.caches if fleet.zone_of(node.name) == self.zone]
        for node in nodes:
            node.crash()
            node.restart_engine()
        if self.down < math.inf:
            yield system.until(self.at + self.down)
            for node in nodes:
                node.restart()

    def _kill_database(self, system: UnreliableSystem) -> Steps:
        system.db.crash()
        away = system.db.outage(self.down)
        if away < math.inf:
            yield system.until(self.at + away)
            system.db.restart()


def fleet_of(fault: Fault, system: UnreliableSystem) -> UnreliableFleetSystem:
    """Take the system for a fleet; refuse one with a single node."""
    if not isinstance(system, UnreliableFleetSystem):
        raise BadInput(
            f"{type(fault).__name__} changes a fleet; give the scenario one: fleet=cs.Pool(4)"
        )
    return system
