"""One run or several over time: a metric over simulated time, and the tail of the latencies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cachesim.measure import metrics
from cachesim.measure.metrics import MetricFunction, hit_ratio
from cachesim.measure.series import series
from cachesim.measure.tables import in_unit, title
from cachesim.plots.style import (
    COLOURS,
    LINES,
    MARKERS,
    SHADE,
    legend,
    new_axes,
    pick,
    shade_faults,
    theory,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def timeline(
    result: Any,
    metric: MetricFunction = hit_ratio,
    every: float = 1.0,
    predicted: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a metric over the simulated time, one value per `every` seconds.

    The warm-up is shaded, and every fault of the scenarios is marked with its name.

    `result` is a Result, or a mapping of names to Results, which are drawn together. `predicted` maps a name to
    the value by theory, a share or seconds: it is drawn as a thin line after the warm-up with a ring at its end.
    For a single Result the name is that of the metric, so `predicted=cs.predict(scenario).values` works.

    Raises
    ------
    BadInput
        The metric is not in the list `cs.metrics.METRICS`, so it has no unit.
    """
    ax = new_axes(ax)
    runs = result if isinstance(result, Mapping) else {metric.__name__: result}
    for index, (name, run) in enumerate(runs.items()):
        values = series(run.history, metric, every)
        shown = [in_unit(metric.__name__, value) for value in values]
        ax.plot(
            (np.arange(len(values)) + 0.5) * every,
            shown,
            color=pick(COLOURS, index),
            linestyle=pick(LINES, index),
            linewidth=1.4,
            label=name if runs is result else "",
        )
    warmup = max(run.scenario.warmup for run in runs.values())
    if warmup > 0:
        ax.axvspan(0, warmup, color=SHADE, zorder=0, label="warm-up")
    shade_faults(ax, runs.values())
    ax.set(xlabel="simulated time (s)", ylabel=title(metric.__name__))
    ax.set_xlim(left=0)
    return _predicted(ax, runs, metric, predicted or {})


def _predicted(
    ax: Axes, runs: Mapping[str, Any], metric: MetricFunction, said: Mapping[str, float]
) -> Axes:
    """Draw a thin line in the colour of each run with a prediction, and a ring at its end."""
    ends = []
    for index, (name, run) in enumerate(runs.items()):
        if name in said:
            value = in_unit(metric.__name__, said[name])
            start, end = run.scenario.warmup, run.scenario.duration
            ax.plot([start, end], [value, value], color=pick(COLOURS, index), linewidth=0.8)
            ends.append((end, value))
    return theory(ax, ends)


def latency(result: Any, op: str = "read", ax: Axes | None = None) -> Axes:
    """Draw the share of requests that took longer than a given time; p50 and p99 are marked.

    Both axes are logarithmic, so that the tail shows. `result` is a Result, or a mapping of names to Results.
    """
    ax = new_axes(ax)
    runs = result if isinstance(result, Mapping) else {"": result}
    for index, (name, run) in enumerate(runs.items()):
        times = np.sort(metrics.latency(run.measured, op).to_numpy()) * 1000
        if len(times):
            _tail(ax, times, name, index)
    for share, text in ((0.5, "p50"), (0.01, "p99")):
        ax.axhline(share, color=SHADE, zorder=0)
        right = ("axes fraction", "data")
        ax.annotate(text, (1, share), xycoords=right, ha="right", va="bottom", fontsize=8)
    ax.set(xscale="log", yscale="log", xlabel=f"{op} latency (ms)")
    ax.set_ylabel("share of requests that took longer")
    return legend(ax)


def _tail(ax: Axes, times: np.ndarray, name: str, index: int) -> None:
    """Draw one line of a latency plot, from sorted times in ms, and mark its p50 and p99."""
    # A thousand ranks, dense towards the tail, give the same line as all ranks.
    ranks = len(times) - np.unique(np.geomspace(1, len(times), 1000).astype(int))[::-1]
    colour, dashes = pick(COLOURS, index), pick(LINES, index)
    longer = 1 - ranks / len(times)
    ax.plot(times[ranks], longer, label=name, color=colour, linestyle=dashes, linewidth=1.4)
    marks = [(np.quantile(times, 0.5), 0.5), (np.quantile(times, 0.99), 0.01)]
    ax.plot(*zip(*marks, strict=True), linestyle="", marker=pick(MARKERS, index), color=colour)
