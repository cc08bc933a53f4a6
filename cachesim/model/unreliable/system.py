"""A system whose tiers may fail and whose clients may give up: built for scenarios that ask for it."""

from collections.abc import Callable, Iterator
from typing import Any

from cachesim.errors import BadInput
from cachesim.model.blueprint import Blueprint
from cachesim.model.database_replica import replica_name
from cachesim.model.events import Drive, Visit
from cachesim.model.journey import Journey
from cachesim.model.system import System
from cachesim.model.unreliable.call import Channel
from cachesim.model.unreliable.clients import (
    ResilientCacheClient,
    ResilientDatabaseClient,
    ResilientQueryClient,
)
from cachesim.model.unreliable.tiers import (
    UnreliableCache,
    UnreliableDatabase,
    UnreliableReplica,
    UnreliableTier,
)
from cachesim.model.workload import TimedRequest
from cachesim.records import CACHE, Record, Sink
from cachesim.rng import uniform

# (now, the request that is due a gap from now) -> the request that comes in its place
Bend = Callable[[float, TimedRequest], TimedRequest]


class UnreliableSystem(System):
    """A system with switches for faults: those of its tiers, of its workload and of its clients' clocks.

    A fault's `play(system)` is a generator. It waits with `yield system.until(moment)` and turns switches.
    """

    cache: UnreliableCache
    db: UnreliableDatabase
    tiers: dict[str, UnreliableTier]  # type: ignore[assignment] # a Tier that may fail

    def __init__(self, blueprint: Blueprint, sink: Sink, look: Sink) -> None:
        super().__init__(blueprint, self._note, look)
        self._record = sink
        self.settled = 0.0  # seconds: when the last request ended
        self.channels: dict[str, Channel] = {}  # name of a tier -> how its clients call it
        self._struck: dict[int, UnreliableCache] = {}  # id of a fault -> the node that it struck
        self.bends: list[Bend] = []
        self.skews: list[float] = []  # seconds by which clients' clocks are wrong at most

    # --- the parts

    def make_cache(self, name: str) -> UnreliableCache:
        """Make a live cache that may fail."""
        of = self.blueprint
        return UnreliableCache(self.env, of.cache, of.node, of.network, of.seed, name)

    def make_database(self, name: str) -> UnreliableDatabase:
        """Make a live database that may fail."""
        of = self.blueprint
        return UnreliableDatabase(self.env, of.database, of.network, of.seed, name)

    def make_replica(self, number: int) -> UnreliableReplica:
        """Make a live read replica that may fail."""
        of, read = self.blueprint, self.db.log.reader(number)
        return UnreliableReplica(
            self.env, of.database, of.network, of.seed, replica_name(self.db, number), read
        )

    def connect_cache(self, tier: Any, journey: Journey) -> ResilientCacheClient:
        """Make a client of one cache that may fail."""
        return ResilientCacheClient(tier, journey, self.channel_to(tier), raises=self.raises)

    def connect_database(self, tier: Any, journey: Journey) -> ResilientDatabaseClient:
        """Make a client of one database that may fail."""
        return ResilientDatabaseClient(tier, journey, self.channel_to(tier))

    def connect_replica(self, tier: Any, journey: Journey) -> ResilientQueryClient:
        """Make a client of one replica that may fail."""
        return ResilientQueryClient(tier, journey, self.channel_to(tier))

    def channel_to(self, tier: UnreliableTier) -> Channel:
        """Find the channel of a tier; the first client makes it."""
        if tier.name not in self.channels:
            calls = getattr(self.blueprint.resilience, tier.kind)
            self.channels[tier.name] = Channel(tier, calls, self.blueprint.seed)
        return self.channels[tier.name]

    # --- for faults

    def tier(self, name: str) -> UnreliableTier:
        """Find a tier by its name.

        Raises
        ------
        BadInput
            The system has no such tier; it names those that it has.
        """
        if name not in self.tiers:
            raise BadInput(f'this system has no tier "{name}"; choose from {", ".join(self.tiers)}')
        return self.tiers[name]

    def foresee(self, fault: Any) -> None:
        """Refuse a fault of a node that is not there before the run begins, not when it should strike."""
        if fault.tier == CACHE and isinstance(name := getattr(fault, "node", None), str):
            self.cache_named(name or CACHE)

    def struck_by(self, fault: object, name: str) -> UnreliableCache:
        """Find the cache node that a fault strikes: the one that has this name, or role, when it begins."""
        if id(fault) not in self._struck:
            self._struck[id(fault)] = self.cache_named(name)
        return self._struck[id(fault)]

    def cache_named(self, name: str) -> UnreliableCache:
        """Find a cache node by its name; BadInput if it is not the name of a cache."""
        tier = self.tier(name)
        if not isinstance(tier, UnreliableCache):
            raise BadInput(f'the tier "{name}" is no cache node; name one')
        return tier

    def until(self, moment: float) -> Visit:
        """Wait: the event fires at a moment, in seconds; at once if that is past."""
        return Visit().ready(self.env).start(max(0.0, moment - self.env._now))

    def skew(self, client: int) -> float:
        """Compute by how many seconds a client's clock is wrong now; each client has its own share of the skew."""
        if not self.skews:
            return 0.0
        share = uniform(self.blueprint.seed, f"clock of client {client}")()
        return (2 * share - 1) * sum(self.skews)

    # --- the run

    def _load(self) -> None:
        """Load the rows; start the faults; let the requests come as the faults bend them."""
        super()._load()
        for fault in self.blueprint.faults:
            self.foresee(fault)
            Drive(fault.play(self))
        if self.bends:
            self._requests = self._bent(self._requests)

    def _bent(self, requests: Iterator[TimedRequest]) -> Iterator[TimedRequest]:
        for request in requests:
            for bend in self.bends:
                request = bend(self.env._now, request)
            yield request

    def _note(self, record: Record) -> None:
        self.settled = self.env._now
        self._record(record)

    def _sample(self) -> None:
        """Sample the tiers; the last time when all work was done, though a fault may last longer."""
        if self.env.is_over():
            done = max(tier.last for tier in self.tiers.values())
            self.env.end_by(max(self.blueprint.duration, self.settled, done))
        super()._sample()

    def repeated(self) -> tuple[int, int]:
        """Count the attempts of all clients that were repetitions, and those that timed out."""
        channels = self.channels.values()
        return sum(c.retries for c in channels), sum(c.timeouts for c in channels)
