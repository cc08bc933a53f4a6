"""Where the warm-up of a run ends: the MSER-5 rule, and Welch's moving average for the eye.

Both take a *series*: one number per equally long piece of a run, such as the hit ratio of every second.
Raw flags (1 for a hit, 0 for a miss) are no series: see `warm_up`.

References
----------
White, Cobb & Spratt, "A comparison of five steady-state truncation heuristics for simulation", Winter
Simulation Conference 2000, 755-760: MSER-5.
Welch, "The statistical analysis of simulation results", in The Computer Performance Modeling Handbook (1983).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cachesim.errors import BadInput

MSER_BATCH = 5  # values of the series per batch: the 5 in MSER-5


class WarmUp(NamedTuple):
    """The number of values to leave out, and whether the run was long enough to find it."""

    length: int  # values of the series
    settled: bool  # False: the cut lies at its limit, so the run is too short


def binned(values: Sequence[float], size: int) -> np.ndarray:
    """Return the means of consecutive bins of `size` values; an incomplete last bin is dropped.

    >>> binned([1, 0, 1, 1, 0, 1, 1], size=2).tolist()
    [0.5, 1.0, 0.5]
    """
    if not 1 <= size <= len(values):
        raise BadInput(f"size must be >= 1 and <= {len(values)}, the number of values, got {size}")
    whole = len(values) // size * size
    means: np.ndarray = np.asarray(values, dtype=float)[:whole].reshape(-1, size).mean(axis=1)
    return means


def warm_up(series: Sequence[float], batch: int = MSER_BATCH) -> WarmUp:
    """Return the number of values to leave out at the start of a series, by MSER-5.

    A longer warm-up throws away more data; a shorter one keeps more of the start. The rule weighs the two: with
    the means z of every `batch` values, it leaves out the d batches that minimise sum (z_i - mean)² / (k - d)²,
    over i > d, for d at most half of the k batches.

    Give it bins, never raw flags. A flag is 0 or 1, so flags scatter widely at any time of the run and hide the
    drift of the start. On the hits of an LRU cache that starts empty the rule would stop far too early. Means of
    a hundred flags scatter a tenth as much. Look at `welch` beside it.

    The length of the result is a multiple of `batch`. If it is not `settled`, the cut lies at half of the series, its
    limit: run longer, this figure is worth nothing.

    Parameters
    ----------
    series : sequence of float
        One value per equally long piece of a run, or the mean of several runs piece by piece.
    batch : int
        Values per batch.

    Raises
    ------
    BadInput
        Fewer than four batches, or an undefined value.

    Examples
    --------
    >>> rising = [0.0, 0.3, 0.5, 0.6, 0.65, 0.68] + [0.70, 0.71] * 20
    >>> warm_up(rising), warm_up([float(t) for t in range(40)])
    (WarmUp(length=10, settled=True), WarmUp(length=20, settled=False))
    """
    if len(series) < 4 * batch:
        raise BadInput(
            f"a warm-up needs at least {4 * batch} values, got {len(series)}; run longer or use shorter bins"
        )
    z = binned(series, batch)
    if np.isnan(z).any():
        raise BadInput("the series has pieces without a value; use longer bins")
    cut = int(np.argmin(_errors(z.tolist())[: len(z) // 2 + 1]))
    return WarmUp(cut * batch, settled=cut < len(z) // 2)


def _errors(z: list[float]) -> list[float]:
    """Return, for each d, sum (z_i - mean)² / n² over the n values from d on; it works backwards from the end."""
    mean = squares = 0.0
    errors = []
    for n, x in enumerate(reversed(z), 1):
        before, mean = mean, mean + (x - mean) / n
        squares += (x - before) * (x - mean)  # Welford (1962): equal values give exactly 0
        errors.append(squares / n**2)
    return errors[::-1]


def welch(series: Sequence[float] | Sequence[Sequence[float]], window: int) -> np.ndarray:
    """Return Welch's moving average: the mean of the runs, smoothed over `window` values on either side.

    Near the start the window shrinks, so that the first value is that of the runs. Choose the window by
    eye: the smallest that makes `plots.welch` a smooth line; the warm-up ends where that line turns flat.

    Parameters
    ----------
    series : sequence of float, or of such sequences
        One series, or one of each replication; with several, all end with the shortest.
    window : int
        Values to either side, at most a quarter of the series.

    Returns
    -------
    numpy.ndarray
        As many values as the series has, less `window`.

    Raises
    ------
    BadInput
        The window is negative or longer than a quarter of the series.

    Examples
    --------
    >>> welch([0, 3, 6, 9, 9, 9, 9, 9], window=1).tolist()
    [0.0, 3.0, 6.0, 8.0, 9.0, 9.0, 9.0]
    """
    mean = mean_series(series)
    if not 0 <= window <= len(mean) // 4:
        raise BadInput(
            f"window must be >= 0 and <= {len(mean) // 4}, a quarter of the series, got {window}"
        )
    halves = (min(i, window) for i in range(len(mean) - window))
    return np.array([mean[i - w : i + w + 1].mean() for i, w in enumerate(halves)])


def mean_series(series: Sequence[float] | Sequence[Sequence[float]]) -> np.ndarray:
    """Return the mean over the replications, piece by piece; one series stays as it is.

    >>> mean_series([[0, 1, 1], [1, 1]]).tolist()
    [0.5, 1.0]
    """
    if not len(series):
        raise BadInput("the series is empty; run longer or use shorter bins")
    if np.ndim(series[0]) == 0:
        return np.array(series, dtype=float)
    rows = [np.asarray(row, dtype=float) for row in series]
    shortest = min(map(len, rows))
    means: np.ndarray = np.mean([row[:shortest] for row in rows], axis=0)
    return means
