"""Fleets with replicas: `Shards` (Redis, cluster mode enabled) and `Replicated` (cluster mode disabled)."""

import math
from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Literal

from cachesim.engines.base import EngineSpec
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.slots import SLOTS, dealt, slot_of
from cachesim.errors import BadInput
from cachesim.model.distributions import Between, Distribution, Exponential
from cachesim.model.fleet.copying import FullCopy
from cachesim.model.fleet.gossip import Gossip
from cachesim.model.fleet.specs import Fleet, Nodes
from cachesim.model.fleet.splits import Side
from cachesim.model.fleet.topology import Truth, View
from cachesim.model.routes import Finder, Weights, as_bytes
from cachesim.rng import Draw
from cachesim.spec import Bytes, Count, Delay, Rule, Span
from cachesim.units import MIB, MS

Reads = Literal["primary", "replica", "nearest"]
Few = Annotated[int, Rule("from 0 to 5", lambda x: 0 <= x <= 5)]  # so many replicas has a shard


class Groups(Fleet):
    """Groups of nodes with the same keys: a primary and its replicas, which follow it with a lag.

    `reads="nearest"` takes the nodes of a group in turn that are in the process's own zone, the primary
    among them; if there is none, all of them. `min_replicas` and `max_lag` are Redis's
    min-replicas-to-write and min-replicas-max-lag.
    """

    replicas: Few = 0  # of each primary
    lag: Distribution = Exponential(mean=1 * MS)  # seconds from a write to its arrival at a replica
    reads: Reads = "primary"  # who answers a get that does not say it
    min_replicas: Few = 0  # without so many good replicas a primary takes no writes
    max_lag: Count = 10  # seconds since its last word, after which a replica is not good
    backlog: Bytes = MIB  # bytes of the log that a primary keeps for replicas that were away
    copy: FullCopy = FullCopy()  # what it costs a replica to copy all data, during a run

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.min_replicas > self.replicas:
            raise BadInput(
                f"{type(self).__name__}.min_replicas must be at most replicas ({self.replicas}), or no write is "
                f"ever taken; got {self.min_replicas}"
            )

    @property
    def is_zoned(self) -> bool:
        """Whether it matters in which zone a node and a process are."""
        return super().is_zoned or self.reads == "nearest"

    def read_zone(self, process: int) -> str | None:
        """Name the zone in which a process looks for a copy to read; None: the zone does not matter."""
        return self.zone_of_process(process) if self.reads == "nearest" else None

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput unless the engine is Redis."""
        super().check(cache)
        if not isinstance(cache, Redis):
            name = type(self).__name__
            raise BadInput(f"{name} are nodes of Redis, got {cache!r}; for Memcached take a Pool")

    def takeover(self, draw: Draw) -> tuple[float, float]:
        """Draw how many seconds after its primary fell silent that is sure, and a replica takes over; inf: never."""
        raise NotImplementedError

    def again(self, draw: Draw) -> float:
        """Draw how many seconds after a takeover that failed there is another try."""
        raise NotImplementedError

    def leading(self, primaries: Sequence[Side], rest: Side) -> Side | None:
        """Say which side of a split network decides who is a primary; None: none can.

        `primaries` has the side of each primary that works, `rest` is the side that no cut names.
        """
        raise NotImplementedError


class Shards(Groups):
    """A Redis Cluster: 16,384 slots, dealt to the shards in equal runs, or in runs by weight.

    A cluster notices a dead primary by its own gossip, after `node_timeout` seconds at least. It needs three
    shards for that, and a replica.

    >>> Shards(3).finder()("user:1")
    1

    References
    ----------
    Redis Cluster specification; redis 7.0, cluster.c.
    """

    shards: Nodes = field(default=3, kw_only=False)
    node_timeout: Span = 15.0  # seconds until a node counts as silent: as in redis.conf
    full_coverage: bool = (
        True  # whether all shards refuse commands while one has no primary: as in redis.conf
    )
    weights: Weights = ()  # one per shard: its part of the slots; empty: all alike

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.weights) not in (0, self.shards):
            raise BadInput(
                f"Shards.weights must have one weight per shard, got {len(self.weights)} for "
                f"{self.shards} shards; give {self.shards}, or none for equal parts"
            )

    def groups(self) -> Sequence[Sequence[str]]:
        """Name the nodes of each shard."""
        nodes = range(1 + self.replicas)
        return [[f"shard-{shard} node-{n}" for n in nodes] for shard in range(self.shards)]

    def finder(self) -> Finder:
        """Make the function that finds a key's shard: by its slot."""
        shards = self.shards
        if self.weights:
            owners = dealt(shards, self.weights)
            return lambda key: owners[slot_of(as_bytes(key))]
        return lambda key: slot_of(as_bytes(key)) * shards // SLOTS

    def slot(self, key: str) -> int:
        """Find the slot of a key."""
        return slot_of(as_bytes(key))

    def takeover(self, draw: Draw) -> tuple[float, float]:
        """Draw when a primary has FAIL, and when the cluster's own election is over; inf: there is no majority."""
        if self.shards < 3:
            return math.inf, math.inf
        _, failed, promoted = self._gossip(draw).failover()
        return failed, promoted if self.replicas else math.inf

    def isolation(self, draw: Draw) -> float:
        """Draw how many seconds after a cut a node knows that there is no majority on its side."""
        return self.node_timeout if self.shards == 1 else self._gossip(draw).isolation()

    def _gossip(self, draw: Draw) -> Gossip:
        return Gossip(self.node_timeout, self.shards, self.replicas, draw)

    def again(self, draw: Draw) -> float:
        """Wait as long as a replica of Redis whose election failed (redis 7: cluster.c, auth_retry_time)."""
        return max(4 * self.node_timeout, 4.0)

    def leading(self, primaries: Sequence[Side], rest: Side) -> Side | None:
        """Say on which side more than half of all primaries work."""
        most = max(primaries, key=primaries.count, default=rest)
        return most if primaries.count(most) > self.shards // 2 else None


