"""What a fleet must hold and serve: popular keys beyond counting, the work of a shard's nodes, bytes, cost.

Rates are per second, times in seconds, sizes in bytes, shares between 0 and 1.
"""

import math
from typing import NamedTuple

import numpy as np

Array = np.ndarray
EXACT = 1000  # ranks that stand alone; later ranks share a class
WIDTH = 1.01  # the last rank of a class over its first
HEADER = 66  # bytes before the payload of a packet: Ethernet 14, IPv4 20, TCP with time stamps 32
SEGMENT = 1448  # bytes of payload in a packet of 1500


class Ranks(NamedTuple):
    """Zipf's law in classes of ranks that are nearly equally popular: a million million keys in 2000 numbers."""

    probabilities: Array  # of one key of the class
    counts: Array  # keys in the class

    @property
    def top(self) -> float:
        """The share of the requests that the most popular key gets."""
        return float(self.probabilities[0])

    @property
    def squares(self) -> float:
        """The sum of the squared probabilities of all keys."""
        return float((self.counts * self.probabilities**2).sum())


def zipf_classes(keys: int, skew: float) -> Ranks:
    """Put the ranks of Zipf's law into classes; the first 1000 ranks are exact.

    >>> ranks = zipf_classes(10**12, 0.99)
    >>> len(ranks.counts) < 4000, round(ranks.top, 4), round(float(ranks.counts.sum()) / 10**12, 6)
    (True, 0.0309, 1.0)
    """
    edges = _edges(keys)
    counts = np.diff(edges)
    middles = np.sqrt((edges[:-1] + 0.5) * (edges[1:] + 0.5))
    middles[: min(EXACT, keys)] = edges[1 : 1 + min(EXACT, keys)]
    weights = middles**-skew
    return Ranks(weights / (counts * weights).sum(), counts)


def _edges(keys: int) -> Array:
    """Give the last rank of each class, after a 0."""
    steps = math.ceil(math.log(max(1.0, keys / EXACT)) / math.log(WIDTH))
    later = np.geomspace(EXACT, keys, steps + 1)[1:].round() if steps else np.array([])
    return np.unique(np.concatenate([np.arange(min(EXACT, keys) + 1), later]))


def items_for(hit_ratio: float, ranks: Ranks) -> float:
    """Give how many of the keys LRU must hold to reach a hit ratio, by Che's approximation.

    >>> round(items_for(0.6641, zipf_classes(10_000, 0.99)), -1)
    1000.0

    References
    ----------
    Che, Tung and Wang, "Hierarchical web caching systems", IEEE JSAC 20 (2002).
    """
    p, counts = ranks
    if hit_ratio >= 1:
        return float(counts.sum())
    low, high = 0.0, 1.0
    while _hits(ranks, high) < hit_ratio:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _hits(ranks, middle) < hit_ratio else (low, middle)
    return float((counts * -np.expm1(-p * high)).sum())


def _hits(ranks: Ranks, time: float) -> float:
    p, counts = ranks
    return float((counts * p * -np.expm1(-p * time)).sum())


def refill_time(ranks: Ranks, rate: float, share: float = 0.9) -> float:
    """Give the seconds until a node that came up empty has again `share` of the hits that it had.

    Keys are placed at random, so the popularities on a node are like those of all keys.

    >>> round(refill_time(zipf_classes(1, 0.0), 1.0, 1 - math.exp(-2)), 6)
    2.0
    """
    low, high = 0.0, 1.0
    while _hits(ranks, rate * high) < share:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _hits(ranks, rate * middle) < share else (low, middle)
    return high


def node_work(
    reads: float,
    writes: float,
    replicas: int,
    at_primary: float,
    *,
    write: float,
    apply: float,
    read: float,
) -> float:
    """Give the work of the busiest node of a shard, in seconds per request of the shard.

    The primary does all writes and `at_primary` of the reads. The replicas share the other reads, and each of
    them applies all writes.

    Parameters
    ----------
    reads, writes : float
        Of each kind per request.
    replicas : int
        Beside the primary.
    at_primary : float
        Share of the reads.
    write, apply, read : float
        Seconds of a write at the primary, of the same write at a replica, and of a read.

    >>> round(1e6 * node_work(0.8, 0.2, 0, 1.0, write=1e-5, apply=6e-6, read=1e-5), 1)
    10.0
    >>> round(1e6 * node_work(0.8, 0.2, 2, 0.0, write=1e-5, apply=6e-6, read=1e-5), 1)
    5.2
    """
    primary = writes * write + reads * at_primary * read
    if not replicas:
        return primary
    return max(primary, writes * apply + reads * (1 - at_primary) / replicas * read)


def on_the_wire(payload: float) -> float:
    """Give the bytes of a message with the headers of its packets.

    >>> on_the_wire(500), on_the_wire(1449)
    (566, 1581)
    """
    return payload + HEADER * math.ceil(payload / SEGMENT)


def crossing_cost(rate: float, size: float, share: float, price: float) -> float:
    """Give the cost per hour of the bytes that leave their zone.

    Parameters
    ----------
    rate : float
        Requests per second.
    size : float
        Bytes of a request and its answer.
    share : float
        Of the requests that leave their zone.
    price : float
        Per GB (10**9 bytes).

    >>> round(crossing_cost(1000, 1000, 0.5, 0.01), 6)
    0.018
    """
    return rate * size * share * 3600 / 1e9 * price


def fleet_cost(shards: int, replicas: int, price: float, crossing: float = 0.0) -> float:
    """Give the cost per hour of a fleet: each node's price, and the bytes that leave their zone.

    >>> fleet_cost(3, 1, 0.25, 0.5)
    2.0
    """
    return shards * (1 + replicas) * price + crossing
