"""A result in, matplotlib Axes out: nothing is run, shown or set globally here.

Colours are those of Okabe and Ito ("Color universal design", 2008), told apart by colour-blind readers;
every series also has its own marker or line style. Results are taken as they are: this room knows their
attributes (`frame`, `history`, ...), not their classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cachesim.measure import metrics
from cachesim.measure.metrics import Metric, hit_ratio
from cachesim.measure.tables import in_unit, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
SHADE = "#dddddd"
ROW = 0.22  # inches
WIDTH, HEIGHT, DPI = (
    6.0,
    3.6,
    100,
)  # inches and dots an inch: 600 pixels wide, as it is meant to be read


def compare(
    results: Any,
    y: str = "hit_ratio",
    x: str | None = None,
    by: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a metric of every case as a point with its 95 % interval.

    Parameters
    ----------
    results : Results
        What `compare` or `sweep` returned.
    y : str
        The metric.
    x : str, optional
        A varied field for the horizontal axis; without it, a row a case.
    by : str, optional
        A varied field whose values become series of their own colour; needs `x`.
    """
    ax = _axes(ax, rows=len(results.cases) if x is None else 0)
    numbers = range(len(results.cases))
    intervals = [results.interval(n, y) for n in numbers]
    if x is None:
        _rows(ax, [case.name for case in results.cases], [_scaled(y, i) for i in intervals])
        ax.set_xlabel(title(y))
        return ax
    for index, (name, members) in enumerate(_series(results, by).items()):
        places = [_place(results.cases[n], x) for n in members]
        points = [_scaled(y, intervals[n]) for n in members]
        _points(ax, places, points, name, index)
    ax.set(xlabel=_axis_name(x), ylabel=title(y))
    return _legend(ax)


def timeline(
    result: Any, metric: Metric = hit_ratio, every: float = 1.0, ax: Axes | None = None
) -> Axes:
    """Draw a metric of every interval of `every` seconds over the simulated time; the warm-up is shaded.

    `result` is a Result, or a mapping of names to Results to draw beside each other.
    """
    ax = _axes(ax)
    runs = result if isinstance(result, Mapping) else {"": result}
    for index, (name, run) in enumerate(runs.items()):
        middle, values = _by_interval(run.history, metric, every)
        shown = [in_unit(metric.__name__, value) for value in values]
        ax.plot(
            middle,
            shown,
            color=_of(COLOURS, index),
            linestyle=_of(LINES, index),
            linewidth=1.4,
            label=name,
        )
    warmup = max(run.scenario.warmup for run in runs.values())
    if warmup > 0:
        ax.axvspan(0, warmup, color=SHADE, zorder=0, label="warm-up")
    ax.set(xlabel="simulated time (s)", ylabel=title(metric.__name__))
    ax.set_xlim(left=0)
    return _legend(ax)


def latency(result: Any, op: str = "read", ax: Axes | None = None) -> Axes:
    """Draw the share of requests that took longer than a given time; p50 and p99 are marked.

    Both axes are logarithmic, so that the tail shows. `result` is a Result or a mapping of them.
    """
    ax = _axes(ax)
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
    return _legend(ax)


def _tail(ax: Axes, times: np.ndarray, name: str, index: int) -> None:
    """Draw one line of a latency plot, from sorted times in ms, and mark its p50 and p99."""
    # A thousand ranks, dense towards the tail, draw the same line as all of them.
    ranks = len(times) - np.unique(np.geomspace(1, len(times), 1000).astype(int))[::-1]
    colour, dashes = _of(COLOURS, index), _of(LINES, index)
    longer = 1 - ranks / len(times)
    ax.plot(times[ranks], longer, label=name, color=colour, linestyle=dashes, linewidth=1.4)
    marks = [(np.quantile(times, 0.5), 0.5), (np.quantile(times, 0.99), 0.01)]
    ax.plot(*zip(*marks, strict=True), linestyle="", marker=_of(MARKERS, index), color=colour)


