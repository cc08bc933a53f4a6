"""The nodes of a fleet beside each other: their loads, their roles over time, the lag of the replicas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from cachesim.errors import BadInput
from cachesim.plots.style import COLOURS, LINES, SHADE, legend, new_axes, pick
from cachesim.records import FOLLOWER, PRIMARY, SILENT, SPARE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Span = tuple[float, float]  # begin and length, seconds
LOOKS = {  # role -> height of its bar, its colour
    PRIMARY: (0.7, COLOURS[0]),
    FOLLOWER: (0.25, COLOURS[5]),
    SPARE: (0.12, "#999999"),
    SILENT: (0.06, COLOURS[6]),
}
LABELS = {"requests": "share of the requests (%)", "busy": "share of the time that it works (%)"}


def load_per_shard(
    result: Any, of: Literal["requests", "busy"] = "requests", ax: Axes | None = None
) -> Axes:
    """Draw a bar per node of a fleet, after the warm-up, and a line where each would be if all had the same load.

    The line is the mean of the nodes that answered requests: a replica that nobody reads has no part in them.

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
    _nodes_of(result, "load_per_shard")
    answered = _answered(result)
    shares = 100 * (answered if of == "requests" else _busy(result))
    ax = new_axes(ax, rows=len(shares))
    ax.barh(list(shares.index), shares.to_numpy(), color=COLOURS[0])
    even = float(shares[_asked(answered)].mean())
    ax.axvline(even, color=COLOURS[1], linestyle="--", linewidth=1.4, label=f"even: {even:.3g} %")
    ax.invert_yaxis()  # the first node above
    ax.set(xlabel=LABELS[of], xlim=(0, None))
    return legend(ax)


def _answered(result: Any) -> pd.Series:
    """Compute the share of the requests per node, in the order of the fleet; a node may have answered none."""
    counts: pd.Series = result.measured["node"].value_counts(normalize=True)
    return counts.reindex(result.nodes["node"].unique(), fill_value=0.0)


def _asked(answered: pd.Series) -> pd.Series:
    """Say which nodes share the work: not a spare one, nor a replica that nobody reads; all, if nobody reads.

    >>> import pandas as pd
    >>> list(_asked(pd.Series([0.5, 0.5, 0.0]))), list(_asked(pd.Series([0.0, 0.0])))
    ([True, True, False], [True, True])
    """
    asked: pd.Series = answered > 0
    return asked | (not asked.any())


def _busy(result: Any) -> pd.Series:
    """Compute the share of the time per node in which its workers were busy, from the first to the last sample."""
    nodes = result.nodes
    nodes = nodes[nodes["begin"].between(result.scenario.warmup, result.scenario.duration)]
    each = nodes.groupby("node", sort=False)[["begin", "cache_busy"]]
    grown = each.last() - each.first()
    shares: pd.Series = grown["cache_busy"] / grown["begin"]
    return shares


def fleet_timeline(result: Any, ax: Axes | None = None) -> Axes:
    """Draw the role of each node over the simulated time, and shade the outages.

    A shard has an outage while one of its nodes is silent and none is the primary. A cross is a write that a
    failover lost, at the node that had taken it. What happens between two samples is seen at the next one
    (`Scenario.sample_every`).

    Parameters
    ----------
    result : Result
        Of a scenario with a fleet.

    Raises
    ------
    BadInput
        The scenario has no fleet.
    """
    roles = _over_time(_nodes_of(result, "fleet_timeline"), "role")
    rows = {name: row for row, name in enumerate(result.nodes["node"].unique())}
    ax = new_axes(ax, rows=len(rows))
    for role, (height, colour) in LOOKS.items():
        for name, row in rows.items():
            spans = list(_spans(roles[name] == role))
            ax.broken_barh(spans, (row - height / 2, height), facecolors=colour)
        ax.barh(0, 0, color=colour, label=role if (roles == role).to_numpy().any() else "")
    _shade_outages(ax, result, roles, rows)
    _mark_lost(ax, result, rows)
    ax.set(xlabel="simulated time (s)", xlim=(0, roles.index[-1]), yticks=range(len(rows)))
    ax.set_yticklabels(list(rows))
    ax.invert_yaxis()  # the first node above
    ax.legend(fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    return ax


def lag(result: Any, ax: Axes | None = None) -> Axes:
    """Draw how many seconds each replica is behind its primary, over the simulated time.

    A line has a gap while its node is no replica, or is silent.

    Parameters
    ----------
    result : Result
        Of a scenario whose fleet has replicas.

    Raises
    ------
    BadInput
        No node was a replica at any sample.
    """
    nodes = _nodes_of(result, "lag")
    behind = nodes["lag"].where(nodes["role"] == FOLLOWER)
    lags = _over_time(nodes.assign(lag=behind), "lag")
    drawn = [name for name in nodes["node"].unique() if lags[name].notna().any()]
    if not drawn:
        raise BadInput(
            "lag draws the replicas of a fleet, and this one has none; give it some, such as "
            "fleet=cs.Shards(3, replicas=1)"
        )
    ax = new_axes(ax)
    for index, name in enumerate(drawn):
        colour, dashes = pick(COLOURS, index), pick(LINES, index)
        ax.plot(lags.index, lags[name], color=colour, linestyle=dashes, linewidth=1.4, label=name)
    ax.set(xlabel="simulated time (s)", ylabel="behind the primary (s)", xlim=(0, None))
    ax.set_ylim(bottom=0)
    return legend(ax)


def _nodes_of(result: Any, plot: str) -> pd.DataFrame:
    """Return the samples of the nodes; refuse a run without a fleet."""
    if result.nodes is None or result.nodes.empty:
        raise BadInput(
            f"{plot} draws the nodes of a fleet, and this scenario has none; "
            "give it a fleet, such as fleet=cs.Shards(3)"
        )
    nodes: pd.DataFrame = result.nodes
    return nodes


def _over_time(nodes: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a column of the samples, one row per moment and one column per node."""
    once = nodes.drop_duplicates(["begin", "node"], keep="last")  # a run may end at a sample
    return once.pivot(index="begin", columns="node", values=column)


def _spans(true: pd.Series) -> Iterator[Span]:
    """Yield when a series of samples is true: each sample holds until the next one.

    >>> import pandas as pd
    >>> list(_spans(pd.Series([True, True, False, True], index=[0.0, 1.0, 2.0, 3.0])))
    [(0.0, 2.0), (3.0, 0.0)]
    """
    time, begin = 0.0, None
    for time, here in zip(map(float, true.index), true, strict=True):
        if here and begin is None:
            begin = time
        elif not here and begin is not None:
            yield begin, time - begin
            begin = None
    if begin is not None:
        yield begin, time - begin


def _shade_outages(ax: Axes, result: Any, roles: pd.DataFrame, rows: dict[str, int]) -> None:
    """Shade the rows of each group of nodes while none of them is the primary."""
    label = "no primary"
    for names in result.scenario.fleet.groups():
        group = roles[list(names)]
        out = (group == SILENT).any(axis=1) & ~(group == PRIMARY).any(axis=1)
        if spans := list(_spans(out)):
            first = rows[names[0]] - 0.5
            ax.broken_barh(spans, (first, len(names)), facecolors=SHADE, zorder=0, label=label)
            label = ""


def _mark_lost(ax: Axes, result: Any, rows: dict[str, int]) -> None:
    """Mark each lost write on the row of the node that had taken it."""
    lost = result.lost_writes
    if lost is not None and len(lost):
        places = lost["node"].map(rows)
        ax.plot(lost["time"], places, "x", color=COLOURS[1], label=f"lost write ({len(lost):,})")
