"""The string commands, as redis 7 has them in t_string.c; counters.py and lcs.py have the rest."""

from typing import Any

from cachesim.engines.redis import rdb_parts
from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.database import TEXT, KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.memory import (
    room_of,
    room_of_value,
    room_to_grow,
)
from cachesim.engines.redis.propagate import (
    exchanged,
    looked_up,
    removed,
    stored,
    stored_until,
)
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.structure import string_in
from cachesim.errors import CommandError

OK = "OK"
TIMES = ("EX", "PX", "EXAT", "PXAT")
SET_FLAGS = ("NX", "XX", "GET", "KEEPTTL")


class SetOptions:
    """The options of SET and GETEX: flags, and when the key expires."""

    def __init__(self, parts: tuple[bytes, ...], allowed: tuple[str, ...]) -> None:
        self.flags: set[str] = set()
        self.time: tuple[bytes, str] | None = None  # number and unit
        rest = iter(parts)
        for part in rest:
            name = text(part).upper()
            if name in allowed:
                self.flags.add(name)
            elif name in TIMES and (value := next(rest, None)) is not None:
                if self.time is not None and self.time[1] != name:
                    raise CommandError(SYNTAX)
                self.time = value, name  # the same unit twice: the last counts
            else:
                raise CommandError(SYNTAX)
        lasting = self.flags & {"KEEPTTL", "PERSIST"}
        if {"NX", "XX"} <= self.flags or (lasting and self.time):
            raise CommandError(SYNTAX)

    def due(self, db: Keyspace, command: str) -> int | None:
        """Return when the key expires, in milliseconds of Unix time; None if no time was given."""
        return None if self.time is None else milliseconds(db, command, *self.time)


def milliseconds(db: Keyspace, command: str, part: bytes, unit: str) -> int:
    """Return when `EX 10` or the like falls due. The unit is EX, PX, EXAT or PXAT."""
    # redis 7: t_string.c, getExpireMillisecondsOrReply
    number = integer(part)
    if unit.startswith("EX"):
        number *= 1000
    when = number if unit.endswith("AT") else db.now + number
    if number <= 0 or max(number, when) >= 1 << 63:
        raise CommandError(f"ERR invalid expire time in '{command}' command")
    return when


def get(db: Keyspace, key: str) -> Reply:
    """GET key."""
    entry = string_in(db.read(key))
    value: bytes | None = None if entry is None else entry.value
    return value


def set_(db: Keyspace, name: bytes, value: bytes, *parts: bytes) -> Reply:
    """SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]."""
    key = text(name)
    if not parts:
        db.put_at(db.write(key), key, value, name=name)
        db.event("$", "set", key)
        return OK
    options = SetOptions(parts, SET_FLAGS)
    flags, when = options.flags, options.due(db, "set")
    old = get(db, key) if "GET" in flags else None
    entry = db.write(key)
    if ("NX" in flags and entry is not None) or ("XX" in flags and entry is None):
        return old
    entry = db.put_at(entry, key, value, "KEEPTTL" in flags or when is not None, name)
    db.event("$", "set", key)
    if when is not None:
        expire_at(db, entry, when)
    return old if "GET" in flags else OK


def replied_by_set(db: Keyspace, name: bytes, value: bytes, *parts: bytes) -> Reply:
    """Return the old value if SET has the option GET: the string in its reply."""
    return get(db, text(name)) if "GET" in SetOptions(parts, SET_FLAGS).flags else None


def setex(db: Keyspace, key: str, seconds: bytes, value: bytes) -> Reply:
    """SETEX key seconds value."""
    return set_until(db, key, value, milliseconds(db, "setex", seconds, "EX"))


def psetex(db: Keyspace, key: str, ms: bytes, value: bytes) -> Reply:
    """PSETEX key milliseconds value."""
    return set_until(db, key, value, milliseconds(db, "psetex", ms, "PX"))


def set_until(db: Keyspace, key: str, value: bytes, when: int) -> Reply:
    """Store a value that expires at `when`, in milliseconds of Unix time."""
    entry = db.put(key, value, keep_ttl=True)
    db.event("$", "set", key)
    expire_at(db, entry, when)
    return OK


def expire_at(db: Keyspace, entry: KeyEntry, when: int) -> None:
    """Set when a key expires, and tell it."""
    db.expire_at(entry, when)
    db.event("g", "expire", entry.key)


def setnx(db: Keyspace, key: str, value: bytes) -> Reply:
    """SETNX key value."""
    if db.write(key) is not None:
        return 0
    db.add(key, value)
    db.event("$", "set", key)
    return 1


def getset(db: Keyspace, key: str, value: bytes) -> Reply:
    """GETSET key value."""
    old = get(db, key)
    db.put(key, value)
    db.event("$", "set", key)
    return old


def getdel(db: Keyspace, key: str) -> Reply:
    """GETDEL key."""
    old = get(db, key)
    db.drop(key)
    return old


