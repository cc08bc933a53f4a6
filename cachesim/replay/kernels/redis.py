"""Redis's sampled LRU, LFU and random eviction: the embedded Redis with the same table, draws and bytes.

It hits, evicts and counts as engines/redis does, request by request; a test compares them. It leaves out TTLs, values
of different sizes, other types and other databases, for none of them occurs in a replay of plain keys.
"""

from typing import Any

from cachesim.engines.base import START
from cachesim.engines.redis.engine import HALF
from cachesim.engines.redis.hashtable import INITIAL_SIZE, MIN_FILL
from cachesim.engines.redis.policy import (
    LFU_HIGHEST,
    LFU_INITIAL,
    LFU_MINUTES,
    LRU_CLOCK_MAX,
    frequency,
    lfu_bits,
)
from cachesim.replay.kernels.redis_evict import make_room
from cachesim.replay.kernels.redis_table import (
    BY_LFU,
    CLOCK,
    HELD,
    MASK,
    MEMORY,
    MINUTE,
    MOST,
    OLD,
    RedisSettings,
    RedisTable,
    add,
    end_rehash,
    remove,
    resize,
)
from cachesim.replay.kernels.words import DELETE, READ


def redis(
    keys: Any, ops: Any, times: Any, server: RedisSettings, table: RedisTable, random: Any
) -> tuple[int, Any, Any]:
    """Play all requests; give the hits, the counts, and the keys held at the end.

    `random` is numpy's generator. count[FAILED] is 1 if there was no room for a key and nothing left to evict.
    """
    count, held = table.count, table.held
    hits, next_tick = 0, cron(server, table, 0.0)
    for number in range(len(keys)):
        key = keys[number]
        if times[number] >= next_tick:
            next_tick = cron(server, table, times[number])
        if count[MEMORY] > server.limit:  # redis 7: before every command, reads too
            make_room(server, table, random)
        if ops[number] == DELETE:
            if held[key]:
                remove(table, key)
        elif held[key]:
            hits += ops[number] == READ
            touch(server, table, key, random)
        else:
            add(server, table, key)
        if count[HELD] > count[MOST]:
            count[MOST] = count[HELD]
    return hits, count, held


def cron(server: RedisSettings, table: RedisTable, now: float) -> float:
    """Set the clock and tidy the table; give the time of the next tick."""
    count = table.count
    tick = int((now + HALF) * server.hz)
    seconds = START + tick // server.hz
    count[CLOCK] = seconds & LRU_CLOCK_MAX
    count[MINUTE] = seconds // 60 & LFU_MINUTES
    buckets = count[MASK] + 1
    if buckets > INITIAL_SIZE and count[HELD] * 100 // buckets < MIN_FILL and not count[OLD]:
        resize(server, table, max(count[HELD], INITIAL_SIZE))
    if count[OLD]:
        end_rehash(count)
    return (tick + 1) / server.hz - HALF


def touch(server: RedisSettings, table: RedisTable, key: int, random: Any) -> None:
    """Note one use of a key."""
    count = table.count
    if server.by != BY_LFU:
        table.use[key] = count[CLOCK]
        return
    counter = frequency(table.use[key], count[MINUTE], server.decay_time)
    if counter < LFU_HIGHEST:
        over = max(0, counter - LFU_INITIAL)
        counter += random.random() < 1 / (over * server.log_factor + 1)
    table.use[key] = lfu_bits(count[MINUTE], counter)
