"""What is lost with a node or a zone: right after, and until all is as before."""

from typing import NamedTuple

import cachesim.theory as theory
from cachesim.planner.checks import misses
from cachesim.planner.search import Candidate


class Loss(NamedTuple):
    """What a loss costs: right after, and until all is as before."""

    what: str  # "primary" or "zone"
    requests: float  # share of the requests that find no node right after
    hit_ratio: float  # right after
    database: float  # reads per second that reach the database right after
    promoted: bool  # replicas take over, with the content
    busy: float  # of one core on the busiest node, from then on
    refill: float  # seconds until 90 % of the lost hits are back; 0 if replicas take over

    def __str__(self) -> str:
        then = (
            f"until a replica is promoted; then the busiest node is {self.busy:.0%} busy"
            if self.promoted
            else f"until it is replaced; {self.refill:,.0f} s later nine of ten lost hits are back"
        )
        return (
            f"a lost {self.what}: {self.requests:.1%} of the requests find no node; hit ratio {self.hit_ratio:.1%} "
            f"and {self.database:,.0f} database reads/s {then}"
        )


def loss(fleet: Candidate, what: str, requests: float, copies: int) -> Loss:
    """Say what it costs that `requests` (a share) lose their primaries, and shards so many of their copies.

    >>> from cachesim.planner.load import Load
    >>> from cachesim.node_types import NodeType
    >>> loss(Candidate(Load(rate=1000, writes=0.0), NodeType(), 4, 1), "primary", 0.25, 1)[1:4]
    (0.25, 0.75, 250.0)
    """
    load, left = fleet.load, 1 + fleet.replicas - copies
    return Loss(
        what,
        requests,
        load.hit_ratio * (1 - requests),
        misses(load, requests),
        left > 0,
        load.busy(fleet.shards, max(1, left)),
        0.0 if left > 0 else theory.refill_time(load.ranks, load.rate),
    )
