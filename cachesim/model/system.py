"""Builds live parts from a scenario, serves requests, and hands one record a request to the sink."""

import math
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from types import GeneratorType
from typing import Protocol

from cachesim.engines.base import EngineSpec
from cachesim.errors import CacheError, SimulatedFailure
from cachesim.model.app import App
from cachesim.model.database import Database, DatabaseTier
from cachesim.model.events import Drive, Environment, Pause, Steps
from cachesim.model.network import Network
from cachesim.model.node import CacheNode, Node
from cachesim.model.slips import check_value, forgotten, not_a_generator
from cachesim.model.strategies.base import Strategy
from cachesim.model.workload import Request, Workload
from cachesim.records import FIRST_WRITE, Sink, Value, read_stamp
from cachesim.rng import uniform


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


class System:
    """The clients, the cache node and the database of one run."""

    def __init__(self, plan: Plan, sink: Sink, look: Sink) -> None:
        self.plan = plan
        self.env = Environment()
        self.sink = sink  # takes one record a request
        self.look = look  # takes one sample of the tiers
        self.node = CacheNode(self.env, plan.node, plan.cache, plan.network, plan.seed)
        self.database = DatabaseTier(plan.database, plan.network, plan.seed)
        self.acknowledged: dict[
            str, int
        ] = {}  # key -> newest version its writer knows to be committed
        self._next_write = count(FIRST_WRITE).__next__
        self._next_client = count().__next__
        self._idle: list[App] = []
        self._sizes: dict[str, int] = {}
        self._loaded: dict[int, Value] = {}

    def run(self) -> None:
        """Load the rows, warm the cache if asked, and play the workload to its end."""
        self._load()
        Drive(self._watch())
        requests = self.plan.workload.requests(self.plan.seed)
        users = self.plan.workload.users
        if users is None:
            Drive(self._arrivals(requests))
        for _ in range(users or 0):
            Drive(self._user(requests))
        self.env.run_to_end()
        self._sample()
        self.database.rows.close()

    def serve(self, app: App, op: str, key: str) -> Steps:
        """Serve one request and hand its record to the sink.

        The whole journey of a request, written once and read from top to bottom: this is the hot path.
        """
        cache, strategy = app.cache, self.plan.strategy
        cache.lookup = write = version = error = None
        begin = self.env._now
        acknowledged = self.acknowledged.get(key, 0)
        committed = self.database.committed.get(key, 0)
        try:
            if op == "read":
                steps = strategy.read(app, key)
            else:
                write = self._next_write()
                steps = strategy.write(app, key, Value.stamp(write, self._size(key)))
            if type(steps) is not GeneratorType:
                raise not_a_generator(strategy, op, steps)
            value = yield from steps
            if op == "read" and value is not None:
                if type(value) is not Value:
                    value = check_value(strategy, value)
                (write,) = read_stamp(value)
            version = None if write is None else self.database.versions.get(write)
            if op == "write" and version is not None and version > self.acknowledged.get(key, 0):
                self.acknowledged[key] = version
        except SimulatedFailure as failure:
            error = type(failure).__name__
        for visit in app.visits:
            if len(visit.waiters) == 1 and not app.spawned:
                if not visit.joined and error is None:
                    raise forgotten(strategy, op, key, visit)
                app.spawned = visit.callbacks is not None  # given up, and still under way
        app.visits.clear()
        end, lookup = self.env._now, cache.lookup
        self.sink(
            (
                app.client,
                op,
                key,
                begin,
                end,
                lookup,
                write,
                version,
                acknowledged,
                committed,
                error,
            )
        )

    # --- the loops

    def _arrivals(self, requests: Iterator[Request]) -> Steps:
        env, end, pause = self.env, self.plan.duration, Pause(self.env)
        for gap, op, key in requests:
            if env.now + gap >= end:
                return
            yield pause.start(gap)
            Drive(self._one(op, key))

    def _one(self, op: str, key: str) -> Steps:
        app = self._idle.pop() if self._idle else self._new_app()
        yield from self.serve(app, op, key)
        if not app.spawned:  # else something may still be using it
            self._idle.append(app)

    def _user(self, requests: Iterator[Request]) -> Steps:
        env, end, pause = self.env, self.plan.duration, Pause(self.env)
        app = self._new_app()
        for think, op, key in requests:
            if env._now + think >= end:
                return
            yield pause.start(think)
            yield from self.serve(app, op, key)
            if app.spawned:
                app = self._new_app(app.client)

    def _new_app(self, client: int | None = None) -> App:
        number = self._next_client() if client is None else client
        raises = self.plan.on_cache_error == "raise"
        return App(self.env, self.node, self.database, client=number, raises=raises)

    # --- before, beside and after

    def _load(self) -> None:
        keys = self.plan.workload.keys_loaded()
        self.database.rows.load((key, self._row(key)) for key in keys)
        if self.plan.start == "warm":
            self._warm(keys)

    def _warm(self, keys: list[str]) -> None:
        """Fill the cache as a long past would have: the most popular last, TTLs already partly used up."""
        ttl = getattr(self.plan.strategy, "ttl", math.inf)
        left = uniform(self.plan.seed, "warm start")
        for key in reversed(keys):
            with suppress(CacheError):  # what does not fit stays out
                self.node.engine.set(key, self._row(key), ttl * (1 - left()))

    def _row(self, key: str) -> Value:
        """Return the value a key has before the run; those of one size are one object."""
        size = self._size(key)
        if size not in self._loaded:
            self._loaded[size] = Value.stamp(0, size)
        return self._loaded[size]

    def _size(self, key: str) -> int:
        size = self._sizes.get(key)
        if size is None:
            size = self._sizes[key] = self.plan.workload.size_of(key)
        return size

    def _watch(self) -> Steps:
        """Look at the tiers at the start, at the end of the warm-up and once an interval."""
        plan, env, pause = self.plan, self.env, Pause(self.env)
        looks = range(math.floor(plan.duration / plan.sample_every) + 1)
        for moment in sorted({plan.warmup, plan.duration, *(k * plan.sample_every for k in looks)}):
            yield pause.start(moment - env.now)
            self._sample()

    def _sample(self) -> None:
        engine, now = self.node.engine, self.env.now
        database = self.database
        cache = (engine.memory, len(engine), engine.evictions, engine.expirations, self.node.errors)
        self.look(
            (now, *cache, self.node.station.busy(now), database.queries, database.station.busy(now))
        )
