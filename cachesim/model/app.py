"""One client's view of the system while it serves a request: app.cache, app.db, app.now, app.timeout, app.spawn.

Everything that takes time returns an event; `yield` it, and its value is the answer. One App a client,
reused from request to request: it notes what the record needs and nothing else.
"""

import math
from collections.abc import Callable
from typing import Any

import simpy

from cachesim.engines.base import Command
from cachesim.errors import CacheError, DatabaseRefused, FenceRejected, SimulatedFailure
from cachesim.model.database import DatabaseTier, Rows
from cachesim.model.events import Drive, Effect, Steps, Timeout, Visit, Visits, Waitable
from cachesim.model.node import CacheNode
from cachesim.model.slips import check_seconds, check_set, check_steps, check_value
from cachesim.records import Value
from cachesim.rng import Draw


class App:
    """What a strategy is handed with every request."""

    def __init__(
        self,
        env: simpy.Environment,
        node: CacheNode,
        database: DatabaseTier,
        *,
        client: int,
        raises: bool,
        shared: dict[Any, Any] | None = None,
        random: Draw = lambda: 0.5,
    ) -> None:
        self._env = env
        self.random = random  # app.random() gives a float in [0, 1), from a stream of the run's own
        self.client = client  # number of the client this view belongs to
        # The memory of the application's process, the same for all its clients; empty when a run begins.
        self.shared: dict[Any, Any] = {} if shared is None else shared
        # By how many seconds a client's clock is wrong now; None: all are right.
        self.skew: Callable[[int], float] | None = None
        self.visits = Visits()  # of the request being served
        self.spawned = False  # whether something started here may still be going on
        self.cache = CacheClient(env, node, self.visits, raises=raises)
        self.db = DatabaseClient(env, database, self.visits)

    @property
    def now(self) -> float:
        """The simulated time in seconds, as this client's clock shows it."""
        return float(self._env.now) + (self.skew(self.client) if self.skew else 0.0)

    def timeout(self, seconds: float) -> simpy.Event:
        """Return an event that fires after `seconds` (>= 0)."""
        check_seconds(seconds)
        return Timeout(self._env, seconds)

    def spawn(self, steps: Steps) -> simpy.Event:
        """Start another generator beside this request, which does not wait for it.

        Return an event that fires with the generator's return value, for those who want to wait after all;
        a simulated failure is thrown into them, and lost if there are none.
        """
        check_steps(steps)
        self.spawned = True
        done = Waitable(self._env)
        Drive(_to_end(steps, done))
        return done


class BackgroundApp(App):
    """The view of work beside the requests, whose time stands still when the last request has its record."""

    def __init__(self, *parts: Any, over: Callable[[], bool], **options: Any) -> None:
        super().__init__(*parts, **options)
        self._over = over
        self._ending = False

    def timeout(self, seconds: float) -> simpy.Event:
        """Return an event that fires after `seconds`: once more when the run is over, and then never."""
        self.visits.end()  # nobody looks after them here
        if self._ending:
            return Waitable(self._env)
        self._ending = self._over()
        return super().timeout(seconds)


def _to_end(steps: Steps, done: simpy.Event) -> Steps:
    try:
        done.succeed((yield from steps))
    except SimulatedFailure as failure:
        done.fail(failure)
        done.defused = True  # nobody waiting is no reason to stop the run


