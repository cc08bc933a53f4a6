"""`plan`: the cheapest fleet for a load, why it is not smaller, and what a lost node costs."""

import math
from collections.abc import Sequence
from typing import Any

from cachesim.errors import BadInput
from cachesim.measure.tables import html_table, text_table
from cachesim.node_types import NodeType, kind_of, node_types
from cachesim.planner.in_the_model import scenario
from cachesim.planner.load import Load
from cachesim.planner.loss import Loss, loss
from cachesim.planner.search import HOURS, Candidate, affordable
from cachesim.scenario import Scenario
from cachesim.units import show_time

ALTERNATIVES = 4  # other types that are shown
LIMITS = ["limit", "needs", "has", "used"]
FLEETS = ["fleet", "nodes", "$ per hour", "$ per month"]


class FleetPlan:
    """The cheapest fleet for a load, its limits and its alternatives.

    `fleet` is the plan; `alternatives` are the cheapest fleets of other node types.
    """

    def __init__(self, found: Sequence[Candidate], kinds: Sequence[NodeType]) -> None:
        self.fleet = found[0]
        self.load, self.kind, self.shards, self.replicas = self.fleet
        others = {fleet.kind.name: fleet for fleet in reversed(found)}  # the cheapest of each type
        others.pop(self.kind.name)
        self.alternatives = sorted(others.values(), key=found.index)[:ALTERNATIVES]
        self._kinds = kinds

    @property
    def per_hour(self) -> float:
        """The bill in US dollars per hour."""
        return self.fleet.bill

    @property
    def smaller(self) -> dict[str, Candidate]:
        """The fleets with one shard fewer, one replica fewer, and of the next cheaper type."""
        fleet = self.fleet
        found = {
            "one shard fewer": fleet._replace(shards=self.shards - 1),
            "one replica fewer": fleet._replace(replicas=self.replicas - 1),
        }
        if cheaper := [kind for kind in self._kinds if kind.price < self.kind.price]:
            kind = max(cheaper, key=lambda each: each.price)
            found[f"{kind.name} instead"] = fleet._replace(kind=kind)
        return {what: each for what, each in found.items() if each.shards and each.replicas >= 0}

    @property
    def binds(self) -> dict[str, list[str]]:
        """The limits that each smaller fleet breaks."""
        return {what: [check.name for check in each.broken] for what, each in self.smaller.items()}

    @property
    def lost_node(self) -> Loss:
        """What happens when the primary of the busiest shard is lost."""
        return loss(self.fleet, "primary", self.load.share(self.shards), 1)

    @property
    def lost_zone(self) -> Loss | None:
        """What happens when one of several zones is lost, with its part of the primaries; None: there is one zone."""
        zones = self.load.zones
        if zones == 1:
            return None
        return loss(self.fleet, "zone", 1 / zones, math.ceil((1 + self.replicas) / zones))

    def scenario(self, **changes: Any) -> Scenario:
        """Describe a run of the plan; `changes` are fields of the scenario, such as duration=10.

        It starts warm. The strategy is write-through without a TTL, as the plan assumes. A large load takes long
        to simulate: plan a small one, with node types of your own and a slow `node`.
        """
        return scenario(self.fleet).replace(**changes)

    def as_dict(self) -> dict[str, Any]:
        """Give the plan as plain data, for JSON."""
        return {
            **_bill(self.fleet),
            "limits": [{**each._asdict(), "ok": each.ok} for each in self.fleet.checks],
            "binds": self.binds,
            "crossing": self.load.crossing(self.replicas),
            "round_trip": self.load.round_trip(self.replicas),
            "lost_node": self.lost_node._asdict(),
            "lost_zone": self.lost_zone and self.lost_zone._asdict(),
            "alternatives": [_bill(fleet) for fleet in self.alternatives],
        }

    @property
    def _notes(self) -> list[str]:
        crossing, trip = self.load.crossing(self.replicas), self.load.round_trip(self.replicas)
        return [
            *(
                f"{what}: not enough {'; '.join(names)}"
                for what, names in self.binds.items()
                if names
            ),
            f"{crossing:.0%} of the requests leave their zone (${self.fleet.crossing_bill:.3f} per hour); "
            f"mean round trip {show_time(trip)}",
            *(str(lost) for lost in (self.lost_node, self.lost_zone) if lost),
        ]

    def __str__(self) -> str:
        limits = [check.shown() for check in self.fleet.checks]
        parts = [str(self.fleet), text_table(LIMITS, limits), "\n".join(self._notes)]
        return "\n\n".join([*parts, text_table(FLEETS, self._fleets)])

    @property
    def _fleets(self) -> list[list[str]]:
        return [
            [str(each), f"{each.nodes}", f"{each.bill:.3f}", f"{each.bill * HOURS:,.0f}"]
            for each in (self.fleet, *self.alternatives)
        ]

    def _repr_html_(self) -> str:
        limits = [check.shown() for check in self.fleet.checks]
        return html_table(str(self.fleet), LIMITS, limits, self._notes) + html_table(
            "the plan and its alternatives", FLEETS, self._fleets
        )


def _bill(fleet: Candidate) -> dict[str, Any]:
    return {
        "type": fleet.kind.name,
        "shards": fleet.shards,
        "replicas": fleet.replicas,
        "nodes": fleet.nodes,
        "per_hour": fleet.bill,
        "per_month": fleet.bill * HOURS,
    }


def plan(*, types: Sequence[NodeType | str] | None = None, **load: Any) -> FleetPlan:
    """Find the cheapest fleet of Redis nodes that serves a load.

    Parameters
    ----------
    types : list of NodeType or str, optional
        The node types to choose from, or their names; by default those of Amazon ElastiCache that are current.
    **load
        The fields of `Load`: rate, writes, keys, value_size, key_size, skew, hit_ratio, connections, zones,
        survive, read_from, database, budget, busy_limit, quota, node.

    Raises
    ------
    BadInput
        A field breaks its rule, or no fleet serves the load within the budget; the sentence gives the reason.

    >>> found = plan(rate=200_000, keys=10_000_000, value_size=500, survive="nothing")
    >>> print(found.fleet)
    4 shards of cache.m6g.large
    >>> found.binds["one shard fewer"]
    ['cpu']
    """
    kinds = (
        node_types()
        if types is None
        else [kind_of(given, "types must hold node types, or names") for given in types]
    )
    if not kinds:
        raise BadInput("types must hold at least one node type, got none; leave it out for all")
    return FleetPlan(affordable(Load(**load), kinds), kinds)
