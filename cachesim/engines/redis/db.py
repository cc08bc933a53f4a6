"""The keyspace: every key with its value, TTL and bytes; how keys are found, stored and removed.

The engine works on one database at a time, the selected one: `table` holds its keys, `expires`
those of them that have a TTL. A key is looked up by `read` or `write`, which count as uses of the
key, or by `find`, which does not.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

from cachesim.clock import Clock
from cachesim.engines.base import EXPIRED, INVALIDATED, LOST, START, Engine, Random
from cachesim.engines.redis import memory
from cachesim.engines.redis.blocked import BlockedKeys
from cachesim.engines.redis.database import (
    TEXT,
    ExpiryEntry,
    KeyEntry,
    NumberedDatabase,
    NumberedDatabases,
)
from cachesim.engines.redis.hashtable import key_hash
from cachesim.engines.redis.policy import LFU_INITIAL, POLICIES, frequency, lfu_bits, risen
from cachesim.engines.redis.pubsub import Channels, Told
from cachesim.engines.redis.snapshots import Snapshots
from cachesim.engines.redis.tally import ClientBytes, Tally


def unix_milliseconds(clock: float) -> int:
    """Return the Unix time in whole milliseconds for a time of the engine's clock in seconds."""
    return int(clock * 1e6 + 0.5) // 1000 + START * 1000  # 1.001 * 1000 is 1000.9999...


