"""A Redis that is one node of several: a primary that writes a log, or a replica that follows one.

A primary is a RedisEngine that notes what its replicas must do: what a command changed, in the
command's propagated form, and DEL for what expired or was evicted. A replica executes these
entries. By itself it neither expires nor evicts (replica-ignore-maxmemory yes), and it refuses the
writes of clients. `RedisEngine` itself knows nothing of this, and does not pay for it.
"""

import math
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress

from cachesim.clock import Clock
from cachesim.engines.base import EVICTED, EXPIRED, Command, Random
from cachesim.engines.redis.arguments import Arguments, argument
from cachesim.engines.redis.catching_up import play
from cachesim.engines.redis.command import OOM, RedisCommand, call, find
from cachesim.engines.redis.database import KeyEntry
from cachesim.engines.redis.engine import BIG, Redis, RedisEngine
from cachesim.engines.redis.persistence import restart
from cachesim.engines.redis.replication_log import FRAME, Held, ReplicationLog
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.resync import load
from cachesim.engines.redis.watched import WatchedEngine
from cachesim.errors import CommandError, OutOfMemory
from cachesim.units import MIB

READONLY = "READONLY You can't write against a read only replica."
ONE_BY_ONE = {"RANDOMKEY", "SCAN"}  # redis 7: CMD_TOUCHES_ARBITRARY_KEYS, no MULTI around its DELs

Pending = list[tuple[int, Command, str]]  # database, command, why


