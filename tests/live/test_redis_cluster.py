"""A real Redis Cluster on simulated time: failover, the same every time, and a partition."""

import re

import pytest

from cachesim.errors import CommandError
from cachesim.live.groups import RedisCluster, failover
from cachesim.model.fleet.failing_node import UNBLOCKED
from cachesim.validate.fidelity_fleet import beside_ours, failover_runs, minority, rest
from tests.live.conftest import seconds_until, started_fleet

# PFAIL, FAIL, promoted: medians of 40 failovers of redis-server 7.0.15, measured before this code existed.
TABLE = {5: (6.8, 7.3, 8.2), 15: (17.7, 19.7, 20.5)}


@pytest.mark.parametrize("node_timeout", [2, 5, 9, 15])
def test_the_time_line_of_a_failover(node_timeout):
    """Bounds that follow from the source (cluster.c); medians near the table and near our runs."""
    runs = started_fleet(failover_runs, node_timeout)
    rows = beside_ours(node_timeout, runs)

    assert all(node_timeout < run.suspected <= 1.5 * node_timeout + 0.21 for run in runs)
    assert all(run.suspected <= run.failed for run in runs)
    assert all(0.45 <= run.promoted - run.failed <= 1.35 for run in runs)
    assert [] == [row for row in rows if not row.is_within]
    for row, known in zip(rows, TABLE.get(node_timeout, ()), strict=False):
        assert abs(row.real - known) <= 1.0


def test_the_same_seed_gives_the_same_failover():
    """Three runs agree to the step of 100 ms; another seed gives another time line."""
    same = [started_fleet(failover, 5, seed=3) for _ in range(3)]

    assert same[0] == same[1] == same[2]
    assert same[0] != started_fleet(failover, 5, seed=4)


def test_a_partition_of_a_cluster(fleet):
    """A primary alone stops to serve a time-out after the cut; its replica takes over; it then follows."""
    cluster = fleet(RedisCluster, node_timeout=2)
    alone, *others = cluster.nodes
    replica = cluster.nodes[3]
    key = cluster.key_of(0)
    cluster.partition([alone], others)
    until_refused = seconds_until(cluster, lambda: is_down(alone, key))
    until_promoted = seconds_until(cluster, lambda: "master" in role(replica)) + until_refused
    replica.call("SET", key, "new")
    cluster.heal()
    until_follows = seconds_until(cluster, lambda: "slave" in role(alone))

    assert 2 <= until_refused <= 2 * 1.5 + 0.2
    assert 2 + 0.5 <= until_promoted <= 6
    assert until_follows <= 5
    cluster.move(3)
    alone.call("READONLY")
    assert b"new" == alone.call("GET", key)


def test_a_real_split_brain_beside_ours():
    """The median time until CLUSTERDOWN; every write that the old primary took is gone; the rest after healing."""
    rows = started_fleet(minority, 2) + started_fleet(rest, 2)

    assert [] == [row for row in rows if not row.is_within]
    assert rows[1].expected > 100


def test_a_demoted_server_unblocks_those_who_wait(fleet):
    """The words of the error are those of our node."""
    cluster = fleet(RedisCluster, node_timeout=2)
    primary, replica = cluster.nodes[0], cluster.nodes[3]
    primary.call("SET", cluster.key_of(0), "1")
    primary.ask("WAIT", 2, 0)
    replica.call("CLUSTER", "FAILOVER")
    cluster.move(3)

    with pytest.raises(CommandError, match=re.escape(UNBLOCKED)):
        primary.reply()


def role(node):
    """Ask a node whether it is a master or a slave."""
    return node.info()["role"]


def is_down(node, key):
    """Whether a node refuses a write because its cluster is down."""
    try:
        return node.call("SET", key, "old") != "OK"
    except CommandError as error:
        return str(error).startswith("CLUSTERDOWN")
