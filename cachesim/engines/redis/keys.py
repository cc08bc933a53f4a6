"""The commands on keys of any type, and on the databases, as redis 7 has them in db.c."""

from cachesim.engines.base import INVALIDATED
from cachesim.engines.redis import memory
from cachesim.engines.redis.arguments import (
    INT,
    NO_DATABASE,
    SYNTAX,
    database_number,
    long_in_range,
    text,
)
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.database import DATABASES, TEXT, KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.hashtable import key_hash
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.scan import every_key
from cachesim.engines.redis.structure import type_name
from cachesim.errors import CommandError

FAIR_SAMPLE = 15  # keys (redis 7: dict.c, GETFAIR_NUM_ENTRIES)
DEAD_TRIES = 100  # dead keys that RANDOMKEY meets on a replica, before it returns one of them
NO_KEY = "ERR no such key"
SAME_OBJECT = "ERR source and destination objects are the same"


def delete(db: Keyspace, *keys: str) -> Reply:
    """DEL key [key ...], UNLINK key [key ...]."""
    return sum(map(db.drop, keys))


def exists(db: Keyspace, *keys: str) -> Reply:
    """EXISTS key [key ...]: a key named twice counts twice."""
    return sum(db.read(key, touch=False) is not None for key in keys)


def touch(db: Keyspace, *keys: str) -> Reply:
    """TOUCH key [key ...]: as EXISTS, but it is a use of the keys."""
    return sum(db.read(key) is not None for key in keys)


def type_(db: Keyspace, key: str) -> Reply:
    """TYPE key."""
    entry = db.read(key, touch=False)
    return "none" if entry is None else type_name(entry.value)


def randomkey(db: Keyspace) -> Reply:
    """RANDOMKEY."""
    # redis 7: db.c, dbRandomKey; dict.c, dictGetFairRandomKey
    tries = DEAD_TRIES
    while db.table.entries:
        some = db.table.some(FAIR_SAMPLE) or [db.table.any()]
        key = some[int(db.random() * len(some))].key
        tries -= 1
        if db.find(key) is not None or (db.is_replica and tries <= 0 and all_may_be_dead(db)):
            return memory.as_bytes(key)
    return None


def all_may_be_dead(db: Keyspace) -> bool:
    """Whether every key has a TTL. A replica does not remove dead keys, and may find no other."""
    return len(db.table.entries) == len(db.expires.entries)


def rename(db: Keyspace, old: str, new: str) -> Reply:
    """RENAME key newkey."""
    rename_key(db, old, new)
    return "OK"


def renamenx(db: Keyspace, old: str, new: str) -> Reply:
    """RENAMENX key newkey: only if no key has the new name."""
    return rename_key(db, old, new, only_new=True)


def rename_key(db: Keyspace, old: str, new: str, only_new: bool = False) -> int:
    """Rename a key: 1, or 0 if it keeps its name."""
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
        db.event("g", "rename_from", old)
        db.event("g", "rename_to", new)
    return 1


def moved(db: Keyspace, entry: KeyEntry, key: str, index: int) -> None:
    """Give a value another key or database. Its TTL and its bits of use go with it."""
    selected, when = db.selected, entry.when
    db.remove(entry, INVALIDATED)
    db.select(index)
    name = memory.as_bytes(key)
    entry.key, entry.hash = key, key_hash(name, db.secret)
    entry.key_size = memory.key_bytes(len(name), db.quantum)
    db.table.add(entry)
    db.memory += entry.key_size + entry.value_size
    db.event("n", "new", key)
    if db.blocked.by_key and not isinstance(entry.value, bytes):
        db.blocked.note(index, key)  # somebody may wait for it
    if when is not None:
        db.expire_at(entry, when)
    db.select(selected)


def select(db: Keyspace, index: int) -> Reply:
    """SELECT index."""
    db.select(index)
    return "OK"


def move(db: Keyspace, key: str, index: int) -> Reply:
    """MOVE key database."""
    if index == db.selected:
        raise CommandError(SAME_OBJECT)
    entry = db.write(key)
    if entry is None or find_in(db, index, key) is not None:
        return 0
    moved(db, entry, key, index)
    db.event("g", "move_from", key)
    selected = db.selected
    db.select(index)
    db.event("g", "move_to", key)
    db.select(selected)
    return 1


def find_in(db: Keyspace, index: int, key: str) -> KeyEntry | None:
    """Look a key up in another database, for a command that writes."""
    selected = db.selected
    db.select(index)
    entry = db.write(key)
    db.select(selected)
    return entry


