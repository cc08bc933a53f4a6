"""What a fleet costs per hour: its nodes, and the bytes between zones. A plan and a run count alike."""

import cachesim.theory as theory
from cachesim.node_types import NodeType
from cachesim.service.bill import price

# US dollars per GB (10**9 bytes) that leaves its zone, in each direction.
CROSSING_PRICE = price("cross-zone")
# No price page was read for it; the client's side pays.
CROSSING_SOURCE = "assumption, 29 November 2026; second-hand: harish11g.blogspot.com 2012, EC2"


def crossing_per_hour(crossing: float) -> float:
    """Give the US dollars per hour for so many bytes per second that leave their zone.

    >>> round(crossing_per_hour(1e6), 3)
    0.036
    """
    return theory.crossing_cost(crossing, 1.0, 1.0, CROSSING_PRICE)


def cost_per_hour(nodes: int, kind: NodeType, crossing: float = 0.0) -> float:
    """Give the US dollars per hour of a fleet, with so many bytes per second that leave their zone.

    >>> cost_per_hour(6, NodeType(price=0.25))
    1.5
    """
    return theory.fleet_cost(nodes, 0, kind.price, crossing_per_hour(crossing))
