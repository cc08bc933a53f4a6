"""Eviction in the Redis kernel: engines/redis/evict.py, in columns."""

from typing import Any

from cachesim.engines.redis.evict import POOL_SIZE
from cachesim.engines.redis.policy import LFU_HIGHEST, LRU_CLOCK_MAX, frequency
from cachesim.replay.kernels.redis_table import (
    BY_LRU,
    BY_RANDOM,
    CLOCK,
    EVICTED,
    HELD,
    MASK,
    MEMORY,
    MINUTE,
    POOLED,
    RedisSettings,
    RedisTable,
    remove,
)
from cachesim.replay.kernels.words import ABSENT


def make_room(server: RedisSettings, table: RedisTable, random: Any) -> None:
    """Evict keys until memory is within its limit, or none is left."""
    count = table.count
    while count[MEMORY] > server.limit and count[HELD] > 0:
        is_random = server.by == BY_RANDOM
        remove(table, any_key(table, random) if is_random else pooled_victim(server, table, random))
        count[EVICTED] += 1


def pooled_victim(server: RedisSettings, table: RedisTable, random: Any) -> int:
    """Take the best candidate of the pool that is still held."""
    count = table.count
    while True:
        for drawn in range(some(server.samples, table, random)):
            populate(server, table, table.found[drawn])
        while count[POOLED] > 0:
            count[POOLED] -= 1
            key = table.pool[count[POOLED]]
            if table.held[key]:
                return int(key)


def populate(server: RedisSettings, table: RedisTable, key: int) -> None:
    """Put a key into the pool if there is room, or if it is better than the worst key there."""
    count, idle, pool = table.count, table.idle, table.pool
    own = idleness(server, table, key)
    if count[POOLED] == POOL_SIZE:
        if own <= idle[0]:
            return
        shift(table, 0, POOL_SIZE - 1, 1)
        count[POOLED] -= 1
    place = 0
    while place < count[POOLED] and idle[place] < own:
        place += 1
    shift(table, count[POOLED], place, -1)
    idle[place], pool[place] = own, key
    count[POOLED] += 1


def shift(table: RedisTable, first: int, last: int, step: int) -> None:
    """Move candidates by one place: each place from `first` on gets the candidate of its neighbour."""
    for place in range(first, last, step):
        table.idle[place] = table.idle[place + step]
        table.pool[place] = table.pool[place + step]


def idleness(server: RedisSettings, table: RedisTable, key: int) -> int:
    """Rate a key by the policy: seconds since its last use, or how rarely it is used."""
    if server.by == BY_LRU:
        return int((table.count[CLOCK] - table.use[key]) % LRU_CLOCK_MAX)
    return LFU_HIGHEST - frequency(table.use[key], table.count[MINUTE], server.decay_time)


def some(wanted: int, table: RedisTable, random: Any) -> int:
    """Draw up to `wanted` keys from consecutive buckets into `found`; give their number."""
    count, found = table.count, table.found
    wanted = min(wanted, count[HELD])
    steps, drawn, mask = 10 * wanted, 0, count[MASK]
    while steps > 0:
        bucket, empty = int(random.random() * (mask + 1)), 0
        for _ in range(steps):
            steps -= 1
            key = table.heads[bucket & mask]
            bucket += 1
            if key == ABSENT:
                empty += 1
                if empty > wanted and empty >= 5:
                    break
                continue
            empty = 0
            drawn = take_chain(table, key, drawn)
            if drawn >= wanted:
                reservoir(found, wanted, drawn, random)
                return int(wanted)
    return drawn


def take_chain(table: RedisTable, key: int, drawn: int) -> int:
    """Draw the keys of one bucket; give the number of keys drawn so far."""
    while key != ABSENT:
        table.found[drawn] = key
        drawn += 1
        key = table.next[key]
    return drawn


def reservoir(found: Any, wanted: int, drawn: int, random: Any) -> None:
    """Keep `wanted` keys: later keys replace earlier ones at random."""
    for seen in range(wanted + 1, drawn + 1):
        place = int(random.random() * seen)
        if place < wanted:
            found[place] = found[seen - 1]


def any_key(table: RedisTable, random: Any) -> int:
    """Draw one key: a random filled bucket, then a random key of its chain."""
    key, mask = ABSENT, table.count[MASK]
    while key == ABSENT:
        key = table.heads[int(random.random() * (mask + 1))]
    drawn = take_chain(table, key, 0)
    if drawn > 1:
        key = table.found[int(random.random() * drawn)]
    return int(key)