def hit_ratio_curve(
    curves: Mapping[str, Sequence[tuple[float, float]]], unit: str = "items", ax: Axes | None = None
) -> Axes:
    """Draw hit ratios against the size of the cache; the curves "optimum" and "infinite cache" are bounds.

    Parameters
    ----------
    curves : mapping
        Name -> points (size, hit ratio); a bound is drawn thin and grey.
    unit : str
        What the sizes are: "items" or "MiB".
    """
    ax = _axes(ax)
    for index, (name, points) in enumerate(curves.items()):
        sizes, ratios = zip(*points, strict=True)
        bound = name in ("optimum", "infinite cache")
        style = (
            {"color": "#666666", "linewidth": 1.0}
            if bound
            else {"color": _of(COLOURS, index), "marker": _of(MARKERS, index)}
        )
        ax.plot(
            sizes,
            [100 * ratio for ratio in ratios],
            linestyle=_of(LINES, index),
            label=name,
            **style,
        )
    ax.set(xscale="log", xlabel=f"cache size ({unit})", ylabel="hit ratio (%)")
    return _legend(ax)


def _axes(ax: Axes | None, rows: int = 0) -> Axes:
    """Return the axes given, or new ones on a figure that no window and no global state knows of.

    With many rows the figure grows, so that no two names touch.
    """
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    height = max(HEIGHT, ROW * (rows + 3))
    ax = Figure(figsize=(WIDTH, height), layout="constrained").add_subplot()
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color=SHADE, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def _legend(ax: Axes) -> Axes:
    _, labels = ax.get_legend_handles_labels()
    if any(labels):
        ax.legend(fontsize=8, frameon=True, framealpha=0.85)
    return ax


def _scaled(metric: str, interval: Any) -> tuple[float, float]:
    """Return (mean, half width) in the metric's unit; no bar where there is no interval."""
    half = 0.0 if math.isnan(interval.half_width) else interval.half_width
    return in_unit(metric, interval.mean), in_unit(metric, half)


def _rows(ax: Axes, names: Sequence[str], points: Sequence[tuple[float, float]]) -> None:
    for index, (mean, half) in enumerate(points):
        ax.errorbar(
            mean, index, xerr=half, fmt=_of(MARKERS, index), color=_of(COLOURS, index), capsize=4
        )
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.3, -0.7)  # from the top; a row without a value keeps its place


def _points(
    ax: Axes, places: Sequence[Any], points: Sequence[tuple[float, float]], name: str, index: int
) -> None:
    means, halves = zip(*points, strict=True)
    style = {
        "color": _of(COLOURS, index),
        "marker": _of(MARKERS, index),
        "linestyle": _of(LINES, index),
    }
    ax.errorbar(places, means, yerr=halves, capsize=3, label=name, **style)


def _series(results: Any, by: str | None) -> dict[str, list[int]]:
    series: dict[str, list[int]] = {}
    for number, case in enumerate(results.cases):
        series.setdefault(case.labels[by] if by else "", []).append(number)
    return series


def _place(case: Any, field: str) -> Any:
    """Return where a case stands on the axis of a varied field: its number, or its label."""
    value: Any = case.scenario
    for part in field.split("__"):
        value = getattr(value, part)
    return value if isinstance(value, (int, float)) else case.labels[field]


def _axis_name(field: str) -> str:
    unit = {"memory": " (bytes)", "ttl": " (s)", "rate": " (requests/s)"}.get(
        field.rpartition("__")[2], ""
    )
    return field.replace("__", " ") + unit


def _by_interval(history: Any, metric: Metric, every: float) -> tuple[list[float], list[float]]:
    number = np.floor(history["begin"] / every).astype(int)
    groups = history.groupby(number)
    return [(float(n) + 0.5) * every for n, _ in groups], [metric(part) for _, part in groups]


def _of(choices: Sequence[Any], index: int) -> Any:
    return choices[index % len(choices)]
