"""The propagated form of a write: what a primary writes into its log for its replicas.

A form is a column of a command's row. It is a function of the keyspace after the command, the
arguments and the reply; it returns another command with the same effect, whenever and wherever it
runs. Times become dates, and results of sums become values. A row without a form is propagated as
it came. Checked against redis-server 7.0.15, command by command (tests/engines/redis/
test_replication_stream.py).
"""

from typing import Any

from cachesim.engines.base import Command
from cachesim.engines.redis.arguments import text

TIMES = {b"EX", b"PX", b"EXAT", b"PXAT"}


def due(db: Any, key: bytes) -> int | None:
    """Return when a key expires, in milliseconds of Unix time; -1: there is no such key any more."""
    entry = db.table.entries.get(text(key))
    return -1 if entry is None else entry.when


def stored(db: Any, argv: list[bytes], reply: Any) -> Command:
    """SET: a time becomes a date and the other options go; without a time, GET goes."""
    name, key, value, *options = argv
    if TIMES & {part.upper() for part in options}:
        return ("SET", key, value, "PXAT", due(db, key))
    return (name, key, value, *(part for part in options if part.upper() != b"GET"))


def stored_until(db: Any, argv: list[bytes], reply: Any) -> Command:
    """SETEX and PSETEX: SET with a date."""
    _, key, _, value = argv
    return ("SET", key, value, "PXAT", due(db, key))


def exchanged(db: Any, argv: list[bytes], reply: Any) -> Command:
    """GETSET: SET."""
    return ("SET", *argv[1:])


def removed(db: Any, argv: list[bytes], reply: Any) -> Command:
    """GETDEL: DEL."""
    return ("DEL", argv[1])


def dated(db: Any, argv: list[bytes], reply: Any) -> Command:
    """EXPIRE and its kin: PEXPIREAT with the same conditions, or DEL if the date was over."""
    name, key, _, *options = argv
    when = due(db, key)
    if when == -1:
        return ("DEL", key)
    return (name if name.upper() == b"PEXPIREAT" else "PEXPIREAT", key, when, *options)


def looked_up(db: Any, argv: list[bytes], reply: Any) -> Command:
    """GETEX: only what it did to the TTL."""
    when = due(db, argv[1])
    if when is None:
        return ("PERSIST", argv[1])
    return ("DEL", argv[1]) if when == -1 else ("PEXPIREAT", argv[1], when)


def summed(db: Any, argv: list[bytes], reply: Any) -> Command:
    """INCRBYFLOAT: the sum, because another machine might round in another way."""
    return ("SET", argv[1], reply, "KEEPTTL")


def summed_in_hash(db: Any, argv: list[bytes], reply: Any) -> Command:
    """HINCRBYFLOAT: the sum."""
    return ("HSET", argv[1], argv[2], reply)
