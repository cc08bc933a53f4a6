"""Builds live parts from a scenario and plays its workload; the clients serve, the sink records."""

import math
from collections.abc import Callable
from contextlib import suppress
from heapq import heappush
from itertools import count
from typing import Any, Protocol

from simpy.events import NORMAL

from cachesim.engines.base import EngineSpec
from cachesim.errors import CacheError
from cachesim.model.app import App, BackgroundApp
from cachesim.model.client import Client
from cachesim.model.database import Database, DatabaseTier
from cachesim.model.events import Drive, Environment, Steps, Visit
from cachesim.model.network import Network
from cachesim.model.node import CacheNode, Node
from cachesim.model.resilience import Resilience
from cachesim.model.size import check_size
from cachesim.model.slips import misused
from cachesim.model.strategies.base import Strategy
from cachesim.model.workload import Workload
from cachesim.records import FIRST_WRITE, Sink, Value
from cachesim.rng import uniform
from cachesim.slips import STRATEGY, check_shapes

POOLED = 100  # users: if there are more, those who think have no client
BESIDE = -1  # the number of the client that does a strategy's work beside the requests


class Plan(Protocol):
    """What a system is built from; `Scenario` is one."""

    @property
    def strategy(self) -> Strategy: ...  # noqa: D102
    @property
    def cache(self) -> EngineSpec: ...  # noqa: D102
    @property
    def node(self) -> Node: ...  # noqa: D102
    @property
    def database(self) -> Database: ...  # noqa: D102
    @property
    def network(self) -> Network: ...  # noqa: D102
    @property
    def workload(self) -> Workload: ...  # noqa: D102
    @property
    def duration(self) -> float: ...  # noqa: D102
    @property
    def warmup(self) -> float: ...  # noqa: D102
    @property
    def sample_every(self) -> float: ...  # noqa: D102
    @property
    def start(self) -> str: ...  # noqa: D102
    @property
    def on_cache_error(self) -> str: ...  # noqa: D102
    @property
    def seed(self) -> int: ...  # noqa: D102
    @property
    def faults(self) -> tuple[Any, ...]: ...  # noqa: D102
    @property
    def resilience(self) -> Resilience: ...  # noqa: D102


class System:
    """The clients, the cache node and the database of one run."""

    retries = timeouts = 0  # attempts repeated and given up so far, all clients together

    def __init__(self, plan: Plan, sink: Sink, look: Sink) -> None:
        self.plan = plan
        self.env = Environment()
        self.shared: dict[Any, Any] = {}  # the memory of the application: App.shared
        self.strategy = plan.strategy
        check_size(plan)
        check_shapes(plan.strategy, STRATEGY)
        plan.strategy.check(plan.cache)
        self._random = uniform(plan.seed, "strategy")
        self.sink = sink  # takes one record a request
        self.look = look  # takes one sample of the tiers
        self.node = CacheNode(self.env, plan.node, plan.cache, plan.network, plan.seed)
        self.database = DatabaseTier(self.env, plan.database, plan.network, plan.seed)
        self._requests = plan.workload.requests(plan.seed)
        self._writers = plan.workload.writers
        self._next_write = count(FIRST_WRITE).__next__
        self._clients = 0  # made so far
        self._idle: list[Client] = []  # those without a request
        self._asking = 0  # sources of more requests: the open loop, or users who share clients
        self._sizes: dict[str, int] = {}
        self._loaded: dict[int, Value] = {}

    def run(self) -> None:
        """Load the rows, warm the cache if asked, and play the workload to its end."""
        try:
            self._play()
        except AttributeError as error:
            if (told := misused(error)) is None:
                raise
            raise told from error
        finally:
            self.node.engine.close()
            self.database.rows.close()

    def _play(self) -> None:
        self._load()
        Drive(self._watch())
        users = self.plan.workload.users
        if users is None:
            Drive(self._arrivals())
        elif users > POOLED:
            self._pool(users)
        else:
            think = self._thinker(self._idle.append)
            for _ in range(users):
                think(self._new_client(think))
        work = self.strategy.start(self.new_app(BESIDE))
        if work is not None:
            Drive(work)
        self.env.run_to_end()
        self._sample()

    # --- the loops

    def _arrivals(self) -> Steps:
        """Play an open loop: a request comes when it comes, and any idle client takes it."""
        env, end, pause = self.env, self.plan.duration, Visit().ready(self.env)
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
        """Play a closed loop of many users: one who thinks is a pause with a number, and idle clients serve.

        A client takes some 3 kB. If each user had one, those at work would fall out of the processor's cache.
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
        """Return what lets a user of a closed loop think and then ask again, or leave at the end of the run."""
        env, end, writers, requests = self.env, self.plan.duration, self._writers, self._requests
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
        return Client(self, self._clients - 1, rest)

    def _over(self) -> bool:
        """Return whether every request has its record and none is to come."""
        return not self._asking and len(self._idle) == self._clients

    def new_app(self, client: int) -> App:
        """Return a new view of the system for a client."""
        raises = self.plan.on_cache_error == "raise"
        options: dict[str, Any] = {"raises": raises, "shared": self.shared, "random": self._random}
        if client == BESIDE:
            return BackgroundApp(
                self.env, self.node, self.database, client=client, over=self._over, **options
            )
        return App(self.env, self.node, self.database, client=client, **options)

    def new_value(self, key: str) -> Value:
        """Return the value of the next write, stamped with a new id."""
        return Value.stamp(self._next_write(), self._size(key))

    # --- before, beside and after

    def _load(self) -> None:
        keys = self.plan.workload.keys_loaded()
        sizes = self.plan.workload.sizes_of(keys)
        self._sizes.update(zip(keys, sizes, strict=True))
        self._loaded = {size: Value.stamp(0, size) for size in set(sizes)}
        self.database.rows.load(zip(keys, map(self._loaded.__getitem__, sizes), strict=True))
        if self.plan.start == "warm":
            self._warm(keys)

    def _warm(self, keys: list[str]) -> None:
        """Fill the cache as a long past would have: the most popular last, TTLs already partly used up."""
        used = uniform(self.plan.seed, "warm start")
        for key in reversed(keys):
            with suppress(CacheError):  # what does not fit stays out
                self.strategy.preload(
                    self.node.engine, key, self._loaded[self._sizes[key]], 1 - used()
                )

    def _size(self, key: str) -> int:
        size = self._sizes.get(key)
        if size is None:
            size = self._sizes[key] = self.plan.workload.size_of(key)
        return size

    def _watch(self) -> Steps:
        """Look at the tiers at the start, at the end of the warm-up and once an interval."""
        plan, env, pause = self.plan, self.env, Visit().ready(self.env)
        looks = range(math.floor(plan.duration / plan.sample_every) + 1)
        for moment in sorted({plan.warmup, plan.duration, *(k * plan.sample_every for k in looks)}):
            yield pause.start(moment - env.now)
            self._sample()

    def _sample(self) -> None:
        engine, now = self.node.engine, self.env.now
        database = self.database
        cache = (engine.memory, len(engine), engine.evictions, engine.expirations, self.node.errors)
        busy = self.node.station.busy(now), database.queries, database.station.busy(now)
        self.look((now, *cache, *busy, self.retries, self.timeouts))
