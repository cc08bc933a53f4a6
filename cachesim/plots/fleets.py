"""The nodes of a fleet beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from cachesim.errors import BadInput
from cachesim.plots.style import COLOURS, legend, new_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LABELS = {"requests": "share of the requests (%)", "busy": "share of the time that it works (%)"}


def load_per_shard(
    result: Any, of: Literal["requests", "busy"] = "requests", ax: Axes | None = None
) -> Axes:
    """Draw a bar per node of a fleet, after the warm-up, and a line where each would be if all had the same load.

    Parameters
    ----------
    result : Result
        Of a scenario with a fleet.
    of : {"requests", "busy"}
        The share of the requests that a node answered, or the share of the time in which its workers were busy.

    Raises
    ------
    BadInput
        The scenario has no fleet, or `of` is another word.
    """
    if of not in LABELS:
        raise BadInput(f"of must be one of {', '.join(LABELS)}, got {of!r}")
    if result.nodes is None or result.nodes.empty:
        raise BadInput(
            "load_per_shard draws the nodes of a fleet, and this scenario has none; "
            "give it a fleet, such as fleet=cs.Shards(3)"
        )
    shares = 100 * (_answered(result) if of == "requests" else _busy(result))
    ax = new_axes(ax, rows=len(shares))
    ax.barh(list(shares.index), shares.to_numpy(), color=COLOURS[0])
    even = float(shares.mean())
    ax.axvline(even, color=COLOURS[1], linestyle="--", linewidth=1.4, label=f"even: {even:.3g} %")
    ax.invert_yaxis()  # the first node above
    ax.set(xlabel=LABELS[of], xlim=(0, None))
    return legend(ax)


def _answered(result: Any) -> pd.Series:
    """Compute the share of the requests per node, in the order of the fleet; a node may have answered none."""
    counts: pd.Series = result.measured["node"].value_counts(normalize=True)
    return counts.reindex(result.nodes["node"].unique(), fill_value=0.0)


def _busy(result: Any) -> pd.Series:
    """Compute the share of the time per node in which its workers were busy, from the first to the last sample."""
    nodes = result.nodes
    nodes = nodes[nodes["begin"].between(result.scenario.warmup, result.scenario.duration)]
    each = nodes.groupby("node", sort=False)[["begin", "cache_busy"]]
    grown = each.last() - each.first()
    shares: pd.Series = grown["cache_busy"] / grown["begin"]
    return shares
