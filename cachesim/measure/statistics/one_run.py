"""Intervals from one long run: batch means, and the bootstrap for quantiles.

The requests of one run do not depend on luck alone: in a queue, the next request waits as well; in a cold cache,
all of them miss. An interval that takes them as independent values is far too narrow.

References
----------
Law, "Simulation Modeling and Analysis", 5th ed. (2015), section 9.5.3: batch means.
Fishman, "Grouping observations in digital simulation", Management Science 24 (1978), 510-521: the check.
Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979), 1-26.
Carlstein, "The use of subseries values ...", Annals of Statistics 14 (1986), 1171-1179: blocks side by side.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cachesim.errors import BadInput
from cachesim.measure.statistics.intervals import Interval, interval
from cachesim.measure.statistics.warm_up import binned
from cachesim.rng import stream

BATCHES = (
    20  # more batches are shorter, so less independent (Schmeiser, Operations Research 30, 1982)
)
DOUBT = 1.2816  # 90 % of a normal distribution lie below this


class BatchMeans(NamedTuple):
    """The interval of a long run's mean, and whether its batches were long enough for it to hold."""

    interval: Interval
    size: int  # values per batch
    lag1: float  # correlation of neighbouring batch means, by von Neumann's ratio
    independent: bool  # lag1 is no higher than chance makes it in 9 of 10 cases


def batch_means(
    values: Sequence[float], batches: int = BATCHES, confidence: float = 0.95
) -> BatchMeans:
    """Return the mean of a long run with an interval from the means of a few long batches.

    The means of long batches hardly depend on each other, so they are a sample like any other. The check is
    von Neumann's ratio. With so few batches it can warn, but it proves nothing.

    Parameters
    ----------
    values : sequence of float
        The values measured after the warm-up, in the order of time.
    batches : int
        Number of batches, at least 8; the values left over at the end are dropped.

    Raises
    ------
    BadInput
        Fewer than 8 batches, or fewer values than batches.

    Examples
    --------
    >>> alternating = [0.0, 1.0] * 100
    >>> found = batch_means(alternating, batches=10)
    >>> found.interval.mean, found.size, found.independent
    (0.5, 20, True)
    >>> batch_means([float(t) for t in range(200)]).independent  # a trend
    False
    """
    if batches < 8 or len(values) < batches:
        raise BadInput(
            f"batches must be >= 8 and <= {len(values)}, the number of values, got {batches}"
        )
    size = len(values) // batches
    means = binned(values[: size * batches], size)
    lag1 = _von_neumann(means)
    chance = math.sqrt((batches - 2) / (batches**2 - 1))  # standard deviation of lag1 by chance
    return BatchMeans(interval(means.tolist(), confidence), size, lag1, lag1 <= DOUBT * chance)


def _von_neumann(means: np.ndarray) -> float:
    scatter = float(((means - means.mean()) ** 2).sum())
    return 1 - float((np.diff(means) ** 2).sum()) / (2 * scatter) if scatter else 0.0


def quantile_interval(
    values: Sequence[float],
    q: float,
    *,
    block: int = 1,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 1,
) -> Interval:
    """Return a quantile of the values with its bootstrap percentile interval.

    The values stand for the whole world. Each `resample` draws blocks from them, with replacement, until it has
    as many values. The quantiles of many resamples show how far a quantile moves from one sample to the next.

    Parameters
    ----------
    values : sequence of float
        Independent values if `block` is 1; otherwise the values of one run, in the order of time.
    q : float
        Which quantile, such as 0.99.
    block : int
        Number of consecutive values that are drawn together, because they depend on each other. For the
        latencies of one run take a twentieth of the run, as for batch means.
    resamples : int
        Number of resamples.
    seed : int
        The same seed gives the same interval.

    Returns
    -------
    Interval
        Its field `mean` holds the quantile of the values themselves.

    Raises
    ------
    BadInput
        q not between 0 and 1, or fewer than 8 blocks.

    Examples
    --------
    >>> quantile_interval(range(1, 102), 0.5)
    Interval(mean=51.0, low=41.0, high=61.0)
    """
    if not 0 < q < 1:
        raise BadInput(f"q must lie between 0 and 1, such as 0.99, got {q}")
    if block < 1 or len(values) < 8 * block:
        raise BadInput(
            f"block must be >= 1 and leave at least 8 blocks of {len(values)} values, got {block}"
        )
    blocks = np.asarray(values, dtype=float)[: len(values) // block * block].reshape(-1, block)
    draw = stream(seed, "bootstrap").integers
    found = [np.quantile(blocks[draw(len(blocks), size=len(blocks))], q) for _ in range(resamples)]
    low, high = np.quantile(found, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return Interval(float(np.quantile(blocks, q)), float(low), float(high))
