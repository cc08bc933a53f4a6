"""Cases beside each other: a metric with its interval, one row per case or against a varied field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cachesim.measure.tables import in_unit, title
from cachesim.plots.style import COLOURS, LINES, MARKERS, new_axes, pick, scaled, theory

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def compare(
    results: Any,
    y: str = "hit_ratio",
    x: str | None = None,
    by: str | None = None,
    predicted: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a metric of every case as a point with its 95 % interval.

    Parameters
    ----------
    results : Results
        The result of `compare` or `sweep`.
    y : str
        The metric.
    x : str, optional
        A varied field for the horizontal axis; without it, one row per case.
    by : str, optional
        A varied field; each of its values becomes a series with its own colour. It needs `x`.
    predicted : mapping of str to float, optional
        Case name -> predicted value (a share, or seconds), drawn as a ring.
    """
    ax = new_axes(ax, rows=len(results.cases) if x is None else 0)
    numbers = range(len(results.cases))
    intervals = [results.interval(n, y) for n in numbers]
    said = {name: in_unit(y, value) for name, value in (predicted or {}).items()}
    if x is None:
        _rows(ax, [case.name for case in results.cases], [scaled(y, i) for i in intervals])
        rings = [(said[c.name], row) for row, c in enumerate(results.cases) if c.name in said]
        ax.set_xlabel(title(y))
        return theory(ax, rings)
    for index, (name, members) in enumerate(_series(results, by).items()):
        places = [_place(results.cases[n], x) for n in members]
        points = [scaled(y, intervals[n]) for n in members]
        _points(ax, places, points, name, index)
    ax.set(xlabel=_axis_name(x), ylabel=title(y))
    expected = [(_place(c, x), said[c.name]) for c in results.cases if c.name in said]
    return theory(ax, expected, over=_axis_name(by) if by else "")


def _rows(ax: Axes, names: Sequence[str], points: Sequence[tuple[float, float]]) -> None:
    for index, (mean, half) in enumerate(points):
        ax.errorbar(
            mean, index, xerr=half, fmt=pick(MARKERS, index), color=pick(COLOURS, index), capsize=4
        )
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.3, -0.7)  # from the top; a case without a value keeps its row


def _points(
    ax: Axes, places: Sequence[Any], points: Sequence[tuple[float, float]], name: str, index: int
) -> None:
    means, halves = zip(*points, strict=True)
    style = {
        "color": pick(COLOURS, index),
        "marker": pick(MARKERS, index),
        "linestyle": pick(LINES, index),
    }
    ax.errorbar(places, means, yerr=halves, capsize=3, label=name, **style)


def _series(results: Any, by: str | None) -> dict[str, list[int]]:
    series: dict[str, list[int]] = {}
    for number, case in enumerate(results.cases):
        series.setdefault(case.labels[by] if by else "", []).append(number)
    return series


def _place(case: Any, field: str) -> Any:
    """Return a case's place on the axis of a varied field: its number, or its label."""
    value: Any = case.scenario
    for part in field.split("__"):
        value = getattr(value, part)
    return value if isinstance(value, (int, float)) else case.labels[field]


def _axis_name(field: str) -> str:
    unit = {"memory": " (bytes)", "ttl": " (s)", "rate": " (requests/s)"}.get(
        field.rpartition("__")[2], ""
    )
    return field.replace("__", " ") + unit
