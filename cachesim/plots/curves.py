"""Hit ratios against the size of the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cachesim.plots.style import COLOURS, LINES, MARKERS, legend, new_axes, pick

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    ax = new_axes(ax)
    for index, (name, points) in enumerate(curves.items()):
        sizes, ratios = zip(*points, strict=True)
        bound = name in ("optimum", "infinite cache")
        style = (
            {"color": "#666666", "linewidth": 1.0}
            if bound
            else {"color": pick(COLOURS, index), "marker": pick(MARKERS, index)}
        )
        ax.plot(
            sizes,
            [100 * ratio for ratio in ratios],
            linestyle=pick(LINES, index),
            label=name,
            **style,
        )
    ax.set(xscale="log", xlabel=f"cache size ({unit})", ylabel="hit ratio (%)")
    return legend(ax)
