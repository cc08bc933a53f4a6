"""Bounds of every policy: the best possible at a size, and a cache that never evicts.

There are two figures for the best possible. The *optimum* (Belady) stores every miss, as textbooks and most caches do;
it is exact for a number of keys. The *bound* holds for every engine and policy, also for one that refuses to store, for
values of different sizes and for TTLs.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from cachesim.replay.columns import KeysAndOps, keys_and_ops, ratio, times
from cachesim.replay.compiled import call, choose
from cachesim.replay.kernels import future
from cachesim.replay.kernels.words import ABSENT
from cachesim.replay.unlimited import Unlimited
from cachesim.traces import Trace


class Copies(NamedTuple):
    """The copies that requests may leave in the cache, by request."""

    ends: Any  # seconds: its latest end
    sizes: Any  # bytes: the least that it may have


def next_reads(given: KeysAndOps, *, compiled: bool) -> np.ndarray:
    """Find for each request the next one of its key, if that one reads; the number of requests: none does."""
    never = len(given.keys)
    upcoming, then = np.full(given.unique, never), np.zeros(never, np.intp)
    found = call(future.next_reads, given.keys, given.ops, upcoming, then, compiled=compiled)
    return np.asarray(found)


def optimum(trace: Trace, items: int, *, compiled: bool | None = None) -> float:
    """Compute the best hit ratio of a policy holding at most `items` keys; NaN without a read.

    It evicts the key that is read again last (Belady 1966). It bounds different sizes and TTLs too, for these
    only take choices away.

    >>> optimum(Trace.of_keys(["a", "b", "a", "c", "b"]), items=2)
    0.4
    """
    return optima(keys_and_ops(trace), [items], compiled=choose(compiled, work=len(trace)))[0]


def optima(given: KeysAndOps, sizes: list[int], *, compiled: bool) -> list[float]:
    """Compute the optimum for each number of items."""
    then = next_reads(given, compiled=compiled)
    keys, ops, unique, reads = given
    return [
        ratio(
            call(
                future.optimum, keys, ops, then, items, np.full(unique, ABSENT), compiled=compiled
            ),
            reads,
        )
        for items in sizes
    ]


def bound(
    trace: Trace,
    items: int,
    *,
    memory: float = math.inf,
    value_size: int = 0,
    late: float = 0.0,
    compiled: bool | None = None,
) -> float:
    """Compute a hit ratio that no cache of `items` keys and `memory` bytes exceeds; NaN without a read.

    It is the least of three figures:

    - Belady's policy with the same number of keys, if it may refuse to store.
    - Bytes times time. A copy that hits takes its bytes as long as it is kept. All copies together cannot take
      more than the cache has (Berger, Beckmann and Harchol-Balter, 2018; their PFOO-L bounds misses from below).
    - The cache that never evicts, but honours TTLs and deletes.

    Parameters
    ----------
    trace : Trace
        The requests. Its sizes and TTLs count; a key's own bytes are part of its size.
    items : int
        Most keys held at once.
    memory : float
        Most bytes held at once.
    value_size : int
        Bytes of a value where the trace names none.
    late : float
        Seconds that a key may outlive its TTL.
    compiled : bool, optional
        As in `replay`.

    >>> trace = Trace.of_keys(["a", "b", "c", "a", "b"])
    >>> optimum(trace, items=1), bound(trace, items=1), bound(trace, items=2)
    (0.0, 0.2, 0.4)

    References
    ----------
    Berger, Beckmann and Harchol-Balter, "Practical bounds on optimal caching with variable object sizes",
    Proceedings of the ACM on Measurement and Analysis of Computing Systems 2(2), 2018.
    """
    is_fast = choose(compiled, work=len(trace))
    given = keys_and_ops(trace)
    then, sizes = copies(trace, given, value_size, late, is_fast)
    waits = np.full(given.unique, ABSENT)
    hits = call(future.selective, given.keys, then, items, waits, compiled=is_fast)
    endless = unlimited(trace, late, is_fast).hits
    return ratio(min(hits, most_by_bytes(then, sizes, memory), endless), given.reads)


def copies(
    trace: Trace, given: KeysAndOps, value_size: int, late: float, is_fast: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Find for each request the one that may hit its copy (their number: none), and the copy's least bytes."""
    then = next_reads(given, compiled=is_fast)
    sizes = _bytes(trace, value_size)
    ttls = trace.columns.ttls
    if ttls is None and trace.columns.sizes is None:
        return then, sizes
    when = times(trace)
    ends = when + (math.inf if ttls is None else ttls) + late
    last = np.full(given.unique, ABSENT)
    left = Copies(ends.astype(float), sizes.astype(float))
    found = call(future.lives, given.keys, given.ops, left, last, compiled=is_fast)
    ends, sizes = map(np.asarray, found)
    is_read = then < len(then)
    expired = is_read & (np.append(when, 0.0)[then] > ends)
    return np.where(expired, len(then), then), sizes


def _bytes(trace: Trace, value_size: int) -> np.ndarray:
    """Add up the bytes of key and value of each request."""
    codes, values = trace.columns.codes, trace.columns.sizes
    of_keys = np.array([len(name.encode("utf-8", "surrogateescape")) for name in trace.names])
    sizes: np.ndarray = of_keys[codes] + (value_size if values is None else values)
    return sizes


def most_by_bytes(then: np.ndarray, sizes: np.ndarray, memory: float) -> float:
    """Count the most copies that can hit if each takes its bytes as long as it is kept: the cheapest come first.

    Time is counted in requests.
    """
    hits = np.flatnonzero(then < len(then))
    if math.isinf(memory):
        return len(hits)
    prices = np.sort(sizes[hits].astype(float) * (then[hits] - hits))
    return int(np.searchsorted(np.cumsum(prices), memory * (len(then) - 1), side="right"))


def infinite(trace: Trace, *, late: float = 0.0, compiled: bool | None = None) -> float:
    """Compute the hit ratio of a cache that never evicts, but honours TTLs and deletes; NaN without a read.

    >>> infinite(Trace.of_keys(["a", "b", "a", "a"]))
    0.5
    >>> from cachesim.traces import Request
    >>> infinite(Trace([Request("a", "read", 1, time, ttl=60) for time in (0, 59, 60)]))
    0.3333333333333333

    Parameters
    ----------
    trace : Trace
        The requests.
    late : float
        Seconds that a key may outlive its TTL.
    compiled : bool, optional
        As in `replay`.
    """
    return unlimited(trace, late, choose(compiled, work=len(trace))).hit_ratio


def unlimited(trace: Trace, late: float, is_fast: bool) -> Unlimited:
    """Count a whole trace."""
    found = Unlimited(late, compiled=is_fast)
    for chunk in trace.chunks():
        found.count(chunk)
    return found
