"""Hit ratios of caches whose requests are independent of each other."""

import numpy as np

from cachesim.errors import BadInput

Array = np.ndarray


def zipf(keys: int, skew: float) -> Array:
    """Return the probabilities of `keys` ranks, proportional to 1 / rank ** skew, shape (keys,).

    >>> zipf(2, 1.0).round(3).tolist()
    [0.667, 0.333]
    """
    weights = np.arange(1, keys + 1, dtype=float) ** -skew
    return np.asarray(weights / weights.sum())


def characteristic_time(rates: Array, items: float, *, fifo: bool = False) -> float:
    """Return the time a key stays in a cache of `items` equal items without being asked for.

    With rates per request (probabilities) it is in requests, with rates per second in seconds.

    References
    ----------
    Che, Tung and Wang, "Hierarchical web caching systems", IEEE JSAC 20 (2002), for LRU; Martina, Garetto
    and Leonardi, INFOCOM 2014, for FIFO and RANDOM.
    """
    if not 0 < items < len(rates):
        raise BadInput(
            f"items must be > 0 and below the number of keys ({len(rates)}), got {items}"
        )
    low, high = 0.0, 1.0
    while _held(rates, high, fifo=fifo).sum() < items:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if _held(rates, middle, fifo=fifo).sum() < items else (low, middle)
        )
    return high


def _held(rates: Array, time: float, *, fifo: bool) -> Array:
    """Return the probability of each key to be in the cache."""
    return np.asarray(rates * time / (1 + rates * time) if fifo else -np.expm1(-rates * time))


def lru_hit_ratio(probabilities: Array, items: float) -> float:
    """Return Che's approximation of the hit ratio of LRU.

    >>> round(lru_hit_ratio(zipf(10_000, 0.99), 1000), 4)
    0.6641
    """
    time = characteristic_time(probabilities, items)
    return float((probabilities * _held(probabilities, time, fifo=False)).sum())


def fifo_hit_ratio(probabilities: Array, items: float) -> float:
    """Return the approximation of the hit ratio of FIFO and of RANDOM.

    >>> round(fifo_hit_ratio(zipf(10_000, 0.99), 1000), 4)
    0.619
    """
    time = characteristic_time(probabilities, items, fifo=True)
    return float((probabilities * _held(probabilities, time, fifo=True)).sum())


def lfu_hit_ratio(probabilities: Array, items: int) -> float:
    """Return the hit ratio of a cache that always holds the most popular keys: perfect LFU.

    >>> round(lfu_hit_ratio(zipf(10_000, 0.99), 1000), 3)
    0.756
    """
    return float(np.sort(probabilities)[::-1][:items].sum())


def lru_with_deletes_hit_ratio(reads: Array, writes: Array, items: float) -> float:
    """Return the share of reads that hit LRU when every write deletes the key; rates per key.

    >>> p = zipf(10_000, 0.99)
    >>> round(lru_with_deletes_hit_ratio(0.95 * p, 0.05 * p, 1000), 4)
    0.6375
    """

    def held(time: float) -> Array:
        return np.asarray(reads / (reads + writes) * -np.expm1(-(reads + writes) * time))

    low, high = 0.0, 1.0
    while held(high).sum() < items and high < 1e18:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if held(middle).sum() < items else (low, middle)
    return float((reads * held(high)).sum() / reads.sum())


def cold_hit_ratio(probabilities: Array, rate: float, t: float) -> float:
    """Return the hit ratio `t` seconds after an empty, unlimited cache began to be asked `rate` times a second.

    >>> round(cold_hit_ratio(zipf(100_000, 0.99), 5000, 60), 2)
    0.91
    """
    return float((probabilities * -np.expm1(-rate * probabilities * t)).sum())
