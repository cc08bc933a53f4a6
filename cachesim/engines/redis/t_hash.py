"""The hash commands, as redis 7 has them in t_hash.c; the hash itself is in hash_value.py."""

from typing import Any

from cachesim.engines.redis import rdb_parts
from cachesim.engines.redis.arguments import SYNTAX, long_in_range, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.counters import NOT_A_NUMBER, OVERFLOW
from cachesim.engines.redis.database import KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.hash_value import Hash
from cachesim.engines.redis.longdouble import as_long_double, nearest, shown
from cachesim.engines.redis.memory import HIGHEST, LOWEST, as_integer
from cachesim.engines.redis.propagate import summed_in_hash
from cachesim.engines.redis.rdb_reader import Load, in_listpack, in_ziplist
from cachesim.engines.redis.reply import Pairs, Reply
from cachesim.engines.redis.scan import ScanOptions, walk
from cachesim.engines.redis.structure import grown, opened, taken_out, value_in
from cachesim.errors import CommandError


def pairs(db: Keyspace, key: str) -> dict[bytes, bytes]:
    """Return the fields and values under a key; empty if it is absent. Raises CommandError."""
    found = value_in(db.read(key), Hash)
    return {} if found is None else found.values


def store(db: Keyspace, key: str, entry: KeyEntry | None, changed: Hash, event: str) -> None:
    """Store a new hash, or count the bytes of a changed one. Tell what happened to it."""
    grown(db, key, entry, changed)
    if db.notified:
        db.event("h", event, key)


def hset(db: Keyspace, key: str, *parts: bytes) -> int:
    """HSET key field value [field value ...]: how many fields are new."""
    entry, changed = opened(db, key, Hash)
    new = 0
    for at in range(0, len(parts), 2):
        new += changed.put(parts[at], parts[at + 1])
    store(db, key, entry, changed, "hset")
    return new


