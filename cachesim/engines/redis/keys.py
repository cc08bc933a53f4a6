"""The commands on keys whatever their value, and on the databases, as redis 7 has them in db.c."""

from cachesim.engines.base import INVALIDATED
from cachesim.engines.redis import memory
from cachesim.engines.redis.command import (
    ALL_KEYS,
    NO_KEYS,
    SYNTAX,
    TWO_KEYS,
    Arguments,
    Command,
    Reply,
    every_key,
    long_in_range,
    text,
)
from cachesim.engines.redis.db import DATABASES, TEXT, Entry, Keyspace
from cachesim.engines.redis.dict import key_hash
from cachesim.engines.redis.types.value import type_name
from cachesim.errors import CommandError

FAIR_SAMPLE = 15  # keys (redis 7: dict.c, GETFAIR_NUM_ENTRIES)
INT = 1 << 31  # what a C int does not hold
NO_KEY = "ERR no such key"
NO_DATABASE = "ERR DB index is out of range"
SAME_OBJECT = "ERR source and destination objects are the same"


def delete(db: Keyspace, argv: Arguments) -> Reply:
    """DEL key [key ...], UNLINK key [key ...]."""
    return sum(db.drop(text(key)) for key in argv[1:])


def exists(db: Keyspace, argv: Arguments) -> Reply:
    """EXISTS key [key ...]: a key named twice counts twice."""
    return sum(db.read(text(key), touch=False) is not None for key in argv[1:])


def touch(db: Keyspace, argv: Arguments) -> Reply:
    """TOUCH key [key ...]: as EXISTS, but a use of the keys."""
    return sum(db.read(text(key)) is not None for key in argv[1:])


def type_(db: Keyspace, argv: Arguments) -> Reply:
    """TYPE key."""
    entry = db.read(text(argv[1]), touch=False)
    return "none" if entry is None else type_name(entry.value)


def randomkey(db: Keyspace, argv: Arguments) -> Reply:
    """RANDOMKEY."""
    # redis 7: db.c, dbRandomKey; dict.c, dictGetFairRandomKey
    while db.keys.nodes:
        some = db.keys.some(FAIR_SAMPLE) or [db.keys.any()]
        key = some[int(db.random() * len(some))].key
        if db.find(key) is not None:
            return memory.as_bytes(key)
    return None


def rename(db: Keyspace, argv: Arguments) -> Reply:
    """RENAME key newkey, RENAMENX key newkey."""
    only_new = text(argv[0]).upper() == "RENAMENX"
    old, new = text(argv[1]), text(argv[2])
    entry = db.write(old)
    if entry is None:
        raise CommandError(NO_KEY)
    other = entry if old == new else db.write(new)
    if other is not None and only_new:
        return 0
    if other is not entry:
        if other is not None:
            db.remove(other, INVALIDATED)
        moved(db, entry, new, db.selected)
    return 1 if only_new else "OK"


def moved(db: Keyspace, entry: Entry, key: str, index: int) -> None:
    """Give a value another key or database, with its TTL and its bits of use."""
    selected, when = db.selected, entry.when
    db.remove(entry, INVALIDATED)
    db.select(index)
    name = memory.as_bytes(key)
    entry.key, entry.hash = key, key_hash(name, db.secret)
    entry.key_size = memory.key_bytes(len(name), db.quantum)
    db.keys.add(entry)
    db.memory += entry.key_size + entry.value_size
    if when is not None:
        db.expire_at(entry, when)
    db.select(selected)


def database_number(part: bytes) -> int:
    """Return the number of a database. Raises CommandError."""
    index = long_in_range(part, -INT, INT - 1)
    if not 0 <= index < DATABASES:
        raise CommandError(NO_DATABASE)
    return index


def select(db: Keyspace, argv: Arguments) -> Reply:
    """SELECT index."""
    db.select(database_number(argv[1]))
    return "OK"


def move(db: Keyspace, argv: Arguments) -> Reply:
    """MOVE key database."""
    index, key = database_number(argv[2]), text(argv[1])
    if index == db.selected:
        raise CommandError(SAME_OBJECT)
    entry = db.write(key)
    if entry is None or find_in(db, index, key) is not None:
        return 0
    moved(db, entry, key, index)
    return 1


def find_in(db: Keyspace, index: int, key: str) -> Entry | None:
    """Return the entry of a living key of another database, for a command that writes."""
    selected = db.selected
    db.select(index)
    entry = db.write(key)
    db.select(selected)
    return entry


