"""Builds the live parts of a run from a blueprint, and plays its workload."""

import math
from collections.abc import Callable
from contextlib import suppress
from heapq import heappush
from itertools import chain, count
from typing import Any

from simpy.events import NORMAL

from cachesim.errors import CacheError
from cachesim.model.app import App, BackgroundApp, Skew
from cachesim.model.blueprint import Blueprint
from cachesim.model.cache import CacheTier
from cachesim.model.cache_client import CacheClient
from cachesim.model.client import Client
from cachesim.model.database import DatabaseTier
from cachesim.model.database_client import DatabaseClient
from cachesim.model.events import Drive, Environment, Steps, Visit
from cachesim.model.misuse import misused
from cachesim.model.size import check_size
from cachesim.model.tier import Tier
from cachesim.records import CACHE, DATABASE, FIRST_WRITE, Sink, Value
from cachesim.rng import uniform
from cachesim.slips import STRATEGY, check_shapes

BESIDE = -1  # the number of the client that does a strategy's work beside the requests


class System:
    """The clients, the tiers and the memory of one run.

    A subclass with other tiers, or more of them, overrides the methods that make the parts.
    """

    skew: Skew | None = None  # of the clients' clocks; None: all are right

    def __init__(self, blueprint: Blueprint, sink: Sink, look: Sink) -> None:
        check_size(blueprint)
        check_shapes(blueprint.strategy, STRATEGY)
        blueprint.strategy.check(blueprint.cache)
        self.blueprint = blueprint
        self.strategy = blueprint.strategy
        self.sink = sink  # takes one record per request
        self.look = look  # takes each sample of the tiers
        self.env = Environment()
        self.cache = self.make_cache(CACHE)
        self.db = self.make_database(DATABASE)
        self.tiers: dict[str, Tier] = {tier.name: tier for tier in (self.cache, self.db)}
        self.shared: dict[Any, Any] = {}  # the memory of the application: App.shared
        self.random = uniform(blueprint.seed, "strategy")
        self._requests = blueprint.workload.requests(blueprint.seed)
        self._writers = blueprint.workload.writers
        self._next_write = count(FIRST_WRITE).__next__
        self._clients = 0  # made so far
        self._idle: list[Client] = []  # those without a request
        self._arriving = False  # whether more requests may come in an open loop
        self._sizes: dict[str, int] = {}
        self._loaded: dict[int, Value] = {}

    # --- the parts, which a subclass may make in another way

    def make_cache(self, name: str) -> CacheTier:
        """Make a live cache."""
        of = self.blueprint
        return CacheTier(self.env, of.cache, of.node, of.network, of.seed, name)

    def make_database(self, name: str) -> DatabaseTier:
        """Make a live database."""
        of = self.blueprint
        return DatabaseTier(self.env, of.database, of.network, of.seed, name)

    def cache_client(self, app: App) -> CacheClient:
        """Make the `app.cache` of a view."""
        raises = self.blueprint.on_cache_error == "raise"
        return CacheClient(self.cache, app.journey, raises=raises)

    def database_client(self, app: App) -> DatabaseClient:
        """Make the `app.db` of a view."""
        return DatabaseClient(self.db, app.journey)

    def new_app(self, client: int) -> App:
        """Make a view of the system for a client."""
        return BackgroundApp(self, client, self._over) if client == BESIDE else App(self, client)

    # --- the run

    def run(self) -> None:
        """Load the rows, warm the cache if asked, and play the workload to its end."""
        try:
            self._play()
        except AttributeError as error:
            if (told := misused(error)) is None:
                raise
            raise told from error
        finally:
            for tier in self.tiers.values():
                tier.close()

    def _play(self) -> None:
        self._load()
        Drive(self._watch())
        users = self.blueprint.workload.users
        if users is None:
            Drive(self._arrivals())
        think = self._thinker()
        for _ in range(users or 0):
            think(self._new_client(think))
        work = self.strategy.start(self.new_app(BESIDE))
        if work is not None:
            Drive(work)
        self.env.run_to_end()
        self._sample()

    # --- the loops

    def _arrivals(self) -> Steps:
        """Play an open loop: a request comes when it comes, and any idle client takes it."""
        env, end, pause = self.env, self.blueprint.duration, Visit().ready(self.env)
        self._arriving = True
        for request in self._requests:
            gap = request[0]
            if env.now + gap >= end:
                break
            yield pause.start(gap)
            client = self._idle.pop() if self._idle else self._new_client(self._idle.append)
            client.serve(request)
        self._arriving = False

    def _thinker(self) -> Callable[[Client], None]:
        """Play a closed loop: return what lets a user who rests think, and then ask again."""
        env, end, writers, requests = (
            self.env,
            self.blueprint.duration,
            self._writers,
            self._requests,
        )
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
            self._idle.append(client)

        return think

    def _new_client(self, rest: Callable[[Client], None]) -> Client:
        self._clients += 1
        return Client(self, self._clients - 1, rest)

    def _over(self) -> bool:
        """Return whether every request has its record and none is to come."""
        return not self._arriving and len(self._idle) == self._clients

    def new_value(self, key: str) -> Value:
        """Return the value of the next write, stamped with a new id."""
        return Value.stamp(self._next_write(), self._size(key))

    # --- before, beside and after

    def _load(self) -> None:
        keys = self.blueprint.workload.keys_loaded()
        sizes = self.blueprint.workload.sizes_of(keys)
        self._sizes.update(zip(keys, sizes, strict=True))
        self._loaded = {size: Value.stamp(0, size) for size in set(sizes)}
        self.db.rows.load(zip(keys, map(self._loaded.__getitem__, sizes), strict=True))
        if self.blueprint.start == "warm":
            self._warm(keys)

    def _warm(self, keys: list[str]) -> None:
        """Fill the cache as a long past would have: the most popular last, TTLs already partly used up."""
        used = uniform(self.blueprint.seed, "warm start")
        for key in reversed(keys):
            with suppress(CacheError):  # what does not fit stays out
                self.strategy.preload(
                    self.cache.engine, key, self._loaded[self._sizes[key]], 1 - used()
                )

    def _size(self, key: str) -> int:
        size = self._sizes.get(key)
        if size is None:
            size = self._sizes[key] = self.blueprint.workload.size_of(key)
        return size

    def _watch(self) -> Steps:
        """Look at the tiers at the start, at the end of the warm-up and once an interval."""
        blueprint, env, pause = self.blueprint, self.env, Visit().ready(self.env)
        looks = range(math.floor(blueprint.duration / blueprint.sample_every) + 1)
        for moment in sorted(
            {blueprint.warmup, blueprint.duration, *(k * blueprint.sample_every for k in looks)}
        ):
            yield pause.start(moment - env.now)
            self._sample()

    def _sample(self) -> None:
        now = self.env.now
        counters = (tier.counters(now) for tier in self.tiers.values())
        self.look((now, *chain.from_iterable(counters), *self.repeated()))

    def repeated(self) -> tuple[int, int]:
        """Count the attempts of all clients that were repetitions, and those that timed out."""
        return 0, 0
