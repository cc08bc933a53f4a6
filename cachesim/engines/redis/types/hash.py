"""The hash commands, as redis 7 has them in t_hash.c; the hash itself is in fields.py."""

from cachesim.engines.base import INVALIDATED
from cachesim.engines.redis.command import (
    SYNTAX,
    Arguments,
    Command,
    Keys,
    Pairs,
    Reply,
    integer,
    long_in_range,
    text,
    value_in,
    wrong_number,
)
from cachesim.engines.redis.db import Entry, Keyspace
from cachesim.engines.redis.memory import HIGHEST, LOWEST, as_integer
from cachesim.engines.redis.scan import cursor, options, walk
from cachesim.engines.redis.types.counter import NOT_A_NUMBER, OVERFLOW
from cachesim.engines.redis.types.fields import Hash
from cachesim.engines.redis.types.longdouble import as_long_double, nearest, shown
from cachesim.errors import CommandError


def read(db: Keyspace, argv: Arguments) -> Hash | None:
    """Return the hash under a command's key, for reading. Raises CommandError."""
    return value_in(db.read(text(argv[1])), Hash)


def pairs(db: Keyspace, argv: Arguments) -> dict[bytes, bytes]:
    """Return the fields and values under a command's key; empty if it is absent."""
    found = read(db, argv)
    return {} if found is None else found.values


def write(db: Keyspace, argv: Arguments) -> tuple[Entry | None, Hash]:
    """Return the hash to be changed, with its entry; a new one, stored nowhere, if absent."""
    # redis 7: t_hash.c, hashTypeLookupWriteOrCreate
    entry = db.write(text(argv[1]))
    return entry, value_in(entry, Hash) or Hash(db)


def store(db: Keyspace, argv: Arguments, entry: Entry | None, changed: Hash) -> None:
    """Put the books right after a hash was changed."""
    if entry is None:
        db.add(text(argv[1]), changed, changed.size)
    else:
        db.resize(entry)


def hset(db: Keyspace, argv: Arguments) -> Reply:
    """HSET key field value [field value ...]: how many are new. HMSET: OK."""
    name = text(argv[0]).lower()
    if len(argv) % 2:
        raise wrong_number(name)
    entry, changed = write(db, argv)
    new = sum(changed.put(*pair) for pair in zip(argv[2::2], argv[3::2], strict=True))
    store(db, argv, entry, changed)
    return new if name == "hset" else "OK"


def hsetnx(db: Keyspace, argv: Arguments) -> Reply:
    """HSETNX key field value."""
    entry, changed = write(db, argv)
    if argv[2] in changed.values:
        return 0
    changed.put(argv[2], argv[3])
    store(db, argv, entry, changed)
    return 1


def hget(db: Keyspace, argv: Arguments) -> Reply:
    """HGET key field."""
    return pairs(db, argv).get(argv[2])


def hmget(db: Keyspace, argv: Arguments) -> Reply:
    """HMGET key field [field ...]."""
    found = pairs(db, argv)
    return [found.get(field) for field in argv[2:]]


def hgetall(db: Keyspace, argv: Arguments) -> Reply:
    """HGETALL key."""
    return dict(pairs(db, argv))


def hkeys(db: Keyspace, argv: Arguments) -> Reply:
    """HKEYS key."""
    return list(pairs(db, argv))


def hvals(db: Keyspace, argv: Arguments) -> Reply:
    """HVALS key."""
    return list(pairs(db, argv).values())


def hlen(db: Keyspace, argv: Arguments) -> Reply:
    """HLEN key."""
    return len(pairs(db, argv))


def hstrlen(db: Keyspace, argv: Arguments) -> Reply:
    """HSTRLEN key field."""
    return len(pairs(db, argv).get(argv[2], b""))


def hexists(db: Keyspace, argv: Arguments) -> Reply:
    """HEXISTS key field."""
    return int(argv[2] in pairs(db, argv))


def hdel(db: Keyspace, argv: Arguments) -> Reply:
    """HDEL key field [field ...]: a hash without fields is no key."""
    entry = db.write(text(argv[1]))
    changed = value_in(entry, Hash)
    if entry is None or changed is None:
        return 0
    removed = sum(changed.remove(field) for field in argv[2:])
    db.resize(entry)
    if not len(changed):
        db.remove(entry, INVALIDATED)
    return removed


