"""The rules by which a Redis Cluster notices a crash, played without servers."""

from random import Random

import pytest

from cachesim.errors import BadInput
from cachesim.model.fleet.gossip import failover_times


@pytest.mark.parametrize(
    ("node_timeout", "primaries", "replicas"), [(2, 3, 1), (5, 5, 2), (15, 3, 2)]
)
def test_the_bounds(node_timeout, primaries, replicas):
    """PFAIL between T and 1.5 T, FAIL at a majority, promotion 0.5 to 1 s later, in steps of 100 ms."""
    draw = Random(3).random
    for _ in range(100):
        suspected, failed, promoted = failover_times(node_timeout, primaries, replicas, draw)

        assert node_timeout <= suspected <= 1.5 * node_timeout + 0.21
        assert suspected <= failed <= 1.5 * node_timeout + 2
        assert 0.6 <= round(promoted - failed, 6) <= 1.1


@pytest.mark.parametrize(("primaries", "replicas"), [(1, 1), (2, 1), (3, 0)])
def test_nobody_takes_over(primaries, replicas):
    """Two primaries have no majority when one is gone; without a replica nobody is elected."""
    with pytest.raises(BadInput, match="3 or more primaries"):
        failover_times(5, primaries, replicas, Random(1).random)
