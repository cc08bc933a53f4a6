"""The commands on TTLs, as redis 7 has them in expire.c.

A dead key is removed when it is looked up (db.py) or by the cron (active_expiry.py).
"""

from cachesim.engines.redis.arguments import integer, quoted_last, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.database import KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.memory import HIGHEST, LOWEST
from cachesim.engines.redis.propagate import dated
from cachesim.engines.redis.reply import Reply
from cachesim.errors import CommandError


def expire(db: Keyspace, key: str, part: bytes, *options: bytes) -> Reply:
    """EXPIRE key seconds [NX | XX | GT | LT]."""
    return set_ttl(db, "expire", key, part, options)


def pexpire(db: Keyspace, key: str, part: bytes, *options: bytes) -> Reply:
    """PEXPIRE key milliseconds [NX | XX | GT | LT]."""
    return set_ttl(db, "pexpire", key, part, options)


def expireat(db: Keyspace, key: str, part: bytes, *options: bytes) -> Reply:
    """EXPIREAT key unix-time-in-seconds [NX | XX | GT | LT]."""
    return set_ttl(db, "expireat", key, part, options)


def pexpireat(db: Keyspace, key: str, part: bytes, *options: bytes) -> Reply:
    """PEXPIREAT key unix-time-in-milliseconds [NX | XX | GT | LT]."""
    return set_ttl(db, "pexpireat", key, part, options)


def set_ttl(db: Keyspace, name: str, key: str, part: bytes, options: tuple[bytes, ...]) -> Reply:
    """Run EXPIRE or one of the three like it; its name gives the unit of the time."""
    # redis 7: expire.c, expireGenericCommand
    flags = conditions(options)
    number = integer(part) * (1 if name.startswith("p") else 1000)
    when = number if name.endswith("at") else number + db.now
    if not LOWEST <= min(number, when) <= max(number, when) <= HIGHEST:
        raise CommandError(f"ERR invalid expire time in '{name}' command")
    entry = db.write(key)
    if entry is None or not holds(flags, entry, when):
        return 0
    if when <= db.now:
        db.drop(key)  # no TTL ran out: a client removed the key
    else:
        db.expire_at(entry, when)
        db.event("g", "expire", key)
    return 1


def conditions(options: tuple[bytes, ...]) -> set[str]:
    """Read the options of EXPIRE. Raises CommandError."""
    flags = set()
    for part in options:
        flags.add(text(part).upper())
        if not flags <= {"NX", "XX", "GT", "LT"}:
            raise CommandError(f"ERR Unsupported option {quoted_last(part)}")
    if "NX" in flags and len(flags) > 1:
        raise CommandError("ERR NX and XX, GT or LT options at the same time are not compatible")
    if {"GT", "LT"} <= flags:
        raise CommandError("ERR GT and LT options at the same time are not compatible")
    return flags


def holds(flags: set[str], entry: KeyEntry, when: int) -> bool:
    """Whether the flags let `when` replace the key's TTL. No TTL counts as the longest."""
    old = entry.when
    return not (
        ("NX" in flags and old is not None)
        or ("XX" in flags and old is None)
        or ("GT" in flags and (old is None or when <= old))
        or ("LT" in flags and old is not None and when >= old)
    )


def in_seconds(ms: int) -> int:
    """Round to the nearest second."""
    return (ms + 500) // 1000


def ttl(db: Keyspace, key: str) -> Reply:
    """TTL key: in seconds, rounded; -1 without a TTL, -2 without a key."""
    left = pttl(db, key)
    return left if left < 0 else in_seconds(left)


def pttl(db: Keyspace, key: str) -> int:
    """PTTL key: in milliseconds; -1 without a TTL, -2 without a key."""
    when = pexpiretime(db, key)
    return when if when < 0 else max(0, when - db.now)


def expiretime(db: Keyspace, key: str) -> Reply:
    """EXPIRETIME key: when it expires, in seconds of Unix time, rounded; -1 and -2 as in TTL."""
    when = pexpiretime(db, key)
    return when if when < 0 else in_seconds(when)


def pexpiretime(db: Keyspace, key: str) -> int:
    """PEXPIRETIME key: when it expires, in milliseconds of Unix time; -1 and -2 as in TTL."""
    entry = db.read(key, touch=False)
    if entry is None:
        return -2
    return -1 if entry.when is None else entry.when


def persist(db: Keyspace, key: str) -> Reply:
    """PERSIST key."""
    entry = db.write(key)
    had_ttl = entry is not None and db.persist(entry)
    if had_ttl:
        db.event("g", "persist", key)
    return int(had_ttl)


WRITES = "write fast"
COMMANDS = table(
    RedisCommand("EXPIRE", "key seconds [option ...]", WRITES, expire, propagates=dated),
    RedisCommand("EXPIREAT", "key unix-seconds [option ...]", WRITES, expireat, propagates=dated),
    RedisCommand("EXPIRETIME", "key", "readonly fast", expiretime),
    RedisCommand("PERSIST", "key", "write fast", persist),
    RedisCommand("PEXPIRE", "key milliseconds [option ...]", WRITES, pexpire, propagates=dated),
    RedisCommand(
        "PEXPIREAT", "key unix-milliseconds [option ...]", WRITES, pexpireat, propagates=dated
    ),
    RedisCommand("PEXPIRETIME", "key", "readonly fast", pexpiretime),
    RedisCommand("PTTL", "key", "readonly fast", pttl),
    RedisCommand("TTL", "key", "readonly fast", ttl),
)
