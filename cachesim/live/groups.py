"""Fleets as they are run: a primary with replicas, and a Redis Cluster."""

from binascii import crc_hqx
from collections.abc import Callable, Mapping
from itertools import count
from typing import NamedTuple

from cachesim.errors import ServerFailed
from cachesim.live.clock import SECOND
from cachesim.live.fleet import STEP, LiveFleet
from cachesim.live.node import PORT, RedisNode
from cachesim.live.relay import Lag

SLOTS = 16_384  # of a Redis Cluster (redis 7: cluster.h)
LEAD = 10.1  # seconds before time 0; the first step is 0.1 s later, so replicationCron runs at whole seconds
FORMING = 5.0  # seconds in which a cluster forms


def slot_of(key: str) -> int:
    """Give the slot of a key without braces: CRC16 modulo the slots (redis.io/docs: cluster-spec).

    >>> slot_of("123456789")
    12739
    """
    return crc_hqx(key.encode(), 0) % SLOTS


def until(fleet: LiveFleet, is_ready: Callable[[], bool], limit: float) -> None:
    """Let time pass in steps until something is true; by `limit` (seconds) it must be."""
    while not is_ready():
        if fleet.now >= limit:
            raise ServerFailed(f"the fleet was not ready at {fleet.now:g} s; the run is lost")
        fleet.move(STEP / SECOND)


class PrimaryAndReplicas(LiveFleet):
    """A primary with replicas, at time 0 and with all links up.

    Parameters
    ----------
    replicas : int
        How many.
    lag : function
        Seconds from the primary to a replica, drawn once per instant at which it sends.
    back : function or None
        Seconds from a replica to the primary; None: as `lag`.
    settings : mapping
        Settings of redis.conf, for every server.
    seed : int
        Of all random draws of the servers.
    """

    def __init__(
        self,
        replicas: int = 1,
        *,
        lag: Lag = lambda: 0.0,
        back: Lag | None = None,
        settings: Mapping[str, object] | None = None,
        seed: int = 1,
    ) -> None:
        super().__init__([settings or {}] * (1 + replicas), seed=seed, lead=LEAD)
        self.primary, *self.replicas = self.nodes
        self.links = [self.link(self.primary, lambda: 0.0, lambda: 0.0) for _ in self.replicas]
        for replica, link in zip(self.replicas, self.links, strict=True):
            replica.call("REPLICAOF", self.address, link.port)
        until(self, self.is_linked, 0.0)
        self.move(-self.now)
        for link in self.links:
            link.set_lag(lag, back or lag)

    def is_linked(self) -> bool:
        """Whether every replica that works is linked to the primary."""
        working = [replica for replica in self.replicas if replica.works]
        return all(replica.info()["master_link_status"] == "up" for replica in working)


class FailoverTimes(NamedTuple):
    """When a cluster noticed a crash: seconds after it, as one surviving primary saw it."""

    suspected: float  # PFAIL: this node has no answer
    failed: float  # FAIL: a majority has no answer
    promoted: float  # a replica was elected
    served: float  # every node that works says that the cluster is ok
    version: str  # of the servers


class RedisCluster(LiveFleet):
    """A Redis Cluster with equal shards, at time 0 and ready.

    Parameters
    ----------
    shards, replicas : int
        Primaries, and replicas of each. `nodes` lists the primaries first.
    node_timeout : float
        Seconds: `cluster-node-timeout`.
    settings : mapping
        Further settings of redis.conf, for every server.
    seed : int
        Of all random draws of the servers.
    """

    def __init__(
        self,
        shards: int = 3,
        replicas: int = 1,
        *,
        node_timeout: float = 15.0,
        settings: Mapping[str, object] | None = None,
        seed: int = 1,
    ) -> None:
        own = {
            "cluster-enabled": "yes",
            "cluster-node-timeout": round(node_timeout * 1000),
            "cluster-allow-replica-migration": "no",
        }
        every = {**own, **(settings or {})}
        super().__init__(
            [every] * shards * (1 + replicas), seed=seed, lead=FORMING + 2 * node_timeout
        )
        self.shards = shards
        self.ids = [node.call("CLUSTER", "MYID").decode() for node in self.nodes]
        self._form()
        until(self, self.is_ready, 0.0)
        self.move(-self.now)

    def _form(self) -> None:
        for index, node in enumerate(self.nodes):
            node.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1)
        for shard, node in enumerate(self.nodes[: self.shards]):
            first, end = (SLOTS * number // self.shards for number in (shard, shard + 1))
            node.call("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
        for node in self.nodes[1:]:
            self.nodes[0].call("CLUSTER", "MEET", node.address, PORT)
        until(self, self._have_met, 0.0)
        for index, node in enumerate(self.nodes[self.shards :]):
            node.call("CLUSTER", "REPLICATE", self.ids[index % self.shards])

    def _have_met(self) -> bool:
        return all(set(self.flags(node)) == set(self.ids) for node in self.nodes)

    def flags(self, observer: RedisNode) -> dict[str, list[str]]:
        """Ask one node what it knows: id of a node -> its flags (master, slave, fail?, ...)."""
        lines = observer.call("CLUSTER", "NODES").decode().splitlines()
        return {line.split()[0]: line.split()[2].split(",") for line in lines}

    def is_ok(self) -> bool:
        """Whether every node that works says that the cluster is ok."""
        working = [node for node in self.nodes if node.works]
        return all(b"cluster_state:ok" in node.call("CLUSTER", "INFO") for node in working)

    def is_ready(self) -> bool:
        """Whether the cluster is ok and every replica is linked to its primary."""
        replicas = self.nodes[self.shards :]
        linked = all(node.info()["master_link_status"] == "up" for node in replicas)
        return linked and self.is_ok()

    def key_of(self, shard: int) -> str:
        """Give a key of a shard."""
        names = (f"k{number}" for number in count())
        return next(name for name in names if slot_of(name) * self.shards // SLOTS == shard)

    def crash_primary(self, shard: int = 0) -> FailoverTimes:
        """Crash a primary and watch the failover, as the next primary sees it, every 100 ms."""
        self.nodes[shard].crash()
        began, seen = self.now, dict[str, float]()
        observer = self.nodes[(shard + 1) % self.shards]
        while "served" not in seen:
            self.move(STEP / SECOND)
            for name in self._noticed(observer, shard):
                seen.setdefault(name, round(self.now - began, 1))
        return FailoverTimes(**seen, version=observer.version)

    def _noticed(self, observer: RedisNode, shard: int) -> list[str]:
        """Which of the FailoverTimes have come, as far as the observer knows."""
        flags = self.flags(observer)
        lost, *others = [flags[node] for node in self.ids[shard :: self.shards]]
        promoted = any("master" in one for one in others)
        states = {
            "suspected": "fail?" in lost or "fail" in lost,
            "failed": "fail" in lost,
            "promoted": promoted,
            "served": promoted and self.is_ok(),
        }
        return [name for name, is_true in states.items() if is_true]


def failover(node_timeout: float, seed: int) -> FailoverTimes:
    """Run a 3+3 cluster and crash a primary; its nodes, their draws and the moment follow from the seed.

    A cluster has a beat of one second (clusterCron). So ten seeds in a row crash at ten phases of it.
    """
    with RedisCluster(node_timeout=node_timeout, seed=seed) as cluster:
        cluster.move(seed % 10 / 10)
        return cluster.crash_primary()
