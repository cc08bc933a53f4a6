"""One client: it takes a request, follows the strategy's steps, writes the record, and rests.

This file belongs to the hot path: where speed counts (it was measured), the code is written for speed.
"""

from collections.abc import Callable
from types import GeneratorType
from typing import Any, Protocol

from cachesim.errors import SimulatedFailure
from cachesim.model.app import App
from cachesim.model.database import LOADED, DatabaseTier
from cachesim.model.events import Drive, Environment, Steps, Visit
from cachesim.model.misuse import forgotten, none_returned, not_a_generator, write_of
from cachesim.model.strategies.base import Strategy
from cachesim.model.workload import TimedRequest
from cachesim.records import FIRST_WRITE, Query, Sink, Value, read_stamp


class ClientHost(Protocol):
    """What a client needs of the system to which it belongs; `System` is one."""

    env: Environment
    db: DatabaseTier
    strategy: Strategy

    def new_app(self, client: int) -> App:
        """Make a client's view of the system."""

    def sink_of(self, client: "Client") -> Sink:
        """Make the function that takes a client's records."""

    def new_value(self, key: str) -> Value:
        """Make the value of the key's next write, with a new id."""


class Client:
    """A client of the system: it serves one request after the other."""

    def __init__(self, system: ClientHost, number: int, rest: Callable[["Client"], None]) -> None:
        self.system = system
        self.number = number
        self.rest = rest  # called with the client when its request has its record
        self.app = system.new_app(number)
        self.written: int | None = None  # id of the present write, if the request is one
        self.pause = Visit().ready(system.env)  # the client waits for it between two requests
        self._drive = Drive(self.live())

    def serve(self, request: TimedRequest) -> None:
        """Serve a request now; the client must be idle."""
        self.pause._value = request
        self.pause.fire()

    def stand_in(self, pause: Visit) -> None:
        """Serve the user whose pause this is; the request comes when the pause fires."""
        self.pause = pause
        self.number = pause.number
        self.app.belong_to(pause.number)
        pause.waiter = self._drive

    def live(self) -> Steps:
        """Take requests without end. The body is the journey of one request, from top to bottom.

        No other generator stands between the event loop and the strategy's steps: it would cost time at
        every event.
        """
        pause, env, read, sink, rest, newest_of, version_of = self._at_hand()
        while True:
            _, op, key = yield pause
            journey, begin, who = (app := self.app).journey, env._now, self.number
            known, there = newest_of(key, LOADED)
            error = journey.lookup = journey.row = None
            try:
                steps = read(app, key) if op == "read" else self._write(app, key)
                value = yield from (steps if type(steps) is GeneratorType else self._no(op, steps))
                if type(value) is Value and op == "read":
                    version = version_of(write := read_stamp(value)[0])
                else:
                    write, version = self._seen(op, key, value, known)
            except SimulatedFailure as failure:
                write, version, error = self._failed(op, failure)
            sink(
                (who, op, key, begin, env._now, journey.lookup, write, version, known, there, error)
            )
            if journey.odd or not journey.last.waiter:
                for visit in journey.end():
                    self._check_unwaited(op, visit, error)
            if app.spawned:  # something may still use this view
                self.app = self.system.new_app(who)
            pause.fired, pause.waiter = False, None  # from now on it can be started again
            rest(self)

    def _at_hand(self) -> tuple[Any, ...]:
        """Collect what every request uses; `live` keeps it in local variables."""
        system, database = self.system, self.system.db
        read = system.strategy.read if database.query_log is None else self._read
        mine = self.pause, system.env, read, system.sink_of(self), self.rest
        return *mine, database.newest_of, database.versions.get

    def _read(self, app: App, key: str) -> Steps:
        """Read the row of a key, or the result of a query; only runs with queries pay for this choice."""
        if type(key) is Query:
            return self.system.strategy.query(app, key.sql, *key.parameters)
        return self.system.strategy.read(app, key)

    def _write(self, app: App, key: str) -> Steps:
        """Begin a write, with a new id."""
        value = self.system.new_value(key)
        self.written = value.write
        return self.system.strategy.write(app, key, value)

    def _no(self, op: str, steps: Any) -> Any:
        """Refuse a `read` or `write` that returned no generator."""
        raise not_a_generator(self.system.strategy, op, steps, self.app.journey.end())

    def _seen(self, op: str, key: str, value: Any, known: int) -> tuple[int | None, int | None]:
        """Find write and version for the record of a write, or of a read that returned no plain Value."""
        versions = self.system.db.versions
        if op != "read":
            return self.written, self._acknowledge(key, versions.get(self.written or -1))
        if value is None:  # the state before the first write, even if one is acknowledged by now
            if self.app.journey.lookup == "hit" or self.app.journey.row is not None:
                self._check_none(key)
            return None, 0 if known else None
        write = write_of(self.system.strategy, value)
        return write, versions.get(write)

    def _check_none(self, key: str) -> None:
        """Refuse None from a read that had the row, if the row is still as it was loaded."""
        row = self.system.db.rows.read(key)
        if row is not None and row.write < FIRST_WRITE:
            raise none_returned(self.system.strategy)

    def _failed(self, op: str, failure: Exception) -> tuple[int | None, int | None, str]:
        """Find write, version and error for the record of a failed request; its write may be committed."""
        write = None if op == "read" else self.written
        return write, self.system.db.versions.get(write or -1), type(failure).__name__

    def _acknowledge(self, key: str, version: int | None) -> int | None:
        """Acknowledge a version: its writer knows now that it is committed."""
        if version is not None:
            self.system.db.acknowledge(key, version)
        return version

    def _check_unwaited(self, op: str, visit: Visit, error: str | None) -> None:
        """Refuse a visit that nobody waited for: a forgotten `yield` is the most common slip."""
        if self.app.spawned:
            return
        if not visit.joined and error is None:
            raise forgotten(self.system.strategy, op, visit)
        self.app.keep_for(visit)
