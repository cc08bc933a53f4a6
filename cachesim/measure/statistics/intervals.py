"""How far a mean can be trusted: Student-t intervals over independent replications, and paired differences.

References
----------
Law, "Simulation Modeling and Analysis", 5th ed. (2015), chapters 9 (replications) and 10 (paired-t, common
random numbers).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """A mean with the bounds of its confidence interval; the bounds are NaN if there is only one value."""

    mean: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    @property
    def shows_difference(self) -> bool:
        """True if the interval lies on one side of 0; for an interval of differences."""
        return self.low > 0 or self.high < 0


def interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the mean of independent values with its Student-t interval; a NaN makes both undefined.

    >>> mean, low, high = interval([1.0, 2.0, 3.0])
    >>> round(mean, 2), round(low, 2), round(high, 2)
    (2.0, -0.48, 4.48)
    """
    n = len(values)
    mean = math.fsum(values) / n if n else math.nan
    if n < 2 or math.isnan(mean):
        return Interval(mean, math.nan, math.nan)
    half = _student_t(confidence, n - 1) * math.sqrt(_variance(values) / n)
    return Interval(mean, mean - half, mean + half)


def paired_difference(
    ours: Sequence[float], theirs: Sequence[float], confidence: float = 0.95
) -> Interval:
    """Return the mean of `ours - theirs`, pair by pair, with its interval.

    With common random numbers both sides have the same luck, which cancels in the difference.

    >>> paired_difference([1.0, 2.0, 3.0], [0.5, 1.5, 2.5])
    Interval(mean=0.5, low=0.5, high=0.5)
    """
    return interval([a - b for a, b in zip(ours, theirs, strict=True)], confidence)


def variance_reduction(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the factor by which pairing reduces the variance of the difference.

    It is (var X + var Y) / var(X - Y): 1 without correlation, more if the pairs share their luck, less than 1 if
    good luck on one side is bad luck on the other. Without pairing, the same interval takes that many times as many
    replications. Infinite if all differences are equal, NaN if there are fewer than two pairs.

    >>> round(variance_reduction([1.0, 2.0, 3.0], [0.5, 1.6, 2.4]), 1)
    191.0
    """
    if len(ours) < 2:
        return math.nan
    difference = _variance([a - b for a, b in zip(ours, theirs, strict=True)])
    apart = _variance(ours) + _variance(theirs)
    return apart / difference if difference else math.inf if apart else math.nan


def _variance(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((x - mean) ** 2 for x in values) / (len(values) - 1)


def _student_t(confidence: float, degrees: int) -> float:
    from scipy.special import stdtrit  # scipy.stats would cost 0.6 s of import

    return float(stdtrit(degrees, 0.5 + confidence / 2))
