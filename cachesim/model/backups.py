"""What a service does with RDB files: look at one before it is loaded, divide it by slots, join, date.

The content of a sharded group is one file for each shard in a backup, and one file when a run begins.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from cachesim.engines.base import START
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.rdb import dump
from cachesim.engines.redis.rdb_load import LoadedKey, check, install, keys_in, written_at
from cachesim.engines.redis.rdb_reader import RdbReader
from cachesim.engines.redis.slots import slot_of


class Contents(NamedTuple):
    """What a file would be in a node."""

    keys: int
    memory: int  # bytes that a node needs for them
    databases: int  # in which there are keys
    written: int | None  # seconds of Unix time; None: the file does not say


def look_at(file: bytes) -> Contents:
    """Read a file as a node would.

    Raises
    ------
    BadInput
        The file is damaged, cut off, or of a kind that redis 7.0 does not read.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> engine.set("a", b"one")
    >>> look_at(dump(engine)).keys
    1
    """
    check(file)
    engine = _filled(file, None)
    held = [each for each in engine.databases.values() if each.table.entries]
    keys = sum(len(each.table.entries) for each in held)
    return Contents(keys, engine.memory, len(held), written_at(file))


def divided(file: bytes, slots: Sequence[Collection[int]]) -> list[bytes]:
    """Return one file for each collection of slots, with the keys that belong there.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> engine.set("user:1", b"one")  # slot 10778
    >>> parts = divided(dump(engine), [range(0, 8192), range(8192, 16384)])
    >>> [look_at(part).keys for part in parts]
    [0, 1]
    """
    return [dump(_filled(file, each), checksum=False) for each in slots]


def joined(files: Sequence[bytes], written: int | None = None, checksum: bool = False) -> bytes:
    """Return one file with the keys of all of these; `written` tells another date of writing.

    TTLs go on where they were: they move with the date.

    >>> joined([joined([])]) == joined([])
    True
    """
    own = _date_of(files[0]) if files else START
    engine = _engine(own if written is None else written)
    for file in files:
        _fill(engine, file, None)
    return dump(engine, checksum=checksum)


def _date_of(file: bytes) -> int:
    return written_at(file) or START


def _engine(written: int) -> RedisEngine:
    return RedisEngine(Redis(memory=2**62), lambda: float(written - START), lambda: 0.5)


def _filled(file: bytes, slots: Collection[int] | None) -> RedisEngine:
    engine = _engine(_date_of(file))
    _fill(engine, file, slots)
    return engine


def _fill(engine: RedisEngine, file: bytes, slots: Collection[int] | None) -> None:
    """Store the keys of a file, or those of some slots, as if it were written at the engine's time."""
    later = engine.now - _date_of(file) * 1000
    for each in _keys(file, engine):
        if slots is not None and slot_of(as_bytes(each.key)) not in slots:
            continue
        when = None if each.when is None else each.when + later
        install(engine, each._replace(when=when))
    engine.select(0)


def _keys(file: bytes, engine: RedisEngine) -> Iterator[LoadedKey]:
    return keys_in(RdbReader(file[9:]), engine)
