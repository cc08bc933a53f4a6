"""The RDB file: all keys of an engine with their TTLs, as redis 7 writes them (rdb.c).

How a value is written belongs to its type: the file of a type has `DUMPS`, which gives for a class
of values the number of the type and a function that writes the content.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from cachesim.engines.redis.database import KeyEntry, NumberedDatabase
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.info import VERSION
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.policy import frequency, idle_time
from cachesim.engines.redis.rdb_parts import crc64, length, text
from cachesim.engines.redis.value_types import TYPES

Dump = tuple[int, Callable[[Any], bytes]]  # the number of the type, and what writes the content

MAGIC = b"REDIS0010"
FUNCTION, IDLE, FREQUENCY, AUX, SIZES, EXPIRES, DATABASE, END = (
    bytes([code]) for code in (0xF5, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFE, 0xFF)
)
CHECKSUM = 8  # bytes


@cache
def dumps() -> dict[type, Dump]:
    """Collect how each class of values is written, from the files of the types."""
    return {kind: dump for each in TYPES for kind, dump in getattr(each, "DUMPS", {}).items()}


def dump(db: Keyspace, facts: Mapping[str, object] | None = None, checksum: bool = True) -> bytes:
    r"""Write the file; `facts` are further fields at its beginning.

    A key that is dead but not removed is in it, as in the server's own file. If the policy is LRU
    or LFU, so is the use of each key. Without a checksum zeros stand in its place, as in the file
    of a server with `rdbchecksum no`: then writing is about ten times as fast.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> engine.set("a", b"one")
    >>> dump(engine).endswith(b"\x01a\x03one\xff" + dump(engine)[-8:])
    True
    """
    content = b"".join(parts(db, facts or {}))
    return content + (crc64(content) if checksum else 0).to_bytes(CHECKSUM, "little")


def size(db: Keyspace, facts: Mapping[str, object] | None = None) -> int:
    """Compute the bytes of the file, without keeping it.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> size(engine) == len(dump(engine))
    True
    """
    return sum(map(len, parts(db, facts or {}))) + CHECKSUM


def parts(db: Keyspace, facts: Mapping[str, object]) -> Iterator[bytes]:
    """Yield the file piece by piece, without its checksum."""
    yield MAGIC
    usual = {"redis-ver": VERSION, "redis-bits": 64, "ctime": db.now // 1000, "used-mem": db.memory}
    for name, value in {**usual, **facts}.items():
        yield AUX + text(name.encode()) + text(str(value).encode())
    yield from libraries_of(db)
    writers = dumps()
    for database in db.databases.values():
        if database.table.entries:
            yield DATABASE + length(database.index) + sizes(database)
            yield from (one(db, entry, writers) for entry in database.table.entries.values())
    yield END


def libraries_of(db: Any) -> Iterator[bytes]:
    """Write the text of each library of functions."""
    for library in db.functions.libraries.values():
        yield FUNCTION + text(library.code)


def sizes(database: NumberedDatabase) -> bytes:
    """Write how many keys there are, and how many of them have a TTL."""
    return SIZES + length(len(database.table.entries)) + length(len(database.expires.entries))


def one(db: Keyspace, entry: KeyEntry, writers: Mapping[type, Dump]) -> bytes:
    """Write a key with its TTL, its use and its value."""
    expires = b"" if entry.when is None else EXPIRES + entry.when.to_bytes(8, "little", signed=True)
    name = text(as_bytes(entry.key))
    number, write = writer_of(entry.value, writers)
    return expires + use(db, entry) + bytes([number]) + name + write(entry.value)


def writer_of(value: Any, writers: Mapping[type, Dump]) -> Dump:
    """Find how a value is written: its number, and the function that writes the content."""
    return writers[bytes if isinstance(value, bytes) else type(value)]


def value_form(value: Any) -> bytes:
    """Write a value alone: the number of its form, and its content."""
    number, write = writer_of(value, dumps())
    return bytes([number]) + write(value)


def use(db: Keyspace, entry: KeyEntry) -> bytes:
    """Write how a key was used: the seconds since then, or the counter."""
    if db.policy.by == "lru":
        return IDLE + length(idle_time(db.lru_clock, entry.lru))
    if db.policy.by == "lfu":
        return FREQUENCY + bytes([frequency(entry.lru, db.minute, db.lfu_decay_time)])
    return b""
