"""Builds the live parts of a run from a blueprint, and plays its workload."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from heapq import heappush
from itertools import chain, count
from typing import Any

from simpy.events import NORMAL

from cachesim.engines.base import Engine
from cachesim.errors import CacheError
from cachesim.model.app import App, BackgroundApp, Skew
from cachesim.model.blueprint import Blueprint
from cachesim.model.cache import CacheTier
from cachesim.model.cache_client import CacheClient
from cachesim.model.client import Client
from cachesim.model.database import DatabaseTier
from cachesim.model.database_client import DatabaseClient, QueryClient, SplitClient
from cachesim.model.database_replica import ReplicaTier, Turns, replica_name
from cachesim.model.dynamo import TableClient
from cachesim.model.events import Drive, Environment, Steps, Visit
from cachesim.model.journey import Journey
from cachesim.model.misuse import misused, moved
from cachesim.model.saving import seed
from cachesim.model.size import check_size
from cachesim.model.tier import Tier
from cachesim.records import CACHE, DATABASE, FIRST_WRITE, Record, Sink, Value
from cachesim.rng import uniform
from cachesim.slips import STRATEGY, check_shapes

POOLED = 100  # users; if there are more, a user who thinks has no client
BESIDE = -1  # number of the client that does the strategy's work beside the requests


class System:
    """The clients, the tiers and the memory of one run.

    A subclass with other tiers overrides `make_cache` and `connect_cache`; one with more tiers overrides
    `cache_client`, which then chooses among the clients that `connect_cache` makes. The same for databases.
    """

    client_type: type[Client] = Client
    skew: Skew | None = None  # of the clients' clocks; None: all are right
    slot_moves: Sequence[tuple[Any, ...]] = ()  # slots of a cluster that moved to another shard

    def __init__(self, blueprint: Blueprint, sink: Sink, look: Sink) -> None:
        check_size(blueprint)
        check_shapes(blueprint.strategy, STRATEGY)
        blueprint.strategy.check(blueprint.cache)
        self.blueprint = blueprint
        self.strategy = blueprint.strategy
        self.raises = blueprint.on_cache_error == "raise"  # whether a refused cache command fails
        self.sink = sink  # takes one record per request
        self.look = look  # takes each sample of the tiers; those of a fleet's nodes after it
        self._requests = blueprint.workload.requests(blueprint.seed)
        self._writers = blueprint.workload.writers
        self.env = Environment()
        self._make_tiers()
        self.shared: dict[Any, Any] = {}  # the memory of the application: App.shared
        self.random = uniform(blueprint.seed, "strategy")
        self.next_write = count(FIRST_WRITE).__next__  # gives each write its id
        self._clients = 0  # made so far
        self._idle: list[Client] = []  # those without a request
        self._asking = 0  # sources of more requests: the open loop, or users who share clients
        self._sizes: dict[str, int] = {}
        self._loaded: dict[int, Value] = {}
        self.env.end_when(self._over)

    def _make_tiers(self) -> None:
        self.caches = self.make_caches()
        self.cache = self.caches[0]
        self.db = self.make_database(DATABASE)
        self.replicas = [self.make_replica(n) for n in range(self.blueprint.database.replicas)]
        self._turns = Turns(len(self.replicas))
        self.units = self.blueprint.database.units(self.blueprint.seed)  # None: no such limit
        tiers: tuple[Tier, ...] = (*self.caches, self.db, *self.replicas)
        self.tiers = {tier.name: tier for tier in tiers}

    # --- the parts, which a subclass may make in another way
    def make_caches(self) -> list[CacheTier]:
        """Make the live caches: one, unless there is a fleet."""
        return [self.make_cache(CACHE)]

    def make_cache(self, name: str) -> CacheTier:
        """Make a live cache."""
        of = self.blueprint
        return CacheTier(self.env, of.cache, of.node, of.network, of.seed, name)

    def make_database(self, name: str) -> DatabaseTier:
        """Make a live database."""
        of = self.blueprint
        return DatabaseTier(self.env, of.database, of.network, of.seed, name)

    def make_replica(self, number: int) -> ReplicaTier:
        """Make a live read replica of the database."""
        of, read = self.blueprint, self.db.log.reader(number)
        return ReplicaTier(
            self.env, of.database, of.network, of.seed, replica_name(self.db, number), read
        )

    def connect_cache(self, tier: CacheTier, journey: Journey) -> CacheClient:
        """Make a client of one cache, for the requests of a journey."""
        return CacheClient(tier, journey, raises=self.raises)

    def connect_database(self, tier: DatabaseTier, journey: Journey) -> DatabaseClient:
        """Make a client of one database, for the requests of a journey."""
        return DatabaseClient(tier, journey)

    def connect_replica(self, tier: ReplicaTier, journey: Journey) -> QueryClient:
        """Make a client of one replica, for the requests of a journey."""
        return QueryClient(tier, journey)

    def cache_client(self, app: App) -> CacheClient:
        """Make the `app.cache` of a view."""
        return self.connect_cache(self.cache, app.journey)

    def database_client(self, app: App) -> DatabaseClient | SplitClient:
        """Make the `app.db` of a view."""
        primary = self.connect_database(self.db, app.journey)
        if not self.replicas:
            return primary
        replicas = [self.connect_replica(tier, app.journey) for tier in self.replicas]
        if self.units is not None:
            return TableClient(primary, replicas, self.db, self.units, app)
        return SplitClient(primary, replicas, lambda: self._turns.of(app.journey.client))

    def new_app(self, client: int) -> App:
        """Make a view of the system for a client."""
        return BackgroundApp(self, client, self._over) if client == BESIDE else App(self, client)

    def sink_of(self, client: Client) -> Sink:
        """Make the function that takes a client's records."""
        return self.sink

    # --- the run

    def run(self) -> None:
        """Load the rows, warm the cache if asked, and play the workload to its end."""
        try:
            self._play()
        except AttributeError as error:
            if (found := misused(error) or moved(self, error)) is None:
                raise
            raise found from error
        finally:
            for tier in self.tiers.values():
                tier.close()

    def _play(self) -> None:
        self._load()
        Drive(self._watch())
        users = self.blueprint.workload.users
        if users is None:
            Drive(self._arrivals())
        elif users > POOLED:
            self._pool(users)
        else:
            think = self._thinker(self._idle.append)
            for _ in range(users):
                think(self._new_client(think))
        if (work := self.strategy.start(self.new_app(BESIDE))) is not None:
            Drive(work)
        self.env.run_to_end()
        self._sample()

    # --- the loops

    def _arrivals(self) -> Steps:
        """Play an open loop: any idle client takes the next request."""
        env, end, pause = self.env, self.blueprint.duration, Visit().ready(self.env)
        self._asking = 1
        for request in self._requests:
            gap = request[0]
            if env.now + gap >= end:
                break
            yield pause.start(gap)
            client = self._idle.pop() if self._idle else self._new_client(self._idle.append)
            client.serve(request)
        self._asking = 0

    def _pool(self, users: int) -> None:
        """Play a closed loop of many users, who share clients. A user who thinks is a pause with a number.

        A client takes about 3 kB. If each user had one, they would not fit into the processor's cache.
        """
        idle = self._idle

        def wake(pause: Visit) -> None:
            client = idle.pop() if idle else self._new_client(rest)
            client.stand_in(pause)

        def rest(client: Client) -> None:
            idle.append(client)
            think(client)

        def leave(client: Client) -> None:
            self._asking -= 1

        self._asking = users
        think, first = self._thinker(leave), self._new_client(rest)
        for number in range(users):
            first.stand_in(Visit().ready(self.env).of_user(number, wake))
            think(first)
        idle.append(first)

    def _thinker(self, leave: Callable[[Client], None]) -> Callable[[Client], None]:
        """Make the function that lets a user think and then ask again, or leave at the end of the run."""
        env, end = self.env, self.blueprint.duration
        writers, requests = self._writers, self._requests
        queue, ids = env._queue, env._eid

        def think(client: Client) -> None:
            for request in requests:
                moment = env._now + request[0]
                if moment >= end:
                    break
                if writers is not None:
                    op = "write" if client.number < writers else "read"
                    request = (request[0], op, request[2])
                pause = client.pause
                pause._value = request
                heappush(queue, (moment, NORMAL, next(ids), pause))  # as Visit.start
                return
            leave(client)

        return think

    def _new_client(self, rest: Callable[[Client], None]) -> Client:
        self._clients += 1
        return self.client_type(self, self._clients - 1, rest)

    def _over(self) -> bool:
        """Whether every request has its record, and no more requests come."""
        return not self._asking and len(self._idle) == self._clients

    def new_value(self, key: str) -> Value:
        """Make the value of the key's next write, with a new id."""
        return Value.stamp(self.next_write(), self._size(key))

    # --- before, beside and after
    def _load(self) -> None:
        keys = self.blueprint.workload.keys_loaded()
        sizes = self.blueprint.workload.sizes_of(keys)
        self._sizes.update(zip(keys, sizes, strict=True))
        self._loaded = {size: Value.stamp(0, size) for size in set(sizes)}
        self.db.load(zip(keys, map(self._loaded.__getitem__, sizes), strict=True))
        if self.blueprint.workload.asks_queries:
            self.db.answer_queries()
        if self.blueprint.start == "warm":
            self._warm(keys)
        seed(self.blueprint.cache, self.engine_of, first=not self.db.past)

    def _warm(self, keys: list[str]) -> None:
        """Fill the cache as after a long run: the most popular keys last, each TTL partly used up."""
        used = uniform(self.blueprint.seed, "warm start")
        for key in reversed(keys):
            with suppress(CacheError):  # a value that does not fit stays out
                value = self._loaded[self._sizes[key]]
                self.strategy.preload(self.engine_of(key), key, value, 1 - used())

    def engine_of(self, key: str) -> Engine:
        """Find the engine that holds a key: with one cache it is always the same."""
        return self.cache.engine

    def _size(self, key: str) -> int:
        size = self._sizes.get(key)
        if size is None:
            size = self._sizes[key] = self.blueprint.workload.size_of(key)
        return size

    def _watch(self) -> Steps:
        """Sample the tiers at the start, at the end of the warm-up and once per interval."""
        of, env, pause = self.blueprint, self.env, Visit().ready(self.env)
        samples = range(math.floor(of.duration / of.sample_every) + 1)
        for moment in sorted({of.warmup, of.duration, *(k * of.sample_every for k in samples)}):
            yield pause.start(moment - env.now)
            self._sample()

    def _sample(self) -> None:
        now = self.env.now
        self.look((now, *self.counters(now), *self.repeated()), *self.node_samples(now))

    def counters(self, now: float) -> tuple[float, ...]:
        """Read the counters of a sample, in the order of `records.TIERS`."""
        return tuple(chain.from_iterable(tier.counters(now) for tier in self.tiers.values()))

    def node_samples(self, now: float) -> list[Record]:
        """Sample each node of a fleet; without one there is nothing to add."""
        return []

    def lost_writes(self) -> Sequence[tuple[Any, ...]]:
        """Give the writes that a failover lost; without a fleet there is none."""
        return ()

    def repeated(self) -> tuple[int, int]:
        """Count the attempts of all clients that were repetitions, and those that timed out."""
        return 0, 0
