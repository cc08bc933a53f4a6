"""The string commands: text and numbers, as redis 7 has them in t_string.c."""

from cachesim.engines.base import INVALIDATED
from cachesim.engines.redis.command import (
    ALL_KEYS,
    SYNTAX,
    Arguments,
    Command,
    Keys,
    Reply,
    integer,
    milliseconds,
    string_in,
    text,
    wrong_number,
)
from cachesim.engines.redis.db import TEXT, Entry, Keyspace
from cachesim.engines.redis.memory import (
    EMBSTR_LIMIT,
    encoding,
    room_of,
    room_of_value,
    room_to_grow,
)
from cachesim.errors import CommandError

OK = "OK"
TIMES = ("EX", "PX", "EXAT", "PXAT")
SET_FLAGS = ("NX", "XX", "GET", "KEEPTTL")
SECOND, THIRD = Keys(2, 2, 1), Keys(3, 3, 1)  # where a value stands
EVERY_OTHER = Keys(2, -1, 2)


class Options:
    """The options of SET and GETEX: flags, and when the key expires."""

    def __init__(self, argv: Arguments, first: int, allowed: tuple[str, ...]) -> None:
        self.flags: set[str] = set()
        self.time: tuple[bytes, str] | None = None  # number and unit
        rest = iter(argv[first:])
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

    def due(self, db: Keyspace, argv: Arguments) -> int | None:
        """Return when the key expires, in milliseconds; None if no time was given."""
        return None if self.time is None else milliseconds(db, argv, *self.time)


def get(db: Keyspace, argv: Arguments) -> Reply:
    """GET key."""
    entry = string_in(db.read(text(argv[1])))
    value: bytes | None = None if entry is None else entry.value
    return value


def set_(db: Keyspace, argv: Arguments) -> Reply:
    """SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]."""
    options = Options(argv, 3, SET_FLAGS)
    flags, when = options.flags, options.due(db, argv)
    old = get(db, argv) if "GET" in flags else None
    key = text(argv[1])
    entry = db.write(key)
    if ("NX" in flags and entry is not None) or ("XX" in flags and entry is None):
        return old
    keep_ttl = "KEEPTTL" in flags or when is not None
    entry = db.put_at(entry, key, argv[2], keep_ttl)
    if when is not None:
        db.expire_at(entry, when)
    return old if "GET" in flags else OK


def replaced(db: Keyspace, argv: Arguments) -> Reply:
    """Return the old value if SET has the option GET: its reply in bytes."""
    return get(db, argv) if "GET" in Options(argv, 3, SET_FLAGS).flags else None


def setex(db: Keyspace, argv: Arguments) -> Reply:
    """SETEX key seconds value, PSETEX key milliseconds value."""
    when = milliseconds(db, argv, argv[2], "PX" if text(argv[0]).upper() == "PSETEX" else "EX")
    db.expire_at(db.put(text(argv[1]), argv[3], keep_ttl=True), when)
    return OK


def setnx(db: Keyspace, argv: Arguments) -> Reply:
    """SETNX key value."""
    key = text(argv[1])
    if db.write(key) is not None:
        return 0
    db.add(key, argv[2])
    return 1


def getset(db: Keyspace, argv: Arguments) -> Reply:
    """GETSET key value."""
    old = get(db, argv)
    db.put(text(argv[1]), argv[2])
    return old


def getdel(db: Keyspace, argv: Arguments) -> Reply:
    """GETDEL key."""
    old = get(db, argv)
    db.drop(text(argv[1]))
    return old


def getex(db: Keyspace, argv: Arguments) -> Reply:
    """GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]."""
    options = Options(argv, 2, ("PERSIST",))
    entry = string_in(db.read(text(argv[1])))
    if entry is None:
        return None  # before the time is looked at, as in the server
    when = options.due(db, argv)
    if when is not None and when <= db.now:
        db.remove(entry, INVALIDATED)
    elif when is not None:
        db.expire_at(entry, when)
    elif options.flags:
        db.persist(entry)
    value: bytes = entry.value
    return value


def mget(db: Keyspace, argv: Arguments) -> Reply:
    """MGET key [key ...]."""
    entries = (db.read(text(key)) for key in argv[1:])
    return [
        entry.value if entry is not None and isinstance(entry.value, bytes) else None
        for entry in entries
    ]


