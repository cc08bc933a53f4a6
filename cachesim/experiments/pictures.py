"""The plots of a comparison or a sweep, as picture files with alternative text for readers who cannot see them."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

from cachesim.experiments.predicted import values_of_cases
from cachesim.experiments.results import Results
from cachesim.measure.metrics import shown_in
from cachesim.measure.tables import show, show_interval, title
from cachesim.plots.comparisons import compare
from cachesim.plots.style import DPI
from cachesim.plots.timelines import latency, timeline

SPOKEN = 12  # cases in the alternative text of a picture


class Picture(NamedTuple):
    """A plot, the name of its file, a caption, and its alternative text."""

    name: str
    axes: Any  # matplotlib's Axes: only the room `plots` knows that class
    caption: str
    words: str


def pictures(results: Results) -> list[Picture]:
    """Return the plots of a comparison; plots of single runs only if their histories were kept."""
    metrics = [name for name in shown_in("report") if name in results.metrics]
    theory = values_of_cases(results, metrics)
    found = [_metric(results, metric, theory[metric]) for metric in metrics]
    runs = {case.name: run for case, run in zip(results.cases, results.first_runs, strict=False)}
    if not runs:
        return found
    names = ", ".join(runs)
    over_time = f"Hit ratio (%) of every second of the first replication, for {names}; the warm-up is shaded."
    over_time += _in_words("hit_ratio", theory["hit_ratio"])
    tail = f"Share of the reads that took longer than a given time, for {names}, first replication."
    return [
        *found,
        Picture(
            "timeline",
            timeline(runs, predicted=theory["hit_ratio"]),
            "Hit ratio over simulated time",
            over_time,
        ),
        Picture("latency", latency(runs), "Latency of reads", tail),
    ]


def _metric(results: Results, metric: str, theory: dict[str, float]) -> Picture:
    x, by = _axes_of(results)
    means = [
        f"{case.name} {show_interval(metric, results.interval(n, metric))}"
        for n, case in enumerate(results.cases[:SPOKEN])
    ]
    rest = len(results.cases) - SPOKEN
    means += [f"{rest} more in the table"] * (rest > 0)
    words = f"{title(metric)}, means with 95 % intervals: {'; '.join(means)}."
    words += _in_words(metric, theory)
    drawn = compare(results, y=metric, x=x, by=by, predicted=theory)
    return Picture(metric, drawn, title(metric), words)


def _in_words(metric: str, theory: dict[str, float]) -> str:
    """Return a sentence with the predictions for the first cases; "" if there are none.

    >>> _in_words("hit_ratio", {"lazy-loading": 0.71}), _in_words("hit_ratio", {})
    (' Theory says: lazy-loading 71.00 %.', '')
    """
    said = [f"{name} {show(metric, value)}" for name, value in list(theory.items())[:SPOKEN]]
    return f" Theory says: {'; '.join(said)}." if said else ""


def _axes_of(results: Results) -> tuple[str | None, str | None]:
    """Return the field for the horizontal axis and the field for the colours; None, None: one row per case.

    A field with three or more numbers as values becomes the axis, if at most one other field varies.
    """
    fields = list(results.cases[0].labels) if results.cases else []
    values = {field: set(results.frame[field]) for field in fields}
    telling = [field for field in fields if len(values[field]) > 1]
    numbers = [f for f in telling if len(values[f]) > 2 and results.frame[f].dtype.kind in "if"]
    if not numbers or len(telling) > 2:
        return None, None
    x = max(numbers, key=lambda field: len(values[field]))
    return x, next((field for field in telling if field != x), None)


def png(ax: Any, dpi: int = DPI) -> bytes:
    """Return a plot as PNG: the same bytes for the same plot."""
    content = io.BytesIO()
    ax.figure.savefig(content, format="png", dpi=dpi, metadata={"Software": None})
    return content.getvalue()