class CacheClient:
    """The client library of the cache: each method returns one event."""

    def __init__(
        self, env: simpy.Environment, node: CacheNode, visits: Visits, *, raises: bool
    ) -> None:
        self._node = node
        self._send, self._visits = node.send, visits
        self._engine = engine = node.engine
        self._ask, self._why_missed, self._store = engine.get, engine.why_missed, engine.set
        # SIMPLIFIED: a reply's bytes are those that the key has when the command is sent.
        self._held_bytes, self._per_byte = engine.held_bytes, node.per_byte
        self._raises = raises  # whether a refused command fails the visit, or counts as a miss
        self.dirty = node.dirty  # values that the node holds and the database does not, by key
        self.lookup: str | None = None  # outcome of the first get of the request
        # Effects, bound once: they run when their visit fires.
        self._got, self._was_set = self._run_get, self._run_set
        self._was_deleted, self._executed = self._run_delete, self._run_execute

    def get(self, key: str) -> simpy.Event:
        """Ask for a key; the event's value is the Value, or None if it is not there."""
        send, held_bytes = self._send, self._held_bytes
        return send(self._visits, self._got, key, self._per_byte * held_bytes(key))

    def set(self, key: str, value: Value, ttl: float = math.inf) -> simpy.Event:
        """Store a value for `ttl` seconds (inf: until evicted or deleted)."""
        if type(value) is not Value or type(ttl) is not float or not ttl > 0:
            check_set(value, ttl)  # a slip, or an unusual right one
        send = self._send
        return send(self._visits, self._was_set, (key, value, ttl), self._per_byte * len(value))

    def delete(self, key: str) -> simpy.Event:
        """Remove a key; the event's value says whether it was there."""
        return self._send(self._visits, self._was_deleted, key)

    def execute(self, *command: Any) -> simpy.Event:
        """Send any command of the engine, such as `execute("INCR", "visits")`; the value is its reply."""
        return self._send(self._visits, self._executed, command, self._node.cost(command))

    def note(self, key: str, outcome: str | None = None) -> None:
        """Tell the record how asking for a key by another command than `get` ended.

        "hit", or a kind of miss; None lets the engine say why the key was not there.
        """
        if self.lookup is None:
            self.lookup = outcome or self._why_missed(key)

    def _run_get(self, visit: Visit) -> None:
        key = visit._value
        try:
            ask = self._ask
            value = ask(key)
        except CacheError as error:
            self._refuse(visit, error)
            return
        visit._value = value
        if self.lookup is None:
            self.lookup = "hit" if value is not None else self._why_missed(key)

    def _run_set(self, visit: Visit) -> None:
        try:
            key, value, ttl = visit._value
            store = self._store
            store(key, value, ttl)
            visit._value = True
        except CacheError as error:
            self._refuse(visit, error)

    def _run_delete(self, visit: Visit) -> None:
        try:
            visit._value = self._engine.delete(visit._value)
        except CacheError as error:
            self._refuse(visit, error)

    def _run_execute(self, visit: Visit) -> None:
        command: Command = visit._value
        try:
            visit._value = self._engine.execute(command)
        except CacheError as error:
            self._refuse(visit, error)

    def _refuse(self, visit: Visit, error: SimulatedFailure) -> None:
        """Count the refusal; go on as if the key were absent, as client libraries do, or fail."""
        self._node.errors += 1
        visit._value = None
        if self._raises:
            visit.fail_with(error)


class DatabaseClient:
    """The client's side of the connection pool."""

    def __init__(self, env: simpy.Environment, tier: DatabaseTier, visits: Visits) -> None:
        self._env = env
        self._tier = tier
        self._note = visits.note
        self._select = tier.rows.read
        self._send_read, self._send_write, self._visits = tier.send_read, tier.send_write, visits
        self._was_read, self._was_refused = self._run_read, self._run_refuse
        self._was_written, self._all_were_written = self._run_write, self._run_write_all
        self._was_fenced = self._run_write_fenced
        self.row: Value | None = None  # the last one that this request was given

    def read(self, key: str) -> simpy.Event:
        """SELECT the row; the event's value is its Value, or None if there is no such row."""
        tier = self._tier
        if tier.open >= tier.limit:
            return self._refused()
        tier.open += 1
        tier.queries += 1
        send = self._send_read
        return send(self._visits, self._was_read, key)

    def write(self, key: str, value: Value) -> simpy.Event:
        """Write the row and commit; the row has the key's next version when the event fires."""
        if type(value) is not Value:
            check_value("app.db.write", value)
        tier = self._tier
        if tier.open >= tier.limit:
            return self._refused()
        tier.open += 1
        tier.queries += 1
        return self._send_write(self._visits, self._was_written, (key, value))

    def write_fenced(self, key: str, value: Value, token: int) -> simpy.Event:
        """Write the row, unless a write of the key with a higher token was committed (FenceRejected)."""
        return self._ask(self._was_fenced, (key, value, token))

    def version_of(self, value: Value) -> int | None:
        """Return the version column of the row that `value` was read from or written to; takes no time.

        None while the write is not committed.
        """
        return self._tier.versions.get(value.write)

    def write_all(self, rows: Rows) -> simpy.Event:
        """Write several rows, given as (key, values), in one transaction.

        Of a row's values, oldest first, only the last is written; all of them count as versions.
        """
        return self._ask(self._all_were_written, rows)

    def _ask(self, effect: Effect, argument: Any) -> simpy.Event:
        """Send one of the rarer commands; the hot ones have this written out."""
        tier = self._tier
        if tier.open >= tier.limit:
            return self._refused()
        tier.open += 1
        tier.queries += 1
        return self._send_write(self._visits, effect, argument)

    def _refused(self) -> Visit:
        visit = Visit().ready(self._env)
        visit.effect = self._was_refused
        self._note(visit)
        return visit.start(self._tier.leg())

    def _run_read(self, visit: Visit) -> None:
        self._tier.open -= 1
        select = self._select
        self.row = visit._value = select(visit._value)

    def _run_write(self, visit: Visit) -> None:
        self._tier.open -= 1
        self._tier.commit(*visit._value)
        visit._value = True

    def _run_write_all(self, visit: Visit) -> None:
        self._tier.open -= 1
        self._tier.commit_all(visit._value)
        visit._value = True

    def _run_write_fenced(self, visit: Visit) -> None:
        self._tier.open -= 1
        try:
            self._tier.commit_fenced(*visit._value)
            visit._value = True
        except FenceRejected as failure:
            visit.fail_with(failure)

    def _run_refuse(self, visit: Visit) -> None:
        visit.fail_with(DatabaseRefused(f"the database has {self._tier.limit} queries already"))
