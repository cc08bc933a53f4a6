"""A link that keeps the order, such as replication over TCP: what is still under way on it.

Rates are per second, times in seconds. Entry i arrives at max(arrival of entry i - 1, its time + its lag). So an old
entry that is slow holds up all that follow it.
"""

import math
from collections.abc import Callable

import numpy as np

Array = np.ndarray
LONGEST, STEPS = 30.0, 3000  # -ln of the share of lags that is left out; steps up to there


def in_flight(rate: float, lag: Callable[[float], float], replicas: int = 1) -> float:
    """Give the mean number of entries that have not arrived at some moment.

    With several replicas it is the number that the best of them lacks: the one that a failover chooses. So it is
    the number of acknowledged writes that a crash of the primary loses.

    An entry of age a has not arrived if its own lag, or the lag of some older entry, is longer than the age of
    that entry. Let F be the distribution of the lag. Lags of older entries that are that long are as many as the
    busy servers older than a of an M/G/∞ queue: a Poisson number with the mean rate · ∫_a^∞ (1 - F(s)) ds. So the
    entry has arrived at k given replicas with the probability F(a)^k · exp(-rate · ∫_a^∞ (1 - F(s)^k) ds);
    inclusion and exclusion give the probability that it has arrived at none, and rate · ∫ of that over a is
    the mean.

    Parameters
    ----------
    rate : float
        Entries per second, at random moments (Poisson). Entries of one instant count as one.
    lag : callable
        The quantile function of the lag: share of the lags (0 < u < 1) -> seconds. Lags are independent.
    replicas : int
        How many replicas have a link of their own, with the same law.

    >>> round(in_flight(2000.0, lambda u: 0.02))  # a constant lag: rate · lag
    40
    >>> round(
    ...     in_flight(2000.0, lambda u: -0.02 * math.log1p(-u)), 1
    ... )  # exponential, with the same mean
    171.6

    References
    ----------
    Own derivation. For an exponential lag of mean m it is x · (ln x + γ + E1(x)) + 1 - e^(-x), with x = rate · m.
    """
    shares = -np.expm1(-np.linspace(LONGEST / STEPS**2, LONGEST, STEPS))
    ages = np.array([lag(share) for share in shares.tolist()])
    missing = sum(
        (-1) ** k * math.comb(replicas, k) * shares**k * np.exp(-rate * _left(1 - shares**k, ages))
        for k in range(replicas + 1)
    )
    return float(rate * (ages[0] + np.trapezoid(missing, ages)))


def _left(longer: Array, ages: Array) -> Array:
    """Integrate the probability of a longer lag from each age to the last one."""
    parts = (longer[1:] + longer[:-1]) / 2 * np.diff(ages)
    return np.append(np.cumsum(parts[::-1])[::-1], 0.0)
