"""The table of the Redis kernel, as engines/redis/hashtable.py and db.py keep it, in columns.

Redis draws keys from neighbouring buckets. So the buckets, the order of their chains and the moments when the table
grows must be the same as in the engine.
"""

from typing import Any, NamedTuple

import numpy as np

from cachesim.engines.redis.evict import POOL_SIZE
from cachesim.engines.redis.hashtable import INITIAL_SIZE, MAX_LOAD
from cachesim.engines.redis.policy import LFU_INITIAL, lfu_bits
from cachesim.replay.kernels.words import ABSENT

BY_LRU, BY_LFU, BY_RANDOM = 0, 1, 2

HELD, MOST, MEMORY, EVICTED = 0, 1, 2, 3  # places in RedisTable.count: counts
MASK, OLD, OLD_BYTES = 4, 5, 6  # the table: buckets - 1; of the old one, buckets to move, and bytes
ADDED, POOLED, CLOCK, MINUTE, FAILED = 7, 8, 9, 10, 11


class RedisSettings(NamedTuple):
    """The settings of the server, which do not change."""

    by: int
    samples: int  # keys looked at for an eviction
    limit: int  # bytes
    pointer: int  # bytes per bucket
    log_factor: int
    decay_time: int  # minutes
    hz: int  # ticks of the cron per second


class RedisTable(NamedTuple):
    """The state of the server; columns of whole numbers."""

    count: Any  # by HELD ... FAILED
    hashes: Any  # by key, as are all up to `added`
    weight: Any  # bytes
    held: Any  # 1: yes
    next: Any  # the next key of the chain, or ABSENT
    use: Any  # engines/redis/policy.py: 24 bits
    added: Any  # its place in `order`
    heads: Any  # by bucket: the first key of the chain, or ABSENT
    order: Any  # every key that was added, in order
    idle: Any  # the pool of candidates, the best last: idle ...
    pool: Any  # ... and key
    found: Any  # keys drawn


def table_columns(hashes: Any, weight: Any, requests: int, memory: int) -> RedisTable:
    """Make an empty table for keys with these hashes and bytes; `memory` bytes are already in use."""
    unique = len(hashes)
    count, pool = np.zeros(FAILED + 1, np.int64), np.zeros(POOL_SIZE, np.int64)
    count[MEMORY], count[MASK] = memory, -1
    held, chain, use, added = (np.full(unique, start) for start in (0, ABSENT, 0, 0))
    heads = np.full(max(INITIAL_SIZE, 1 << unique.bit_length()), ABSENT)
    order = np.zeros(requests, np.int64)
    found = np.zeros(unique + 1, np.int64)
    return RedisTable(
        count, hashes, weight, held, chain, use, added, heads, order, pool, pool.copy(), found
    )


def add(server: RedisSettings, table: RedisTable, key: int) -> None:
    """Store a key that is absent."""
    count = table.count
    if count[MEMORY] > server.limit:
        count[FAILED] = 1
    if count[OLD]:
        count[OLD] -= 2
        if count[OLD] <= 0:
            end_rehash(count)
    elif count[HELD] > count[MASK]:
        grow(server, table)
    link(table, key)
    table.held[key] = 1
    table.order[count[ADDED]] = key
    table.added[key] = count[ADDED]
    count[ADDED] += 1
    count[HELD] += 1
    count[MEMORY] += table.weight[key]
    new = lfu_bits(count[MINUTE], LFU_INITIAL)
    table.use[key] = new if server.by == BY_LFU else count[CLOCK]


def link(table: RedisTable, key: int) -> None:
    """Put a key at the head of its bucket."""
    bucket = table.hashes[key] & table.count[MASK]
    table.next[key] = table.heads[bucket]
    table.heads[bucket] = key


def remove(table: RedisTable, key: int) -> None:
    """Take a key out of its bucket."""
    bucket, chain = table.hashes[key] & table.count[MASK], table.next
    before = table.heads[bucket]
    if before == key:
        table.heads[bucket] = chain[key]
    else:
        while chain[before] != key:
            before = chain[before]
        chain[before] = chain[key]
    table.held[key] = 0
    table.count[HELD] -= 1
    table.count[MEMORY] -= table.weight[key]


def grow(server: RedisSettings, table: RedisTable) -> None:
    """Double the table, unless memory forbids it and the chains are short."""
    count = table.count
    buckets, keys = count[MASK] + 1, count[HELD]
    bytes_more = server.pointer * buckets_for(keys + 1)
    if not buckets:
        resize(server, table, INITIAL_SIZE)
    elif keys > MAX_LOAD * buckets or count[MEMORY] + bytes_more <= server.limit:
        resize(server, table, keys + 1)


def buckets_for(keys: int) -> int:
    """Find the smallest table for `keys` keys: a power of two, at least 4."""
    buckets = INITIAL_SIZE
    while buckets < keys:
        buckets *= 2
    return buckets


def resize(server: RedisSettings, table: RedisTable, keys: int) -> None:
    """Make a new table and move the keys, in the order in which they were added."""
    count = table.count
    count[OLD] = count[MASK] + 1
    count[OLD_BYTES] = server.pointer * count[OLD]
    buckets = buckets_for(keys)
    count[MASK] = buckets - 1
    count[MEMORY] += server.pointer * buckets
    for bucket in range(buckets):
        table.heads[bucket] = ABSENT
    for place in range(count[ADDED]):
        key = table.order[place]
        if table.held[key] and table.added[key] == place:
            link(table, key)


def end_rehash(count: Any) -> None:
    """Free the old table."""
    count[MEMORY] -= count[OLD_BYTES]
    count[OLD] = count[OLD_BYTES] = 0
