"""A takeover by a replica that was cut off for so long that the log has forgotten a part of what it lacks."""

from cachesim.model.distributions import Constant
from cachesim.model.faults import CrashCache, FlushCache, KillNode, Partition, PartitionCache
from cachesim.model.fleet import Replicated
from tests.model.fleet.test_groups import OnlyCache, play, read, write


def test_what_the_log_has_forgotten_is_lost_too():
    """Forty writes, of which a backlog of 1,000 bytes holds some six: all that the replica never got are named."""
    fleet = Replicated(
        1, lag=Constant(value=0.0), backlog=1000, dns_ttl=0.0, detect=Constant(value=1.0), promote=Constant(value=0.0)
    )  # fmt: skip
    faults = PartitionCache(node="node-1", at=5.0, duration=30.0), KillNode("node-0", at=34.5)
    system, _ = play(
        fleet,
        [write(10, "k0"), *(write(0.5, f"k{n}") for n in range(1, 40))],
        *faults,
        strategy=OnlyCache(),
    )
    lost = {each.write for each in system.lost_writes()}

    assert (1,) == system.topology.primaries
    assert lost == set(range(1, 41))


def test_a_deposed_primary_that_had_restarted():
    """It starts again while it is cut off, so the replica never saw its new log: all that it took is lost."""
    fleet = Replicated(
        1, lag=Constant(value=0.0), dns_ttl=0.0, processes=1,
        detect=Constant(value=8.0), promote=Constant(value=0.0),
    )  # fmt: skip
    cut = Partition(nodes=("node-0",), processes=(0,), at=5.0, duration=20.0)
    crash = CrashCache(node="node-0", at=6.0, down=1.0)
    steps = [write(8.5, "k0"), *(write(0.5, f"k{n}") for n in range(1, 20))]
    system, _ = play(fleet, steps, cut, crash, strategy=OnlyCache())
    there = {entry.value.write for entry in system.caches[1].engine.table.entries.values()}

    assert (1,) == system.topology.primaries
    assert set(range(1, 21)) - there == {each.write for each in system.lost_writes()}
    assert len(there) < 20


def test_a_replica_refuses_to_be_flushed():
    """FLUSHALL at a replica is READONLY; at the primary it empties both."""
    fleet = Replicated(1, lag=Constant(value=0.0), dns_ttl=0.0)
    for node, left in (("node-1", 1), ("node-0", 0)):
        flush = FlushCache(node=node, at=20.0)
        system, _ = play(fleet, [write(10), read(20)], flush, strategy=OnlyCache(replica=True))
        assert [left or None] == system.shared["read"]
