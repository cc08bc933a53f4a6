"""Races between a cache and its database: how often an outdated value gets into the cache.

One key has Poisson writes. A *gap* is the time between two steps of one client, in which another client can act.
"""

import math

import numpy as np


def poisoned_fill(writes: float, fill_gap: float, delete_gap: float) -> float:
    """Return the probability that a fill stores an outdated value, with constant gaps.

    Both the commit and the delete of a write fall between the reader's query and its set, so the delete finds
    nothing to delete.

    Parameters
    ----------
    writes : float
        Writes of the key per second.
    fill_gap, delete_gap : float
        Seconds from reading the row to setting the key, and from commit to delete.

    >>> round(poisoned_fill(2.0, 0.008, 0.001), 4)
    0.0139
    """
    return -math.expm1(-writes * max(0.0, fill_gap - delete_gap))


def stale_set(writes: float, fill_gap: float, delete_gap: float) -> float:
    """Return the probability of `poisoned_fill` with exponential gaps of these means.

    It is about writes · G² / (G + g) while that is small (G: fill gap, g: delete gap). The writes that commit and
    delete within a fill gap of length x are Poisson with mean writes · E[(x - g)+]; the mean over x is a
    Gauss-Laguerre sum.

    >>> round(stale_set(2.0, 0.008, 0.001), 4)
    0.014
    >>> round(2.0 * 0.008**2 / (0.008 + 0.001), 4)
    0.0142
    """
    points, weights = np.polynomial.laguerre.laggauss(40)
    x = fill_gap * points
    over = x + delete_gap * np.expm1(-x / delete_gap) if delete_gap > 0 else x
    return float(-(weights * np.expm1(-writes * over)).sum())


def dual_write_inversion(writes: float, set_delay: float) -> float:
    """Return the probability that a write's set arrives after the set of the next write of the key.

    Two writers commit in one order and set in the other order: the cache keeps the older value.

    Parameters
    ----------
    writes : float
        Writes of the key per second.
    set_delay : float
        Mean seconds from commit to set, exponential.

    >>> round(dual_write_inversion(20.0, 0.004), 4)
    0.037
    """
    return 0.5 * writes * set_delay / (1 + writes * set_delay)


def inversion_read(reads: float, writes: float, set_delay: float) -> float:
    """Return the probability that a write's copy arrives after that of *any* later write and is read as stale.

    Let d be the write's own delay, in units of `set_delay`. No later copy arrives before it with probability
    exp(-writes · set_delay · (d - 1 + e⁻ᵈ)). The copy stays until the next set, after Exp(writes) seconds. A read
    of it counts if it began after the newer copy had been acknowledged: at x seconds all but U · e^(-x / set_delay)
    of the reads, U uniform, because reads travel as long as sets do.

    Parameters
    ----------
    reads, writes : float
        Reads and writes of the key per second.
    set_delay : float
        Mean seconds from commit to set, and from the begin of a read to its visit at the cache; exponential.

    >>> round(inversion_read(100.0, 20.0, 0.004), 4)
    0.0303
    """
    points, weights = np.polynomial.laguerre.laggauss(60)
    late = -weights @ np.expm1(-writes * set_delay * (points - 1 + np.exp(-points)))
    early = -reads * set_delay * np.expm1(-points / (reads + writes) / set_delay)
    unread = writes / (reads + writes) * (weights @ (np.expm1(early) / early))
    return float(late * (1 - unread))


def early_delete_fill(reads: float, commit_time: float) -> float:
    """Return the probability that a read stores the old value again, if a write deletes *before* it commits.

    >>> round(early_delete_fill(200.0, 0.005), 2)
    0.63
    """
    return -math.expm1(-reads * commit_time)


def lagging_fill(reads: float, lag: float, gap: float = 0.0) -> float:
    """Return the probability that a deleted key is filled with the old value from a replica `lag` seconds behind.

    Parameters
    ----------
    reads : float
        Reads of the key per second.
    lag, gap : float
        Seconds from the commit until the replica has it, and from a miss until the replica is read.

    >>> round(lagging_fill(50.0, 0.020), 2), round(lagging_fill(50.0, 0.020, gap=0.004), 2)
    (0.63, 0.55)
    """
    return -math.expm1(-reads * max(0.0, lag - gap))


def replica_stale_ratio(writes: float, lag: float) -> float:
    """Return the share of the reads of a replica `lag` seconds behind that miss a committed write.

    >>> round(replica_stale_ratio(2.0, 0.050), 3)
    0.095
    """
    return -math.expm1(-writes * lag)


def quorum_stale_ratio(replicas: int, read: int, written: int, versions: int = 1) -> float:
    """Return the probability that none of the `read` replicas has one of the last `versions` writes.

    >>> round(quorum_stale_ratio(3, 1, 1), 3), round(quorum_stale_ratio(3, 1, 1, versions=3), 3)
    (0.667, 0.296)

    References
    ----------
    Bailis et al., "Probabilistically bounded staleness", PVLDB 5(8), 2012.
    """
    none = math.comb(replicas - written, read) / math.comb(replicas, read)
    return none**versions
