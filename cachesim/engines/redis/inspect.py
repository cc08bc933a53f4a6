"""OBJECT and MEMORY: how a key is stored, how it was used and what it costs (redis 7: object.c)."""

from cachesim.engines.redis import memory
from cachesim.engines.redis.command import (
    NO_KEYS,
    SUBKEY,
    SYNTAX,
    Arguments,
    Command,
    Reply,
    Verbatim,
    container,
    integer,
    text,
)
from cachesim.engines.redis.db import Entry, Keyspace
from cachesim.engines.redis.help import helper, lines_of
from cachesim.engines.redis.policy import frequency, idle_time
from cachesim.engines.redis.types.string import object_encoding
from cachesim.errors import CommandError

SHARED_REFERENCES = (1 << 31) - 1  # what an object that all keys share shows as its count
NOT_LFU = (
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust."
)
IS_LFU = (
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust."
)


def looked_at(db: Keyspace, argv: Arguments) -> Entry | None:
    """Return the entry that OBJECT asks about: a hit or a miss, but no use of the key."""
    return db.read(text(argv[2]), touch=False)


def object_encoding_of(db: Keyspace, argv: Arguments) -> Reply:
    """OBJECT ENCODING key."""
    entry = looked_at(db, argv)
    return None if entry is None else object_encoding(entry)


def object_refcount(db: Keyspace, argv: Arguments) -> Reply:
    """OBJECT REFCOUNT key."""
    entry = looked_at(db, argv)
    if entry is None:
        return None
    return 1 if entry.value_size else SHARED_REFERENCES


def object_idletime(db: Keyspace, argv: Arguments) -> Reply:
    """OBJECT IDLETIME key, in seconds."""
    entry = looked_at(db, argv)
    if entry is None:
        return None
    if db.lfu:
        raise CommandError(IS_LFU)
    return idle_time(db.lru_clock, entry.lru)


def object_freq(db: Keyspace, argv: Arguments) -> Reply:
    """OBJECT FREQ key: the LFU counter."""
    entry = looked_at(db, argv)
    if entry is None:
        return None
    if not db.lfu:
        raise CommandError(NOT_LFU)
    return frequency(entry.lru, db.minute, db.lfu_decay_time)


def memory_usage(db: Keyspace, argv: Arguments) -> Reply:
    """MEMORY USAGE key [SAMPLES n]: bytes of key and value, without TTL and table.

    SIMPLIFIED: the server estimates a large hash from the first `n` fields; this counts all.
    """
    # redis 7: object.c, memoryCommand
    for at in range(3, len(argv), 2):
        if text(argv[at]).upper() != "SAMPLES" or at + 1 == len(argv):
            raise CommandError(SYNTAX)
        if integer(argv[at + 1]) < 0:
            raise CommandError(SYNTAX)
    entry = db.keys.nodes.get(text(argv[2]))  # a dead key too, and neither hit nor miss
    if entry is None:
        return None
    # The server takes the entry's size before the allocator rounds it up.
    value_size = entry.value_size or memory.OBJECT  # a shared integer is told as if it were not
    if not isinstance(entry.value, bytes):
        value_size = entry.value.usage
    return entry.key_size - memory.allocated(memory.ENTRY, db.quantum) + memory.ENTRY + value_size


def memory_purge(db: Keyspace, argv: Arguments) -> Reply:
    """MEMORY PURGE: the allocator holds nothing back."""
    return "OK"


def memory_stats(db: Keyspace, argv: Arguments) -> Reply:
    """MEMORY STATS: of the server's fields those that mean something here."""
    databases = {
        b"db.%d" % index: {
            b"overhead.hashtable.main": database.keys.table_bytes,
            b"overhead.hashtable.expires": database.expires.table_bytes,
        }
        for index, database in db.databases.items()
        if database.keys.nodes
    }
    data = db.memory - db.base_memory
    return {
        b"total.allocated": db.memory,
        b"startup.allocated": db.base_memory,
        **databases,
        b"keys.count": len(db),
        b"keys.bytes-per-key": data // len(db) if len(db) else 0,
        b"dataset.bytes": data,
    }


def memory_malloc_stats(db: Keyspace, argv: Arguments) -> Reply:
    """MEMORY MALLOC-STATS: what the allocator says of itself, which here has only totals."""
    return Verbatim(f"Allocated: {db.memory}, quantum: {db.quantum}\n".encode())


COMMANDS = {
    "MEMORY": Command(-2, "", container, NO_KEYS),
    "MEMORY|MALLOC-STATS": Command(2, "", memory_malloc_stats, NO_KEYS),
    "MEMORY|PURGE": Command(2, "", memory_purge, NO_KEYS),
    "MEMORY|STATS": Command(2, "", memory_stats, NO_KEYS),
    "MEMORY|USAGE": Command(-3, "readonly", memory_usage, SUBKEY),
    "OBJECT": Command(-2, "", container, NO_KEYS),
    "OBJECT|ENCODING": Command(3, "readonly", object_encoding_of, SUBKEY),
    "OBJECT|FREQ": Command(3, "readonly", object_freq, SUBKEY),
    "OBJECT|IDLETIME": Command(3, "readonly", object_idletime, SUBKEY),
    "OBJECT|REFCOUNT": Command(3, "readonly", object_refcount, SUBKEY),
}
MEMORY_HELP = helper("MEMORY", lines_of("MEMORY", COMMANDS))
COMMANDS["MEMORY|HELP"] = Command(2, "loading stale", MEMORY_HELP, NO_KEYS)
