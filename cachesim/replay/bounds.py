"""What bounds every policy: the best of a cache of a size, and a cache that never forgets.

Two figures for the best possible. The *optimum* (Belady) stores every miss, as textbooks and most caches do; it is
exact for a number of keys. The *bound* holds for every engine and policy: one that refuses to store, values of unequal
sizes, TTLs.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from cachesim.replay.columns import Columns, columns, ratio, times
from cachesim.replay.compiled import call, choose
from cachesim.replay.kernels import future
from cachesim.replay.kernels.words import ABSENT
from cachesim.traces import Trace


class Copies(NamedTuple):
    """What requests may leave in the cache, by request."""

    ends: Any  # seconds: when it is gone at the latest
    sizes: Any  # bytes: how small it may be


def next_reads(given: Columns, *, compiled: bool) -> tuple[int, Any]:
    """Return how many requests are read again, and for each the number of the request that does."""
    never = len(given.keys)
    upcoming, then = np.full(given.unique, never), np.zeros(never, np.intp)
    again, found = call(future.next_reads, given.keys, given.ops, upcoming, then, compiled=compiled)
    return again, np.asarray(found)


def optimum(trace: Trace, items: int, *, compiled: bool | None = None) -> float:
    """Return the hit ratio that no policy holding at most `items` keys can exceed; NaN without a read.

    The key that is read again last goes (Belady 1966). It bounds unequal sizes and TTLs too, for these only
    take choices away.

    >>> optimum(Trace.of_keys(["a", "b", "a", "c", "b"]), items=2)
    0.4
    """
    return optima(columns(trace), [items], compiled=choose(compiled, work=len(trace)))[0]


def optima(given: Columns, sizes: list[int], *, compiled: bool) -> list[float]:
    """Return the optimum of each number of items."""
    _, then = next_reads(given, compiled=compiled)
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
    """Return the hit ratio that no cache of `items` keys and `memory` bytes can exceed; NaN without a read.

    It is the least of three figures:

    - Belady's policy, if it may refuse to store, with the same number of keys.
    - Bytes times time. A copy that hits takes its bytes for as long as it is kept. All copies together cannot take
      more than the cache has (Berger, Beckmann and Harchol-Balter, 2018; their PFOO-L bounds misses from below).
    - A cache that never forgets: it falls out of the first, for only copies that can hit are counted.

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
    given = columns(trace)
    then, sizes = copies(trace, given, value_size, late, is_fast)
    waits = np.full(given.unique, ABSENT)
    hits = call(future.selective, given.keys, then, items, waits, compiled=is_fast)
    return ratio(min(hits, most_by_bytes(then, sizes, memory)), given.reads)


def copies(
    trace: Trace, given: Columns, value_size: int, late: float, is_fast: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each request which one may hit the copy that it leaves (len: none), and that copy's least bytes."""
    _, then = next_reads(given, compiled=is_fast)
    then = np.asarray(then)
    sizes = _bytes(trace, value_size)
    if trace.ttls is None and trace.sizes is None:
        return then, sizes
    when = times(trace)
    ends = when + (math.inf if trace.ttls is None else np.array(trace.ttls)) + late
    last = np.full(given.unique, ABSENT)
    left = Copies(ends.astype(float), sizes.astype(float))
    found = call(future.lives, given.keys, given.ops, left, last, compiled=is_fast)
    ends, sizes = map(np.asarray, found)
    is_read = then < len(then)
    expired = is_read & (np.append(when, 0.0)[then] > ends)
    return np.where(expired, len(then), then), sizes


def _bytes(trace: Trace, value_size: int) -> np.ndarray:
    """Return the bytes of key and value of each request."""
    codes, names = trace.coded
    of_keys = np.array([len(name.encode("utf-8", "surrogateescape")) for name in names])
    sizes: np.ndarray = of_keys[codes] + np.array(trace.sizes or value_size)
    return sizes


def most_by_bytes(then: np.ndarray, sizes: np.ndarray, memory: float) -> float:
    """Return how many copies can hit at most if each takes its bytes for as long as it is kept: the cheapest first.

    Time is counted in requests.
    """
    hits = np.flatnonzero(then < len(then))
    if math.isinf(memory):
        return len(hits)
    prices = np.sort(sizes[hits].astype(float) * (then[hits] - hits))
    return int(np.searchsorted(np.cumsum(prices), memory * (len(then) - 1), side="right"))


def infinite(trace: Trace, *, compiled: bool | None = None) -> float:
    """Return the hit ratio of a cache that never forgets: every read but the first of each key hits.

    >>> infinite(Trace.of_keys(["a", "b", "a", "a"]))
    0.5
    """
    given = columns(trace)
    if trace.ops is None:
        return ratio(given.reads - given.unique, given.reads)
    again, _ = next_reads(given, compiled=choose(compiled, work=len(trace)))
    return ratio(again, given.reads)
