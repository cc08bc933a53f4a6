"""The cheapest fleet that keeps every limit; or the reason why there is none."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cachesim.theory as theory
from cachesim.errors import BadInput
from cachesim.node_types import NodeType
from cachesim.planner.checks import REPLICAS, Check, checks
from cachesim.planner.cost import cost_per_hour, crossing_per_hour
from cachesim.planner.load import Load

HOURS = 730  # of a month, as cloud providers count


class Candidate(NamedTuple):
    """So many shards of nodes of one type, for one load."""

    load: Load
    kind: NodeType
    shards: int
    replicas: int

    @property
    def nodes(self) -> int:
        """Primaries and replicas."""
        return self.shards * (1 + self.replicas)

    @property
    def checks(self) -> list[Check]:
        """Every limit."""
        return checks(*self)

    @property
    def broken(self) -> list[Check]:
        """The limits that it does not keep."""
        return [check for check in self.checks if not check.ok]

    @property
    def crossing(self) -> float:
        """Bytes per second that leave their zone."""
        return self.load.rate * self.load.bytes_per_request() * self.load.crossing(self.replicas)

    @property
    def crossing_bill(self) -> float:
        """US dollars per hour for the bytes that leave their zone."""
        return crossing_per_hour(self.crossing)

    @property
    def bill(self) -> float:
        """US dollars per hour, for nodes and for bytes that leave their zone."""
        return cost_per_hour(self.nodes, self.kind, self.crossing)

    def __str__(self) -> str:
        copies = f" and {_count(self.replicas, 'replica')} each" if self.replicas else ""
        return f"{_count(self.shards, 'shard')}{copies} of {self.kind.name}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def fleets(load: Load, kinds: Sequence[NodeType]) -> list[Candidate]:
    """List the smallest fleet of every type and number of replicas that serves the load, cheapest first.

    More shards never need more of a limit, but for the number of nodes. So a bisection finds the least.
    """
    found = []
    for kind in kinds:
        for replicas in range(REPLICAS + 1):
            most = load.quota // (1 + replicas)
            if most and not Candidate(load, kind, most, replicas).broken:
                found.append(_smallest(Candidate(load, kind, most, replicas)))
    return sorted(found, key=lambda fleet: (fleet.bill, fleet.nodes, fleet.kind.name))


def _smallest(fleet: Candidate) -> Candidate:
    """Take shards away as long as every limit is kept."""
    sizes = range(1, fleet.shards + 1)
    serves: Callable[[int], bool] = lambda shards: not fleet._replace(shards=shards).broken  # noqa: E731
    return fleet._replace(shards=sizes[bisect_left(sizes, True, key=serves)])


def affordable(load: Load, kinds: Sequence[NodeType]) -> list[Candidate]:
    """List the fleets that serve the load within its budget, cheapest first.

    Raises
    ------
    BadInput
        There is none; the sentence gives the reason.
    """
    found = fleets(load, kinds)
    if not found:
        raise BadInput(_refusal(load, kinds))
    if load.budget is not None and found[0].bill > load.budget:
        raise BadInput(
            f"Load.budget must be at least ${found[0].bill:.3f} per hour for this load, got {load.budget:g}; "
            f"the cheapest fleet that serves it is {found[0]}"
        )
    return [fleet for fleet in found if load.budget is None or fleet.bill <= load.budget]


def _refusal(load: Load, kinds: Sequence[NodeType]) -> str:
    """Say what no fleet can serve: the hottest key, or else what the nearest fleet lacks."""
    top = load.ranks.top
    core = max(kind.core for kind in kinds)
    least = min(load.busy(1, copies, top) for copies in range(1, REPLICAS + 2))
    if least > load.busy_limit * core:
        copies = theory.copies_needed(top, 1, load.busy_limit * core / (load.rate * load.work))
        return (
            f"no number of shards serves this load: the hottest key alone gets {top:.1%} of the requests "
            f"({top * load.rate:,.0f} per second) and keeps one core {least:.0%} busy, above "
            f"{load.busy_limit * core:.0%}; keep at least {copies} copies of it under different names, or a near cache"
        )
    widest = [
        Candidate(load, kind, most, replicas)
        for kind in kinds
        for replicas in range(REPLICAS + 1)
        if (most := load.quota // (1 + replicas))
    ]
    nearest = min(widest, key=lambda fleet: (len(fleet.broken), max(c.used for c in fleet.broken)))
    lacks = "; ".join("{} needs {}, has {}".format(*check.shown()[:3]) for check in nearest.broken)
    return f"no fleet of at most {load.quota} nodes serves this load; the nearest is {nearest}: {lacks}"
