"""A group or a cluster of the service as a fleet of the model, and what happens to it in a run as faults.

The desks place orders (service/orders.py): a node dies, another one joins, a primary hands over.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cachesim.errors import BadInput
from cachesim.experiments.run import LeftBehind, run_and_keep
from cachesim.model import faults as f
from cachesim.model.distributions import Constant
from cachesim.model.events import Steps
from cachesim.model.faults.base import Fault
from cachesim.model.fleet.failover import UnreliableGroupSystem
from cachesim.model.fleet.groups import Replicated, Shards
from cachesim.model.fleet.specs import Fleet, Pool
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.node_types import RESERVED, NodeType
from cachesim.scenario import Scenario
from cachesim.service.account import Account
from cachesim.service.cloudwatch.standing import Sample
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.parameters import InUse
from cachesim.service.elasticache.serverless import ServerlessCache
from cachesim.service.orders import Order
from cachesim.service.vpc import DEFAULT_GROUP
from cachesim.spec import Delay, Rate

if TYPE_CHECKING:
    from cachesim.experiments.result import Result

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


class TakeOver(Fault):
    """The service lets a replica lead. The nodes of a cluster cannot: one primary of two is no majority."""

    node: str = "primary"  # the primary that is down

    def play(self, system: UnreliableSystem) -> Steps:
        """Let the best replica lead, unless the nodes have chosen one by themselves."""
        yield system.until(self.at)
        if not isinstance(system, UnreliableGroupSystem):
            raise BadInput("TakeOver needs a fleet with replicas")
        system.take_over(system.cache_named(self.node))


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
    "save": lambda it: f.SnapshotCache(at=it.at, node=it.name, keep=True),
    "reboot": lambda it: f.RebootCache(at=it.at, duration=it.lasts, node=it.name),
    "kill": lambda it: f.KillNode(it.name, at=it.at, down=it.lasts),
    "hand over": lambda it: HandOverCache(
        at=it.at,
        role=f"{it.shard} primary".lstrip(),
        to=it.names[it.order.joins[0]],
        gap=it.order.lasts,
    ),
    "away": lambda it: f.RefuseCache(at=it.at, duration=it.lasts, node=it.name),
    "resize": lambda it: ResizeCache(at=it.at, factor=it.order.amount),
    "add node": lambda it: f.AddNode(at=it.at),
    "remove node": lambda it: f.RemoveNode(it.name, at=it.at),
    "add shard": lambda it: f.AddShard(at=it.at, pause=it.pause),
    "remove shard": lambda it: f.RemoveShard(it.shard, at=it.at, pause=it.pause),
}


NEVER = Constant(value=1e9)  # seconds


class Nodes(NamedTuple):
    """The nodes that a run has, as the model names them, and as the service does."""

    fleet: Fleet
    names: dict[str, str]  # name in the model -> id of the service
    node_type: NodeType
    engine: str
    parameters: InUse | None  # None: nobody can configure them
    absent: tuple[str, ...] = ()  # names in the model of nodes that are not there yet


Target = ReplicationGroup | CacheCluster | ServerlessCache


def nodes_of(resource: Target) -> Nodes:
    """Describe a group or a cluster as a fleet of the model; a primary is the first of its shard."""
    if isinstance(resource, ServerlessCache):
        whole = NodeType(name="serverless", maxmemory=int(resource.memory / (1 - RESERVED)))
        return Nodes(Replicated(replicas=0), {"node-0": resource.id}, whole, "redis", None)
    if isinstance(resource, CacheCluster):
        rented, is_pool = resource.rented(), resource.engine == "memcached"
        fleet: Fleet = Pool(len(rented)) if is_pool else Replicated(replicas=0)
        named = {f"node-{number}": name for number, name in enumerate(rented)}
        return Nodes(fleet, named, resource.node_type, resource.engine, resource.parameters)
    shards = [shard for shard in resource.shards if not shard.leaves]
    stay = [[each for each in shard.replicas() if each.status != "deleting"] for shard in shards]
    replicas = max(map(len, stay))
    several = Shards(len(shards), replicas=replicas)
    group = several if resource.is_sharded else Replicated(replicas=replicas)
    names, absent = {}, []
    for shard, others, known in zip(shards, stay, group.groups(), strict=True):
        there = dict(zip(known, [shard.primary, *others], strict=False))
        names.update({name: member.id for name, member in there.items()})
        absent += [n for n in known if n not in there or there[n].status == "creating"]
    own = resource.members[0].parameters
    return Nodes(group, names, resource.node_type, "redis", own, tuple(absent))


def faults_of(nodes: Nodes, orders: list[Order], begin: float) -> tuple[Fleet, tuple[Fault, ...]]:
    """Turn the orders of a run into faults, and into a fleet that fails over when the service said."""
    model = {own: name for name, own in nodes.names.items()}
    fleet: Fleet = nodes.fleet
    faults: list[Fault] = [_joins(name, nodes, orders, begin) for name in nodes.absent]
    if isinstance(fleet, Replicated):
        fleet = fleet.replace(detect=NEVER)  # a failover is the service's: it orders each
    for order in orders:
        if order.node not in model or order.what not in CHANGES:
            continue
        struck = Struck(order, order.when - begin, model[order.node], model)
        faults.append(CHANGES[order.what](struck))
        if order.what != "kill" or order.promote == math.inf:
            continue
        if isinstance(fleet, Replicated):
            detect, promote = Constant(value=order.detect), Constant(value=order.promote)
            fleet = fleet.replace(detect=detect, promote=promote)
        else:
            ends = struck.at + order.detect + order.promote
            faults.append(TakeOver(at=ends, node=struck.name))
    return fleet, tuple(faults)


def _joins(name: str, nodes: Nodes, orders: list[Order], begin: float) -> Fault:
    """Let a node be away until it joins, as a new one does: it copies its primary then."""
    joins = [o.when - begin for o in orders if o.what == "join" and o.node == nodes.names.get(name)]
    return f.KillNode(name, at=0.0, down=max(joins[0], LEAST) if joins else math.inf)


def played(
    content: bytes, scenario: Scenario, meter: Callable[[Any], object]
) -> tuple[Result, LeftBehind]:
    """Run a scenario with what the nodes hold at its begin; return what they leave, too."""
    with tempfile.TemporaryDirectory() as folder:
        if content:
            path = Path(folder) / "held.rdb"
            path.write_bytes(content)
            scenario = scenario.replace(cache__seed_from=str(path))
        return run_and_keep(scenario, meter=meter)


def saved_by(
    nodes: Nodes, orders: list[Order], begin: float, backups: dict[tuple[str, float], bytes]
) -> dict[tuple[str, float], bytes]:
    """Return the files that a run has kept, by the ids of the service and the seconds of the calendar."""
    model = {own: name for name, own in nodes.names.items()}
    return {
        (order.node, order.when): backups.get((model[order.node], order.when - begin), b"")
        for order in orders
        if order.what == "save" and order.node in model
    }


def cut_off(
    account: Account, resource: Target, nodes: Nodes, client_group: str
) -> tuple[Fault, ...]:
    """Drop all packets between the application and the nodes, if no rule lets them in."""
    if isinstance(resource, ServerlessCache):
        return ()
    (group,) = account.vpc.known([client_group or DEFAULT_GROUP])
    port = getattr(resource, "members", [resource])[0].port
    if account.vpc.reaches(group, resource.settings["SecurityGroupIds"], port):
        return ()
    return (f.Partition(processes=tuple(range(nodes.fleet.processes)), duration=math.inf),)


def publish(account: Account, nodes: Nodes, samples: list[Sample], begin: float) -> None:
    """Tell CloudWatch what every node has counted in a run that began at `begin`."""
    for name, own in nodes.names.items():
        mine = [sample for sample in samples if sample.node == name]
        account.desk("cloudwatch").standing.played(own, begin, mine)


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