class ReplicatedEngine(WatchedEngine):
    """A node that is a primary until it follows another one.

    Parameters
    ----------
    spec : Redis
        The node.
    clock, random : callable
        As for `Redis.build`. A primary draws as a RedisEngine does.
    backlog : int
        Bytes: repl-backlog-size.

    >>> from cachesim.clock import ManualClock
    >>> clock = ManualClock()
    >>> primary = ReplicatedEngine(Redis(), clock, lambda: 0.5)
    >>> primary.set("a", b"one", ttl=10)
    >>> primary.log.entries[-1].command
    ('SET', 'a', b'one', 'PXAT', 1577836810000)
    >>> primary.copy(clock, lambda: 0.5).get("a")
    b'one'
    """

    _pending: Pending | None = None  # what the running command propagates; None: none runs

    def __init__(self, spec: Redis, clock: Clock, random: Random, *, backlog: int = MIB) -> None:
        super().__init__(spec, clock, random)
        self.spec = spec
        self.log = ReplicationLog(  # of a replica: the one that it follows
            f"{self.secret:040x}", backlog
        )
        self.applied = 0  # of a replica: the offset up to which it has executed that log
        self.stream = 0  # of a replica: the database that the log has selected

    @property
    def offset(self) -> int:
        """The offset of its data in the replication stream, in bytes."""
        return self.applied if self.is_replica else self.log.offset

    # Roles

    def follow(self, primary: "ReplicatedEngine") -> bool:
        """Become a replica of another node. True if that took a copy of all its data.

        If this node has the other's history up to its own offset, nothing is copied: what follows
        is in the backlog (a partial resync). Otherwise it gets the data of this instant (a full
        resync): all types and TTLs, dead keys too. It has the bits of use that a dump has: the idle
        time under an LRU policy, the counter under LFU, nothing under the others.
        """
        partial = self.can_go_on(primary)
        self._obey(primary.log, self.offset if partial else primary.offset)
        if not partial:
            load(self, primary)
            primary.log.reselect()
        return not partial

    def can_go_on(self, primary: "ReplicatedEngine") -> bool:
        """Whether a partial resync is enough: what it lacks is in the other's backlog."""
        return self.offset > 0 and primary.log.continues(self.log.identity, self.offset)

    def take(self, snapshot: "ReplicatedEngine") -> None:
        """Get the data of a `copy` that was made earlier, and follow the node of which it was made."""
        self._obey(snapshot.log, snapshot.applied)
        load(self, snapshot)

    def _obey(self, log: ReplicationLog, offset: int) -> None:
        self.applied, self.is_replica, self.refusal = offset, True, lambda: READONLY
        self.limit_memory(self.maxmemory)
        self.log = log

    def step_down(self) -> None:
        """Refuse writes: another node is the primary now, and this one does not follow it yet."""
        if not self.is_replica:
            self.applied, self.is_replica, self.refusal = self.log.offset, True, lambda: READONLY

    def copy(self, clock: Clock, random: Random) -> "ReplicatedEngine":
        """Return a new replica of this node, with its data of this instant."""
        other = type(self)(self.spec, clock, random, backlog=self.log.backlog)
        other.follow(self)
        return other

    def promote(self) -> None:
        """Become a primary: from now on it writes a log of its own, it expires and it evicts.

        The log goes on at the offset that this replica has reached.
        """
        self.log = self.log.branch(self.applied, self.secret)
        self.is_replica, self.refusal = False, None
        self.limit_memory(self.maxmemory)

    def flush(self) -> None:
        """Lose all keys; so do the replicas, at their time."""
        super().flush()
        if self._pending is None and not self.is_replica:
            self.log.append(self.clock(), self.selected, ("FLUSHALL",))

    def restart(self) -> None:
        """Come back with the last snapshot, or empty: a primary begins another history.

        So all replicas need a full resync. A replica comes back empty, and gets its primary's keys.
        """
        RedisEngine.flush(self)
        self.applied = 0
        if not self.is_replica:
            restart(self)
            identity = self.log.branch(0, self.secret).identity
            self.log = ReplicationLog(identity, self.log.backlog)

    # Running commands

    def admit(self, argv: Arguments) -> RedisCommand:
        """Prepare for a command; a write may be refused (`RedisEngine.admit`)."""
        row = super().admit(argv)
        if self.refusal is not None and "write" in row.flags:
            self._ask(row.name)
        return row

    def admit_all(self, flags: Set[str]) -> None:
        """Prepare for a transaction (`RedisEngine.admit_all`)."""
        super().admit_all(flags)
        why = self.refusal() if self.refusal is not None and "write" in flags else None
        if why is not None:
            raise self.aborted(why)

    @contextmanager
    def as_one(self, name: str) -> Iterator[None]:
        """Write what is changed meanwhile into the log as one transaction (`RedisEngine.as_one`)."""
        self._pending = None if self.is_replica else []
        try:
            with super().as_one(name):
                yield
        finally:
            self._send(name)

    def call(self, row: RedisCommand, argv: Arguments) -> Reply:
        """Run an admitted command, and write what it changed into the log (`RedisEngine.call`)."""
        if self.is_replica:
            return super().call(row, argv)
        if self._pending is not None:  # one of a transaction
            return self._noted(row, argv, self._pending)
        self._pending = []
        try:
            return self._noted(row, argv, self._pending)
        finally:
            self._send(row.name)

    def _noted(self, row: RedisCommand, argv: Arguments, pending: Pending) -> Reply:
        self.dirty = False
        reply = super().call(row, argv)
        if self.dirty:
            form = row.propagates
            command = tuple(argv) if form is None else form(self, argv, reply)
            several = command if isinstance(command, list) else [command]
            pending.extend((self.selected, each, "") for each in several)
        return reply

    def call_unseen(self, row: RedisCommand, argv: Arguments) -> Reply:
        """Run a command of a script that no replica runs (redis.set_repl)."""
        return super().call(row, argv)

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value for `ttl` seconds (`RedisEngine.set`). The log gets the object that is set."""
        if self.refusal is not None:
            self._ask("SET")
        entry = self.table.entries.get(key)
        if not ttl > 0 or (entry is not None and entry.when is not None):
            self._set_slowly(key, value, ttl)  # a bad time, or the key may be dead
            return
        if not self.begin() or (len(value) >= BIG and not self.begin_beside(len(value))):
            self.refuse(key)
            raise OutOfMemory(OOM)
        when = None if ttl == math.inf else self.now + max(1, round(ttl * 1000))
        self.store(self.table.entries.get(key), key, value, when)
        self.snapshots.changes += 1
        self.log.append_set(self.clock(), self.selected, key, value, when)

    def _set_slowly(self, key: str, value: bytes, ttl: float) -> None:
        self._pending = []
        try:
            super().set(key, value, ttl)
            when = self.table.entries[key].when
            date = () if when is None else ("PXAT", when)
            self._pending.append((self.selected, ("SET", key, value, *date), ""))
        finally:
            self._send("SET")

    def delete(self, key: str) -> bool:
        """Remove a key. True if it was there (`RedisEngine.delete`)."""
        if self.refusal is not None:
            self._ask("DEL")
        self._pending = []
        try:
            was_there = super().delete(key)
            if was_there:
                self._pending.append((self.selected, ("DEL", key), ""))
        finally:
            self._send("DEL")
        return was_there

    # Writing the log

    def _send(self, name: str) -> None:
        """Write what a command propagates; if it is more than one command, as one transaction."""
        # redis 7: server.c, propagatePendingCommands
        pending, self._pending = self._pending, None
        if not pending:
            return
        if len(pending) > 1 and name not in ONE_BY_ONE:
            first, last = pending[0][0], pending[-1][0]
            pending = [(first, ("MULTI",), FRAME), *pending, (last, ("EXEC",), FRAME)]
        now, append = self.clock(), self.log.append
        for database, command, why in pending:
            append(now, database, command, why)

    def remove(self, entry: KeyEntry, why: str) -> None:
        """Remove a key, and write it down (`WatchedEngine.remove`): the fast way of an eviction."""
        if why == EVICTED and not (self.notified or self.watches.by_key):
            RedisEngine.remove(self, entry, why)
            self.log.append_del(self.clock(), self.selected, entry.key, why)
        else:
            super().remove(entry, why)

    def gone_by_itself(self, key: str, why: str) -> None:
        """Write a DEL for a key that expired or was evicted."""
        if self._pending is not None and self._at is None and why == EXPIRED:
            self._pending.append((self.selected, ("DEL", key), why))
        else:
            now = self.clock() if self._at is None else self._at
            self.log.append_del(now, self.selected, key, why)

    def ping(self) -> None:
        """Write a PING: it counts in the offset."""
        self.log.write(self._at or 0.0, ("PING",), FRAME)

    def request_acks(self) -> int:
        """Ask all replicas for an ACK, as WAIT does. Return the offset that they will have then."""
        self.log.write(self.clock(), ("REPLCONF", "GETACK", "*"), FRAME)
        return self.log.offset

    # Executing the log

    def apply(self, entry: Held, at: float) -> None:
        """Execute an entry of the primary's log at the time `at` (seconds), as a replica does.

        Nothing is dead for the primary's commands: they were right when the primary ran them. An
        error is counted and forgotten, as in the server.
        """
        if at >= self._next_tick:
            self.upkeep(at)
        _, self.applied, command, why = entry
        if why == FRAME and command[0] != "SELECT":
            return
        now, selected = self.now, self.selected
        self.now = 0  # redis 7: db.c, expireIfNeeded: the master's client sees every key
        if selected != self.stream:
            self.select(self.stream)
        if len(command) > 1 and isinstance(command[1], str):
            play(self, command, why)
        else:
            with suppress(CommandError):
                argv = [argument(part) for part in command]
                call(self, find(self.commands, argv), argv)
        self.stream, self.now = self.selected, now
        if selected != self.stream:
            self.select(selected)
