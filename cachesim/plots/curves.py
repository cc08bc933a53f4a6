"""Hit ratios against the size of the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cachesim.plots.style import COLOURS, LINES, MARKERS, legend, new_axes, pick

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GREY = {"color": "#666666", "linewidth": 1.0}
BOUNDS: dict[str, dict[str, Any]] = {
    "optimum": {**GREY, "linestyle": "-"},
    "bound": {**GREY, "linestyle": "--"},
    "infinite cache": {**GREY, "linestyle": ":"},
}
BESIDE = 7  # with more curves the legend stands beside the axes, so that it covers none


def hit_ratio_curve(
    curves: Mapping[str, Sequence[tuple[float, float]]], unit: str = "items", ax: Axes | None = None
) -> Axes:
    """Draw hit ratios against the size of the cache; the curves "optimum", "bound" and "infinite cache" are bounds.

    Parameters
    ----------
    curves : mapping
        Name -> points (size, hit ratio); a bound is drawn thin and grey.
    unit : str
        Unit of the sizes: "items" or "MiB".
    """
    ax = new_axes(ax)
    policies = [name for name in curves if name not in BOUNDS]
    for name, points in curves.items():
        sizes, ratios = zip(*points, strict=True)
        style = BOUNDS[name] if name in BOUNDS else _style(policies.index(name))
        ax.plot(sizes, [100 * ratio for ratio in ratios], label=name, **style)
    ax.set(xscale="log", xlabel=f"cache size ({unit})", ylabel="hit ratio (%)")
    _name_sizes(ax)
    if len(curves) > BESIDE:
        ax.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        return ax
    return legend(ax)


def _name_sizes(ax: Axes) -> None:
    """Write sizes as plain numbers: at powers of ten, and in between if there are few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = ax.get_xlim()
    ax.xaxis.set_major_locator(LogLocator(subs=(1,) if high > 30 * low else (1, 2, 5)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _style(index: int) -> dict[str, Any]:
    """Return the style of a series; 49 series differ: after each seven, colours get other markers and lines."""
    turn = index + index // len(COLOURS)
    return {
        "color": pick(COLOURS, index),
        "marker": pick(MARKERS, turn),
        "linestyle": pick(LINES, turn),
        "markersize": 4,
        "linewidth": 1.4,
    }
