"""The cost of outages, growth and distance: losses at a crash, cold starts, moved keys, hot shards, forks."""

import math

import numpy as np

from cachesim.errors import BadInput
from cachesim.units import KIB

Array = np.ndarray
PAGE = 4 * KIB  # bytes that a write copies while a fork shares the memory


def write_behind_loss(writes: float, flush_every: float) -> tuple[float, float]:
    """Return the (mean, largest) number of acknowledged writes that are lost when a write-behind cache dies.

    >>> write_behind_loss(1000.0, 5.0)
    (2500.0, 5000.0)
    """
    return writes * flush_every / 2, writes * flush_every


def failover_loss(writes: float, lag: float) -> float:
    """Return the number of acknowledged writes lost when a primary dies and its replica is `lag` seconds behind.

    >>> round(failover_loss(20_000, 0.001))
    20
    """
    return writes * lag


def needed_hit_ratio(rate: float, capacity: float) -> float:
    """Return the least hit ratio at which `rate` reads per second do not overload a database of this `capacity`.

    A cache that restarts empty is safe from the moment in which its `cold_hit_ratio` has reached this. The
    capacity is in queries per second.

    >>> round(needed_hit_ratio(50_000, 5_000), 2)
    0.9
    """
    return max(0.0, 1 - capacity / rate)


def safe_after(probabilities: Array, rate: float, capacity: float) -> float:
    """Return the seconds from a cold start until the database can serve the misses.

    Requests are independent, the cache is unlimited, and every miss fills it at once.

    >>> from cachesim.theory.hits import zipf
    >>> round(safe_after(zipf(100_000, 0.99), 5000, 1150))
    10
    """
    if capacity <= 0:
        raise BadInput(f"capacity must be > 0 queries per second, got {capacity:g}")

    def misses(t: float) -> float:
        return float(rate * (probabilities * np.exp(-rate * probabilities * t)).sum())

    if misses(0.0) <= capacity:
        return 0.0
    low, high = 0.0, 1.0
    while misses(high) > capacity:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if misses(middle) > capacity else (low, middle)
    return high


def moved_keys(nodes: int, *, ring: bool) -> float:
    """Return the share of the keys that move when one node is added to `nodes`.

    With `ring` (consistent hashing, ketama) only the new node's share moves; modulo moves nearly all keys.

    >>> round(moved_keys(9, ring=False), 2), round(moved_keys(9, ring=True), 2)
    (0.9, 0.1)

    References
    ----------
    Karger et al., "Consistent hashing and random trees", STOC 1997.
    """
    return (1 if ring else nodes) / (nodes + 1)


def node_loss_load(hit_ratio: float, nodes: float) -> float:
    """Return the factor by which the database's load grows when one of `nodes` cache nodes is lost.

    The node has one part in `nodes` of the reads; a node with the share s is one of 1/s.

    >>> round(node_loss_load(0.95, 4), 2)
    5.75
    """
    return (1 - hit_ratio * (1 - 1 / nodes)) / (1 - hit_ratio)


def cluster_throughput(node_throughput: float, shares: Array) -> float:
    """Return the requests per second of a cluster whose shards get these shares of the requests.

    The busiest shard is full first, so more shards help no longer beyond 1 / (share of the hottest key).

    >>> cluster_throughput(100_000, [0.5, 0.25, 0.25])
    200000.0
    """
    return float(node_throughput / np.max(shares))


def fork_copy(memory: float, writes: float, save_time: float) -> float:
    """Return the bytes that a fork's copy-on-write adds while a snapshot is saved.

    Parameters
    ----------
    memory : float
        Bytes of the data set.
    writes : float
        Writes per second, each to a random page.
    save_time : float
        Seconds until the snapshot is saved.

    >>> round(fork_copy(4 * 2**30, 5000, 40) / 2**30, 2)
    0.69
    """
    pages = memory / PAGE
    return -pages * math.expm1(-writes * save_time / pages) * PAGE


def cross_zone_cost(trips: float, near: float, far: float) -> float:
    """Return the additional seconds of `trips` round trips that take `far` instead of `near` seconds each.

    `trips` may be a mean: 2/3, if two of three requests of one trip leave their zone.

    >>> round(cross_zone_cost(10, 0.0002, 0.0008), 4)
    0.006
    """
    return trips * (far - near)


def lost_sessions(groups: Array, memory: float, reads: float) -> float:
    """Return the share of visits whose session was evicted by LRU.

    Parameters
    ----------
    groups : array
        All groups that share the cache, as rows (keys, reads per second per key, bytes per key): shape (groups, 3).
    memory : float
        Bytes of the cache.
    reads : float
        Reads per second of each session.

    >>> data = [(50_000, 1 / 300, 1024), (2_000_000, 1 / 2400, 2048)]
    >>> round(lost_sessions(data, 2**30, 1 / 300), 3)
    0.099
    """
    keys, rates, sizes = np.asarray(groups, dtype=float).T

    def held(t: float) -> float:
        return float((keys * sizes * -np.expm1(-rates * t)).sum())

    if memory >= (keys * sizes).sum():
        return 0.0
    low, high = 0.0, 1.0
    while held(high) < memory:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if held(middle) < memory else (low, middle)
    return math.exp(-reads * high)
