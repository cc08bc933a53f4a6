"""Nodes fail while slots move, and changes that no cluster can make: by hand, one second per trip.

The times are those of test_slots_that_move.py: a slot is open at 12 s, its first key moves at 14 s.
"""

import pytest

from cachesim.errors import BadInput
from cachesim.model import faults
from cachesim.model.distributions import Constant
from cachesim.model.fleet import Pool, Replicated, Shards
from tests.model.fleet.test_groups import OnlyCache, play, read, write
from tests.model.fleet.test_slots_that_move import CLUSTER, ONE, A, B, C, keys_at

# --- failures on the way


@pytest.mark.parametrize("lag", [0.1, 8.0, 30.0])
def test_a_source_that_fails_over_forgets_what_had_left(lag):
    """The replica that takes over knows the key and its move, or only the key, or neither.

    The key is at the target, once, and not lost, with the value that it got there. The other key,
    which had not left, is lost if nobody has it.
    """
    fleet = CLUSTER.replace(replicas=1, lag=Constant(value=lag), node_timeout=1.0)
    dead = faults.KillNode("shard-0 node-0", at=15.4, down=100)
    steps = [write(0, A), write(0.1, B), write(14.1, A), read(40, A), read(1, B)]
    system, rows = play(fleet, steps, ONE, dead, duration=100)

    assert [False, True, False] == [A in keys for keys in keys_at(system)]
    assert [False, lag < 30, False] == [B in keys for keys in keys_at(system)]
    assert [2] * (lag == 30) == [each.write for each in system.lost_writes()]
    assert 3 == system.shared["read"][0]
    assert ["hit", "hit" if lag < 30 else "cold"] == rows["lookup"][3:].tolist()


class SetDeleteSet(OnlyCache):
    """The second write is a deletion."""

    def write(self, app, key, value):
        yield app.cache.delete(key) if value.write == 2 else app.cache.set(key, value)


def test_a_source_that_fails_over_does_not_bring_back_what_was_stored_elsewhere():
    """A key is deleted at the source and set again at the target; the source's new primary knows neither."""
    fleet = CLUSTER.replace(replicas=1, lag=Constant(value=10.0), node_timeout=1.0)
    dead = faults.KillNode("shard-0 node-0", at=15.4, down=100)
    steps = [write(1, C), write(9, C), write(3, C), read(30, C)]  # sent at 1, 10, 13 and 43 s
    system, _ = play(fleet, steps, ONE, dead, strategy=SetDeleteSet(), duration=100)

    assert [False, True, False] == [C in keys for keys in keys_at(system)]
    assert [3] == system.shared["read"]
    assert [] == system.lost_writes()


def test_a_target_that_fails_over_loses_what_its_replica_had_not():
    """Both keys had moved when it died, and nobody else has them: they are lost, and the records say so."""
    fleet = CLUSTER.replace(replicas=1, lag=Constant(value=30.0), node_timeout=1.0)
    dead = faults.KillNode("shard-1 node-0", at=17, down=100)
    system, _ = play(fleet, [write(0, A), write(0.1, B), read(40, A)], ONE, dead, duration=100)

    lost = [(each.key, each.write, each.node) for each in system.lost_writes()]
    assert [(A, 1, "shard-1 node-0"), (B, 2, "shard-1 node-0")] == lost


def test_the_operator_waits_for_a_node_that_is_silent():
    """The target is cut off for 30 s; then the slot moves on."""
    cut = faults.PartitionCache(node="shard-1 node-0", at=13.5, duration=30)
    system, _ = play(CLUSTER, [write(1, A)], ONE, cut, duration=80)

    assert [A] == [key for keys in keys_at(system) for key in keys]
    assert 43.5 < system.slot_moves[0].time < 53.5


def test_a_shard_that_joined_can_fail():
    """By its node or its role; a shard that does not join is refused before the run."""
    dies = faults.KillNode("shard-3 primary", at=12)
    system, _ = play(CLUSTER, [read(1, A)], faults.AddShard(at=10), dies, duration=20)

    assert "silent" == system.role_of(3)
    with pytest.raises(BadInput, match='no node "shard-4 primary"'):
        play(CLUSTER, [read(1, A)], faults.AddShard(at=10), dies.replace(node="shard-4 primary"))


# --- what is refused


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (faults.Reshard("shard-0", "shard-9"), 'no shard "shard-9"; choose from shard-0, shard-1'),
        (faults.RemoveShard("shard-7"), 'no shard "shard-7"; choose from'),
    ],
)
def test_an_unknown_shard_is_refused(fault, message):
    """With the names that there are."""
    with pytest.raises(BadInput, match=message):
        play(CLUSTER, [read(1, A)], fault)


def test_the_last_shard_cannot_leave():
    """Its slots would have no owner."""
    with pytest.raises(BadInput, match='"shard-0" is the last shard of the cluster'):
        play(Shards(1), [read(1, A)], faults.RemoveShard("shard-0"))


@pytest.mark.parametrize("fleet", [Pool(3), Replicated(1), None])
def test_a_fleet_without_slots_is_refused(fleet):
    """They have no shards."""
    with pytest.raises(BadInput, match="AddShard needs a fleet with slots"):
        play(fleet, [read(1, A)], faults.AddShard())


def test_a_shard_gives_to_another_one():
    """Not to itself."""
    with pytest.raises(BadInput, match=r"Reshard\.target must be another shard"):
        faults.Reshard("shard-1", "shard-1")
