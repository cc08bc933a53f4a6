"""TTL, invalidation and staleness of one key with Poisson reads and writes; races and herds."""

import math


def ttl_hit_ratio(reads: float, ttl: float) -> float:
    """Return the hit ratio of a key that is read `reads` times a second and lives `ttl` from its fill.

    >>> round(ttl_hit_ratio(2.0, 3.0), 4)
    0.8571
    """
    return reads * ttl / (1 + reads * ttl)


def sliding_ttl_hit_ratio(reads: float, ttl: float) -> float:
    """Return the hit ratio when every hit starts the TTL anew.

    >>> round(sliding_ttl_hit_ratio(0.5, 3.0), 4)
    0.7769
    """
    return -math.expm1(-reads * ttl)


def stale_hit_ratio(writes: float, ttl: float) -> float:
    """Return the share of hits that are stale under lazy loading with a TTL and no invalidation.

    >>> round(stale_hit_ratio(0.3, 4.0), 3)
    0.418
    """
    return 1 + math.expm1(-writes * ttl) / (writes * ttl)


def lazy_stale_ratio(reads: float, writes: float, ttl: float) -> float:
    """Return the share of *reads* that are stale under lazy loading with a TTL: hit ratio times stale hits.

    >>> round(lazy_stale_ratio(5.0, 0.3, 4.0), 3)
    0.398
    """
    return ttl_hit_ratio(reads, ttl) * stale_hit_ratio(writes, ttl)


def versions_behind(writes: float, ttl: float) -> float:
    """Return by how many versions a hit lags behind on average, lazy loading with a TTL.

    >>> versions_behind(0.5, 4.0)
    1.0
    """
    return writes * ttl / 2


def invalidate_hit_ratio(reads: float, writes: float, ttl: float = math.inf) -> float:
    """Return the hit ratio when a write deletes the key, with or without a TTL.

    >>> invalidate_hit_ratio(3.0, 1.0)
    0.75
    """
    if ttl == math.inf:
        return reads / (reads + writes)
    life = -math.expm1(-writes * ttl) / writes
    return reads * life / (1 + reads * life)


def write_through_hit_ratio(reads: float, writes: float, ttl: float) -> float:
    """Return the hit ratio when a write and a miss both set the key for `ttl` seconds.

    >>> round(write_through_hit_ratio(1.0, 1.0, 1.0), 4)
    0.7746
    """
    life = math.expm1(writes * ttl) / writes
    return life / (life + 1 / (reads + writes))


def poisoned_fill(writes: float, fill_gap: float, delete_gap: float) -> float:
    """Return the probability that a fill leaves an outdated value behind.

    Reading the row and setting the key are `fill_gap` seconds apart, commit and delete `delete_gap`.

    >>> round(poisoned_fill(2.0, 0.008, 0.001), 4)
    0.0139
    """
    return -math.expm1(-writes * max(0.0, fill_gap - delete_gap))


def herd(reads: float, load_time: float) -> float:
    """Return how many loads an expired hot key causes: the first miss and those during its load.

    >>> herd(200.0, 0.2)
    41.0
    """
    return 1 + reads * load_time
