"""What the desks ask of the nodes. The desks never touch an engine: they tell what shall happen, and when.

A run of traffic turns the orders of its minutes into faults of the model.
"""

import math
from collections.abc import Callable
from typing import NamedTuple


class Order(NamedTuple):
    """Something that happens to a node."""

    when: float  # seconds of the calendar
    node: str  # id of the member, or of the cluster and its node
    what: str  # "kill", "reboot", "save", or a change: see experiments/cloud_fleet.py
    lasts: float  # seconds until the node is back, or the change is over
    detect: float = 0.0  # seconds until the service notices
    promote: float = math.inf  # seconds from then until a replica leads; inf: none will
    joins: tuple[str, ...] = ()  # ids of the nodes that a change brings
    amount: float = 1.0  # by which the memory of the nodes grows; how many slots move


class Orders:
    """The orders of an account, in the order of their times.

    >>> fleet = Orders()
    >>> fleet.order(Order(90.0, "shop-001", "reboot", lasts=60.0))
    >>> [each.node for each in fleet.between(60.0, 120.0)], fleet.between(120.0, 180.0)
    (['shop-001'], [])
    """

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.heard: list[Callable[[Order], None]] = []  # who hears of each order

    def order(self, order: Order) -> None:
        """Take an order."""
        self.orders.append(order)
        for each in self.heard:
            each(order)

    def between(self, begin: float, end: float) -> list[Order]:
        """Return the orders of some seconds."""
        return [each for each in self.orders if begin <= each.when < end]
