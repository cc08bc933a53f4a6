"""One client: takes a request, follows the strategy's steps, writes the record, and rests.

This file, events.py and station.py are the hot path: written for speed where it was measured to count.
"""

from collections.abc import Callable
from types import GeneratorType
from typing import Any, Protocol

from cachesim.errors import SimulatedFailure
from cachesim.model.app import App
from cachesim.model.database import DatabaseTier
from cachesim.model.events import Drive, Environment, Pause, Start, Steps
from cachesim.model.slips import check_value, forgotten, not_a_generator
from cachesim.model.strategies.base import Strategy
from cachesim.records import Sink, Value, read_stamp


class Surroundings(Protocol):
    """What a client must know of the system it lives in."""

    env: Environment
    database: DatabaseTier
    acknowledged: dict[str, int]
    sink: Sink
    strategy: Strategy

    def new_app(self, client: int) -> App:
        """Return a client's view of the system."""

    def new_value(self, key: str) -> Value:
        """Return the value of the key's next write, under a new id."""


class Client(Drive):
    """A client of the system: serves one request after the other, for as long as it is given some."""

    def __init__(self, system: Surroundings, number: int, rest: Callable[["Client"], None]) -> None:
        self.system = system
        self.number = number
        self.rest = rest  # called with the client when its request has its record
        self.app = system.new_app(number)
        self.pause = Pause(system.env)  # what the client waits for between two requests
        self.op = self.key = ""  # of the request to serve
        self.write: int | None = None  # id of the write that a read returned, or that a write is
        super().__init__(self.live())

    def serve(self, op: str, key: str) -> None:
        """Serve a request now; the client must be resting."""
        self.op, self.key = op, key
        self.pause.callbacks.clear()  # nobody else will wake it
        self.resume(Start)

    def live(self) -> Steps:
        """Take requests for ever; the journey of each, from top to bottom."""
        system, env, sink = self.system, self.system.env, self.system.sink
        acknowledged, committed = system.acknowledged, system.database.committed
        while True:
            yield self.pause
            op, key, app = self.op, self.key, self.app
            begin, version, error = env._now, None, None
            newest = acknowledged.get(key, 0), committed.get(key, 0)
            app.cache.lookup = self.write = None
            try:
                value = yield from self._steps(op, key)
                version = self._settle(op, key, value)
            except SimulatedFailure as failure:
                error = type(failure).__name__
            for visit in app.visits:
                if len(visit.waiters) == 1 and not app.spawned:
                    self._check_unwaited(visit, error)
            app.visits.clear()
            request = (self.number, op, key, begin, env._now, app.cache.lookup)
            sink((*request, self.write, version, *newest, error))
            if app.spawned:  # something may still be using this view
                self.app = system.new_app(self.number)
            self.pause.callbacks = []  # it has fired; from here on it may be started again
            self.rest(self)

    def _steps(self, op: str, key: str) -> Steps:
        """Return the strategy's steps for a request."""
        strategy = self.system.strategy
        if op == "read":
            steps = strategy.read(self.app, key)
        else:
            value = self.system.new_value(key)
            self.write = value.write
            steps = strategy.write(self.app, key, value)
        if type(steps) is not GeneratorType:
            raise not_a_generator(strategy, op, steps)
        return steps

    def _settle(self, op: str, key: str, value: Any) -> int | None:
        """Return the version that was read or written; a write is acknowledged by this."""
        versions = self.system.database.versions
        if op == "read":
            if value is None:
                return None
            if type(value) is not Value:
                value = check_value(self.system.strategy, value)
            (self.write,) = read_stamp(value)
            return versions.get(self.write)
        version = None if self.write is None else versions.get(self.write)
        if version is not None:
            known = self.system.acknowledged
            known[key] = max(version, known.get(key, 0))
        return version

    def _check_unwaited(self, visit: Any, error: str | None) -> None:
        """Refuse a visit that nobody waited for: the commonest slip is a forgotten `yield`."""
        if not visit.joined and error is None:
            raise forgotten(self.system.strategy, self.op, self.key, visit)
        self.app.spawned = visit.callbacks is not None  # given up, and still under way
