"""The parts that all plots share: colours, markers, line styles, axes, the legend."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cachesim.measure.tables import in_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
SHADE = "#dddddd"
FAULTS = (*COLOURS[4:6], *COLOURS[3:0:-1])  # the lines' colours in another order
ROW = 0.22  # inches
WIDTH, HEIGHT = 6.0, 3.6  # inches
DPI = 100  # dots per inch: 600 pixels wide


def new_axes(ax: Axes | None, rows: int = 0) -> Axes:
    """Return the given axes, or new ones on a figure without a window or global state.

    With many rows the figure grows, so that names do not overlap.
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


def legend(ax: Axes, over: str = "") -> Axes:
    """Add a legend with the heading `over`, if any series has a name; return the axes."""
    _, labels = ax.get_legend_handles_labels()
    if any(labels):
        ax.legend(fontsize=8, frameon=True, framealpha=0.85, title=over or None, title_fontsize=8)
    return ax


def theory(ax: Axes, places: Sequence[tuple[Any, float]], over: str = "") -> Axes:
    """Draw a ring at each predicted value, around the measured one if they agree; then the legend."""
    if places:
        ax.plot(
            *zip(*places, strict=True),
            linestyle="",
            marker="o",
            markersize=11,
            markerfacecolor="none",
            markeredgecolor="#000000",
            clip_on=False,
            label="theory",
        )
    return legend(ax, over)


def shade_faults(ax: Axes, runs: Iterable[Any]) -> None:
    """Shade the time of each fault; a fault without length is a line."""
    last = max((float(run.history["end"].max()) for run in runs if len(run.history)), default=0.0)
    faults = {str(fault): fault for run in runs for fault in run.scenario.faults}
    for index, fault in enumerate(faults.values()):
        name, (start, end) = type(fault).__name__, fault.window
        colour = pick(FAULTS, index)
        if start == end:
            ax.axvline(start, color=colour, linestyle=":", linewidth=1.4, zorder=0, label=name)
        else:
            ax.axvspan(start, min(end, last), color=colour, alpha=0.22, zorder=0, label=name)


def scaled(metric: str, interval: Any) -> tuple[float, float]:
    """Return (mean, half width) in the metric's unit; the half width is 0 if there is no interval."""
    half = 0.0 if math.isnan(interval.half_width) else interval.half_width
    return in_unit(metric, interval.mean), in_unit(metric, half)


def pick(choices: Sequence[Any], index: int) -> Any:
    """Return the choice of a series; after the last choice they start again.

    >>> pick("ab", 2)
    'a'
    """
    return choices[index % len(choices)]
