"""Traffic for the nodes of an account: a scenario of the model for some minutes, and the metrics of it."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from cachesim.model.distributions import Constant
from cachesim.model.faults import KillNode, Partition
from cachesim.model.faults.base import Fault
from cachesim.model.fleet.groups import Replicated, Shards
from cachesim.model.fleet.specs import Fleet, Pool
from cachesim.node_types import RESERVED, NodeType
from cachesim.records import FOLLOWER, PRIMARY
from cachesim.service.account import Account
from cachesim.service.changes import CHANGES, LEAST, Struck
from cachesim.service.cloudwatch.metric_rows import FIVE, Counted, metric_rows
from cachesim.service.cloudwatch.series import MINUTE, Name
from cachesim.service.cloudwatch.standing import SPACE, StandingNode
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.parameters import InUse
from cachesim.service.elasticache.serverless import ServerlessCache
from cachesim.service.orders import Order
from cachesim.service.vpc import DEFAULT_GROUP

NEVER = Constant(value=1e9)  # seconds


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
        if isinstance(fleet, Replicated) and order.what == "kill" and order.promote < math.inf:
            detect, promote = Constant(value=order.detect), Constant(value=order.promote)
            fleet = fleet.replace(detect=detect, promote=promote)
    return fleet, tuple(faults)


def _joins(name: str, nodes: Nodes, orders: list[Order], begin: float) -> Fault:
    """Let a node be away until it joins, as a new one does: it copies its primary then."""
    joins = [o.when - begin for o in orders if o.what == "join" and o.node == nodes.names.get(name)]
    return KillNode(name, at=0.0, down=max(joins[0], LEAST) if joins else math.inf)


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
    return (Partition(processes=tuple(range(nodes.fleet.processes)), duration=math.inf),)


def publish(account: Account, nodes: Nodes, samples: list[Sample], begin: float) -> None:
    """Send the metrics of every node for every minute of a run that began at `begin`."""
    standing = account.desk("cloudwatch").standing
    for name, own in nodes.names.items():
        mine = [sample for sample in samples if sample.node == name]
        if own not in standing.nodes or not mine:
            continue
        node = standing.nodes[own]
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
