"""A network that splits in two, by hand: commands of two processes at given moments."""

import pytest

from cachesim.errors import BadInput
from cachesim.model import faults
from cachesim.model.distributions import Constant
from cachesim.model.fleet import Pool, Replicated, Shards
from tests.model.fleet.scene import TIMEOUT, Scene

PAIR = Replicated(
    1, lag=Constant(value=0.1), detect=Constant(value=4.0), promote=Constant(value=1.0), dns_ttl=0.0, processes=2,
)  # fmt: skip
CLUSTER = Shards(3, replicas=1, lag=Constant(value=0.1), node_timeout=2.0, processes=2)
INSIDE, OUTSIDE = 0, 1  # users of process 0, which stands with the old primary, and of process 1
SPLIT = faults.Partition(nodes=("primary",), processes=(INSIDE,), at=20, duration=60)
IN_CLUSTER = SPLIT.replace(nodes=("shard-0 primary",))  # it has "b"; shard-1 has "c"


# --- one primary and its replica


def test_two_primaries_until_the_network_heals():
    """Each side reads its own writes; then the old primary copies the new one, and its write is gone."""
    scene = Scene(PAIR, SPLIT).at(10, INSIDE, "SET", "b", "1")
    scene.at(30, INSIDE, "SET", "b", "2").at(30, OUTSIDE, "SET", "b", "3")
    for moment in (40, 90):
        scene.at(moment, INSIDE, "GET", "b").at(moment, OUTSIDE, "GET", "b")

    assert ["OK", "OK", "OK", "2", "3", "3", "3"] == scene.play()
    assert [(30.25, "b", "node-0")] == scene.lost()
    assert [True, False] == [node.engine.is_replica for node in scene.system.caches]


def test_the_roles_show_two_primaries():
    """From the promotion, 5 s after the cut, until it heals."""
    scene, roles = Scene(PAIR, SPLIT), {}
    for moment in (24.9, 25.1, 79.9, 80.1):
        scene.look(
            moment, lambda now: roles.update({now: [scene.system.role_of(n) for n in (0, 1)]})
        )
    scene.play()

    assert {
        24.9: ["primary", "replica"],
        25.1: ["primary", "primary"],
        79.9: ["primary", "primary"],
        80.1: ["replica", "primary"],
    } == roles


def test_outside_nobody_reaches_the_old_primary():
    """Until the replica takes over, a write has no connection; nothing of it is lost."""
    scene = Scene(PAIR, SPLIT).at(22, OUTSIDE, "SET", "b", "1").at(30, OUTSIDE, "GET", "b")

    assert [("no", "ConnectTimedOut", 22 + TIMEOUT), None] == scene.play()
    assert [] == scene.lost()


def test_a_short_split_changes_nothing():
    """The primary is heard again before the failover: the replica gets what it missed."""
    scene = Scene(PAIR, SPLIT.replace(duration=3.0)).at(21, INSIDE, "SET", "b", "1")
    scene.at(40, OUTSIDE, "GET", "b")

    assert ["OK", "1"] == scene.play()
    assert [] == scene.lost()
    assert b"1" == scene.system.caches[1].get("b")


def test_min_replicas_ends_the_writes_inside():
    """Between m - 1/2 and m + 3/2 s after the cut, though the replica has another log by then."""
    scene = Scene(PAIR.replace(min_replicas=1, max_lag=7), SPLIT)
    for tenth in range(200):
        scene.at(20 + tenth / 10, INSIDE, "SET", f"k{tenth}", "1")
    scene.play()
    first = scene.errors().index("NOREPLICAS")

    assert 7 - 0.5 <= (first / 10 + 0.25) <= 7 + 1.5
    assert {"NOREPLICAS"} == set(scene.errors()[first:])
    assert [f"k{n}" for n in range(first)] == [key for _, key, _ in scene.lost()]


@pytest.mark.parametrize("fault", [faults.KillNode, faults.CrashCache])
def test_the_old_primary_dies_during_the_split(fault):
    """It restarts empty, still as a primary; what it took before and afterwards is lost, once each."""
    scene = Scene(PAIR, SPLIT, fault(node="node-0", at=40, down=10)).at(10, INSIDE, "SET", "a", "0")
    for moment in (30, 60):
        scene.at(moment, INSIDE, "SET", "b", "1")
    scene.at(90, INSIDE, "GET", "a").at(90, INSIDE, "GET", "b")

    assert ["OK", "OK", "OK", "0", None] == scene.play()
    assert [(30.25, "b", "node-0"), (60.25, "b", "node-0")] == scene.lost()


def test_a_replica_inside_follows_the_old_primary_until_the_end():
    """Afterwards it has the data of the new one."""
    fleet, cut = PAIR.replace(replicas=2), SPLIT.replace(nodes=("primary", "node-1"))
    scene = Scene(fleet, cut).at(30, INSIDE, "SET", "b", "2").at(30, OUTSIDE, "SET", "b", "3")
    seen = []
    for moment in (40, 90):
        scene.look(moment, lambda now: seen.append([node.get("b") for node in scene.system.caches]))
    scene.play()

    assert [[b"2", b"2", b"3"], [b"3", b"3", b"3"]] == seen
    assert (2,) == scene.system.topology.primaries


# --- a cluster


def test_a_primary_alone_stops_after_the_time_out():
    """It takes writes for T to 3/2 T seconds; then it refuses reads and writes; what it took is lost."""
    scene = Scene(CLUSTER, IN_CLUSTER)
    for tenth in range(100):
        scene.at(20 + tenth / 10, INSIDE, "SET", "b", str(tenth))
    scene.at(40, INSIDE, "GET", "b").at(40, OUTSIDE, "GET", "b").at(81, INSIDE, "GET", "b")
    scene.play()
    first = scene.errors().index("CLUSTERDOWN")

    assert 2.0 <= first / 10 <= 2 * 1.5 + 0.3
    assert {"CLUSTERDOWN"} == set(scene.errors()[first:-2])
    assert [None, None] == scene.said[-2:]
    assert first == len(scene.lost())