def hmset(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """HMSET key field value [field value ...]."""
    hset(db, key, *parts)
    return "OK"


def hsetnx(db: Keyspace, key: str, field: bytes, value: bytes) -> Reply:
    """HSETNX key field value."""
    entry, changed = opened(db, key, Hash)
    if field in changed.values:
        return 0
    changed.put(field, value)
    store(db, key, entry, changed, "hset")
    return 1


def hget(db: Keyspace, key: str, field: bytes) -> Reply:
    """HGET key field."""
    return pairs(db, key).get(field)


def hmget(db: Keyspace, key: str, *fields: bytes) -> Reply:
    """HMGET key field [field ...]."""
    found = pairs(db, key)
    return [found.get(field) for field in fields]


def hgetall(db: Keyspace, key: str) -> Reply:
    """HGETALL key."""
    return dict(pairs(db, key))


def hkeys(db: Keyspace, key: str) -> Reply:
    """HKEYS key."""
    return list(pairs(db, key))


def hvals(db: Keyspace, key: str) -> Reply:
    """HVALS key."""
    return list(pairs(db, key).values())


def hlen(db: Keyspace, key: str) -> Reply:
    """HLEN key."""
    return len(pairs(db, key))


def hstrlen(db: Keyspace, key: str, field: bytes) -> Reply:
    """HSTRLEN key field."""
    return len(pairs(db, key).get(field, b""))


def hexists(db: Keyspace, key: str, field: bytes) -> Reply:
    """HEXISTS key field."""
    return int(field in pairs(db, key))


def hdel(db: Keyspace, key: str, *fields: bytes) -> Reply:
    """HDEL key field [field ...]: how many were removed; the key goes with its last field."""
    return taken_out(db, key, Hash, fields, "h", "hdel")


def hincrby(db: Keyspace, key: str, field: bytes, increment: int) -> Reply:
    """HINCRBY key field increment."""
    entry, changed = opened(db, key, Hash)
    number = as_integer(changed.values.get(field, b"0"))
    if number is None:
        raise CommandError("ERR hash value is not an integer")
    number += increment
    if not LOWEST <= number <= HIGHEST:
        raise CommandError(OVERFLOW)
    changed.put(field, b"%d" % number)
    store(db, key, entry, changed, "hincrby")
    return number


def hincrbyfloat(db: Keyspace, key: str, field: bytes, part: bytes) -> Reply:
    """HINCRBYFLOAT key field increment."""
    increment = as_long_double(part)
    if increment is None:
        raise CommandError("ERR value is NaN or Infinity")
    entry, changed = opened(db, key, Hash)
    try:
        number = as_long_double(changed.values.get(field, b"0"))
    except CommandError:
        raise CommandError("ERR hash value is not a float") from None
    if number is None:
        raise CommandError(NOT_A_NUMBER)
    value = shown(nearest(number + increment))
    changed.put(field, value)
    store(db, key, entry, changed, "hincrbyfloat")
    return value


def hrandfield(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """HRANDFIELD key [count [WITHVALUES]]: with a count below 0 a field may come more than once."""
    if not parts:
        choice = list(pairs(db, key))
        return drawn(db, choice) if choice else None
    count = long_in_range(parts[0], -HIGHEST, HIGHEST)
    has_values = len(parts) == 2 and text(parts[1]).upper() == "WITHVALUES"
    if len(parts) > 2 or (len(parts) == 2 and not has_values):
        raise CommandError(SYNTAX)
    if has_values and abs(count) > HIGHEST // 2:
        raise CommandError("ERR value is out of range")
    found = pairs(db, key)
    fields = several(db, list(found), count)
    return Pairs([field, found[field]] for field in fields) if has_values else fields


def several(db: Keyspace, choice: list[bytes], count: int) -> list[bytes]:
    """Draw `count` different fields; if the count is below 0, draw each of them from all fields."""
    if count < 0:
        return [drawn(db, choice) for _ in range(-count if choice else 0)]
    if count >= len(choice):
        return choice
    for at in range(count):  # the first steps of a shuffle (Fisher and Yates)
        other = at + int(db.random() * (len(choice) - at))
        choice[at], choice[other] = choice[other], choice[at]
    return choice[:count]


def drawn(db: Keyspace, choice: list[bytes]) -> bytes:
    """Draw one field."""
    return choice[int(db.random() * len(choice))]


def hscan(db: Keyspace, key: str, position: int, *parts: bytes) -> Reply:
    """HSCAN key cursor [MATCH pattern] [COUNT n]: a listpack is returned whole."""
    found = value_in(db.read(key), Hash)
    if found is None:
        return [b"0", []]
    given = ScanOptions.read(parts)
    fields: list[Any] = list(found.values)
    if found.table is None:
        position = 0
    else:
        position, fields = walk(found.table, position, given.wanted)
    wanted = [field for field in fields if given.wants(field)]
    return [b"%d" % position, [part for f in wanted for part in (f, found.values[f])]]


def dump(found: Hash) -> bytes:
    """Write a hash for an RDB file: the number of fields, then each field and its value."""
    # redis 7: rdb.c, RDB_TYPE_HASH; the reader makes a listpack of it again if it is small
    pairs = found.values.items()
    return rdb_parts.length(len(pairs)) + b"".join(
        rdb_parts.text(part) for pair in pairs for part in pair
    )


def hash_of(db: Keyspace, parts: list[bytes]) -> Hash:
    """Make a hash of fields and values that follow one another."""
    made = Hash(db)
    for pair in zip(parts[::2], parts[1::2], strict=True):
        made.put(*pair)
    return made


DUMPS = {Hash: (4, dump)}
LOADS: dict[int, Load] = {
    4: lambda reader, db: hash_of(db, reader.texts(2 * reader.length())),
    13: lambda reader, db: hash_of(db, in_ziplist(reader.text())),
    16: lambda reader, db: hash_of(db, in_listpack(reader.text())),
}
PAIRS = "key field value [field value ...]"
COUNTER = "write denyoom fast"
COMMANDS = table(
    RedisCommand("HDEL", "key field [field ...]", "write fast", hdel),
    RedisCommand("HEXISTS", "key field", "readonly fast", hexists),
    RedisCommand("HGET", "key field", "readonly fast", hget, replies=hget),
    RedisCommand("HGETALL", "key", "readonly", hgetall, replies=hgetall),
    RedisCommand("HINCRBY", "key field integer", COUNTER, hincrby),
    RedisCommand(
        "HINCRBYFLOAT", "key field number", COUNTER, hincrbyfloat, propagates=summed_in_hash
    ),
    RedisCommand("HKEYS", "key", "readonly", hkeys, replies=hkeys),
    RedisCommand("HLEN", "key", "readonly fast", hlen),
    RedisCommand("HMGET", "key field [field ...]", "readonly fast", hmget, replies=hmget),
    RedisCommand("HMSET", PAIRS, "write denyoom fast", hmset),
    RedisCommand("HRANDFIELD", "key [option ...]", "readonly", hrandfield, replies=hrandfield),
    RedisCommand("HSCAN", "key cursor [option ...]", "readonly", hscan, replies=hscan),
    RedisCommand("HSET", PAIRS, "write denyoom fast", hset),
    RedisCommand("HSETNX", "key field value", "write denyoom fast", hsetnx),
    RedisCommand("HSTRLEN", "key field", "readonly fast", hstrlen),
    RedisCommand("HVALS", "key", "readonly", hvals, replies=hvals),
)
