"""The nodes of a fleet, drawn: their loads, their roles over time, the lag of the replicas."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from cachesim import plots
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.measure.history import select_requests
from cachesim.model.faults import RemoveNode
from cachesim.model.fleet import Pool, Shards
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario

READ_AT_PRIMARIES = Scenario(
    cache=Redis(), fleet=Shards(3, replicas=1), workload=OpenLoop(rate=200), duration=4, warmup=1
)
POOL = Scenario(cache=Memcached(), fleet=Pool(2), workload=OpenLoop(rate=100), duration=4, warmup=1)


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


@pytest.mark.parametrize("of", ["requests", "busy"])
def test_a_replica_that_nobody_reads_is_not_in_the_even_share(of):
    """It has its bar; the line is the mean of the three primaries."""
    ax = plots.load_per_shard(run(READ_AT_PRIMARIES), of=of)
    drawn, [line] = widths(ax), ax.lines
    primaries = [width for name, width in drawn.items() if name.endswith("node-0")]

    assert 6 == len(drawn)
    assert 3 == len(primaries)
    assert sum(primaries) / 3 == pytest.approx(line.get_xdata()[0])
    assert sum(primaries) / 3 > sum(drawn.values()) / 6


def test_what_cannot_be_drawn_is_refused(result, fleet_result):
    """One node has no shares; a load is of two kinds."""
    with pytest.raises(BadInput, match=r"this scenario has none; give it a fleet, such as"):
        plots.load_per_shard(result)
    with pytest.raises(BadInput, match="of must be one of requests, busy, got 'memory'"):
        plots.load_per_shard(fleet_result, of="memory")


# --- a fleet over time


def spans(ax, colour):
    """Return (row, begin, end) of every bar of a colour, rows counted from 0."""
    found = []
    for drawn in ax.collections:
        for path in drawn.get_paths() if to_hex(drawn.get_facecolor()[0]) == colour else ():
            (left, low), (right, high) = path.get_extents().get_points()
            found.append((round(float(low + high) / 2, 2), float(left), float(right)))
    return sorted(found)


def test_a_timeline_says_who_is_primary_when(failed_over):
    """The replica takes over, the old primary comes back as a replica; the time between is shaded."""
    ax = plots.fleet_timeline(failed_over)
    names = [label.get_text() for label in ax.get_yticklabels()]
    moment = failed_over.nodes.query("node == 'shard-0 node-1' and role == 'primary'")[
        "begin"
    ].min()

    assert [f"shard-{shard} node-{node}" for shard in range(3) for node in range(2)] == names
    assert 7 < moment < 15
    assert [(0.0, 0.0, 5.0), (1.0, moment, 20.0), (2.0, 0.0, 20.0), (4.0, 0.0, 20.0)] == spans(
        ax, plots.COLOURS[0].lower()
    )
    replicas = spans(ax, plots.COLOURS[5].lower())
    assert [(0.0, 15.0, 20.0), (1.0, 0.0, moment), (3.0, 0.0, 20.0), (5.0, 0.0, 20.0)] == replicas
    assert [(0.5, 5.0, moment)] == spans(ax, "#dddddd")


def test_a_lost_write_is_a_cross_on_the_row_of_its_node(failed_over):
    """At the moment at which the old primary took it."""
    assert len(failed_over.lost_writes) > 0
    [crosses] = plots.fleet_timeline(failed_over).lines

    assert list(failed_over.lost_writes["time"]) == list(crosses.get_xdata())
    assert {0} == set(crosses.get_ydata())


def test_a_node_that_has_left_a_pool_is_no_outage():
    """Others have its keys."""
    left = run(POOL.replace(faults=(RemoveNode("node-0", at=2),)))
    ax = plots.fleet_timeline(left)

    assert [(0.0, 2.0, 4.0)] == spans(ax, "#999999")
    assert [] == spans(ax, "#dddddd")


def test_the_lag_grows_while_the_primary_is_silent(failed_over):
    """A second per second, until the replica is the primary; then its line has a gap."""
    lines = {line.get_label(): line for line in plots.lag(failed_over).lines}
    [times, behind] = lines["shard-0 node-1"].get_data()

    grown = behind[(times >= 6) & ~np.isnan(behind)]
    assert len(grown) >= 2
    assert 1 == pytest.approx(np.diff(grown))
    assert np.isnan(behind[times >= 15]).all()
    assert {"shard-0 node-0", "shard-0 node-1", "shard-1 node-1", "shard-2 node-1"} == set(lines)


def test_plots_of_fleets_refuse_what_has_none(result, fleet_result):
    """No fleet, no replicas."""
    with pytest.raises(BadInput, match="fleet_timeline draws the nodes of a fleet, and this"):
        plots.fleet_timeline(result)
    with pytest.raises(
        BadInput, match="lag draws the nodes of a fleet, and this scenario has none"
    ):
        plots.lag(result)
    with pytest.raises(BadInput, match="lag draws the replicas of a fleet, and this one has none"):
        plots.lag(fleet_result)


# --- a fleet that is resized


def test_a_resize_shows_hits_redirects_and_slots(resized):
    """A quarter of the slots moves; the lines have the values of the history; the fault is marked."""
    ax = plots.resize(resized, every=2.0)
    lines = {line.get_label(): line for line in ax.lines}
    requests = select_requests(resized.history)
    first = requests[requests["begin"] < 2]

    assert {"hit ratio", "redirected", "slots moved", "AddShard"} == set(lines)
    assert 25 == lines["slots moved"].get_ydata()[-1]
    assert 100 * (first["hops"] > 0).mean() == pytest.approx(lines["redirected"].get_ydata()[0])
    assert [1.0, 3.0] == list(lines["hit ratio"].get_xdata()[:2])
    assert 1.0 == lines["AddShard"].get_xdata()[0]


def test_a_resize_without_slots_has_no_line_of_them(fleet_result, result):
    """A fleet that did not change has none; one node is refused."""
    drawn = {line.get_label() for line in plots.resize(fleet_result).lines}

    assert {"hit ratio", "redirected"} == drawn
    with pytest.raises(BadInput, match="resize draws the change of a fleet, and this scenario"):
        plots.resize(result)
