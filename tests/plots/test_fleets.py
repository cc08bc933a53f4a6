"""The load of each node of a fleet, drawn."""

import pytest

from cachesim import plots
from cachesim.errors import BadInput
from cachesim.measure.history import select_requests


def widths(ax):
    """Return the bars by the name of their node, in %."""
    names = [label.get_text() for label in ax.get_yticklabels()]
    return dict(zip(names, (bar.get_width() for bar in ax.patches), strict=True))


def test_a_bar_per_node_is_its_share_of_the_requests(fleet_result):
    """They add up to all requests, and the line is at a third."""
    drawn = widths(plots.load_per_shard(fleet_result))
    answered = select_requests(fleet_result.measured)["node"].dropna()

    assert [f"shard-{n} node-0" for n in range(3)] == list(drawn)
    assert 100 == pytest.approx(sum(drawn.values()))
    for name, share in drawn.items():
        assert share == pytest.approx(100 * (answered == name).mean())
    [line] = plots.load_per_shard(fleet_result).lines
    assert 100 / 3 == pytest.approx(line.get_xdata()[0])


def test_busy_time_has_the_mean_of_the_whole(fleet_result):
    """The line is at the utilization of the cache."""
    ax = plots.load_per_shard(fleet_result, of="busy")
    [line] = ax.lines

    assert 100 * fleet_result.metrics["cache_utilization"] == pytest.approx(
        line.get_xdata()[0], rel=0.01
    )
    assert all(share > 0 for share in widths(ax).values())


def test_what_cannot_be_drawn_is_refused(result, fleet_result):
    """One node has no shares; a load is of two kinds."""
    with pytest.raises(BadInput, match=r"this scenario has none; give it a fleet, such as"):
        plots.load_per_shard(result)
    with pytest.raises(BadInput, match="of must be one of requests, busy, got 'memory'"):
        plots.load_per_shard(fleet_result, of="memory")
