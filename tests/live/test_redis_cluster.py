"""A real Redis Cluster on simulated time: failover, the same every time, and a partition."""

import binascii
import itertools
import statistics

import pytest

from cachesim.errors import CommandError
from cachesim.live.groups import SLOTS, RedisCluster, failover
from tests.live.conftest import seconds_until, started_fleet

RUNS = 20  # failovers per time-out, each from its own seed
KINDS = ("suspected", "failed", "promoted")

# Medians of 40 failovers of redis-server 7.0.15 at other moments, measured before this code existed.
TABLE = {5: (6.8, 7.3, 8.2), 15: (17.7, 19.7, 20.5)}


def times_of(node_timeout):
    """Run the failovers; return the times of each kind."""
    runs = [started_fleet(failover, node_timeout, seed) for seed in range(1, RUNS + 1)]
    return [[getattr(run, kind) for run in runs] for kind in KINDS]


@pytest.mark.parametrize("node_timeout", [2, 5, 9, 15])
def test_the_time_line_of_a_failover(node_timeout):
    """Bounds that follow from the source (cluster.c), and medians within 1 s of the table."""
    suspected, failed, promoted = times_of(node_timeout)
    elections = [new - old for new, old in zip(promoted, failed, strict=True)]

    assert node_timeout < min(suspected)
    assert max(suspected) <= 1.5 * node_timeout + 0.21
    assert all(old <= new for old, new in zip(suspected, failed, strict=True))
    assert 0.45 <= min(elections)
    assert max(elections) <= 1.35
    for times, known in zip(
        (suspected, failed, promoted), TABLE.get(node_timeout, ()), strict=False
    ):
        assert abs(statistics.median(times) - known) <= 1.0


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
    key = key_of_first_shard()
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


def key_of_first_shard():
    """Find a key by the hash of the specification: CRC16 modulo 16,384 slots."""
    names = (f"k{number}" for number in itertools.count())
    return next(name for name in names if binascii.crc_hqx(name.encode(), 0) % SLOTS < SLOTS // 3)


def role(node):
    """Ask a node whether it is a master or a slave."""
    return node.info()["role"]


def is_down(node, key):
    """Whether a node refuses a write because its cluster is down."""
    try:
        return node.call("SET", key, "old") != "OK"
    except CommandError as error:
        return str(error).startswith("CLUSTERDOWN")