class Replicated(Groups):
    """A primary with replicas behind two names: the primary endpoint, and the reader endpoint.

    The service notices a dead primary, promotes the replica with the least lag, and changes the name's
    address. A process asks for the address again when its copy is `dns_ttl` seconds old, and, if it
    `reresolves`, after an error.

    >>> Replicated(2).groups()
    [['node-0', 'node-1', 'node-2']]

    References
    ----------
    Amazon ElastiCache User Guide, "Minimizing downtime with Multi-AZ": detect, promote, propagate the name.
    """

    replicas: Few = field(default=1, kw_only=False)
    detect: Distribution = Between(low=5.0, high=30.0)  # seconds (an assumption)
    promote: Distribution = Between(low=2.0, high=10.0)  # seconds: "a few seconds" (the same guide)
    dns_ttl: Delay = 5.0  # seconds that a process keeps an address; the guide advises 5 to 10
    reresolves: bool = True  # whether it asks for the address again after an error

    def groups(self) -> Sequence[Sequence[str]]:
        """Name the nodes."""
        return [[f"node-{number}" for number in range(1 + self.replicas)]]

    def finder(self) -> Finder:
        """Make the function that finds a key's group: there is one."""
        return lambda key: 0

    def view(self, truth: Truth, draw: Draw) -> View:
        """Make what one process knows: the address that it asked for at a moment of its own."""
        late = self.dns_ttl * draw()
        return View(truth, late) if self.reresolves else Deaf(truth, late)

    def takeover(self, draw: Draw) -> tuple[float, float]:
        """Draw when the service has noticed, and when it has promoted a replica."""
        if not self.replicas:
            return math.inf, math.inf
        noticed = self.detect.quantile(draw())
        return noticed, noticed + self.promote.quantile(draw())

    def again(self, draw: Draw) -> float:
        """Wait until the service has promoted a replica that it did not find before; it looks once per second."""
        return max(1.0, self.promote.quantile(draw()))

    def leading(self, primaries: Sequence[Side], rest: Side) -> Side | None:
        """Say where the service stands: its monitor and its names are on the side that no cut names."""
        return rest


class Deaf(View):
    """A view that no error renews, such as a pool of connections or a JVM that keeps an address for ever."""

    def refresh(self) -> bool:
        """Learn nothing."""
        return False
