"""The bill: what every node has cost until now."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from cachesim.node_types import NodeType

HOUR = 3600.0  # seconds


@dataclass
class Rented:
    """One node, from the second in which it began to run until it ended."""

    node: str
    node_type: NodeType
    begin: float
    end: float | None = None

    def hours(self, now: float) -> int:
        """Return the hours that are billed: each hour that has begun counts in full."""
        return math.ceil(((now if self.end is None else self.end) - self.begin) / HOUR)

    def dollars(self, now: float) -> float:
        """Return the price of those hours in US dollars."""
        return self.hours(now) * self.node_type.price


class Bill:
    """Every node that was ever rented in an account.

    >>> from cachesim.node_types import node_type
    >>> bill = Bill()
    >>> bill.begin("shop-001", node_type("cache.t3.micro"), now=0.0)
    >>> bill.end("shop-001", now=3601.0)
    >>> bill.total(now=99999.0)  # two hours at 0.017
    0.034
    """

    def __init__(self) -> None:
        self.rented: list[Rented] = []
        self.heard: list[Callable[[Rented], None]] = []  # who hears of each new node

    def begin(self, node: str, node_type: NodeType, now: float) -> None:
        """Note that a node runs from now on."""
        self.rented.append(Rented(node, node_type, now))
        for each in self.heard:
            each(self.rented[-1])

    def end(self, node: str, now: float) -> None:
        """Note that a node has ended."""
        for each in self.rented:
            if each.node == node and each.end is None:
                each.end = now

    def running(self) -> list[str]:
        """Return the names of the nodes that run."""
        return [each.node for each in self.rented if each.end is None]

    def total(self, now: float) -> float:
        """Return the sum in US dollars."""
        return sum(each.dollars(now) for each in self.rented)

    def table(self, now: float) -> str:
        """Return the bill as text, one line per node, and the sum."""
        lines = [
            f"{each.node:24} {each.node_type.name:18} {each.hours(now):6} h  "
            f"{each.dollars(now):9.3f} USD"
            for each in self.rented
        ]
        return "\n".join([*lines, f"{'sum':52}{self.total(now):9.3f} USD"])
