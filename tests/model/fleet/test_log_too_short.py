"""A takeover by a replica that was cut off for so long that the log has forgotten a part of what it lacks."""

from cachesim.model.distributions import Constant
from cachesim.model.faults import KillNode, PartitionCache
from cachesim.model.fleet import Replicated
from tests.model.fleet.test_full_copy import OnlyCache, write
from tests.model.fleet.test_groups import play


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
