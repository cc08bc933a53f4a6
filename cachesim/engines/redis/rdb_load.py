"""Loads an RDB file into an engine: all of it, or nothing (redis 7: rdb.c).

How a value is read belongs to its type: the file of a type has `LOADS`, which gives for the number
of a form a function that takes the reader and the keyspace, and returns the value.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from cachesim.engines.base import INVALIDATED
from cachesim.engines.redis.arguments import text
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.policy import LRU_CLOCK_MAX, lfu_bits
from cachesim.engines.redis.rdb_parts import crc64
from cachesim.engines.redis.rdb_reader import Load, RdbReader
from cachesim.engines.redis.value_types import TYPES
from cachesim.errors import BadInput, CommandError

VERSIONS = range(1, 11)  # that redis 7.0 reads
FUNCTION, IDLE, FREQUENCY, AUX, SIZES, MILLISECONDS, SECONDS, DATABASE, END = (
    0xF5, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF,
)  # fmt: skip
NO_CHECKSUM = bytes(8)  # of a file that was written without one
CHECKED_FROM = 5  # the first version with a checksum


class LoadedKey(NamedTuple):
    """A key as a file has it."""

    database: int
    key: str
    value: Any
    when: int | None  # milliseconds of Unix time: when it expires
    idle: int | None  # seconds since it was used
    frequency: int | None  # the LFU counter


@cache
def loads() -> dict[int, Load]:
    """Collect how each form is read, from the files of the types."""
    return {number: load for each in TYPES for number, load in getattr(each, "LOADS", {}).items()}


def load(db: Keyspace, file: bytes, revived: Callable[[Any], Any] = lambda value: value) -> int:
    """Add the keys of a file to an engine, but those that have expired. Return how many there are.

    So are its libraries of functions, in the place of those with the same names.

    `revived` makes what is stored of the value that was read.

    Raises
    ------
    BadInput
        The file is damaged, or of a kind that redis 7.0 does not read. Then nothing is loaded.

    >>> from cachesim.engines.redis.engine import Redis
    >>> from cachesim.engines.redis.rdb import dump
    >>> one, other = (Redis().build(clock=lambda: 0.0, random=lambda: 0.5) for _ in range(2))
    >>> one.set("a", b"1")
    >>> load(other, dump(one)), other.get("a")
    (1, b'1')
    """
    check(file)
    codes: list[bytes] = []
    keys = list(keys_in(RdbReader(file[9:]), db, codes))
    load_libraries(db, codes)
    selected, count = db.selected, 0
    for each in keys:
        if each.when is None or each.when >= db.now:
            install(db, each._replace(value=revived(each.value)))
            count += 1
    db.select(selected)
    db.snapshots.loaded, db.snapshots.expired = count, len(keys) - count
    return count


def load_libraries(db: Any, codes: list[bytes]) -> None:
    """Load libraries of functions by their texts. Raises BadInput, and then there is none of them."""
    if not codes:
        return
    new = type(db.functions)(db)
    try:
        for code in codes:
            new.load(code, replace=False)
        db.functions.join(new, replace=True)
    except CommandError as error:
        why = str(error).removeprefix("ERR ")
        raise BadInput(f"the RDB file has a library of functions that fails: {why}") from None


def check(file: bytes) -> None:
    """Raise BadInput unless it is a whole RDB file of a version that redis 7.0 reads."""
    if file[:5] != b"REDIS" or not file[5:9].isdigit():
        raise BadInput("this is no RDB file: it does not begin with REDIS and a version")
    version = int(file[5:9])
    if version not in VERSIONS:
        raise BadInput(f"the RDB file has version {version}; redis 7.0 reads 1 to {VERSIONS[-1]}")
    given = file[-8:]
    if version >= CHECKED_FROM and given not in (
        NO_CHECKSUM,
        crc64(file[:-8]).to_bytes(8, "little"),
    ):
        raise BadInput(
            "the RDB file is damaged or cut off: its checksum is wrong; nothing was loaded"
        )


def keys_in(
    reader: RdbReader, db: Keyspace, libraries: list[bytes] | None = None
) -> Iterator[LoadedKey]:
    """Yield every key of a file, from after its first nine bytes to its end.

    `libraries` gets the texts of the libraries of functions.
    """
    database = 0
    when = idle = frequency = None
    while (code := reader.byte()) != END:
        if code == DATABASE:
            database = reader.length()
        elif code == SECONDS:
            when = int(reader.number("<i")) * 1000
        elif code == MILLISECONDS:
            when = int(reader.number("<q"))
        elif code == IDLE:
            idle = reader.length()
        elif code == FREQUENCY:
            frequency = reader.byte()
        elif code == FUNCTION:
            library = reader.text()
            if libraries is not None:
                libraries.append(library)
        elif code in (AUX, SIZES):
            skip(reader, code)
        else:
            key = text(reader.text())
            yield LoadedKey(database, key, value_of(reader, db, code), when, idle, frequency)
            when = idle = frequency = None


def written_at(file: bytes) -> int | None:
    """Return when a file was written, in seconds of Unix time; None if it does not say so."""
    reader = RdbReader(file[9:])
    while reader.byte() == AUX:
        name, value = reader.texts(2)
        if name == b"ctime" and value.isdigit():
            return int(value)
    return None


def skip(reader: RdbReader, code: int) -> None:
    """Go past what no key depends on: facts about the file, sizes of tables."""
    if code == SIZES:
        reader.length()
        reader.length()
    else:
        reader.texts(2)


def value_of(reader: RdbReader, db: Keyspace, form: int) -> Any:
    """Read a value. Raises BadInput."""
    read = loads().get(form)
    if read is None:
        raise BadInput(f"the RDB file has a value of form {form}, which this engine does not know")
    return read(reader, db)


def install(db: Keyspace, each: LoadedKey) -> None:
    """Store a key, in the place of one that is there."""
    db.select(each.database)
    old = db.table.entries.get(each.key)
    if old is not None:
        db.remove(old, INVALIDATED)
    is_text = isinstance(each.value, bytes)
    entry = db.add(each.key, each.value, None if is_text else each.value.size)
    if each.when is not None:
        db.expire_at(entry, each.when)
    if each.frequency is not None and db.lfu:
        entry.lru = lfu_bits(db.minute, each.frequency)
    elif each.idle is not None and db.policy.by == "lru":
        entry.lru = (db.lru_clock - each.idle) % LRU_CLOCK_MAX
