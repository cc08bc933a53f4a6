"""Orders that change a fleet in a run, as faults of the model: a hand-over, more memory, other nodes."""

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.model import faults
from cachesim.model.events import Steps
from cachesim.model.faults.base import Fault
from cachesim.model.fleet.failover import UnreliableGroupSystem
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.service.orders import Order
from cachesim.spec import Delay, Rate

LEAST = 1e-3  # seconds: a fault of the model lasts longer than nothing
GAP = "READONLY You can't write against a read only replica."  # redis 7: it has stepped down


class HandOverCache(Fault):
    """A planned failover: a primary takes no writes for a moment, and then a replica leads that has them all."""

    role: str = "primary"  # of the node that hands over
    to: str = "node-1"  # the name of the node that takes over
    gap: Delay = 0.5  # seconds without writes

    def play(self, system: UnreliableSystem) -> Steps:
        """Refuse writes; let the replica lead."""
        yield system.until(self.at)
        if not isinstance(system, UnreliableGroupSystem):
            raise BadInput("HandOverCache needs a fleet with replicas")
        old: Any = system.cache_named(self.role)
        old.engine.refuse_writes(lambda: GAP)
        yield system.until(self.at + self.gap)
        old.engine.refuse_writes(lambda: None)
        place = system.caches.index(system.cache_named(self.to))
        group = system.topology.primaries.index(system.caches.index(old))
        if place in system.topology.replicas[group]:  # it did not lead already
            system.promote(group, place)


class ResizeCache(Fault):
    """All nodes of the cache have other memory from now on; what does not fit is evicted at the next write."""

    factor: Rate = 2.0  # by which it grows

    def play(self, system: UnreliableSystem) -> Steps:
        """Set the limit."""
        yield system.until(self.at)
        for node in system.caches:
            engine: Any = node.engine
            engine.limit_memory(int(engine.maxmemory * self.factor))


class Struck(NamedTuple):
    """An order and what the model calls the node that it is for."""

    order: Order
    at: float  # seconds of the run
    name: str
    names: dict[str, str]  # id of the service -> name in the model

    @property
    def shard(self) -> str:
        """The name of the shard; empty if there is one."""
        return self.name.rpartition(" ")[0]

    @property
    def lasts(self) -> float:
        """The seconds that the node is away."""
        return max(self.order.lasts, LEAST)

    @property
    def pause(self) -> float:
        """The seconds after each slot, so that all of them take as long as the service says."""
        return self.order.lasts / self.order.amount


CHANGES: dict[str, Callable[[Struck], Fault]] = {
    "save": lambda it: faults.SnapshotCache(at=it.at, node=it.name, keep=True),
    "reboot": lambda it: faults.RebootCache(at=it.at, duration=it.lasts, node=it.name),
    "kill": lambda it: faults.KillNode(it.name, at=it.at, down=it.lasts),
    "hand over": lambda it: HandOverCache(
        at=it.at,
        role=f"{it.shard} primary".lstrip(),
        to=it.names[it.order.joins[0]],
        gap=it.order.lasts,
    ),
    "away": lambda it: faults.RefuseCache(at=it.at, duration=it.lasts, node=it.name),
    "resize": lambda it: ResizeCache(at=it.at, factor=it.order.amount),
    "add node": lambda it: faults.AddNode(at=it.at),
    "remove node": lambda it: faults.RemoveNode(it.name, at=it.at),
    "add shard": lambda it: faults.AddShard(at=it.at, pause=it.pause),
    "remove shard": lambda it: faults.RemoveShard(it.shard, at=it.at, pause=it.pause),
}


def with_joined(names: dict[str, str], orders: list[Order]) -> dict[str, str]:
    """Return name in the model -> id of the service, also of the nodes that the orders of a run bring.

    >>> order = Order(0.0, "m 0001", "add node", 0.0, joins=("m 0002",))
    >>> with_joined({"node-0": "m 0001"}, [order])
    {'node-0': 'm 0001', 'node-1': 'm 0002'}
    """
    found = dict(names)
    for order in orders:
        if order.what not in ("add node", "add shard") or order.node not in names.values():
            continue
        prefixes = {name.rpartition(" ")[0] for name in found}
        shard = "" if order.what == "add node" else f"shard-{len(prefixes)} "
        numbers = count(sum(name.startswith(f"{shard}node-") for name in found))
        found.update(
            {f"{shard}node-{n}": own for n, own in zip(numbers, order.joins, strict=False)}
        )
    return found