def copy(db: Keyspace, source: str, target: str, *parts: bytes) -> Reply:
    """COPY source destination [DB database] [REPLACE]."""
    index, replaces = copy_options(db, parts)
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
    db.event("g", "copy_to", target)
    db.select(selected)
    return 1


def copy_options(db: Keyspace, parts: tuple[bytes, ...]) -> tuple[int, bool]:
    """Return the database to copy to, and whether a key there may be replaced."""
    index, replaces = db.selected, False
    rest = iter(parts)
    for part in rest:
        name = text(part).upper()
        if name == "REPLACE":
            replaces = True
        elif name == "DB" and (number := next(rest, None)) is not None:
            index = database_number(number)
        else:
            raise CommandError(SYNTAX)
    return index, replaces


def duplicate(db: Keyspace, entry: KeyEntry, key: str) -> None:
    """Store a copy of a value, with its TTL, under an absent key. The copy counts as just used."""
    # redis 7: object.c, dupStringObject: a raw string is copied without its room to grow; the copy
    # keeps all that the allocator gives, which SET would have given back. An integer is not shared.
    value = entry.value
    if isinstance(value, bytes):
        new = db.add(key, value)
        if entry.room is not None or memory.encoding(value) == "raw":
            raw = memory.room_of(len(value), db.quantum)
            db.overwrite(new, value, TEXT if entry.room == TEXT else raw)
        elif not new.value_size:
            new.value_size = memory.allocated(memory.OBJECT, db.quantum)
            db.memory += new.value_size
    else:
        value = value.copy()
        new = db.add(key, value, value.size)
    if entry.when is not None:
        db.expire_at(new, entry.when)


def swapdb(db: Keyspace, first: bytes, second: bytes) -> Reply:
    """SWAPDB first second: the two databases change places, for every client."""
    numbers = [swapped(first, "first"), swapped(second, "second")]
    if not all(0 <= index < DATABASES for index in numbers):
        raise CommandError(NO_DATABASE)
    db.swap(*numbers)
    return "OK"


def swapped(part: bytes, which: str) -> int:
    """Read one of the numbers of SWAPDB. Raises CommandError."""
    try:
        return long_in_range(part, -INT, INT - 1)
    except CommandError:
        raise CommandError(f"ERR invalid {which} DB index") from None


def dbsize(db: Keyspace) -> Reply:
    """DBSIZE: the number of keys, with dead ones that are not yet removed."""
    return len(db.table.entries)


def flushall(db: Keyspace, *parts: bytes) -> Reply:
    """FLUSHALL [ASYNC | SYNC]."""
    check_flush(parts)
    db.flush()
    return "OK"


def flushdb(db: Keyspace, *parts: bytes) -> Reply:
    """FLUSHDB [ASYNC | SYNC]."""
    check_flush(parts)
    db.flush_database(db.databases[db.selected])
    return "OK"


def check_flush(parts: tuple[bytes, ...]) -> None:
    """Check the option of FLUSHALL and FLUSHDB; it has no effect. Raises CommandError."""
    if len(parts) > 1 or (parts and text(parts[0]).upper() not in ("ASYNC", "SYNC")):
        raise CommandError(SYNTAX)


def held(db: Keyspace, *parts: bytes) -> int:
    """Count the keys of all databases: FLUSHALL looks at each."""
    return len(db)


COMMANDS = table(
    RedisCommand("COPY", "key key [option ...]", "write denyoom", copy),
    RedisCommand("DBSIZE", "", "readonly fast", dbsize),
    RedisCommand("DEL", "key [key ...]", "write", delete),
    RedisCommand("EXISTS", "key [key ...]", "readonly fast", exists),
    RedisCommand("FLUSHALL", "[option ...]", "write", flushall, walks=held),
    RedisCommand("FLUSHDB", "[option ...]", "write", flushdb, walks=every_key),
    RedisCommand("MOVE", "key database", "write fast", move),
    RedisCommand("RANDOMKEY", "", "readonly", randomkey),
    RedisCommand("RENAME", "key key", "write", rename),
    RedisCommand("RENAMENX", "key key", "write fast", renamenx),
    RedisCommand("SELECT", "database", "loading stale fast", select),
    RedisCommand("SWAPDB", "index index", "write fast", swapdb),
    RedisCommand("TOUCH", "key [key ...]", "readonly fast", touch),
    RedisCommand("TYPE", "key", "readonly fast", type_),
    RedisCommand("UNLINK", "key [key ...]", "write fast", delete),
)
