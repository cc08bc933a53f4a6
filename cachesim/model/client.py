"""One client: takes a request, follows the strategy's steps, writes the record, and rests.

This file, events.py and station.py are the hot path: written for speed where it was measured to count.
"""

from collections.abc import Callable
from types import GeneratorType
from typing import Any, Protocol

from cachesim.errors import SimulatedFailure
from cachesim.model.app import App
from cachesim.model.database import DatabaseTier
from cachesim.model.events import Drive, Environment, Steps, Visit
from cachesim.model.slips import forgotten, not_a_generator, write_of
from cachesim.model.strategies.base import Strategy
from cachesim.model.workload import Request
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


class Client:
    """A client of the system: serves one request after the other, for as long as it is given some."""

    def __init__(self, system: Surroundings, number: int, rest: Callable[["Client"], None]) -> None:
        self.system = system
        self.number = number
        self.rest = rest  # called with the client when its request has its record
        self.app = system.new_app(number)
        self.pause = Visit().ready(system.env)  # what the client waits for between two requests
        self.drive = Drive(self.live())

    def serve(self, request: Request) -> None:
        """Serve a request now; the client must be resting."""
        self.pause._value = request
        self.pause.fire()

    def live(self) -> Steps:
        """Take requests for ever; the journey of each, from top to bottom."""
        system, pause, who, env = self.system, self.pause, self.number, self.system.env
        strategy, sink, rest, known_of = (
            system.strategy,
            system.sink,
            self.rest,
            system.acknowledged.get,
        )
        there_of, version_of = system.database.committed.get, system.database.versions.get
        while True:
            _, op, key = yield pause
            cache, begin = (app := self.app).cache, env._now
            known, there = known_of(key, 0), there_of(key, 0)
            write = version = error = cache.lookup = None
            try:
                if op == "read":
                    steps = strategy.read(app, key)
                else:
                    write = (new := system.new_value(key)).write
                    steps = strategy.write(app, key, new)
                if type(steps) is not GeneratorType:
                    raise not_a_generator(strategy, op, steps)
                value = yield from steps  # no generator in between: it would cost at every event
                if type(value) is Value and op == "read":
                    version = version_of(write := read_stamp(value)[0])
                else:
                    write, version = self._seen(op, key, write, value, known)
            except SimulatedFailure as failure:
                error, version = type(failure).__name__, version_of(write or -1)
            sink((who, op, key, begin, env._now, cache.lookup, write, version, known, there, error))
            for visit in app.visits:
                if not visit.waiter:
                    self._check_unwaited(op, key, visit, error)
            app.visits.clear()
            if app.spawned:  # something may still be using this view
                self.app = system.new_app(who)
            pause.fired, pause.waiter = False, None  # from here on it may be started again
            rest(self)

    def _seen(
        self, op: str, key: str, write: Any, value: Any, known: int
    ) -> tuple[int | None, int | None]:
        """Return the write and its version: of the request itself, or of what a read returned if no Value."""
        versions = self.system.database.versions
        if op != "read":
            return write, self._acknowledge(key, versions.get(write))
        if value is None:  # the state before the first write, even if one is acknowledged by now
            return None, 0 if known else None
        write = write_of(self.system.strategy, value)
        return write, versions.get(write)

    def _acknowledge(self, key: str, version: int | None) -> int | None:
        """Let everybody know of a version that its writer knows to be committed."""
        if version is not None:
            known = self.system.acknowledged
            known[key] = max(version, known.get(key, 0))
        return version

    def _check_unwaited(self, op: str, key: str, visit: Visit, error: str | None) -> None:
        """Refuse a visit that nobody waited for: the commonest slip is a forgotten `yield`."""
        if self.app.spawned:
            return
        if not visit.joined and error is None:
            raise forgotten(self.system.strategy, op, key, visit)
        self.app.spawned = not visit.fired  # given up, and still under way
