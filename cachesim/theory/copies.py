"""How long a cached copy lives if eviction, a TTL and writes can end it; hit and stale ratios follow.

A copy's *life* is the mean time from the set of a key until it is evicted (no use for the characteristic time t),
expires (ttl after the set) or is written, whichever comes first. The hit ratio of every strategy follows from lives
by a renewal argument: reads are Poisson, so a copy gets reads · life hits.

References
----------
Che, Tung and Wang, IEEE JSAC 20 (2002), for t; Jung, Berger and Balakrishnan, "Modeling TTL-based Internet
caches", INFOCOM 2003, for the renewals. Their combination is our own: the first pause of t between reads obeys
S(s) = 1 for s < t, then drops by e^(-λt), then S'(s) = -λ e^(-λt) S(s - t).
"""

import math
from typing import NamedTuple

import numpy as np

Array = np.ndarray
STEPS = 64  # of the grid, per characteristic time
LONG = 40  # characteristic times: for a longer TTL, eviction is memoryless


class Freshness(NamedTuple):
    """Hit and stale ratio of the reads of every key; arrays of shape (keys,)."""

    hit: Array
    stale: Array


def copy_life(
    reads: Array, writes: Array, ttl: float, eviction: float, policy: str = "lru"
) -> Array:
    """Return the mean life of a copy in seconds, shape (keys,).

    Parameters
    ----------
    reads, writes : array
        Rates of every key per second; a read keeps the copy from eviction, a write ends its life.
    ttl : float
        Seconds from the set; inf for none.
    eviction : float
        Seconds without a use after which LRU evicts; inf if all keys fit.
    policy : {"lru", "fifo", "random"}
        Under FIFO a use does not prolong the life; under RANDOM the time to eviction is exponential.

    >>> copy_life(np.array([2.0]), np.array([0.0]), ttl=3.0, eviction=math.inf).round(6).tolist()
    [3.0]
    """
    if policy == "random":
        return _capped(writes + 1 / eviction, ttl)
    if policy == "fifo" or ttl <= eviction:
        return _capped(writes, min(ttl, eviction))
    if ttl > LONG * eviction:
        return _capped(1 / _unlimited(reads, writes, eviction), ttl)
    return _between(reads, writes, ttl, eviction)


def _unlimited(reads: Array, writes: Array, eviction: float) -> Array:
    """Return the life without a TTL: it goes on at every read and ends at a write or after a long pause."""
    either = reads + writes
    idle = np.exp(-either * eviction)  # probability of neither for so long
    return np.asarray((1 - idle) / (writes + reads * idle))


def _capped(rate: Array, ttl: float) -> Array:
    """Return the mean of the smaller of an exponential time with this rate and the TTL."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rate * ttl > 1e-9, -np.expm1(-rate * ttl) / rate, ttl)


def _between(reads: Array, writes: Array, ttl: float, eviction: float) -> Array:
    """Integrate S(s) · e^(-writes · s) up to the TTL, by trapezoids on a grid that meets every kink."""
    step = eviction / STEPS
    gap = reads * np.exp(-reads * eviction)  # rate at which a fatal pause begins
    alive = [np.ones_like(reads)] * STEPS
    now = 1 - np.exp(-reads * eviction)
    life = _capped(writes, eviction)
    for n in range(STEPS, STEPS + math.floor((ttl - eviction) / step)):
        alive.append(now)
        then = now - step * gap * (alive[n - STEPS] + _at(alive, n + 1 - STEPS)) / 2
        fade = np.exp(-writes * (n * step)) * step / 2
        life = life + fade * (now + then * np.exp(-writes * step))
        now = then
    rest = (ttl - eviction) % step
    return life + rest * now * np.exp(-writes * ttl)


def _at(alive: list[Array], n: int) -> Array:
    """Return S just before step n: at the kink, 1."""
    return alive[STEPS - 1] if n == STEPS else alive[n]


def lazy_freshness(
    reads: Array, writes: Array, ttl: float, eviction: float, policy: str = "lru"
) -> Freshness:
    """Return hit and stale ratios of lazy loading if writes leave the cached copy as it is.

    >>> hit, stale = lazy_freshness(np.array([5.0]), np.array([0.3]), ttl=4.0, eviction=math.inf)
    >>> round(hit.item(), 3), round(stale.item(), 3)
    (0.952, 0.398)
    """
    life = copy_life(reads, 0 * writes, ttl, eviction, policy)
    fresh = copy_life(reads, writes, ttl, eviction, policy)
    misses = 1 / (1 + reads * life)
    with np.errstate(invalid="ignore"):
        stale = np.where(writes > 0, 1 - misses - reads * fresh * misses, 0.0)
    return Freshness(1 - misses, stale)


def invalidate_freshness(
    reads: Array, writes: Array, ttl: float, eviction: float, policy: str = "lru"
) -> Freshness:
    """Return hit and stale ratios of lazy loading if writes delete the copy at once: never stale.

    >>> invalidate_freshness(np.array([3.0]), np.array([1.0]), math.inf, math.inf).hit.tolist()
    [0.75]
    """
    life = copy_life(reads, writes, ttl, eviction, policy)
    return Freshness(1 - 1 / (1 + reads * life), 0 * reads)


def write_through_freshness(reads: Array, writes: Array, ttl: float, eviction: float) -> Freshness:
    """Return hit and stale ratios if both a write and a miss set the copy: never stale; LRU.

    >>> one = np.array([1.0])
    >>> write_through_freshness(one, one, 1.0, math.inf).hit.round(4).tolist()
    [0.7746]
    """
    life = copy_life(reads, writes, ttl, eviction)
    absent = (1 - writes * life) / (reads + writes)  # between a copy's end and the next set
    return Freshness(life / (life + absent), 0 * reads)
