"""Traffic for the nodes of an account: a scenario of the model for some minutes, and the metrics of it."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from cachesim.model.distributions import Constant
from cachesim.model.faults import KillNode, RebootCache
from cachesim.model.faults.base import Fault
from cachesim.model.fleet.groups import Replicated, Shards
from cachesim.model.fleet.specs import Fleet, Pool
from cachesim.node_types import NodeType
from cachesim.records import FOLLOWER, PRIMARY
from cachesim.service.account import Account
from cachesim.service.cloudwatch.metric_rows import FIVE, Counted, metric_rows
from cachesim.service.cloudwatch.series import MINUTE, Name
from cachesim.service.cloudwatch.standing import SPACE, StandingNode
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.orders import Order


class Sample(NamedTuple):
    """What a node has counted until a moment of a run."""

    when: float  # seconds of the run
    node: str  # its name in the model
    role: str  # one of records.ROLES
    counted: Counted


class Nodes(NamedTuple):
    """The nodes that a run has, as the model names them, and as the service does."""

    fleet: Fleet
    names: dict[str, str]  # name in the model -> id of the service
    node_type: NodeType
    engine: str


def nodes_of(resource: ReplicationGroup | CacheCluster, zones: int = 1) -> Nodes:
    """Describe a group or a cluster as a fleet of the model; a primary is the first of its shard."""
    if isinstance(resource, CacheCluster):
        rented = resource.rented()
        is_pool = resource.engine == "memcached"
        fleet = Pool(len(rented), zones=zones) if is_pool else Replicated(replicas=0, zones=zones)
        names = {f"node-{number}": name for number, name in enumerate(rented)}
        return Nodes(fleet, names, resource.node_type, resource.engine)
    names = {}
    for number, shard in enumerate(resource.shards):
        prefix = f"shard-{number} " if resource.is_sharded else ""
        for place, member in enumerate([shard.primary, *shard.replicas()]):
            names[f"{prefix}node-{place}"] = member.id
    count, replicas = len(resource.shards), len(resource.shards[0].members) - 1
    found = Shards(count, replicas=replicas, zones=zones) if resource.is_sharded else None
    alone = Replicated(replicas=replicas, zones=zones)
    return Nodes(found or alone, names, resource.node_type, "redis")


def faults_of(nodes: Nodes, orders: list[Order], begin: float) -> tuple[Fleet, tuple[Fault, ...]]:
    """Turn the orders of a run into faults, and into a fleet that fails over when the service said."""
    model = {own: name for name, own in nodes.names.items()}
    fleet: Fleet = nodes.fleet
    faults: list[Fault] = []
    for order in orders:
        if order.node not in model:
            continue
        at, name = order.when - begin, model[order.node]
        if order.what == "reboot":
            faults.append(RebootCache(at=at, duration=max(order.lasts, 1e-3), node=name))
            continue
        faults.append(KillNode(name, at=at, down=order.lasts))
        if isinstance(fleet, Replicated):
            detect, promote = Constant(value=order.detect), Constant(value=order.promote)
            fleet = fleet.replace(detect=detect, promote=promote)
    return fleet, tuple(faults)


def publish(account: Account, nodes: Nodes, samples: list[Sample], begin: float) -> None:
    """Send the metrics of every node for every minute of a run that began at `begin`."""
    standing = account.desk("cloudwatch").standing
    for name, own in nodes.names.items():
        node = standing.nodes.get(own)
        mine = [sample for sample in samples if sample.node == name]
        if node is None or not mine:
            continue
        for before, after in pairwise(mine):
            if after.when > before.when:
                send(account, node, before, after, begin)
        node.step(begin, None)
        node.step(begin + mine[-1].when, mine[-1].counted)


def send(account: Account, node: StandingNode, before: Sample, after: Sample, begin: float) -> None:
    """Send what a node has counted from one sample to the next; one that is down sends nothing."""
    when, seconds = begin + before.when, after.when - before.when
    busy = after.counted["host_busy"] - before.counted["host_busy"]
    credits = node.settle(begin + after.when, max(0.0, busy) * node.rented.node_type.vcpu)
    if after.role not in (PRIMARY, FOLLOWER):
        return
    put = account.desk("cloudwatch").put
    for row in metric_rows(node.engine).values():
        if row.role not in ("", after.role):
            continue
        value = row.value(before.counted, after.counted, seconds)
        if row.how == "credits":
            value = credits if node.burns and when % FIVE < MINUTE else None
        if value is not None:
            for dimensions in node.dimensions:
                put(Name(SPACE, row.metric, dimensions), row.unit, when, [value])
