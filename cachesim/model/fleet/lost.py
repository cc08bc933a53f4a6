"""Writes that are gone after a failover or a restart: what a primary had taken, and no primary has any more."""

from collections.abc import Container, Iterable, Iterator
from itertools import pairwise
from typing import Any

from cachesim.engines.base import Command
from cachesim.engines.redis.arguments import argument, text
from cachesim.engines.redis.command import find
from cachesim.engines.redis.db import unix_milliseconds
from cachesim.engines.redis.hash_value import Hash
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.replication_log import FRAME, LogEntry
from cachesim.records import COPY, OTHER, SOLE, LostWrite, Value

DELETIONS = {"DEL", "UNLINK", "FLUSHALL", "FLUSHDB"}
STRING, PAIRS = slice(0, 1), slice(1, None, 2)
STORED = {  # command -> where the values stand behind the key
    **dict.fromkeys(("SET", "SETNX", "MSET", "MSETNX"), STRING),
    **dict.fromkeys(("HSET", "HSETNX", "HMSET"), PAIRS),
}
CHANGED = {"COPY": slice(1, None), "BITOP": slice(0, 1)}  # of its keys; it only reads the others

Part = tuple[str | None, list[bytes]]  # a key, and the arguments behind it; None: all keys


def lost_in(entries: Iterable[LogEntry], node: str, survivor: ReplicatedEngine) -> list[LostWrite]:
    """Name the writes in a part of a log that the new primary never got; not those that stand there anyway."""
    lost, database = [], survivor.stream
    for entry in entries:
        name, argv = _named(entry.command)
        if entry.why == FRAME and name == "SELECT":
            database = int(argv[1])
        for key, rest in [] if entry.why else parts(survivor, entry.command):
            if not stands(_found(survivor, database, key), name, rest):
                lost.append(LostWrite(entry.time, key, _write(rest), node))
    return lost


def stands(found: Any, name: str, rest: list[bytes]) -> bool:
    """Whether what a command did to a key is there without it: `found` is what is there, None if nothing is.

    A client that sends a value again may leave it there. Of a command that only changes a value, such as INCR,
    nobody can tell: it counts as gone.

    >>> stands(b"1", "SET", [b"1"]), stands(b"0", "SET", [b"1"]), stands(None, "DEL", [])
    (True, False, True)
    """
    if name in DELETIONS:
        return found is None
    return name in STORED and all(value in _values(found) for value in rest[STORED[name]])


def parts(engine: ReplicatedEngine, command: Command) -> Iterator[Part]:
    """Yield each key that a command changes, with what stands between it and the next key."""
    name, argv = _named(command)
    every: Any = range(len(argv))
    places: list[Any] = find(engine.commands, argv).keys.of(every)
    if not places:
        yield None, []
    spans = [*pairwise([*places, len(argv)])]
    for start, end in spans[CHANGED.get(name, slice(None))]:
        yield text(argv[start]), argv[start + 1 : end]


def all_held(engine: ReplicatedEngine, now: float, node: str) -> list[LostWrite]:
    """Name every value that an engine holds and that is alive: a restart takes them all."""
    return [
        LostWrite(now, key, _write(_values(entry.value)), node)
        for database in engine.databases.values()
        for key, entry in database.table.entries.items()
        if entry.when is None or unix_milliseconds(now) <= entry.when
    ]


def with_held(
    lost: list[LostWrite], before: Iterable[LostWrite], survivor: ReplicatedEngine
) -> list[LostWrite]:
    """Add what the old primary held `before`, and the new one has not: the log had forgotten its writes."""
    named = {(each.key, each.write) for each in lost}
    more = [each for each in before if held(survivor, each.key) != each.write]
    return [*(each for each in more if (each.key, each.write) not in named), *lost]


def judged(lost: Iterable[LostWrite], committed: Container[int]) -> list[LostWrite]:
    """Say of each what its loss means, from the ids of the writes that the database has got."""
    return [
        each._replace(
            what=OTHER if each.write is None else COPY if each.write in committed else SOLE
        )
        for each in lost
    ]


def held(engine: Any, key: str | None) -> int | None:
    """Give the id of the write whose value an engine holds under a key; it is no use of the key."""
    entry = engine.table.entries.get(key)
    return None if entry is None else _write(_values(entry.value))


def _named(command: Command) -> tuple[str, list[bytes]]:
    argv = [argument(part) for part in command]
    return text(argv[0]).upper(), argv


def _found(engine: ReplicatedEngine, database: int, key: str | None) -> Any:
    """Give what is under a key, or anything if no key is meant; None: nothing."""
    if database not in engine.databases:
        return None
    entries = engine.databases[database].table.entries
    entry = entries.get(key) if key is not None else next(iter(entries.values()), None)
    return None if entry is None else entry.value


def _values(content: Any) -> list[bytes]:
    """List the values in what a key holds: one of a string, those of a hash."""
    return [*content.values.values()] if isinstance(content, Hash) else [content]


def _write(values: list[bytes]) -> int | None:
    """Give the id of the write that made the first Value among these; None: there is no Value."""
    return next((value.write for value in values if isinstance(value, Value)), None)
