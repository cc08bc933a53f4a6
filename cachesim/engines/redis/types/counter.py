"""The counters: strings that read as numbers, as redis 7 has them in t_string.c."""

from cachesim.engines.redis.command import Arguments, Command, Reply, integer, string_in, text
from cachesim.engines.redis.db import TEXT, Keyspace
from cachesim.engines.redis.memory import HIGHEST, LOWEST
from cachesim.engines.redis.types.longdouble import as_long_double, nearest, shown
from cachesim.errors import CommandError

OVERFLOW = "ERR increment or decrement would overflow"
NOT_A_NUMBER = "ERR increment would produce NaN or Infinity"


def incr(db: Keyspace, argv: Arguments) -> Reply:
    """INCR key."""
    return add(db, argv, 1)


def decr(db: Keyspace, argv: Arguments) -> Reply:
    """DECR key."""
    return add(db, argv, -1)


def incrby(db: Keyspace, argv: Arguments) -> Reply:
    """INCRBY key increment."""
    return add(db, argv, integer(argv[2]))


def decrby(db: Keyspace, argv: Arguments) -> Reply:
    """DECRBY key decrement."""
    number = integer(argv[2])
    if number == LOWEST:
        raise CommandError("ERR decrement would overflow")
    return add(db, argv, -number)


def add(db: Keyspace, argv: Arguments, increment: int) -> int:
    """Add to the integer under a key, 0 if absent; its TTL stays."""
    key = text(argv[1])
    entry = string_in(db.write(key))
    number = summed(0 if entry is None else integer(entry.value), increment)
    db.put_at(entry, key, b"%d" % number, keep_ttl=True)
    return number


def summed(number: int, increment: int) -> int:
    """Return the sum of two 64-bit integers. Raises CommandError if it is none."""
    if not LOWEST <= number + increment <= HIGHEST:
        raise CommandError(OVERFLOW)
    return number + increment


def incrbyfloat(db: Keyspace, argv: Arguments) -> Reply:
    """INCRBYFLOAT key increment."""
    key = text(argv[1])
    entry = string_in(db.write(key))
    old = as_long_double(b"0" if entry is None else entry.value)
    increment = as_long_double(argv[2])
    if old is None or increment is None:
        raise CommandError(NOT_A_NUMBER)
    value = shown(nearest(old + increment))
    db.overwrite(entry or db.add(key, value), value, TEXT)
    return value


COMMANDS = {
    "DECR": Command(2, "write denyoom fast", decr),
    "DECRBY": Command(3, "write denyoom fast", decrby),
    "INCR": Command(2, "write denyoom fast", incr),
    "INCRBY": Command(3, "write denyoom fast", incrby),
    "INCRBYFLOAT": Command(3, "write denyoom fast", incrbyfloat),
}
