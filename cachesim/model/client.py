"""One client: asks, follows the strategy's steps, writes the record; the journey of a request, in two halves.

This file, events.py and station.py are the hot path: written for speed where it was measured to count.
"""

from collections.abc import Callable
from types import GeneratorType
from typing import Any, Protocol

from cachesim.errors import SimulatedFailure
from cachesim.model.app import App
from cachesim.model.database import DatabaseTier
from cachesim.model.events import Drive, Environment, Pause
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
    """A client of the system, who serves one request at a time and then `rests`."""

    def __init__(self, system: Surroundings, number: int, rest: Callable[["Client"], None]) -> None:
        super().__init__()
        self.system = system
        self.number = number
        self.rest = rest  # called with the client when its request has its record
        self.app = system.new_app(number)
        self.pause = Pause(system.env)  # between two requests of a user
        self.op = self.key = ""  # of the request under way, or of the one after the pause
        self.env, self.sink, self.strategy = system.env, system.sink, system.strategy
        self.acknowledged = system.acknowledged
        self.commits, self.versions = system.database.committed, system.database.versions

    def go(self, event: Any) -> None:
        """Serve the request that was drawn when the pause began."""
        self.serve(self.op, self.key)

    def serve(self, op: str, key: str) -> None:
        """Begin a request: note what its answer must not be older than, then follow the strategy."""
        self.op, self.key = op, key
        self.write: int | None = None
        self.begin = self.env._now
        self.newest_acknowledged = self.acknowledged.get(key, 0)
        self.newest_committed = self.commits.get(key, 0)
        self.app.cache.lookup = None
        if op == "read":
            steps = self.strategy.read(self.app, key)
        else:
            value = self.system.new_value(key)
            self.write = value.write
            steps = self.strategy.write(self.app, key, value)
        if type(steps) is not GeneratorType:
            raise not_a_generator(self.strategy, op, steps)
        self.follow(steps)

    def ended(self, value: Any) -> None:
        """End a request that succeeded: find out which version it read, or acknowledge the one it wrote."""
        write = self.write
        if write is None and value is not None:
            if type(value) is not Value:
                value = check_value(self.strategy, value)
            (write,) = read_stamp(value)
        version = None if write is None else self.versions.get(write)
        if self.op == "write" and version is not None:
            self.acknowledged[self.key] = max(version, self.acknowledged.get(self.key, 0))
        self._record(write, version, None)

    def failed(self, failure: SimulatedFailure) -> None:
        """End a request that a failure of the simulated world stopped."""
        self._record(self.write, None, type(failure).__name__)

    def _record(self, write: int | None, version: int | None, error: str | None) -> None:
        app = self.app
        for visit in app.visits:
            if len(visit.waiters) == 1 and not app.spawned:
                self._check_unwaited(visit, error)
        app.visits.clear()
        request = (self.number, self.op, self.key, self.begin, self.env._now, app.cache.lookup)
        newest = (self.newest_acknowledged, self.newest_committed)
        self.sink((*request, write, version, *newest, error))
        if app.spawned:  # something may still be using this view
            self.app = self.system.new_app(self.number)
        self.rest(self)

    def _check_unwaited(self, visit: Any, error: str | None) -> None:
        """Refuse a visit that nobody waited for: the commonest slip is a forgotten `yield`."""
        if not visit.joined and error is None:
            raise forgotten(self.strategy, self.op, self.key, visit)
        self.app.spawned = visit.callbacks is not None  # given up, and still under way