def test_a_primary_that_was_not_replaced_rests_before_it_serves():
    """Its replica is inside, too: nobody takes over. After healing it waits for T = 2 s, then it serves."""
    cut = IN_CLUSTER.replace(nodes=("shard-0 node-0", "shard-0 node-1"))
    scene = Scene(CLUSTER, cut)
    for moment in (50, 81, 82.5):
        scene.at(moment, INSIDE, "SET", "b", "1")
    scene.play()

    assert ["CLUSTERDOWN", "CLUSTERDOWN", None] == scene.errors()
    assert [] == scene.lost()


@pytest.mark.parametrize("full_coverage", [True, False])
def test_a_shard_without_a_primary_stops_all_of_them(full_coverage):
    """Unless the cluster does without it: then the other shards go on."""
    dead = faults.KillNode("shard-0 node-0", at=20, down=30)
    scene = Scene(CLUSTER.replace(replicas=0, full_coverage=full_coverage), dead)
    for moment in (21, 40, 60):
        scene.at(moment, OUTSIDE, "SET", "c", "1")
    scene.play()

    assert [None, "CLUSTERDOWN" if full_coverage else None, None] == scene.errors()


def test_two_of_four_are_no_majority():
    """Both halves refuse everything, and nobody is promoted."""
    fleet = CLUSTER.replace(shards=4)
    key = next(f"k{n}" for n in range(99) if fleet.finder()(f"k{n}") == 3)
    scene = Scene(fleet, IN_CLUSTER.replace(nodes=("shard-0 node-0", "shard-1 node-0")))
    scene.at(40, INSIDE, "SET", "b", "1").at(40, OUTSIDE, "SET", key, "1").at(
        90, OUTSIDE, "SET", key, "1"
    )
    scene.play()

    assert ["CLUSTERDOWN", "CLUSTERDOWN", None] == scene.errors()
    assert (0, 2, 4, 6) == scene.system.topology.primaries


def test_the_side_with_a_name_may_be_the_majority():
    """Two of three primaries are inside, with the replica of the third: it is promoted."""
    inside = ("shard-0 node-0", "shard-1 node-0", "shard-2 node-1")
    key = next(f"k{n}" for n in range(99) if CLUSTER.finder()(f"k{n}") == 2)
    scene = Scene(CLUSTER, IN_CLUSTER.replace(nodes=inside))
    scene.at(40, INSIDE, "SET", key, "1").at(40, OUTSIDE, "SET", key, "2")
    scene.play()

    assert [None, "CLUSTERDOWN"] == scene.errors()


# --- another try


def test_a_takeover_is_tried_again_until_a_replica_is_there():
    """The primary dies for good while its only replica is cut off; that is back at 40 s."""
    away = faults.PartitionCache(node="node-1", at=19, duration=21)
    scene = Scene(PAIR, faults.KillNode("node-0", at=20), away).at(10, OUTSIDE, "SET", "b", "1")
    scene.at(39, OUTSIDE, "GET", "b").at(45, OUTSIDE, "GET", "b")
    scene.play()

    assert "1" == scene.said[-1]
    assert (1,) == scene.system.topology.primaries


def test_an_election_is_tried_again_after_four_time_outs():
    """As above, in a cluster: T = 2 s, so the next tries are 8 s apart."""
    away = faults.PartitionCache(node="shard-0 node-1", at=19, duration=6)
    scene = Scene(CLUSTER, faults.KillNode("shard-0 node-0", at=20), away)
    scene.at(25.5, OUTSIDE, "GET", "b").at(34, OUTSIDE, "GET", "b")
    scene.play()

    assert [True, False] == [error is not None for error in scene.errors()]
    assert 1 == scene.system.topology.primaries[0]


def test_a_planned_failover_unblocks_those_who_wait():
    """The demoted primary answers UNBLOCKED (redis 7: blocked.c), and is a replica."""
    scene = Scene(PAIR, faults.FailOverCache(at=22)).at(20, INSIDE, "SET", "b", "1")
    scene.at(21, INSIDE, "WAIT", 2, 30.0).at(30, INSIDE, "GET", "b")

    assert ["OK", ("UNBLOCKED", "CommandError", 22.0), "1"] == scene.play()
    assert (1,) == scene.system.topology.primaries
    assert [] == scene.lost()


# --- a pool, and what is refused


def test_a_pool_is_only_out_of_reach():
    """Its nodes do not know of each other; each process reaches its own side."""
    scene = Scene(Pool(2, processes=2), SPLIT.replace(nodes=("node-0",)))
    keys = [
        next(f"k{n}" for n in range(99) if scene.system.places[f"k{n}"] == place)
        for place in (0, 1)
    ]
    for user in (INSIDE, OUTSIDE):
        for key in keys:
            scene.at(30, user, "SET", key, "1")
    scene.play()

    assert [None, "no", "no", None] == scene.errors()


@pytest.mark.parametrize(
    ("fleet", "fault", "says"),
    [
        (PAIR, SPLIT.replace(processes=(2,)), "below 2"),
        (PAIR, SPLIT.replace(nodes=("node-7",)), "node-7"),
        (None, SPLIT, "fleet"),
        (Pool(2), faults.FailOverCache(node="node-0"), "needs replicas"),
        (PAIR, faults.FailOverCache(node="node-1"), "no primary"),
    ],
)
def test_what_cannot_be(fleet, fault, says):
    """One sentence."""
    with pytest.raises(BadInput, match=says):
        Scene(fleet, fault).play()