def getex(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]."""
    options = SetOptions(parts, ("PERSIST",))
    entry = string_in(db.read(key))
    if entry is None:
        return None  # before the time is looked at, as in the server
    when = options.due(db, "getex")
    if when is not None and when <= db.now:
        db.drop(key)
    elif when is not None:
        expire_at(db, entry, when)
    elif options.flags and db.persist(entry):
        db.event("g", "persist", key)
    value: bytes = entry.value
    return value


def old_value(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """Return the value under a key: the reply of the commands that also change it."""
    return get(db, key)


def mget(db: Keyspace, *keys: str) -> Reply:
    """MGET key [key ...]."""
    entries = (db.read(key) for key in keys)
    return [
        entry.value if entry is not None and isinstance(entry.value, bytes) else None
        for entry in entries
    ]


def mset(db: Keyspace, *parts: Any) -> Reply:
    """MSET key value [key value ...]."""
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        db.put(key, value)
        db.event("$", "set", key)
    return OK


def msetnx(db: Keyspace, *parts: Any) -> Reply:
    """MSETNX key value [key value ...]: all of them, or none if any key is there."""
    if any(db.write(key) is not None for key in parts[::2]):
        return 0
    mset(db, *parts)
    return 1


def strlen(db: Keyspace, key: str) -> Reply:
    """STRLEN key."""
    entry = string_in(db.read(key))
    return 0 if entry is None else len(entry.value)


def append(db: Keyspace, key: str, value: bytes) -> Reply:
    """APPEND key value."""
    entry = string_in(db.write(key))
    if entry is None:
        entry = db.add(key, value)
    else:
        check_length(db, len(entry.value) + len(value))
        change(db, entry, entry.value + value)
    db.event("$", "append", key)
    return len(entry.value)


def getrange(db: Keyspace, key: str, start: int, end: int) -> Reply:
    """GETRANGE key start end, SUBSTR key start end: both included, negative from the end."""
    entry = string_in(db.read(key))
    value = b"" if entry is None else entry.value
    if start < 0 and end < 0 and start > end:
        return b""
    start = max(0, start + len(value) if start < 0 else start)
    end = max(0, end + len(value) if end < 0 else end)
    return value[start : end + 1]


def setrange(db: Keyspace, key: str, offset: int, part: bytes) -> Reply:
    """SETRANGE key offset value: a value that is too short is filled up with zero bytes."""
    if offset < 0:
        raise CommandError("ERR offset is out of range")
    entry = string_in(db.write(key))
    old = b"" if entry is None else entry.value
    if not part:
        return len(old)
    check_length(db, offset + len(part))
    new = old[:offset].ljust(offset, b"\0") + part + old[offset + len(part) :]
    if entry is None:
        db.overwrite(db.add(key, new), new, room_of(len(new), db.quantum))
    else:
        change(db, entry, new)
    db.event("$", "setrange", key)
    return len(new)


def change(db: Keyspace, entry: KeyEntry, value: bytes) -> None:
    """Change a string in place: its encoding becomes raw, and it grows with room to spare."""
    # redis 7: db.c, dbUnshareStringValue; sds.c, sdsMakeRoomFor
    room = entry.room
    if room is None:
        room = room_of_value(len(entry.value), db.quantum)
    elif room == TEXT:
        room = room_of(len(entry.value), db.quantum)
    db.overwrite(entry, value, room_to_grow(len(value), room, db.quantum))


def check_length(db: Keyspace, length: int) -> None:
    """Raise CommandError if a string would be too long."""
    if length > db.longest_string:
        raise CommandError("ERR string exceeds maximum allowed size (proto-max-bulk-len)")


PAIRS = "key value [key value ...]"
COMMANDS = table(
    RedisCommand("APPEND", "key value", "write denyoom fast", append),
    RedisCommand("GET", "key", "readonly fast", get, replies=get),
    RedisCommand("GETDEL", "key", "write fast", getdel, replies=get, propagates=removed),
    RedisCommand(
        "GETEX", "key [option ...]", "write fast", getex, replies=old_value, propagates=looked_up
    ),
    RedisCommand("GETRANGE", "key integer integer", "readonly", getrange, replies=getrange),
    RedisCommand(
        "GETSET", "key value", "write denyoom fast", getset, replies=old_value, propagates=exchanged
    ),
    RedisCommand("MGET", "key [key ...]", "readonly fast", mget, replies=mget),
    RedisCommand("MSET", PAIRS, "write denyoom", mset),
    RedisCommand("MSETNX", PAIRS, "write denyoom", msetnx),
    RedisCommand(
        "PSETEX", "key milliseconds value", "write denyoom", psetex, propagates=stored_until
    ),
    RedisCommand(
        "SET",
        "name value [option ...]",
        "write denyoom",
        set_,
        replies=replied_by_set,
        propagates=stored,
    ),
    RedisCommand("SETEX", "key seconds value", "write denyoom", setex, propagates=stored_until),
    RedisCommand("SETNX", "key value", "write denyoom fast", setnx),
    RedisCommand("SETRANGE", "key integer value", "write denyoom", setrange),
    RedisCommand("STRLEN", "key", "readonly fast", strlen),
    RedisCommand("SUBSTR", "key integer integer", "readonly", getrange, replies=getrange),
)
DUMPS = {bytes: (0, rdb_parts.text)}  # how rdb.py writes a string
LOADS = {0: lambda reader, db: reader.text()}  # and how rdb_load.py reads it
