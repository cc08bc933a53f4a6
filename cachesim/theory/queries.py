"""Cached results of queries: how often a write outdates one, and what it costs to delete too few of them.

The model: Poisson reads of one query and Poisson writes over all rows; a share of the rows meets the condition, and
each write decides by chance whether its row meets it from then on. Nothing takes time, and the cache is large.
"""

from typing import NamedTuple


class ResultFreshness(NamedTuple):
    """Hit and stale ratio of the reads of one query."""

    hit: float
    stale: float


def result_changes(writes: float, share: float) -> float:
    """Return how often per second a commit changes what a query depends on.

    Its row met the condition before the commit, or meets it after it: 1 − (1 − p)² of the writes.

    >>> round(result_changes(writes=100.0, share=0.1), 9)
    19.0
    """
    return writes * (1 - (1 - share) ** 2)


def row_invalidation(reads: float, writes: float, share: float) -> ResultFreshness:
    """Return hit and stale ratio if a write deletes the results that contained its row, and there is no TTL.

    A result dies with the first write to one of its rows, at the rate d = p·writes. Until then a row that newly
    matches outdates it, at the rate c = (1 − p)·p·writes. So a cycle has 1/d seconds, in the last
    1/d − 1/(c + d) of which the result is stale.

    >>> hit, stale = row_invalidation(reads=30.0, writes=100.0, share=0.1)
    >>> round(hit, 3), round(stale, 3)
    (0.75, 0.355)
    """
    dies, outdated = share * writes, (1 - share) * share * writes
    hit = reads / (reads + dies)
    return ResultFreshness(hit, hit * outdated / (outdated + dies))
