"""The counters: strings that read as numbers, as redis 7 has them in t_string.c."""

from cachesim.engines.redis.arguments import integer
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.database import TEXT
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.longdouble import as_long_double, nearest, shown
from cachesim.engines.redis.memory import HIGHEST, LOWEST
from cachesim.engines.redis.propagate import summed
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.structure import string_in
from cachesim.errors import CommandError

OVERFLOW = "ERR increment or decrement would overflow"
NOT_A_NUMBER = "ERR increment would produce NaN or Infinity"


def incr(db: Keyspace, key: str) -> Reply:
    """INCR key."""
    return add(db, key, 1)


def decr(db: Keyspace, key: str) -> Reply:
    """DECR key."""
    return add(db, key, -1)


def incrby(db: Keyspace, key: str, increment: int) -> Reply:
    """INCRBY key increment."""
    return add(db, key, increment)


def decrby(db: Keyspace, key: str, decrement: int) -> Reply:
    """DECRBY key decrement."""
    if decrement == LOWEST:
        raise CommandError("ERR decrement would overflow")
    return add(db, key, -decrement)


def add(db: Keyspace, key: str, increment: int) -> int:
    """Add to the integer under a key, 0 if the key is absent. Its TTL stays."""
    entry = string_in(db.write(key))
    number = (0 if entry is None else integer(entry.value)) + increment
    if not LOWEST <= number <= HIGHEST:
        raise CommandError(OVERFLOW)
    db.put_at(entry, key, b"%d" % number, keep_ttl=True)
    db.event("$", "incrby", key)
    return number


def incrbyfloat(db: Keyspace, key: str, part: bytes) -> Reply:
    """INCRBYFLOAT key increment."""
    entry = string_in(db.write(key))
    old = as_long_double(b"0" if entry is None else entry.value)
    increment = as_long_double(part)
    if old is None or increment is None:
        raise CommandError(NOT_A_NUMBER)
    value = shown(nearest(old + increment))
    db.overwrite(entry or db.add(key, value), value, TEXT)
    db.event("$", "incrbyfloat", key)
    return value


COMMANDS = table(
    RedisCommand("DECR", "key", "write denyoom fast", decr),
    RedisCommand("DECRBY", "key integer", "write denyoom fast", decrby),
    RedisCommand("INCR", "key", "write denyoom fast", incr),
    RedisCommand("INCRBY", "key integer", "write denyoom fast", incrby),
    RedisCommand("INCRBYFLOAT", "key number", "write denyoom fast", incrbyfloat, propagates=summed),
)
