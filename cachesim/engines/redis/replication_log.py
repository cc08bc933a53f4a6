"""The log of a primary: the replication stream, entry by entry, with its offset in bytes.

The log holds every command of the stream: writes as they are propagated, DEL for what expired or
was evicted, and what the protocol needs around them (SELECT, MULTI, EXEC, PING).
"""

import hashlib
from bisect import bisect_right
from operator import itemgetter
from typing import NamedTuple, Protocol

from cachesim.engines.base import Command
from cachesim.engines.redis.arguments import argument
from cachesim.units import MIB

FRAME = "frame"  # why an entry is there if it changes no key: SELECT, MULTI, EXEC, PING
Held = tuple[float, int, Command, str]  # a LogEntry as the log holds it: bare, because it is faster


class LogEntry(NamedTuple):
    """One command of the replication stream."""

    time: float  # seconds of the engine's clock
    offset: int  # bytes of the stream up to the end of this entry
    command: Command
    why: str = ""  # "": a client's write; EVICTED or EXPIRED: a DEL by the server itself; FRAME


class LogReader(Protocol):
    """A replica that reads the log at its own pace."""

    def needs(self) -> int:
        """Return the offset behind which it still needs every entry."""


def bulk_bytes(size: int) -> int:
    """Return the bytes that a string of that size takes in the stream: $, length, two line ends.

    >>> bulk_bytes(0), bulk_bytes(9), bulk_bytes(10)
    (6, 15, 17)
    """
    return size + (6 if size < 10 else 7 if size < 100 else 5 + len(str(size)))


class _Sizes(dict[int, int]):
    def __missing__(self, size: int) -> int:
        taken = self[size] = bulk_bytes(size)
        return taken


SIZES = _Sizes()  # what bulk_bytes gives for each size that was asked for
DIGITS = 10**13  # milliseconds: a date before it, in the year 2286, has 13 digits


def stream_bytes(command: Command) -> int:
    """Return the bytes of a command in the stream (RESP: an array of bulk strings).

    >>> stream_bytes(("PING",)), stream_bytes(("SELECT", 0))
    (14, 23)
    """
    parts = sum(bulk_bytes(len(argument(part))) for part in command)
    return parts + 3 + len(str(len(command)))


class ReplicationLog:
    """The stream of one history, from one primary.

    Parameters
    ----------
    identity : str
        The replication id: 40 hexadecimal digits. A promoted replica begins another history.
    backlog : int
        Bytes that a replica may have missed and still go on from there (repl-backlog-size).

    >>> log = ReplicationLog("0" * 40)
    >>> log.append(0.5, 0, ("SET", "a", b"1"))
    >>> [(entry.offset, entry.command) for entry in log.entries]
    [(23, ('SELECT', 0)), (50, ('SET', 'a', b'1'))]
    """

    def __init__(self, identity: str, backlog: int = MIB, offset: int = 0) -> None:
        self.identity = identity
        self.previous = ""  # the identity of the history before, which is ours up to `switched`
        self.switched = -1  # bytes
        self.backlog = backlog
        self.offset = offset  # bytes written so far
        self.start = offset  # bytes before the first entry that is still held
        self.first = 0  # the number of that entry: they are counted from the beginning
        self.held: list[Held] = []
        self.readers: list[LogReader] = []
        self._database: int | None = None  # the one that the last entry selected
        self._trim_at = offset + backlog

    def __len__(self) -> int:
        """Return the number of entries written since the beginning, forgotten ones included."""
        return self.first + len(self.held)

    @property
    def entries(self) -> list[LogEntry]:
        """The entries that are still held."""
        return [LogEntry._make(held) for held in self.held]

    def append(self, time: float, database: int, command: Command, why: str = "") -> None:
        """Write a command that ran in that database."""
        if database != self._database:
            self._database = database
            self.write(time, ("SELECT", database), FRAME)
        self.write(time, command, why)

    def write(self, time: float, command: Command, why: str = "") -> None:
        """Write a command that runs in the same way in every database."""
        self.offset += stream_bytes(command)
        self.held.append((time, self.offset, command, why))
        if self.offset > self._trim_at:
            self.trim()

    def append_set(
        self, time: float, database: int, key: str, value: bytes, when: int | None
    ) -> None:
        """Do what `append` does, for a SET: this runs for every write of a client."""
        command: Command = ("SET", key, value)
        end = self.offset + 13 + SIZES[len(key)] + SIZES[len(value)]
        if when is not None:
            command = ("SET", key, value, "PXAT", when)
            end += 30 if when < DIGITS else 10 + SIZES[len(str(when))]
        if database != self._database or not key.isascii():
            self.append(time, database, command)
            return
        self.offset = end
        self.held.append((time, end, command, ""))
        if end > self._trim_at:
            self.trim()

    def append_del(self, time: float, database: int, key: str, why: str) -> None:
        """Do what `append` does, for a DEL: this runs for every key that is evicted."""
        if database != self._database or not key.isascii():
            self.append(time, database, ("DEL", key), why)
            return
        self.offset = end = self.offset + 13 + SIZES[len(key)]
        self.held.append((time, end, ("DEL", key), why))
        if end > self._trim_at:
            self.trim()

    def reselect(self) -> None:
        """Let the next entry select its database again: a new reader does not know which it is."""
        self._database = None

    def trim(self) -> None:
        """Forget what no reader needs; without a reader, what lies before the backlog."""
        self._trim_at = self.offset + self.backlog  # a reader may `ask_at` an earlier one
        needs = [reader.needs() for reader in self.readers] or [self.offset - self.backlog]
        count = self._count(min(needs))
        if count:
            self.start = self.held[count - 1][1]
            self.first += count
            del self.held[:count]

    def ask_at(self, offset: int) -> None:
        """Ask the readers what they need as soon as the log is longer than this, if not before."""
        self._trim_at = min(self._trim_at, offset)

    def after(self, offset: int) -> list[LogEntry]:
        """Return the entries beyond an offset: what a replica that is there has not got.

        Of a primary that failed, these without `why` are the writes that were lost.
        """
        return [LogEntry._make(held) for held in self.held[self._count(offset) :]]

    def number(self, offset: int) -> int:
        """Return how many entries, counted from the beginning, end at the offset or before it."""
        return self.first + self._count(offset)

    def _count(self, offset: int) -> int:
        """Return how many of the entries held end at the offset or before it."""
        return bisect_right(self.held, offset, key=itemgetter(1))

    def continues(self, identity: str, offset: int) -> bool:
        """Whether a replica that has this history up to `offset` may go on: a partial resync.

        References
        ----------
        redis 7: replication.c, masterTryPartialResync
        """
        is_ours = identity == self.identity
        was_ours = identity == self.previous and offset <= self.switched
        oldest = max(self.start, self.offset - self.backlog)
        return (is_ours or was_ours) and oldest <= offset <= self.offset

    def branch(self, offset: int, salt: object) -> "ReplicationLog":
        """Return the log of a replica that is promoted when it has this log up to `offset`.

        It begins another history, with an identity made from the old one and `salt`. It keeps what
        the two have in common, so that the other replicas may go on from there.
        """
        name = hashlib.sha1(f"{self.identity} {salt}".encode()).hexdigest()
        other = ReplicationLog(name, self.backlog, offset)
        other.previous, other.switched = self.identity, offset
        other.held = self.held[: self._count(offset)]
        other.start, other.first = self.start, self.first
        return other
