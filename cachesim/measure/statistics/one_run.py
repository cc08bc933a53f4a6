"""What one long run can say: batch means, and bootstrap intervals for quantiles.

The requests of one run are no sample of independent values: a queue makes the next one wait as well, a cold
cache makes all of them miss. Taken one by one, they give an interval that is far too narrow.

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
    20  # more make them shorter, and so less independent (Schmeiser, Operations Research 30, 1982)
)
DOUBT = 1.2816  # 90 % of a normal distribution lie below


class BatchMeans(NamedTuple):
    """The interval of a long run's mean, and whether its batches were long enough to believe it."""

    interval: Interval
    size: int  # values to a batch
    lag1: float  # correlation of each batch's mean with the next one's, by von Neumann's ratio
    independent: bool  # lag1 is no higher than chance makes it in 9 of 10 cases


def batch_means(
    values: Sequence[float], batches: int = BATCHES, confidence: float = 0.95
) -> BatchMeans:
    """Return the mean of a long run with an interval from the means of a few long batches.

    Batches that are long enough forget each other, and their means are then a sample like any other. The
    check is von Neumann's ratio, which takes few batches to mean anything: it warns, it does not prove.

    Parameters
    ----------
    values : sequence of float
        What the run measured after its warm-up, in the order of time.
    batches : int
        How many, at least 8; what is left over at the end is dropped.

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
    chance = math.sqrt(
        (batches - 2) / (batches**2 - 1)
    )  # its standard deviation without correlation
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

    The values stand for the world: as many blocks as there are are drawn from them with replacement, and
    the quantile of each such `resample` shows how far it moves from one sample to the next.

    Parameters
    ----------
    values : sequence of float
        Independent values with `block=1`; otherwise a run, in the order of time.
    q : float
        Which quantile, such as 0.99.
    block : int
        How many consecutive values are drawn together, so that what depends on each other stays together;
        for the latencies of one run take a twentieth of it, as in batch means.
    resamples : int
        How many are drawn.
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
