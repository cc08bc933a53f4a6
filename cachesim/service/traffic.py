"""Traffic for the nodes of an account: a scenario of the model for some minutes, and the metrics of it."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from cachesim.model.distributions import Constant
from cachesim.model.faults import KillNode, RebootCache
from cachesim.model.faults.base import Fault
from cachesim.model.fleet.groups import Replicated, Shards
from cachesim.model.fleet.specs import Fleet, Pool
from cachesim.node_types import RESERVED, NodeType
from cachesim.records import FOLLOWER, PRIMARY
from cachesim.service.account import Account
from cachesim.service.changes import CHANGES, LEAST, Struck
from cachesim.service.cloudwatch.series import MINUTE, Name
from cachesim.service.elasticache.clusters import CacheCluster
from cachesim.service.elasticache.groups import ReplicationGroup
from cachesim.service.elasticache.serverless import ServerlessCache
from cachesim.service.orders import Order

if TYPE_CHECKING:
    import pandas as pd

SPACE = "AWS/ElastiCache"
NEVER = Constant(value=1e9)  # seconds
COUNTERS = {"Evictions": "evictions", "Reclaimed": "expirations"}  # metric -> column of a sample


class Nodes(NamedTuple):
    """The nodes that a run has, as the model names them, and as the service does."""

    fleet: Fleet
    names: dict[str, str]  # name in the model -> id of the service
    node_type: NodeType
    engine: str
    absent: tuple[str, ...] = ()  # names in the model of nodes that are not there yet


Target = ReplicationGroup | CacheCluster | ServerlessCache


def nodes_of(resource: Target) -> Nodes:
    """Describe a group or a cluster as a fleet of the model; a primary is the first of its shard."""
    if isinstance(resource, ServerlessCache):
        whole = NodeType(name="serverless", maxmemory=int(resource.memory / (1 - RESERVED)))
        return Nodes(Replicated(replicas=0), {"node-0": resource.id}, whole, "redis")
    if isinstance(resource, CacheCluster):
        rented = resource.rented()
        fleet = Pool(len(rented)) if resource.engine == "memcached" else Replicated(replicas=0)
        names = {f"node-{number}": name for number, name in enumerate(rented)}
        return Nodes(fleet, names, resource.node_type, resource.engine)
    shards = [shard for shard in resource.shards if not shard.leaves]
    stay = [[each for each in shard.replicas() if each.status != "deleting"] for shard in shards]
    replicas = max(map(len, stay))
    group: Shards | Replicated = Replicated(replicas=replicas)
    if resource.is_sharded:
        group = Shards(len(shards), replicas=replicas)
    names, absent = {}, []
    for shard, others, known in zip(shards, stay, group.groups(), strict=True):
        there = dict(zip(known, [shard.primary, *others], strict=False))
        names.update({name: member.id for name, member in there.items()})
        absent += [n for n in known if n not in there or there[n].status == "creating"]
    return Nodes(group, names, resource.node_type, "redis", tuple(absent))


def faults_of(nodes: Nodes, orders: list[Order], begin: float) -> tuple[Fleet, tuple[Fault, ...]]:
    """Turn the orders of a run into faults, and into a fleet that fails over when the service said."""
    model = {own: name for name, own in nodes.names.items()}
    fleet: Fleet = nodes.fleet
    faults: list[Fault] = [_joins(name, nodes, orders, begin) for name in nodes.absent]
    if isinstance(fleet, Replicated):
        fleet = fleet.replace(detect=NEVER)  # a failover is the service's: it orders each
    for order in orders:
        if order.node not in model:
            continue
        at, name = order.when - begin, model[order.node]
        if order.what == "reboot":
            faults.append(RebootCache(at=at, duration=max(order.lasts, LEAST), node=name))
            continue
        if order.what != "kill":
            if order.what in CHANGES:
                faults.append(CHANGES[order.what](Struck(order, at, name, model)))
            continue
        faults.append(KillNode(name, at=at, down=max(order.lasts, LEAST)))
        if isinstance(fleet, Replicated) and order.promote < math.inf:
            detect, promote = Constant(value=order.detect), Constant(value=order.promote)
            fleet = fleet.replace(detect=detect, promote=promote)
    return fleet, tuple(faults)


def _joins(name: str, nodes: Nodes, orders: list[Order], begin: float) -> Fault:
    """Let a node be away until it joins, as a new one does: it copies its primary then."""
    joins = [o.when - begin for o in orders if o.what == "join" and o.node == nodes.names.get(name)]
    return KillNode(name, at=0.0, down=max(joins[0], LEAST) if joins else math.inf)


def publish(account: Account, nodes: Nodes, result: Any, begin: float, limit: float) -> None:
    """Send the metrics of every node for every minute of a run that began at `begin`."""
    desk = account.desk("cloudwatch")
    answered = _answered(result.history)
    for name, samples in result.nodes.groupby("node", observed=True):
        own = nodes.names.get(str(name))
        if own is None:
            continue
        cluster, _, node = own.partition(" ")
        dimensions = (("CacheClusterId", cluster), ("CacheNodeId", node or "0001"))
        for minute, metrics in _by_minute(samples, answered, str(name), limit):
            for metric, (unit, value) in metrics.items():
                for keys in (dimensions[:1], dimensions):
                    desk.put(Name(SPACE, metric, keys), unit, begin + minute, [value])


def _answered(history: pd.DataFrame) -> pd.DataFrame:
    """Count the hits and the misses of every node by minute."""
    import pandas as pd

    reads = history[history["lookup"].notna() & history["node"].notna()]
    minutes = (reads["end"] // MINUTE * MINUTE).astype(int)
    hits = reads["lookup"].eq("hit")
    keys = [reads["node"].astype(str), minutes.rename("minute")]
    return pd.DataFrame({"hits": hits, "misses": ~hits}).groupby(keys).sum()


def _by_minute(samples: pd.DataFrame, answered: pd.DataFrame, node: str, limit: float) -> Any:
    """Yield (second at which the minute begins, metric -> (unit, value))."""
    rows = samples.drop_duplicates("begin").sort_values("begin").to_dict("records")
    for before, after in pairwise(rows):
        if after["begin"] - before["begin"] < MINUTE / 2 or after["role"] not in (
            PRIMARY,
            FOLLOWER,
        ):
            continue  # a node that is down sends nothing
        minute = int(before["begin"] // MINUTE * MINUTE)
        counted = answered.loc[(node, minute)] if (node, minute) in answered.index else None
        yield minute, _metrics(before, after, counted, limit)


def _metrics(before: Any, after: Any, counted: Any, limit: float) -> dict[str, tuple[str, float]]:
    seconds = after["begin"] - before["begin"]
    busy = max(0.0, after["cache_busy"] - before["cache_busy"]) / seconds
    found = {
        "EngineCPUUtilization": ("Percent", 100 * busy),
        "CurrItems": ("Count", after["items"]),
        "BytesUsedForCache": ("Bytes", after["memory"]),
        "DatabaseMemoryUsagePercentage": ("Percent", 100 * after["memory"] / limit),
        "IsMaster": ("None", float(after["role"] == PRIMARY)),
    }
    for metric, column in COUNTERS.items():  # a restart begins to count again
        found[metric] = "Count", max(0.0, after[column] - before[column])
    if after["role"] == FOLLOWER:
        found["ReplicationLag"] = "Seconds", after["lag"]
    hits, misses = (0, 0) if counted is None else (int(counted["hits"]), int(counted["misses"]))
    found |= {"CacheHits": ("Count", hits), "CacheMisses": ("Count", misses)}
    if hits + misses:
        found["CacheHitRate"] = "Percent", 100 * hits / (hits + misses)
    return found
