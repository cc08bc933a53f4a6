"""A fleet that changes its size under load: hits, redirects, and the slots that have moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cachesim.errors import BadInput
from cachesim.measure.metrics import hit_ratio
from cachesim.measure.series import series
from cachesim.plots.style import COLOURS, LINES, new_axes, shade_faults

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SLOTS = 16_384  # of a Redis Cluster


def resize(result: Any, every: float = 1.0, ax: Axes | None = None) -> Axes:
    """Draw a change of a fleet over the simulated time: three lines in %, and the moments of the faults.

    The lines are the hit ratio, the share of the requests that followed a redirect, and, of a cluster, the share
    of all slots that have moved so far. The first two have one value per `every` seconds.

    Raises
    ------
    BadInput
        The scenario has no fleet.
    """
    if result.scenario.fleet is None:
        raise BadInput(
            "resize draws the change of a fleet, and this scenario has none; give it a fleet and a change, "
            "such as fleet=cs.Shards(3) and faults=(cs.faults.AddShard(at=10),)"
        )
    ax = new_axes(ax)
    for place, (name, metric) in enumerate((("hit ratio", hit_ratio), ("redirected", _redirected))):
        values = 100 * np.array(series(result.history, metric, every))
        moments = (np.arange(len(values)) + 0.5) * every
        ax.plot(moments, values, LINES[place], color=COLOURS[place], linewidth=1.4, label=name)
    _draw_moves(ax, result)
    shade_faults(ax, [result])
    ax.set(
        xlabel="simulated time (s)",
        ylabel="share (%)",
        ylim=(0, 102),
        xlim=(0, result.scenario.duration),
    )
    ax.legend(fontsize=8, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    return ax


def _redirected(history: pd.DataFrame) -> float:
    """Compute the share of the requests that followed a redirect."""
    hops = history.loc[history["op"] != "sample", "hops"]
    return float((hops > 0).mean())


def _draw_moves(ax: Axes, result: Any) -> None:
    """Draw how many slots have moved so far, if any."""
    moves = result.slot_moves
    if moves is not None and len(moves):
        moments = [0.0, *moves["time"], result.scenario.duration]
        shares = 100 * np.array([*range(len(moves) + 1), len(moves)]) / SLOTS
        ax.step(moments, shares, where="post", color=COLOURS[2], linewidth=1.4, label="slots moved")