def copy(db: Keyspace, argv: Arguments) -> Reply:
    """COPY source destination [DB database] [REPLACE]."""
    index, replaces = copy_options(db, argv)
    source, target = text(argv[1]), text(argv[2])
    if (index, target) == (db.selected, source):
        raise CommandError(SAME_OBJECT)
    entry = db.read(source)
    other = find_in(db, index, target) if entry is not None else None
    if entry is None or (other is not None and not replaces):
        return 0
    selected = db.selected
    db.select(index)
    if other is not None:
        db.remove(other, INVALIDATED)
    duplicate(db, entry, target)
    db.select(selected)
    return 1


def copy_options(db: Keyspace, argv: Arguments) -> tuple[int, bool]:
    """Return the database to copy to, and whether a key there may be replaced."""
    index, replaces = db.selected, False
    rest = iter(argv[3:])
    for part in rest:
        name = text(part).upper()
        if name == "REPLACE":
            replaces = True
        elif name == "DB" and (number := next(rest, None)) is not None:
            index = database_number(number)
        else:
            raise CommandError(SYNTAX)
    return index, replaces


def duplicate(db: Keyspace, entry: Entry, key: str) -> None:
    """Store a copy of a value under a key that is absent, with its TTL; its use begins anew."""
    # redis 7: object.c, dupStringObject: a raw string is copied without its room to grow
    value = entry.value
    if isinstance(value, bytes):
        new = db.add(key, value)
        if entry.room is not None:
            raw = memory.room_of(len(value), db.quantum)
            db.overwrite(new, value, TEXT if entry.room == TEXT else raw)
    else:
        value = value.copy()
        new = db.add(key, value, value.size)
    if entry.when is not None:
        db.expire_at(new, entry.when)


def swapdb(db: Keyspace, argv: Arguments) -> Reply:
    """SWAPDB first second: their content, so that every client sees the other's."""
    numbers = [swapped(part, n) for part, n in zip(argv[1:], ("first", "second"), strict=True)]
    if not all(0 <= index < DATABASES for index in numbers):
        raise CommandError(NO_DATABASE)
    one, other = (db.database(index) for index in numbers)
    one.index, other.index = other.index, one.index
    db.databases[one.index], db.databases[other.index] = one, other
    db.select(db.selected)
    return "OK"


def swapped(part: bytes, which: str) -> int:
    """Return one of the numbers of SWAPDB. Raises CommandError."""
    try:
        return long_in_range(part, -INT, INT - 1)
    except CommandError:
        raise CommandError(f"ERR invalid {which} DB index") from None


def dbsize(db: Keyspace, argv: Arguments) -> Reply:
    """DBSIZE: the keys held, dead but not yet removed ones included."""
    return len(db.keys.nodes)


def flush(db: Keyspace, argv: Arguments) -> Reply:
    """FLUSHALL [ASYNC | SYNC], FLUSHDB [ASYNC | SYNC]."""
    if len(argv) > 2 or (len(argv) == 2 and text(argv[1]).upper() not in ("ASYNC", "SYNC")):
        raise CommandError(SYNTAX)
    if text(argv[0]).upper() == "FLUSHALL":
        db.flush()
    else:
        db.flush_database(db.databases[db.selected])
    return "OK"


COMMANDS = {
    "COPY": Command(-3, "write denyoom", copy, TWO_KEYS),
    "DBSIZE": Command(1, "readonly fast", dbsize, NO_KEYS),
    "DEL": Command(-2, "write", delete, ALL_KEYS),
    "EXISTS": Command(-2, "readonly fast", exists, ALL_KEYS),
    "FLUSHALL": Command(-1, "write", flush, NO_KEYS, walks=lambda db, argv: len(db)),
    "FLUSHDB": Command(-1, "write", flush, NO_KEYS, walks=every_key),
    "MOVE": Command(3, "write fast", move),
    "RANDOMKEY": Command(1, "readonly", randomkey, NO_KEYS),
    "RENAME": Command(3, "write", rename, TWO_KEYS),
    "RENAMENX": Command(3, "write fast", rename, TWO_KEYS),
    "SELECT": Command(2, "loading stale fast", select, NO_KEYS),
    "SWAPDB": Command(3, "write fast", swapdb, NO_KEYS),
    "TOUCH": Command(-2, "readonly fast", touch, ALL_KEYS),
    "TYPE": Command(2, "readonly fast", type_),
    "UNLINK": Command(-2, "write fast", delete, ALL_KEYS),
}
