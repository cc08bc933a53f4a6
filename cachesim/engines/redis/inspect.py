"""OBJECT and MEMORY: how a key is stored, how it was used and what it costs (redis 7: object.c)."""

from cachesim.engines.redis import memory
from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.database import TEXT, KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.helptexts import OBJECT, helper, lines_of
from cachesim.engines.redis.policy import frequency, idle_time
from cachesim.engines.redis.reply import Reply, Verbatim
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


def looked_at(db: Keyspace, key: str) -> KeyEntry | None:
    """Return the entry for OBJECT: a hit or a miss, but no use of the key."""
    return db.read(key, touch=False, tells=False)


def object_encoding(entry: KeyEntry) -> bytes:
    """Return the name of the encoding of a value."""
    if not isinstance(entry.value, bytes):
        return str(entry.value.encoding).encode()
    if entry.room is None:
        return memory.encoding(entry.value).encode()
    return b"embstr" if entry.room == TEXT and len(entry.value) <= memory.EMBSTR_LIMIT else b"raw"


def object_encoding_of(db: Keyspace, key: str) -> Reply:
    """OBJECT ENCODING key."""
    entry = looked_at(db, key)
    return None if entry is None else object_encoding(entry)


def object_refcount(db: Keyspace, key: str) -> Reply:
    """OBJECT REFCOUNT key."""
    entry = looked_at(db, key)
    if entry is None:
        return None
    return 1 if entry.value_size else SHARED_REFERENCES


def object_idletime(db: Keyspace, key: str) -> Reply:
    """OBJECT IDLETIME key, in seconds."""
    entry = looked_at(db, key)
    if entry is None:
        return None
    if db.lfu:
        raise CommandError(IS_LFU)
    return idle_time(db.lru_clock, entry.lru)


def object_freq(db: Keyspace, key: str) -> Reply:
    """OBJECT FREQ key: the LFU counter."""
    entry = looked_at(db, key)
    if entry is None:
        return None
    if not db.lfu:
        raise CommandError(NOT_LFU)
    return frequency(entry.lru, db.minute, db.lfu_decay_time)


def memory_usage(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """MEMORY USAGE key [SAMPLES n]: bytes of key and value, without TTL and table.

    SIMPLIFIED: the server estimates a large hash from its first `n` fields. Here all are counted.
    """
    # redis 7: object.c, memoryCommand
    for at in range(0, len(parts), 2):
        if text(parts[at]).upper() != "SAMPLES" or at + 1 == len(parts):
            raise CommandError(SYNTAX)
        if integer(parts[at + 1]) < 0:
            raise CommandError(SYNTAX)
    entry = db.table.entries.get(key)  # a dead key too, and neither hit nor miss
    if entry is None:
        return None
    # The server takes the entry's size before the allocator rounds it up.
    value_size = (
        entry.value_size or memory.OBJECT
    )  # a shared integer counts as if it were not shared
    if not isinstance(entry.value, bytes):
        value_size = entry.value.usage
    return entry.key_size - memory.allocated(memory.ENTRY, db.quantum) + memory.ENTRY + value_size


def memory_purge(db: Keyspace) -> Reply:
    """MEMORY PURGE: nothing to do, as the allocator here keeps no free memory."""
    return "OK"


def memory_stats(db: Keyspace) -> Reply:
    """MEMORY STATS: those of the server's fields that mean something here."""
    databases = {
        b"db.%d" % index: {
            b"overhead.hashtable.main": database.table.table_bytes,
            b"overhead.hashtable.expires": database.expires.table_bytes,
        }
        for index, database in db.databases.items()
        if database.table.entries
    }
    data = db.memory - db.base_memory
    clients = db.client_bytes()
    return {
        b"total.allocated": db.memory + db.held_by_clients + clients.replicas,
        b"startup.allocated": db.base_memory,
        b"clients.slaves": clients.replicas,
        b"clients.normal": clients.normal,
        **databases,
        b"keys.count": len(db),
        b"keys.bytes-per-key": data // len(db) if len(db) else 0,
        b"dataset.bytes": data,
    }


def memory_malloc_stats(db: Keyspace) -> Reply:
    """MEMORY MALLOC-STATS: the allocator's report, which has only totals here."""
    return Verbatim(f"Allocated: {db.memory}, quantum: {db.quantum}\n".encode())


MEMORY = table(
    container("MEMORY"),
    RedisCommand("MEMORY|MALLOC-STATS", "", "", memory_malloc_stats),
    RedisCommand("MEMORY|PURGE", "", "", memory_purge),
    RedisCommand("MEMORY|STATS", "", "", memory_stats),
    RedisCommand("MEMORY|USAGE", "key [option ...]", "readonly", memory_usage),
)
COMMANDS = MEMORY | table(
    helper("MEMORY", lines_of("MEMORY", MEMORY)),
    container("OBJECT"),
    RedisCommand("OBJECT|ENCODING", "key", "readonly", object_encoding_of),
    RedisCommand("OBJECT|FREQ", "key", "readonly", object_freq),
    helper("OBJECT", OBJECT),
    RedisCommand("OBJECT|IDLETIME", "key", "readonly", object_idletime),
    RedisCommand("OBJECT|REFCOUNT", "key", "readonly", object_refcount),
)
