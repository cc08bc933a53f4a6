"""Many misses at once: herds on a key that expires, and ways to thin them out."""

import math
from typing import NamedTuple

import numpy as np

Array = np.ndarray
EULER = 0.5772156649015329  # Euler's constant


def herd(reads: float, load_time: float) -> float:
    """Return the number of loads when a hot key expires: the first miss, and the misses during its load.

    >>> herd(200.0, 0.2)
    41.0
    """
    return 1 + reads * load_time


def herd_miss_ratio(reads: float, load_time: float, ttl: float) -> float:
    """Return the share of the reads of a key that miss, if every miss loads the key for itself.

    A cycle is: the first miss, its load, the later loads that set the key again, the TTL of the last one.

    Parameters
    ----------
    reads : float
        Reads of the key per second, Poisson.
    load_time, ttl : float
        Seconds from a miss to its set (constant), and the TTL; load_time < ttl.

    >>> round(herd_miss_ratio(10.0, 0.1, 1.0), 4)
    0.1617
    """
    last = load_time + math.expm1(-reads * load_time) / reads  # from the first set to the last
    return herd(reads, load_time) / (reads * (load_time + 1 / reads + ttl + last))


class SingleFlightShares(NamedTuple):
    """Shares of the reads of a key if only the first miss loads it; they sum to 1."""

    hit: float
    delayed: float  # reads that came during the load and waited for it
    miss: float


def single_flight(reads: float, load_time: float, ttl: float) -> SingleFlightShares:
    """Return the shares of reads that hit, that wait for a load in progress, and that load.

    >>> hit, delayed, miss = single_flight(10.0, 0.1, 1.0)
    >>> round(hit, 3), round(delayed, 3), round(miss, 3)
    (0.833, 0.083, 0.083)
    """
    cycle = 1 + reads * (load_time + ttl)
    return SingleFlightShares(reads * ttl / cycle, reads * load_time / cycle, 1 / cycle)


def early_refresh(before: float, load_time: float, beta: float = 1.0) -> float:
    """Return the probability that XFetch refreshes at a read `before` seconds ahead of the expiry.

    >>> round(early_refresh(0.2, 0.2), 3)
    0.368

    References
    ----------
    Vattani, Chierichetti and Lowenstein, "Optimal probabilistic cache stampede prevention", PVLDB 8(8), 2015:
    refresh if now - load_time · beta · ln(U) >= expiry, U uniform.
    """
    return math.exp(-max(0.0, before) / (beta * load_time))


def early_refresh_loads(beta: float = 1.0) -> float:
    """Return the number of loads per expiry under XFetch, for a key with many reads during beta · load time.

    >>> [round(early_refresh_loads(beta), 2) for beta in (0.5, 1.0, 2.0)]
    [7.39, 2.72, 1.65]
    """
    return math.exp(1 / beta)


def early_refresh_lead(reads: float, load_time: float, beta: float = 1.0) -> float:
    """Return the mean time from XFetch's first refresh to the expiry, in seconds.

    >>> round(early_refresh_lead(500.0, 0.2), 2)
    1.04
    """
    scale = beta * load_time
    return scale * (math.log(reads * scale) + EULER)


def jittered_expiries(keys: int, ttl: float, jitter: float) -> float:
    """Return the number of keys that expire per second, if all are filled together with ttl · (1 ± jitter).

    The expiries are spread evenly over 2 · jitter · ttl seconds; without jitter all keys expire at once.

    >>> round(jittered_expiries(100_000, 300.0, 0.05)), jittered_expiries(10, 300.0, 0.0)
    (3333, inf)
    """
    return keys / (2 * jitter * ttl) if jitter > 0 else math.inf


def negative_misses(reads: Array | float, ttl: float) -> float:
    """Return the database queries per second for absent keys, if their absence is cached for `ttl` seconds.

    Parameters
    ----------
    reads : array or float
        Reads per second of each absent key, shape (keys,).
    ttl : float
        Seconds; a row that is inserted meanwhile stays hidden for at most this long.

    >>> round(negative_misses(1000.0, 10.0), 2)
    0.1
    """
    rates = np.asarray(reads, dtype=float)
    return float((rates / (1 + rates * ttl)).sum())