def mset(db: Keyspace, argv: Arguments) -> Reply:
    """MSET key value [key value ...]."""
    if len(argv) % 2 == 0:
        raise wrong_number("mset")
    for key, value in zip(argv[1::2], argv[2::2], strict=True):
        db.put(text(key), value)
    return OK


def msetnx(db: Keyspace, argv: Arguments) -> Reply:
    """MSETNX key value [key value ...]: all of them, or none if any key is there."""
    if len(argv) % 2 == 0:
        raise wrong_number("msetnx")
    if any(db.write(text(key)) is not None for key in argv[1::2]):
        return 0
    mset(db, argv)
    return 1


def strlen(db: Keyspace, argv: Arguments) -> Reply:
    """STRLEN key."""
    entry = string_in(db.read(text(argv[1])))
    return 0 if entry is None else len(entry.value)


def append(db: Keyspace, argv: Arguments) -> Reply:
    """APPEND key value."""
    key = text(argv[1])
    entry = string_in(db.write(key))
    if entry is None:
        return len(db.add(key, argv[2]).value)
    check_length(db, len(entry.value) + len(argv[2]))
    change(db, entry, entry.value + argv[2])
    return len(entry.value)


def getrange(db: Keyspace, argv: Arguments) -> Reply:
    """GETRANGE key start end, SUBSTR key start end: both included, negative from the end."""
    start, end = integer(argv[2]), integer(argv[3])
    entry = string_in(db.read(text(argv[1])))
    value = b"" if entry is None else entry.value
    if start < 0 and end < 0 and start > end:
        return b""
    start = max(0, start + len(value) if start < 0 else start)
    end = max(0, end + len(value) if end < 0 else end)
    return value[start : end + 1]


def setrange(db: Keyspace, argv: Arguments) -> Reply:
    """SETRANGE key offset value: a value too short is filled up with zero bytes."""
    offset, part = integer(argv[2]), argv[3]
    if offset < 0:
        raise CommandError("ERR offset is out of range")
    key = text(argv[1])
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
    return len(new)


def change(db: Keyspace, entry: Entry, value: bytes) -> None:
    """Change a string in place: it becomes raw, and grows with room to spare."""
    # redis 7: db.c, dbUnshareStringValue; sds.c, sdsMakeRoomFor
    room = entry.room
    if room is None:
        room = room_of_value(len(entry.value), db.quantum)
    elif room == TEXT:
        room = room_of(len(entry.value), db.quantum)
    db.overwrite(entry, value, room_to_grow(len(value), room, db.quantum))


def check_length(db: Keyspace, length: int) -> None:
    """Refuse a string that would be too long."""
    if length > db.longest_string:
        raise CommandError("ERR string exceeds maximum allowed size (proto-max-bulk-len)")


def object_encoding(entry: Entry) -> bytes:
    """Return the name of the encoding that a value has."""
    if not isinstance(entry.value, bytes):
        return str(entry.value.encoding).encode()
    if entry.room is None:
        return encoding(entry.value).encode()
    return b"embstr" if entry.room == TEXT and len(entry.value) <= EMBSTR_LIMIT else b"raw"


COMMANDS = {
    "APPEND": Command(3, "write denyoom fast", append, data=SECOND),
    "GET": Command(2, "readonly fast", get, replies=get),
    "GETDEL": Command(2, "write fast", getdel, replies=get),
    "GETEX": Command(-2, "write fast", getex, replies=get),
    "GETRANGE": Command(4, "readonly", getrange, replies=getrange),
    "GETSET": Command(3, "write denyoom fast", getset, data=SECOND, replies=get),
    "MGET": Command(-2, "readonly fast", mget, ALL_KEYS, replies=mget),
    "MSET": Command(-3, "write denyoom", mset, Keys(1, -1, 2), data=EVERY_OTHER),
    "MSETNX": Command(-3, "write denyoom", msetnx, Keys(1, -1, 2), data=EVERY_OTHER),
    "PSETEX": Command(4, "write denyoom", setex, data=THIRD),
    "SET": Command(-3, "write denyoom", set_, data=SECOND, replies=replaced),
    "SETEX": Command(4, "write denyoom", setex, data=THIRD),
    "SETNX": Command(3, "write denyoom fast", setnx, data=SECOND),
    "SETRANGE": Command(4, "write denyoom", setrange, data=THIRD),
    "STRLEN": Command(2, "readonly fast", strlen),
    "SUBSTR": Command(4, "readonly", getrange, replies=getrange),
}
