"""Hit ratios of caches with independent requests."""

import math

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


def characteristic_time(
    rates: Array, items: float, *, fifo: bool = False, deletes: Array | None = None
) -> float:
    """Return the time for which a key stays in a cache of `items` equal items without a use.

    It is in requests if the rates are probabilities, in seconds if they are rates per second.

    Parameters
    ----------
    rates : array
        Rate of use of every key, shape (keys,).
    items : float
        Number of keys that fit.
    fifo : bool
        True for FIFO and RANDOM, in which a use does not prolong the stay.
    deletes : array, optional
        Rates at which the keys are deleted; if they keep the cache from filling up, the time is inf.

    References
    ----------
    Che, Tung and Wang, "Hierarchical web caching systems", IEEE JSAC 20 (2002), for LRU; Martina, Garetto
    and Leonardi, INFOCOM 2014, for FIFO and RANDOM.
    """
    if not 0 < items < len(rates):
        raise BadInput(
            f"items must be > 0 and below the number of keys ({len(rates)}), got {items}"
        )
    gone = 0.0 * rates if deletes is None else deletes
    if (rates / (rates + gone)).sum() <= items:
        return math.inf
    low, high = 0.0, 1.0
    while _held(rates, gone, high, fifo=fifo).sum() < items:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        short = _held(rates, gone, middle, fifo=fifo).sum() < items
        low, high = (middle, high) if short else (low, middle)
    return high


def _held(rates: Array, deletes: Array, time: float, *, fifo: bool) -> Array:
    """Return the probability that each key is in the cache."""
    if fifo:
        return np.asarray(rates * time / (1 + (rates + deletes) * time))
    either = rates + deletes
    return np.asarray(rates / either * -np.expm1(-either * time))


def lru_hit_ratio(probabilities: Array, items: float) -> float:
    """Return Che's approximation of the hit ratio of LRU.

    >>> round(lru_hit_ratio(zipf(10_000, 0.99), 1000), 4)
    0.6641
    """
    time = characteristic_time(probabilities, items)
    return float((probabilities * -np.expm1(-probabilities * time)).sum())


def fifo_hit_ratio(probabilities: Array, items: float) -> float:
    """Return the approximation of the hit ratio of FIFO and of RANDOM.

    >>> round(fifo_hit_ratio(zipf(10_000, 0.99), 1000), 4)
    0.619
    """
    time = characteristic_time(probabilities, items, fifo=True)
    asked = probabilities * time
    return float((probabilities * asked / (1 + asked)).sum())


def lfu_hit_ratio(probabilities: Array, items: int) -> float:
    """Return the hit ratio of a cache that always holds the most popular keys: perfect LFU.

    >>> round(lfu_hit_ratio(zipf(10_000, 0.99), 1000), 3)
    0.756
    """
    return float(np.sort(probabilities)[::-1][:items].sum())


def lru_with_deletes_hit_ratio(reads: Array, writes: Array, items: float) -> float:
    """Return the share of reads that hit LRU, if every write deletes its key; rates are per key.

    >>> p = zipf(10_000, 0.99)
    >>> round(lru_with_deletes_hit_ratio(0.95 * p, 0.05 * p, 1000), 4)
    0.6375
    """
    time = characteristic_time(reads, items, deletes=writes)
    held = _held(reads, writes, time, fifo=False)
    return float((reads * held).sum() / reads.sum())


def cold_hit_ratio(probabilities: Array, rate: float, t: float) -> float:
    """Return the hit ratio of an unlimited cache `t` seconds after it started empty, at `rate` requests per second.

    >>> round(cold_hit_ratio(zipf(100_000, 0.99), 5000, 60), 2)
    0.91
    """
    return float((probabilities * -np.expm1(-rate * probabilities * t)).sum())