class Keyspace(NumberedDatabases, Told, Engine):
    """What the commands work on. engine.py adds the passing of time, eviction and the commands."""

    is_replica = False  # replication.py has engines that may be one
    is_in_exec = False  # a transaction runs

    def __init__(self, clock: Clock, random: Random, *, base_memory: int, quantum: int) -> None:
        super().__init__(clock, random)
        self.memory = self.base_memory = base_memory  # bytes
        self.quantum = quantum  # bytes: the allocator's smallest step
        self.entry_bytes = memory.allocated(memory.ENTRY, quantum)  # of a key in the table of TTLs
        self.key_bytes = memory.Costs(memory.key_bytes, quantum)
        self.string_bytes = memory.Costs(memory.string_bytes, quantum)
        self.text_bytes = memory.Costs(memory.text_bytes, quantum)
        self.allocated = memory.Costs(memory.allocated, quantum)
        self.databases: dict[int, NumberedDatabase] = {}  # those that were ever selected
        self.select(0)
        self.keyspace_hits = self.keyspace_misses = 0  # lookups by commands that read
        self.now = unix_milliseconds(clock())  # milliseconds: the time of the running command
        self.snapshots = Snapshots(self.now // 1000)
        self.lru_clock = 0  # 24 bits, seconds; set by the cron only
        self.minute = 0  # 16 bits, minutes; set by the cron only
        self.settings: dict[str, Any] = {}  # parameters that were set, by their names in the list
        self.tally = Tally()
        self.channels = Channels()
        self.blocked = BlockedKeys()
        self._serve_nobody()
        self.limit_memory(0)
        self.use_policy("noeviction")
        self.secret = int(random() * (1 << 32))  # seed of the hash; a server draws one at its start

    def _serve_nobody(self) -> None:
        """Begin without clients; a server of clients keeps all of this up to date, and INFO shows it."""
        self.connected_clients = 1
        self.about_replicas: Callable[[], dict[str, object]] | None = None
        self.client_bytes: Callable[[], ClientBytes] = ClientBytes
        self.held_by_clients = 0  # bytes beyond those that `base_memory` has for them
        self.evicted_clients = 0

    def limit_memory(self, maxmemory: int) -> None:
        """Set the limit in bytes; 0 means none, as in Redis."""
        self.maxmemory = maxmemory
        self.limit: float = (maxmemory or math.inf) - self.held_by_clients

    def hold(self, size: int) -> None:
        """Let the clients take so many bytes more: they leave less for the keys."""
        self.held_by_clients += size
        self.limit -= size

    def use_policy(self, name: str) -> None:
        """Choose the eviction policy. Keys keep their bits of use; the new policy reads them its way."""
        self.policy_name = name
        self.policy = POLICIES[name]
        self.lfu = self.policy.by == "lfu"

    def __len__(self) -> int:
        """Return the number of keys in all databases, with those expired but not yet removed."""
        return sum(len(database.table.entries) for database in self.databases.values())

    def keys(self) -> Iterator[str]:
        """Iterate over the keys of the selected database that are alive now.

        It is no use of any key, and no dead key is removed. Later changes do not touch the iterator.

        >>> from cachesim.engines.redis.engine import Redis
        >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
        >>> engine.set("a", b"1")
        >>> list(engine.keys())
        ['a']
        """
        now = unix_milliseconds(self.clock())
        entries = self.table.entries.items()
        return iter([key for key, entry in entries if entry.when is None or now <= entry.when])

    # Looking up (redis 7: db.c, lookupKey and expireIfNeeded)

    def find(self, key: str) -> KeyEntry | None:
        """Return the entry of a living key, or None. A dead key is removed."""
        entry = self.table.entries.get(key)
        if entry is None or entry.when is None or self.now <= entry.when:
            return entry
        self.expire(entry)
        return None

    def write(self, key: str) -> KeyEntry | None:
        """Return the entry for a command that writes. This is a use of the key."""
        entry = self.table.entries.get(key)
        if entry is None or (entry.when is not None and self.find(key) is None):
            return None
        if self.lfu:
            self.touch(entry)
        else:
            entry.lru = self.lru_clock
        return entry

    def read(self, key: str, touch: bool = True, tells: bool = True) -> KeyEntry | None:
        """Return the entry for a command that reads. This is a hit or a miss, and a use of the key."""
        entry = self.find(key)
        if entry is None:
            self.keyspace_misses += 1
            if tells:
                self.event("m", "keymiss", key)
        else:
            self.keyspace_hits += 1
            if touch:
                self.touch(entry)
        return entry

    def touch(self, entry: KeyEntry) -> None:
        """Note one use of the key."""
        if not self.lfu:
            entry.lru = self.lru_clock
            return
        counter = frequency(entry.lru, self.minute, self.lfu_decay_time)
        entry.lru = lfu_bits(self.minute, risen(counter, self.lfu_log_factor, self.random))

    # Storing

    def put(self, key: str, value: bytes, keep_ttl: bool = False) -> KeyEntry:
        """Store a value under a key, present or absent (redis 7: db.c, setKey)."""
        return self.put_at(self.write(key), key, value, keep_ttl)

    def put_at(
        self,
        entry: KeyEntry | None,
        key: str,
        value: bytes,
        keep_ttl: bool = False,
        name: bytes | None = None,
    ) -> KeyEntry:
        """Store a value under a key that was looked up: `entry` is what was found."""
        if entry is None:
            return self.add(key, value, name=name)
        self.overwrite(entry, value)
        if not keep_ttl:
            self.persist(entry)
        return entry

    def add(
        self, key: str, value: Any, size: int | None = None, name: bytes | None = None
    ) -> KeyEntry:
        """Store a value under a key that is absent.

        `size` is the value's bytes if it is not a string; `name` is the key as bytes, if at hand.
        """
        # redis 7: db.c, dbAdd
        if name is None:
            try:
                name = key.encode()  # memory.as_bytes, for nearly every key
            except UnicodeEncodeError:
                name = memory.as_bytes(key)
        entry = KeyEntry()
        entry.key = key
        entry.hash = key_hash(name, self.secret)
        entry.value = value
        entry.length = len(value) if size is None else 0
        entry.key_size = self.key_bytes[len(name)]
        entry.value_size = self._value_bytes(value) if size is None else size
        entry.lru = lfu_bits(self.minute, LFU_INITIAL) if self.lfu else self.lru_clock
        entry.when = entry.room = None
        self.table.add(entry)
        if size is not None and self.blocked.by_key:
            self.blocked.note(self.selected, key)
        self.memory += entry.key_size + entry.value_size
        return entry

    def overwrite(self, entry: KeyEntry, value: bytes, room: int | None = None) -> None:
        """Give a key another value; its TTL stays. `room` is for a string changed in place."""
        if room is None:
            size = self._value_bytes(value)
        elif room == TEXT:
            size = memory.string_bytes(len(value), self.quantum)
        else:
            size = memory.raw_bytes(room, self.quantum)
        self.memory += size - entry.value_size
        entry.value, entry.length = value, len(value)
        entry.room, entry.value_size = room, size
        if self.blocked.by_key:
            self.blocked.note(self.selected, entry.key)

    def resize(self, entry: KeyEntry) -> None:
        """Count the bytes of a Structure again after it was changed in place."""
        size = entry.value.size
        self.memory += size - entry.value_size
        entry.value_size = size

    def remove(self, entry: KeyEntry, why: str) -> None:
        """Remove a key and note why (one of base.MISS_KINDS)."""
        if entry.when is not None:
            Keyspace.persist(self, entry)  # not self.persist: only one thing happens to the key
        self.table.remove(entry)
        self.memory -= entry.key_size + entry.value_size
        self._gone[entry.key] = why
        if self.blocked.by_key:
            self.blocked.note(self.selected, entry.key)

    def drop(self, key: str) -> bool:
        """Remove a key for a client. True if it was there."""
        return self.find(key) is not None and self.discard(key)

    def discard(self, key: str) -> bool:
        """Remove a key, even a dead one, as an empty result does (redis 7: db.c, dbDelete)."""
        entry = self.table.entries.get(key)
        if entry is None:
            return False
        self.remove(entry, INVALIDATED)
        self.event("g", "del", key)
        return True

    def flush(self) -> None:
        """Lose all keys, as in a restart without persistence. The counters keep their values."""
        for database in self.databases.values():
            self.flush_database(database)
        self.memory = self.base_memory

    def flush_database(self, database: NumberedDatabase) -> None:
        """Lose all keys of one database."""
        self.blocked.note_all(database.index)
        for entry in database.table.entries.values():
            self.memory -= entry.key_size + entry.value_size
        self.memory -= len(database.expires.entries) * self.entry_bytes
        database.gone.update(dict.fromkeys(database.table.entries, LOST))
        database.table.clear()
        database.expires.clear()
        database.expires_cursor = database.average_ttl = 0

    # TTL

    def expire_at(self, entry: KeyEntry, when: int) -> None:
        """Set when a key expires, in milliseconds of Unix time (redis 7: db.c, setExpire)."""
        if entry.when is None:
            expiry = ExpiryEntry()
            expiry.key, expiry.hash, expiry.entry = entry.key, entry.hash, entry
            self.expires.add(expiry)
            self.memory += self.entry_bytes
        entry.when = when

    def persist(self, entry: KeyEntry) -> bool:
        """Take a key's TTL away. True if it had one."""
        if entry.when is None:
            return False
        self.expires.remove(self.expires.entries[entry.key])
        self.memory -= self.entry_bytes
        entry.when = None
        return True

    def expire(self, entry: KeyEntry) -> None:
        """Remove a key because its TTL has run out, and count it."""
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
