"""The number of replications that is enough: run until the mean is known with a stated precision.

References
----------
Hoad, Robinson & Davies, "Automated selection of the number of replications for a discrete-event
simulation", Journal of the Operational Research Society 61 (2010), 1632-1644.
"""

import math
from collections.abc import Sequence

import numpy as np

from cachesim.errors import BadInput

START = 3  # replications before the first look at the precision
LOOK_AHEAD = 5  # further replications that must stay precise; per cent of n if n > 100


def replications_needed(
    values: Sequence[float],
    precision: float = 0.05,
    *,
    confidence: float = 0.95,
    start: int = START,
    look_ahead: int = LOOK_AHEAD,
) -> int | None:
    """Return the number of replications after which the mean was precise enough and stayed so; None if not yet.

    The mean is precise enough if half its interval is at most `precision` times the mean. That can happen by
    luck, so it must stay so for the next `look_ahead` replications; otherwise the search goes on after the one
    that was not. The answer depends only on the values up to `needed + look_ahead`. So a sweep that runs eight
    replications at a time finds the same number.

    Parameters
    ----------
    values : sequence of float
        One value per replication, in the order of their numbers, NaN where undefined.
    precision : float
        Half the interval divided by the mean, such as 0.05 for ±5 %.
    start : int
        The first number of replications that may be enough, at least 2.
    look_ahead : int
        Number of further replications that must stay precise; per cent of n if n > 100.

    Returns
    -------
    int or None
        The number of replications. None: run more; with a NaN among the values, more runs are in vain.

    Raises
    ------
    BadInput
        A precision or confidence is out of range, start is below 2, or look_ahead is negative.

    Examples
    --------
    >>> values = [0.70, 0.72, 0.71, 0.71, 0.70, 0.72, 0.71, 0.71]
    >>> (
    ...     replications_needed(values[:7]),
    ...     replications_needed(values),
    ... )  # the eighth ends the look-ahead
    (None, 3)

    Run until enough:

    >>> run = iter([1.0, 1.4, 1.1, 1.2, 1.3, 1.2, 1.1, 1.2, 1.3, 1.2, 1.2, 1.2, 1.3]).__next__
    >>> values = []
    >>> while replications_needed(values, precision=0.1) is None:
    ...     values.append(run())
    >>> replications_needed(values, precision=0.1), len(values)
    (8, 13)
    """
    _check(precision, confidence, start, look_ahead)
    precise_from = None
    for n, reached in enumerate(precisions(values, confidence), 1):
        if n < start or not reached <= precision:  # NaN is not precise
            precise_from = None
            continue
        precise_from = precise_from or n
        if n - precise_from >= look_ahead * max(precise_from, 100) // 100:
            return precise_from
    return None


def precisions(values: Sequence[float], confidence: float = 0.95) -> list[float]:
    """Return half the interval divided by the mean, after each replication; the first one is NaN.

    >>> [round(p, 2) for p in precisions([10.0, 11.0, 9.0, 10.0])]
    [nan, 0.61, 0.25, 0.13]
    """
    from scipy.special import stdtrit  # scipy.stats would cost 0.6 s of import

    n = np.arange(1, len(values) + 1)
    means, deviations = _running(values)
    degrees = np.maximum(n - 1, 1)
    half = stdtrit(degrees, 0.5 + confidence / 2) * deviations / np.sqrt(n)
    half[:1] = math.nan  # one value has no interval
    return [_relative(h, mean) for h, mean in zip(half.tolist(), means, strict=True)]


def _running(values: Sequence[float]) -> tuple[list[float], np.ndarray]:
    """Return the mean and the standard deviation after each value (Welford, Technometrics 4, 1962)."""
    mean = squares = 0.0
    means, deviations = [], []
    for n, x in enumerate(values, 1):
        before, mean = mean, mean + (x - mean) / n
        squares += (x - before) * (x - mean)
        means.append(mean)
        deviations.append(math.sqrt(squares / max(n - 1, 1)))
    return means, np.array(deviations)


def _relative(half: float, mean: float) -> float:
    if half == 0:
        return 0.0  # values without scatter are known exactly, also 0
    return half / abs(mean) if mean else half * math.inf


def _check(precision: float, confidence: float, start: int, look_ahead: int) -> None:
    if not precision > 0:
        raise BadInput(f"precision must be > 0, such as 0.05 for ±5 % of the mean, got {precision}")
    if not 0 < confidence < 1:
        raise BadInput(f"confidence must lie between 0 and 1, such as 0.95, got {confidence}")
    if start < 2:
        raise BadInput(f"start must be >= 2 replications (one has no interval), got {start}")
    if look_ahead < 0:
        raise BadInput(f"look_ahead must be >= 0 replications, got {look_ahead}")
