"""How far a figure can be trusted: the end of the warm-up, the coverage of intervals, a guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cachesim.errors import BadInput
from cachesim.measure.statistics import mean_series, warm_up
from cachesim.measure.statistics import welch as moving_average
from cachesim.measure.tables import in_unit, title
from cachesim.plots.style import COLOURS, legend, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def welch(
    series: Sequence[float] | Sequence[Sequence[float]],
    window: int = 10,
    every: float = 1.0,
    y: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw Welch's moving average over its series, and the end of the warm-up by MSER-5.

    The warm-up ends where the line turns flat. Choose the smallest `window` that makes the line smooth.

    Parameters
    ----------
    series : sequence of float, or of such sequences
        One series, or one per replication, as `Result.series` returns them.
    window : int
        Number of values on either side that are averaged.
    every : float
        Seconds between two values.
    y : str
        The metric, for the axis and its unit; "": plain numbers.
    """
    ax = new_axes(ax)
    mean = mean_series(series)
    smooth = moving_average(mean.tolist(), window)
    middle = (np.arange(len(mean)) + 0.5) * every
    unit = in_unit(y, 1.0)
    ax.plot(middle, unit * mean, color="#999999", linewidth=0.8, label="mean of the runs")
    name = f"Welch, over {2 * window + 1} values"
    ax.plot(middle[: len(smooth)], unit * smooth, color=COLOURS[0], linewidth=2.0, label=name)
    _mark_mser(ax, mean, every)
    ax.set(xlabel="simulated time (s)", ylabel=title(y))
    ax.set_xlim(left=0)
    return legend(ax)


def _mark_mser(ax: Axes, mean: np.ndarray, every: float) -> None:
    try:
        found = warm_up(mean.tolist())
    except BadInput:  # a series that is too short for the rule can still be drawn
        return
    text = (
        f"MSER-5: {found.length * every:g} s" if found.settled else "MSER-5: the run is too short"
    )
    ax.axvline(found.length * every, color=COLOURS[1], linestyle="--", label=text)


def coverage(intervals: Sequence[Any], truth: float, y: str = "", ax: Axes | None = None) -> Axes:
    """Draw intervals beside each other, with the value that they should cover; those that miss it stand out.

    Parameters
    ----------
    intervals : sequence of Interval
        One per experiment.
    truth : float
        The true value.
    y : str
        The metric, for the axis and its unit; "": plain numbers.
    """
    ax = new_axes(ax)
    hits = [n for n, i in enumerate(intervals) if i.low <= truth <= i.high]
    misses = [n for n in range(len(intervals)) if n not in hits]
    for places, colour, word in (hits, COLOURS[0], "cover"), (misses, COLOURS[1], "miss"):
        lows, highs = (_ends(intervals, places, end, y) for end in ("low", "high"))
        ax.vlines(places, lows, highs, color=colour, label=f"{len(places)} {word} it")
    ax.plot(misses, _ends(intervals, misses, "mean", y), linestyle="", marker="x", color=COLOURS[1])
    ax.axhline(in_unit(y, truth), color="black", linewidth=1.0, label="the truth")
    ax.set(xlabel="experiment (number)", ylabel=title(y))
    ax.grid(visible=False, axis="x")
    return legend(ax)


def guess(
    value: float, measured: float, y: str = "", across: bool = False, ax: Axes | None = None
) -> Axes:
    """Draw the guess before the run and the measured value, as two lines over the whole plot.

    Parameters
    ----------
    value, measured : float
        A share, or seconds.
    y : str
        The metric, for its unit; "": plain numbers.
    across : bool
        True if the metric is on the horizontal axis, as in `compare`.
    """
    ax = new_axes(ax)
    line = ax.axvline if across else ax.axhline
    for place, text, dashes in (value, "your guess", ":"), (measured, "measured", "--"):
        shown = in_unit(y, place)
        line(shown, color="black", linestyle=dashes, linewidth=1.2, label=f"{text}: {shown:.3g}")
    return legend(ax)


def _ends(intervals: Sequence[Any], places: Sequence[int], end: str, y: str) -> list[float]:
    return [in_unit(y, getattr(intervals[n], end)) for n in places]
