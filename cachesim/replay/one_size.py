"""One policy at one size by its kernel: which kernel, with which columns.

By number of items each key takes one place, whatever its size. For Redis this is SIMPLIFIED: its tables take no memory.
Redis makes room before a command, not during it, so a cache of n items is down to n - 1 before the next command.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cachesim.engines.redis import memory
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.hashtable import POINTER, key_hash
from cachesim.replay.columns import KeysAndOps
from cachesim.replay.compiled import call
from cachesim.replay.kernels import queues, random
from cachesim.replay.kernels import redis as redis_kernel
from cachesim.replay.kernels.redis_table import (
    BY_LFU,
    BY_LRU,
    BY_RANDOM,
    EVICTED,
    FAILED,
    HELD,
    MEMORY,
    MOST,
    RedisSettings,
    table_columns,
)
from cachesim.replay.kernels.words import ABSENT
from cachesim.rng import stream

REDIS_BY = {"allkeys-lru": BY_LRU, "allkeys-lfu": BY_LFU, "allkeys-random": BY_RANDOM}


class Played(NamedTuple):
    """The result of a kernel."""

    hits: int
    held: np.ndarray  # by key: whether it is held at the end


def one_queue(given: KeysAndOps, items: int, kind: int, *, compiled: bool) -> Played:
    """Play FIFO, LRU, CLOCK or SIEVE."""
    columns = queues.queue_columns(given.unique)
    hits, ring = call(
        queues.one_queue, given.keys, given.ops, items, columns, kind, compiled=compiled
    )
    return Played(hits, np.asarray(ring)[: given.unique] != ABSENT)


def lfu(given: KeysAndOps, items: int, *, compiled: bool) -> Played:
    """Play LFU."""
    columns = queues.bucket_columns(given.unique, int(np.bincount(given.keys).max()))
    hits, ring = call(queues.lfu, given.keys, given.ops, items, columns, compiled=compiled)
    return Played(hits, np.asarray(ring)[: given.unique] != ABSENT)


def at_random(given: KeysAndOps, items: int, seed: int, *, compiled: bool) -> Played:
    """Play Random."""
    columns = np.full(given.unique, ABSENT), np.zeros(given.unique, np.intp)
    draws = stream(seed, "eviction")
    hits, place = call(
        random.at_random, given.keys, given.ops, items, *columns, draws, compiled=compiled
    )
    return Played(hits, np.asarray(place) != ABSENT)


SIMPLE: dict[str, Callable[..., Played]] = {
    "fifo": lambda given, items, seed, compiled: one_queue(given, items, queues.FIFO, compiled=compiled),
    "lru": lambda given, items, seed, compiled: one_queue(given, items, queues.LRU, compiled=compiled),
    "clock": lambda given, items, seed, compiled: one_queue(given, items, queues.CLOCK, compiled=compiled),
    "sieve": lambda given, items, seed, compiled: one_queue(given, items, queues.SIEVE, compiled=compiled),
    "lfu": lambda given, items, seed, compiled: lfu(given, items, compiled=compiled),
    "random": lambda given, items, seed, compiled: at_random(given, items, seed, compiled=compiled),
}  # fmt: skip


class RedisPlayed(NamedTuple):
    """The result of the Redis kernel."""

    hits: int
    held: int  # keys at the end
    most: int  # the most keys held at once
    memory: int  # bytes at the end
    evictions: int
    is_full: bool  # there was no room for a key, although nothing was left to evict


def redis(
    given: KeysAndOps, names: Sequence[str], times: np.ndarray, spec: Redis, value: int, seed: int,
    *, compiled: bool,
) -> RedisPlayed:  # fmt: skip
    """Play the embedded Redis, byte for byte, with values of `value` bytes."""
    of_value = memory.value_bytes(bytes(value), spec.quantum)
    of_key = memory.Costs(memory.key_bytes, spec.quantum)
    weight = np.array([of_key[len(memory.as_bytes(name))] + of_value for name in names])
    server = _server(spec, limit=spec.memory, pointer=POINTER)
    return _redis(given, names, times, server, weight, spec.base_memory, seed, compiled)


def redis_by_items(
    given: KeysAndOps, names: Sequence[str], times: np.ndarray, policy: str, items: int, seed: int,
    *, compiled: bool,
) -> RedisPlayed:  # fmt: skip
    """Play Redis's algorithm with room for `items` keys."""
    server = _server(Redis(policy=policy), limit=items - 1, pointer=0)  # type: ignore[arg-type]
    return _redis(given, names, times, server, np.ones(given.unique, np.intp), 0, seed, compiled)


def _server(spec: Redis, *, limit: int, pointer: int) -> RedisSettings:
    by, factor, decay = REDIS_BY[spec.policy], spec.lfu_log_factor, spec.lfu_decay_time
    return RedisSettings(by, spec.samples, limit, pointer, factor, decay, spec.hz)


def _redis(
    given: KeysAndOps, names: Sequence[str], times: np.ndarray, server: RedisSettings, weight: np.ndarray,
    used: int, seed: int, compiled: bool,
) -> RedisPlayed:  # fmt: skip
    draws = stream(seed, "eviction")
    secret = int(draws.random() * (1 << 32))  # of the hash, as a server draws one at its start
    hashes = np.array([key_hash(memory.as_bytes(name), secret) for name in names])
    table = table_columns(hashes, weight, len(given.keys), used)
    hits, count, _ = call(
        redis_kernel.redis, given.keys, given.ops, times, server, table, draws, compiled=compiled
    )
    held, most, used, evictions = (int(count[place]) for place in (HELD, MOST, MEMORY, EVICTED))
    return RedisPlayed(hits, held, most, used, evictions, is_full=bool(count[FAILED]))
