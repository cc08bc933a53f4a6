"""TTL, invalidation and staleness of one key; `reads` and `writes` are Poisson rates per second."""

import math


def ttl_hit_ratio(reads: float, ttl: float) -> float:
    """Return the hit ratio of a key that expires `ttl` seconds after its fill.

    >>> round(ttl_hit_ratio(2.0, 3.0), 4)
    0.8571
    """
    return reads * ttl / (1 + reads * ttl)


def sliding_ttl_hit_ratio(reads: float, ttl: float) -> float:
    """Return the hit ratio if every hit restarts the TTL.

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


def sliding_stale_ratio(reads: float, writes: float, ttl: float) -> float:
    """Return the share of reads that are stale, if every hit restarts the TTL and writes leave the copy.

    >>> round(sliding_stale_ratio(5.0, 0.3, 1.0), 3)
    0.89
    """
    hit = sliding_ttl_hit_ratio(reads, ttl)
    next_unwritten = reads / (reads + writes) * -math.expm1(-(reads + writes) * ttl)
    return hit - (1 - hit) * next_unwritten / (1 - next_unwritten)


def stale_age(writes: float, ttl: float) -> float:
    """Return the mean seconds for which a hit's copy has been outdated (0 if fresh), under lazy loading with a TTL.

    >>> round(stale_age(0.3, 4.0), 3)
    0.608
    """
    return ttl / 2 - 1 / writes - math.expm1(-writes * ttl) / (writes**2 * ttl)


def versions_behind(writes: float, ttl: float) -> float:
    """Return the mean number of versions that a hit lags behind, under lazy loading with a TTL.

    >>> versions_behind(0.5, 4.0)
    1.0
    """
    return writes * ttl / 2


def invalidate_hit_ratio(reads: float, writes: float, ttl: float = math.inf) -> float:
    """Return the hit ratio if a write deletes the key, with or without a TTL.

    >>> invalidate_hit_ratio(3.0, 1.0)
    0.75
    """
    if ttl == math.inf:
        return reads / (reads + writes)
    life = -math.expm1(-writes * ttl) / writes
    return reads * life / (1 + reads * life)


def write_through_hit_ratio(reads: float, writes: float, ttl: float) -> float:
    """Return the hit ratio if both a write and a miss set the key for `ttl` seconds.

    >>> round(write_through_hit_ratio(1.0, 1.0, 1.0), 4)
    0.7746
    """
    life = math.expm1(writes * ttl) / writes
    return life / (life + 1 / (reads + writes))
