"""The keyspace: every key with its value, TTL and bytes; how keys are found, stored and removed.

The engine works on one database at a time, the selected one: `keys` and `expires` are its tables.
Three ways to look a key up: `read` and `write` are uses of the key, `find` is none.
"""

import math
from typing import Any, NamedTuple

from cachesim.clock import Clock
from cachesim.engines.base import EXPIRED, INVALIDATED, LOST, START, Engine, Random
from cachesim.engines.redis import memory
from cachesim.engines.redis.dict import Dict, Node, key_hash
from cachesim.engines.redis.policy import LFU_INITIAL, POLICIES, frequency, lfu_bits, risen
from cachesim.engines.redis.tally import Tally

DATABASES = 16  # redis.conf's `databases`
LONGEST_STRING = 512 * 1024 * 1024  # bytes: proto-max-bulk-len
TEXT = -1  # room of a string that reads as an integer and is none (INCRBYFLOAT makes such)


class ListpackLimits(NamedTuple):
    """Up to where a small collection stays a listpack: elements, and bytes of each."""

    entries: int = 512
    value: int = 64


class Entry(Node):
    """A key with its value; the bits of `lru` are a time or, under LFU, a minute and a counter."""

    __slots__ = ("key_size", "length", "lru", "room", "value", "value_size", "when")

    value: Any  # bytes: a string; of any other type: a types.value.Value
    length: int  # bytes of a string, 0 of any other type: what GET replies
    key_size: int  # bytes; the TTL and the tables count apart
    value_size: int  # bytes, as reckoned when the value was stored
    lru: int  # 24 bits: policy.py
    when: int | None  # milliseconds of Unix time; None: never expires
    room: int | None  # bytes to grow to, once changed in place; TEXT; None: stored as SET does


class Expiry(Node):
    """The place of a key in the table of keys with a TTL."""

    __slots__ = ("entry",)

    entry: Entry


class Database:
    """A numbered keyspace: its tables, why keys left it, and where its active expiry stands."""

    def __init__(self, index: int, keys: Dict[Entry], expires: Dict[Expiry]) -> None:
        self.index = index
        self.keys = keys
        self.expires = expires
        self.gone: dict[str, str] = {}  # key -> why it was last removed
        self.expires_cursor = 0  # the bucket where active expiry goes on
        self.average_ttl = 0  # milliseconds, estimated by active expiry


def unix_milliseconds(clock: float) -> int:
    """Return the Unix time, in whole milliseconds, at which the engine's clock reads so many s."""
    return int(clock * 1e6 + 0.5) // 1000 + START * 1000  # 1.001 * 1000 is 1000.9999...


