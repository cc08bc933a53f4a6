"""The commands on keys whatever their value: deletion, expiry, and what OBJECT and MEMORY tell."""

from cachesim.engines.base import INVALIDATED
from cachesim.engines.redis import memory
from cachesim.engines.redis.command import (
    SYNTAX,
    Arguments,
    Command,
    Reply,
    container,
    integer,
    text,
)
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.policy import frequency, idle_time
from cachesim.engines.redis.types.string import object_encoding
from cachesim.engines.redis.types.value import type_name
from cachesim.errors import CommandError

FAIR_SAMPLE = 15  # keys (redis 7: dict.c, GETFAIR_NUM_ENTRIES)
NOT_LFU = (
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust."
)
IS_LFU = (
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust."
)


def delete(db: Keyspace, argv: Arguments) -> Reply:
    """DEL key [key ...], UNLINK key [key ...]."""
    return sum(db.drop(text(key)) for key in argv[1:])


def exists(db: Keyspace, argv: Arguments) -> Reply:
    """EXISTS key [key ...]: a key named twice counts twice."""
    return sum(db.read(text(key), touch=False) is not None for key in argv[1:])


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


def expire(db: Keyspace, argv: Arguments) -> Reply:
    """EXPIRE key seconds, PEXPIRE key ms, EXPIREAT key seconds, PEXPIREAT key ms."""
    # redis 7: expire.c, expireGenericCommand
    name = text(argv[0]).lower()
    number = integer(argv[2]) * (1 if name.startswith("p") else 1000)
    when = number if name.endswith("at") else number + db.now
    if not memory.LOWEST <= min(number, when) <= max(number, when) <= memory.HIGHEST:
        raise CommandError(f"ERR invalid expire time in '{name}' command")
    entry = db.write(text(argv[1]))
    if entry is None:
        return 0
    if when <= db.now:
        db.remove(entry, INVALIDATED)  # no TTL ran out: a client removed the key
    else:
        db.expire_at(entry, when)
    return 1


def ttl(db: Keyspace, argv: Arguments) -> Reply:
    """TTL key, in seconds to the nearest; PTTL key, in ms; -1 without a TTL, -2 without a key."""
    entry = db.read(text(argv[1]), touch=False)
    if entry is None:
        return -2
    if entry.when is None:
        return -1
    left = max(0, entry.when - db.now)
    return left if text(argv[0]).upper() == "PTTL" else (left + 500) // 1000


def persist(db: Keyspace, argv: Arguments) -> Reply:
    """PERSIST key."""
    entry = db.write(text(argv[1]))
    return int(entry is not None and db.persist(entry))


def object_encoding_of(db: Keyspace, argv: Arguments) -> Reply:
    """OBJECT ENCODING key."""
    entry = db.read(text(argv[2]), touch=False)
    return None if entry is None else object_encoding(entry)


def object_idletime(db: Keyspace, argv: Arguments) -> Reply:
    """OBJECT IDLETIME key, in seconds."""
    entry = db.read(text(argv[2]), touch=False)
    if entry is None:
        return None
    if db.lfu:
        raise CommandError(IS_LFU)
    return idle_time(db.lru_clock, entry.lru)


def object_freq(db: Keyspace, argv: Arguments) -> Reply:
    """OBJECT FREQ key: the LFU counter."""
    entry = db.read(text(argv[2]), touch=False)
    if entry is None:
        return None
    if not db.lfu:
        raise CommandError(NOT_LFU)
    return frequency(entry.lru, db.minute, db.lfu_decay_time)


def memory_usage(db: Keyspace, argv: Arguments) -> Reply:
    """MEMORY USAGE key [SAMPLES n]: bytes of key and value, without TTL and table."""
    if len(argv) > 3:
        if len(argv) != 5 or text(argv[3]).upper() != "SAMPLES":
            raise CommandError(SYNTAX)
        if integer(argv[4]) < 0:
            raise CommandError(SYNTAX)
    entry = db.keys.nodes.get(text(argv[2]))  # a dead key too, and neither hit nor miss
    if entry is None:
        return None
    # The server takes the entry's size before the allocator rounds it up: object.c, memoryCommand.
    value_size = entry.value_size or memory.OBJECT  # a shared integer is told as if it were not
    return entry.key_size - memory.allocated(memory.ENTRY, db.quantum) + memory.ENTRY + value_size


COMMANDS = {
    "DEL": Command(-2, "write", delete),
    "EXISTS": Command(-2, "readonly fast", exists),
    "EXPIRE": Command(3, "write fast", expire),
    "EXPIREAT": Command(3, "write fast", expire),
    "MEMORY": Command(-1, "", container),
    "MEMORY|USAGE": Command(-3, "readonly", memory_usage),
    "OBJECT": Command(-1, "", container),
    "OBJECT|ENCODING": Command(3, "readonly", object_encoding_of),
    "OBJECT|FREQ": Command(3, "readonly", object_freq),
    "OBJECT|IDLETIME": Command(3, "readonly", object_idletime),
    "PERSIST": Command(2, "write fast", persist),
    "PEXPIRE": Command(3, "write fast", expire),
    "PEXPIREAT": Command(3, "write fast", expire),
    "PTTL": Command(2, "readonly fast", ttl),
    "RANDOMKEY": Command(1, "readonly", randomkey),
    "TTL": Command(2, "readonly fast", ttl),
    "TYPE": Command(2, "readonly fast", type_),
    "UNLINK": Command(-2, "write fast", delete),
}
