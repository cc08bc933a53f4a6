"""An engine that notices its own changes: the base of replication.

Every change of a key goes through one of the Keyspace's few functions. Here they also note that the
running command has changed something, which the real server counts as `dirty`.
"""

import math
from collections.abc import Callable
from typing import Any

from cachesim.clock import Clock
from cachesim.engines.base import EVICTED, EXPIRED, Random
from cachesim.engines.redis.active_expiry import active_cycle
from cachesim.engines.redis.arguments import Arguments
from cachesim.engines.redis.changes import changes_of
from cachesim.engines.redis.command import RedisCommand
from cachesim.engines.redis.copied_pages import SharedPages
from cachesim.engines.redis.database import KeyEntry, NumberedDatabase
from cachesim.engines.redis.engine import HALF, START_MS, Redis, RedisEngine
from cachesim.engines.redis.persistence import look, restart
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.snapshots import MISCONF
from cachesim.engines.redis.watch import WatchedKeys
from cachesim.errors import CommandError

GONE = {EXPIRED: ("x", "expired"), EVICTED: ("e", "evicted")}  # the kind and the name of the event
PING_EVERY = 10  # seconds: repl-ping-replica-period


class WatchedEngine(RedisEngine):
    """A RedisEngine that notes changes, and keys that left by themselves."""

    is_paused = False  # a CLIENT PAUSE: nothing expires, and nothing is evicted
    dirty = False  # whether the running command has changed anything
    shared: SharedPages | None = (
        None  # with a child that writes a snapshot; None: nobody counts them
    )
    _at: float | None = None  # seconds: the time of the cron's tick that runs now

    def __init__(self, spec: Redis, clock: Clock, random: Random) -> None:
        super().__init__(spec, clock, random)
        self.watches = WatchedKeys()
        self.refusal: Callable[[], str | None] | None = None  # gives the error of a write, or None
        self._next_ping = (int(clock()) // PING_EVERY + 1) * PING_EVERY  # seconds

    def refuse_writes(self, why: Callable[[], str | None]) -> None:
        """Ask `why` before each write of a client: it gives the error, or None."""
        self.refusal = why

    def _ask(self, name: str) -> None:
        """Raise CommandError if no client may write now, and count it."""
        assert self.refusal is not None
        why = self.refusal()
        if why is not None:
            self.tally.note_error(why)
            self.tally.rejected[name] += 1
            raise CommandError(why)

    def why_read_only(self) -> str | None:
        """See RedisEngine."""
        return None if self.refusal is None else self.refusal()

    def gone_by_itself(self, key: str, why: str) -> None:
        """Be notified that a key of the selected database expired or was evicted."""
        raise NotImplementedError

    def ping(self) -> None:
        """Be notified that a PING to the replicas is due."""
        raise NotImplementedError

    def admit(self, argv: Arguments) -> RedisCommand:
        """Prepare for a command; a write is refused after a snapshot that failed."""
        row = super().admit(argv)
        if self.snapshots.refuses_writes and ("write" in row.flags or row.name == "PING"):
            self.tally.note_error(MISCONF)
            self.tally.rejected[row.name] += 1
            raise CommandError(MISCONF)
        return row

    def call(self, row: RedisCommand, argv: Arguments) -> Reply:
        """Run an admitted command, and count what it has changed."""
        self.dirty, self.counted = False, None
        reply = super().call(row, argv)
        if self.dirty:
            counted = self.counted
            self.snapshots.changes += (
                changes_of(row.name, argv, reply) if counted is None else counted
            )
        return reply

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value for `ttl` seconds (`RedisEngine.set`)."""
        super().set(key, value, ttl)
        self.snapshots.changes += 1

    def delete(self, key: str) -> bool:
        """Remove a key. True if it was there (`RedisEngine.delete`)."""
        was_there = super().delete(key)
        self.snapshots.changes += was_there
        return was_there

    def pass_on(self) -> None:
        """Count as a change: the replicas must run the command, too."""
        self.dirty = True

    def unchanged(self) -> None:
        """Forget the changes of the running command: it stored what was there already."""
        self.dirty = False

    def add(
        self, key: str, value: Any, size: int | None = None, name: bytes | None = None
    ) -> KeyEntry:
        """Do it, and note the change; so do all functions that follow."""
        entry = super().add(key, value, size, name)
        self._changed(key)
        self.event("n", "new", key)
        return entry

    def overwrite(self, entry: KeyEntry, value: bytes, room: int | None = None) -> None:
        """See `add`."""
        super().overwrite(entry, value, room)
        self._changed(entry.key)

    def resize(self, entry: KeyEntry) -> None:
        """See `add`."""
        super().resize(entry)
        self._changed(entry.key)

    def expire_at(self, entry: KeyEntry, when: int) -> None:
        """See `add`."""
        super().expire_at(entry, when)
        self._changed(entry.key)

    def persist(self, entry: KeyEntry) -> bool:
        """See `add`. A key without a TTL is not changed."""
        had_ttl = super().persist(entry)
        if had_ttl:
            self._changed(entry.key)
        return had_ttl

    def flush_database(self, database: NumberedDatabase) -> None:
        """See `add`. An empty database counts as changed, too."""
        if self.watches.by_key:
            self.watches.changed_databases(self, database.index)
        self.snapshots.changes += len(database.table.entries)
        super().flush_database(database)
        self.dirty = True

    def swap(self, first: int, second: int) -> None:
        """See `add`."""
        if self.watches.by_key:
            self.watches.changed_databases(self, first, second)
        super().swap(first, second)
        self.dirty = True
        if self.blocked.by_key:
            self.blocked.note_all(first, second)

    def remove(self, entry: KeyEntry, why: str) -> None:
        """See `add`. If the server itself removes the key, the running command changes nothing."""
        # the calls are guarded here: a full cache evicts with every store
        RedisEngine.remove(self, entry, why)
        if self.shared is not None:
            self._wrote(entry.key)
        if self.watches.by_key:
            self.watches.changed(self, (self.selected, entry.key))
        if why in GONE:
            if self.notified:
                self.event(*GONE[why], entry.key)
            self.gone_by_itself(entry.key, why)
        else:
            self.dirty = True

    def _changed(self, key: str) -> None:
        self.dirty = True
        if self.shared is not None:
            self._wrote(key)
        if self.watches.by_key:
            self.watches.changed(self, (self.selected, key))

    def store(self, entry: KeyEntry | None, key: str, value: bytes, when: int | None) -> None:
        """Store a string under a key that was looked up, without the note: the fast way of SET."""
        if entry is None:
            entry = RedisEngine.add(self, key, value)
        else:
            if self.shared is not None:
                self._wrote(key)
            self.touch(entry)
            RedisEngine.overwrite(self, entry, value)
            if when is None and entry.when is not None:
                RedisEngine.persist(self, entry)
        if when is not None:
            RedisEngine.expire_at(self, entry, when)

    def _wrote(self, key: str) -> None:
        self.disk.look(self)  # the child may be done by now
        if self.shared is not None:
            entry = self.table.entries.get(key)
            is_whole = entry is None or isinstance(entry.value, bytes)
            self.shared.touch(self.selected, key, is_whole)

    # Snapshots

    def share(self, pages: SharedPages | None) -> None:
        """Note from now on which of these pages are written; None: no more."""
        self.shared = pages

    def restart(self) -> None:
        """Come back with the keys of the last snapshot, if there is to be one (`Engine.restart`)."""
        self.flush()
        restart(self)

    def _tell_time(self) -> None:
        super()._tell_time()
        books = self.snapshots
        if books.points or books.is_scheduled or books.child is not None:
            look(self)

    # A replica waits for its primary

    def expire(self, entry: KeyEntry) -> None:
        """Remove a dead key, unless this is a replica, or paused: then it is only dead, and answers nil."""
        if self.is_replica or self.is_paused:
            self._gone[entry.key] = EXPIRED
        else:
            super().expire(entry)

    def limit_memory(self, maxmemory: int) -> None:
        """Set the limit in bytes. A replica knows it, but does not keep to it."""
        super().limit_memory(maxmemory)
        if self.is_replica:
            self.limit = float("inf")

    def upkeep(self, now: float) -> None:
        """Run the ticks of the cron that are due; unlike `tick`, it evicts nothing."""
        if now >= self._next_tick:
            self._cron(int((now + HALF) * self.hz))

    def _cron(self, tick: int) -> None:
        """Run every tick that is due, each at its own time, in full.

        So it does not matter who looks at the clock in between. After a long silence RedisEngine
        skips the early ticks, and tidies its tables once for all of them.
        """
        due = self._tick + 1
        while due <= tick and self._may_expire():
            self._ping_until(due)
            self._at = due / self.hz
            active_cycle(self, START_MS + due * 1000 // self.hz, self.active_expire_effort)
            self._tidy()
            due += 1
        for _ in range(min(2, tick + 1 - due)):  # a third time would change nothing
            self._tidy()
        self._ping_until(tick)
        self._at = None
        self._tick = tick
        self._tell_time()

    def _may_expire(self) -> bool:
        """Whether a tick could remove a key."""
        if self.is_replica or self.is_paused:
            return False
        return any(database.expires.entries for database in self.databases.values())

    def _tidy(self) -> None:
        """Do the cron's part for the tables."""
        for database in self.databases.values():
            database.tidy()

    def _ping_until(self, due: int) -> None:
        """Greet the replicas every ten seconds, up to that tick."""
        while due >= self._next_ping * self.hz:
            self._at = float(self._next_ping)
            if not self.is_replica:
                self.ping()
            self._next_ping += PING_EVERY


class LoneEngine(WatchedEngine):
    """A server without replicas: nothing is written into a log, and the cron skips what is long past."""

    _cron = RedisEngine._cron

    def gone_by_itself(self, key: str, why: str) -> None:
        """Take no note: there is no replica."""

    def ping(self) -> None:
        """Greet nobody."""