def hincrby(db: Keyspace, argv: Arguments) -> Reply:
    """HINCRBY key field increment."""
    increment = integer(argv[3])
    entry, changed = write(db, argv)
    number = as_integer(changed.values.get(argv[2], b"0"))
    if number is None:
        raise CommandError("ERR hash value is not an integer")
    number += increment
    if not LOWEST <= number <= HIGHEST:
        raise CommandError(OVERFLOW)
    changed.put(argv[2], b"%d" % number)
    store(db, argv, entry, changed)
    return number


def hincrbyfloat(db: Keyspace, argv: Arguments) -> Reply:
    """HINCRBYFLOAT key field increment."""
    increment = as_long_double(argv[3])
    if increment is None:
        raise CommandError("ERR value is NaN or Infinity")
    entry, changed = write(db, argv)
    try:
        number = as_long_double(changed.values.get(argv[2], b"0"))
    except CommandError:
        raise CommandError("ERR hash value is not a float") from None
    if number is None:
        raise CommandError(NOT_A_NUMBER)
    value = shown(nearest(number + increment))
    changed.put(argv[2], value)
    store(db, argv, entry, changed)
    return value


def hrandfield(db: Keyspace, argv: Arguments) -> Reply:
    """HRANDFIELD key [count [WITHVALUES]]: a count below 0 may name a field more than once."""
    if len(argv) == 2:
        choice = list(pairs(db, argv))
        return drawn(db, choice) if choice else None
    count = long_in_range(argv[2], -HIGHEST, HIGHEST)
    has_values = len(argv) == 4 and text(argv[3]).upper() == "WITHVALUES"
    if len(argv) > 4 or (len(argv) == 4 and not has_values):
        raise CommandError(SYNTAX)
    if has_values and abs(count) > HIGHEST // 2:
        raise CommandError("ERR value is out of range")
    found = pairs(db, argv)
    fields = several(db, list(found), count)
    return Pairs([field, found[field]] for field in fields) if has_values else fields


def several(db: Keyspace, choice: list[bytes], count: int) -> list[bytes]:
    """Return `count` of the fields, no two the same; if below 0, each drawn from all."""
    if count < 0:
        return [drawn(db, choice) for _ in range(-count if choice else 0)]
    if count >= len(choice):
        return choice
    for at in range(count):  # the first steps of a shuffle (Fisher and Yates)
        other = at + int(db.random() * (len(choice) - at))
        choice[at], choice[other] = choice[other], choice[at]
    return choice[:count]


def drawn(db: Keyspace, choice: list[bytes]) -> bytes:
    """Return one of several."""
    return choice[int(db.random() * len(choice))]


def hscan(db: Keyspace, argv: Arguments) -> Reply:
    """HSCAN key cursor [MATCH pattern] [COUNT n]: a listpack comes whole."""
    position = cursor(argv[2])
    found = read(db, argv)
    if found is None:
        return [b"0", []]
    given = options(argv, 3)
    fields = list(found.values)
    if found.table is None:
        position = 0
    else:
        position, nodes = walk(found.table, position, given.wanted)
        fields = [node.key for node in nodes]
    wanted = [field for field in fields if given.wants(field)]
    return [b"%d" % position, [part for f in wanted for part in (f, found.values[f])]]


PAIRS = Keys(2, -1, 1)  # where fields and values stand that are stored
COMMANDS = {
    "HDEL": Command(-3, "write fast", hdel),
    "HEXISTS": Command(3, "readonly fast", hexists),
    "HGET": Command(3, "readonly fast", hget, replies=hget),
    "HGETALL": Command(2, "readonly", hgetall, replies=hgetall),
    "HINCRBY": Command(4, "write denyoom fast", hincrby),
    "HINCRBYFLOAT": Command(4, "write denyoom fast", hincrbyfloat),
    "HKEYS": Command(2, "readonly", hkeys, replies=hkeys),
    "HLEN": Command(2, "readonly fast", hlen),
    "HMGET": Command(-3, "readonly fast", hmget, replies=hmget),
    "HMSET": Command(-4, "write denyoom fast", hset, data=PAIRS),
    "HRANDFIELD": Command(-2, "readonly", hrandfield, replies=hrandfield),
    "HSCAN": Command(-3, "readonly", hscan, replies=hscan),
    "HSET": Command(-4, "write denyoom fast", hset, data=PAIRS),
    "HSETNX": Command(4, "write denyoom fast", hsetnx, data=PAIRS),
    "HSTRLEN": Command(3, "readonly fast", hstrlen),
    "HVALS": Command(2, "readonly", hvals, replies=hvals),
}
