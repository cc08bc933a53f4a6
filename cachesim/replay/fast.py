"""A whole replay by a kernel, if there is one for the engine; it counts the same as the engine does."""

import math
import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cachesim.engines.base import COLD, EVICTED, EngineSpec
from cachesim.engines.policies import CLOCK, FIFO, LFU, LRU, SIEVE, Random
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.replay.columns import KeysAndOps, keys_and_ops, times
from cachesim.replay.one_size import REDIS_BY, SIMPLE, redis
from cachesim.traces import Trace

OWN = {FIFO: "fifo", LRU: "lru", CLOCK: "clock", SIEVE: "sieve", LFU: "lfu", Random: "random"}


class ReplayCounts(NamedTuple):
    """The counts of a replay beside its hits."""

    items: int  # most keys held at once
    memory: int  # bytes in use at the end
    evictions: int
    expirations: int
    misses: dict[str, int]  # by kind
    refused: int  # stores that the engine or its policy refused
    read_bytes: int  # of the values of all reads; if all have one size, the number of reads
    hit_bytes: int  # the same, of the reads that hit
    peak: float = math.inf  # most bytes in use at once, more than when empty; inf: unknown


def by_kernel(trace: Trace, spec: EngineSpec, value_size: int, seed: int) -> ReplayCounts | None:
    """Replay by a kernel; None if no kernel does what this engine does with this trace."""
    columns = trace.columns
    if not all(column is None for column in (columns.ops, columns.sizes, columns.ttls)):
        return None
    given, names = keys_and_ops(trace), trace.names
    if type(spec) is Redis and spec.policy in REDIS_BY:
        return _redis(given, names, times(trace), spec, value_size, seed)
    if type(spec) is Simple and spec.policy in OWN and spec.items is not None:
        sizes = np.array([len(name.encode("utf-8", "surrogateescape")) for name in names])
        if only_items_limit(spec.items, spec.memory, int(sizes.max()) + value_size):
            return _simple(given, sizes + value_size, spec, seed)
    return None


BYTES_PER_CHARACTER = 4  # at most, in UTF-8


def largest_entry(trace: Trace, value_size: int) -> int:
    """Bound the bytes of a key and its value from above."""
    sizes = trace.columns.sizes
    largest = value_size if sizes is None else int(sizes.max())
    return BYTES_PER_CHARACTER * max(map(len, trace.names)) + largest


def only_items_limit(items: float, memory: float, largest: int) -> bool:
    """Whether Simple never runs short of memory: `items` entries of the `largest` size fit.

    Then the number of keys never falls, and without TTLs no clock is needed. If memory ran short, the cache could
    hold many small keys first and a few large ones at the end.
    """
    return items * largest <= memory


def _simple(given: KeysAndOps, sizes: np.ndarray, spec: Simple, seed: int) -> ReplayCounts:
    items = spec.items or sys.maxsize
    played = SIMPLE[OWN[spec.policy]](given, items, seed, compiled=True)  # type: ignore[index]
    held = int(np.count_nonzero(played.held))
    misses = given.reads - played.hits
    kinds = _kinds(given.unique, misses)
    most = min(items, given.unique)
    memory, evictions = int(sizes[played.held].sum()), misses - held
    return ReplayCounts(most, memory, evictions, 0, kinds, 0, given.reads, played.hits)


def _redis(
    given: KeysAndOps, names: Sequence[str], when: np.ndarray, spec: Redis, value: int, seed: int
) -> ReplayCounts | None:
    found = redis(given, names, when, spec, value, seed, compiled=True)
    if found.is_full:
        return None  # the engine itself says what is wrong
    kinds = _kinds(given.unique, given.reads - found.hits)
    return ReplayCounts(
        found.most, found.memory, found.evictions, 0, kinds, 0, given.reads, found.hits
    )


def _kinds(unique: int, misses: int) -> dict[str, int]:
    """Sort the misses of plain reads by kind; the first miss of each key is cold."""
    again = {EVICTED: misses - unique} if misses > unique else {}
    return {COLD: unique, **again}