class Keyspace(Engine):
    """What the commands work on; `engine.py` adds the time, the memory limit and the commands."""

    def __init__(self, clock: Clock, random: Random, *, base_memory: int, quantum: int) -> None:
        super().__init__(clock, random)
        self.memory = self.base_memory = base_memory  # bytes
        self.quantum = quantum  # bytes: the allocator's smallest step
        self.key_bytes = memory.Costs(memory.key_bytes, quantum)
        self.string_bytes = memory.Costs(memory.string_bytes, quantum)
        self.databases: dict[int, Database] = {}  # those that were ever selected
        self.select(0)
        self.keyspace_hits = 0  # lookups by commands that read
        self.keyspace_misses = 0
        self.now = unix_milliseconds(clock())  # milliseconds: the time of the running command
        self.lru_clock = 0  # 24 bits, seconds; set by the cron only
        self.minute = 0  # 16 bits, minutes; set by the cron only
        self.lfu_log_factor = 10
        self.lfu_decay_time = 1  # minutes
        self.hz = 10  # ticks of the cron per second
        self.longest_string = LONGEST_STRING
        self.hash_limits = ListpackLimits()
        self.kept_settings: dict[str, str] = {}  # of CONFIG SET, without an effect here
        self.tally = Tally()
        self.connected_clients = 1  # as INFO tells; who serves clients keeps it right
        self.limit_memory(0)
        self.use_policy("noeviction")
        self.secret = int(random() * (1 << 32))  # of the hash, as a server draws one at its start

    def limit_memory(self, maxmemory: int) -> None:
        """Set the limit in bytes; 0 means none, as in Redis."""
        self.maxmemory = maxmemory
        self.limit: float = maxmemory or math.inf

    def use_policy(self, name: str) -> None:
        """Choose the eviction policy; the bits of use that keys have are kept and read anew."""
        self.policy_name = name
        self.policy = POLICIES[name]
        self.lfu = self.policy.by == "lfu"

    def __len__(self) -> int:
        """Return the number of keys in all databases, the expired but not yet removed included."""
        return sum(len(database.keys.nodes) for database in self.databases.values())

    # The databases

    def database(self, index: int) -> Database:
        """Return a database by its number; one never used is made on the spot."""
        if index not in self.databases:
            keys: Dict[Entry] = Dict(self.random, self._may_grow, self._charge)
            expires: Dict[Expiry] = Dict(self.random, self._may_grow, self._charge)
            self.databases[index] = Database(index, keys, expires)
            self.databases = dict(sorted(self.databases.items()))
        return self.databases[index]

    def select(self, index: int) -> None:
        """Work on that database from now on (redis 7: db.c, selectDb)."""
        self.selected = index
        database = self.database(index)
        self.keys, self.expires, self._gone = database.keys, database.expires, database.gone

    # Looking up (redis 7: db.c, lookupKey and expireIfNeeded)

    def find(self, key: str) -> Entry | None:
        """Return the entry of a living key, or None. Side effect: a dead key is removed."""
        entry = self.keys.nodes.get(key)
        if entry is None or entry.when is None or self.now <= entry.when:
            return entry
        self.expire(entry)
        return None

    def write(self, key: str) -> Entry | None:
        """Return the entry for a command that writes: it counts as a use of the key."""
        entry = self.find(key)
        if entry is not None:
            self.touch(entry)
        return entry

    def read(self, key: str, touch: bool = True) -> Entry | None:
        """Return the entry for a command that reads: a use of the key, and a hit or a miss."""
        entry = self.find(key)
        if entry is None:
            self.keyspace_misses += 1
        else:
            self.keyspace_hits += 1
            if touch:
                self.touch(entry)
        return entry

    def touch(self, entry: Entry) -> None:
        """Note one use of the key."""
        if not self.lfu:
            entry.lru = self.lru_clock
            return
        counter = frequency(entry.lru, self.minute, self.lfu_decay_time)
        entry.lru = lfu_bits(self.minute, risen(counter, self.lfu_log_factor, self.random))

    # Storing

    def put(self, key: str, value: bytes, keep_ttl: bool = False) -> Entry:
        """Store a value under a key, present or not (redis 7: db.c, setKey)."""
        return self.put_at(self.write(key), key, value, keep_ttl)

    def put_at(self, entry: Entry | None, key: str, value: bytes, keep_ttl: bool = False) -> Entry:
        """Store a value where a lookup has found `entry`, or found nothing."""
        if entry is None:
            return self.add(key, value)
        self.overwrite(entry, value)
        if not keep_ttl:
            self.persist(entry)
        return entry

    def add(self, key: str, value: Any, size: int | None = None) -> Entry:
        """Store a value under a key that is absent; `size`: its bytes, if it is no string."""
        # redis 7: db.c, dbAdd
        try:
            name = key.encode()  # memory.as_bytes, for nearly every key
        except UnicodeEncodeError:
            name = memory.as_bytes(key)
        entry = Entry()
        entry.key = key
        entry.hash = key_hash(name, self.secret)
        entry.value = value
        entry.length = len(value) if size is None else 0
        entry.key_size = self.key_bytes[len(name)]
        entry.value_size = self._value_bytes(value) if size is None else size
        entry.lru = lfu_bits(self.minute, LFU_INITIAL) if self.lfu else self.lru_clock
        entry.when = entry.room = None
        self.keys.add(entry)
        self.memory += entry.key_size + entry.value_size
        return entry

    def overwrite(self, entry: Entry, value: bytes, room: int | None = None) -> None:
        """Give a key another value; its TTL stays. `room`: of a string changed in place."""
        if room is None:
            size = self._value_bytes(value)
        elif room == TEXT:
            size = memory.string_bytes(len(value), self.quantum)
        else:
            size = memory.raw_bytes(room, self.quantum)
        self.memory += size - entry.value_size
        entry.value, entry.length = value, len(value)
        entry.room, entry.value_size = room, size

    def resize(self, entry: Entry) -> None:
        """Reckon the bytes anew of a value that is no string and was changed in place."""
        self.memory += entry.value.size - entry.value_size
        entry.value_size = entry.value.size

    def remove(self, entry: Entry, why: str) -> None:
        """Remove a key and note why (one of base.MISS_KINDS)."""
        if entry.when is not None:
            self.persist(entry)
        self.keys.remove(entry)
        self.memory -= entry.key_size + entry.value_size
        self._gone[entry.key] = why

    def drop(self, key: str) -> bool:
        """Remove a key for a client; return whether it was there."""
        entry = self.find(key)
        if entry is None:
            return False
        self.remove(entry, INVALIDATED)
        return True

    def flush(self) -> None:
        """Lose everything, as a restart without persistence does; the counters go on."""
        for database in self.databases.values():
            self.flush_database(database)
        self.memory = self.base_memory

    def flush_database(self, database: Database) -> None:
        """Lose what one database holds."""
        for entry in database.keys.nodes.values():
            self.memory -= entry.key_size + entry.value_size
        self.memory -= len(database.expires.nodes) * memory.allocated(memory.ENTRY, self.quantum)
        database.gone.update(dict.fromkeys(database.keys.nodes, LOST))
        database.keys.clear()
        database.expires.clear()
        database.expires_cursor = database.average_ttl = 0

    # TTL

    def expire_at(self, entry: Entry, when: int) -> None:
        """Let a key expire at `when`, in milliseconds of Unix time (redis 7: db.c, setExpire)."""
        if entry.when is None:
            node = Expiry()
            node.key, node.hash, node.entry = entry.key, entry.hash, entry
            self.expires.add(node)
            self.memory += memory.allocated(memory.ENTRY, self.quantum)
        entry.when = when

    def persist(self, entry: Entry) -> bool:
        """Take a key's TTL away; return whether it had one."""
        if entry.when is None:
            return False
        self.expires.remove(self.expires.nodes[entry.key])
        self.memory -= memory.allocated(memory.ENTRY, self.quantum)
        entry.when = None
        return True

    def expire(self, entry: Entry) -> None:
        """Remove a key because its time is up, and count it."""
        self.remove(entry, EXPIRED)
        self.expirations += 1

    # Bytes

    def _value_bytes(self, value: bytes) -> int:
        if len(value) > memory.LONGEST_INTEGER:
            return self.string_bytes[len(value)]
        # Under LRU and LFU each key needs bits of its own, so small integers are not shared
        # (redis 7: object.c, tryObjectEncoding).
        shared = not self.maxmemory or self.policy.by not in ("lru", "lfu")
        return memory.value_bytes(value, self.quantum, shared)

    def _charge(self, change: int) -> None:
        self.memory += change

    def _may_grow(self, table: int) -> bool:
        # redis 7: server.c, dictExpandAllowed
        return self.memory + table <= self.limit
