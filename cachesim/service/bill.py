"""The bill: what every node has cost until now. data/prices.csv has the other prices with sources."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from cachesim.node_types import NodeType
from cachesim.service.tables import figures

HOUR = 3600.0  # seconds
MONTH = 730 * HOUR  # as AWS counts
GB = 1e9  # bytes


def price(what: str) -> float:
    """Return a price in US dollars for the unit in the table.

    >>> price("backup")
    0.085
    """
    return figures("prices")[what]


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

    def is_of(self, name: str) -> bool:
        """Whether it is a node of a group or a cluster."""
        return self.node == name or self.node.startswith((f"{name}-", f"{name} "))


class KeptBackup(NamedTuple):
    """A snapshot that is kept; the desk that keeps it tells its whole life."""

    name: str
    of: str  # the group or cluster that it was made of
    size: int  # bytes
    begin: float  # seconds of the calendar
    end: float | None = None  # None: it is still there
    kind: str = "manual"  # or automated


class Bill:
    """Every node that was ever rented in an account, the snapshots kept, and the bytes between zones.

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
        self.snapshots: Callable[[], Iterable[KeptBackup]] = tuple  # all that were ever kept
        self.crossed = 0  # bytes that went from one zone to another
        self.others: list[Callable[[float], list[tuple[str, str, str, float]]]] = []  # more lines

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

    def backups(self, now: float) -> float:
        """Return the GB-months of snapshots beyond the free one: the largest of each active cluster."""
        ends = [each for kept in self.snapshots() for each in (kept.begin, kept.end)]
        ends += [now, *(each.end for each in self.rented)]
        edges = sorted({min(now, each) for each in ends if each is not None})
        paid = (self._paid(begin) * (end - begin) for begin, end in pairwise(edges))
        return sum(paid) / (GB * MONTH)

    def _paid(self, moment: float) -> int:
        """Return the bytes of snapshots that are paid for at a moment."""
        sizes: dict[str, list[int]] = {}
        for each in self.snapshots():
            if _is_there(each, moment):
                sizes.setdefault(each.of, []).append(each.size)
        free = (max(own) for name, own in sizes.items() if self._is_active(name, moment))
        return sum(map(sum, sizes.values())) - sum(free)

    def _is_active(self, name: str, moment: float) -> bool:
        """Whether a group or cluster has a node at a moment."""
        return any(each.is_of(name) and _is_there(each, moment) for each in self.rented)

    def lines(self, now: float) -> list[tuple[str, str, str, float]]:
        """Return (what, kind, amount, US dollars) of every line."""
        found = [
            (each.node, each.node_type.name, f"{each.hours(now)} h", each.dollars(now))
            for each in self.rented
        ]
        months, crossed = self.backups(now), self.crossed / GB
        if months:
            found.append(("backups", "", f"{months:.4f} GB-months", months * price("backup")))
        if crossed:  # the side of the clients pays, in both directions
            found.append(("between zones", "", f"{crossed:.4f} GB", crossed * price("cross-zone")))
        return found + [line for other in self.others for line in other(now)]

    def total(self, now: float) -> float:
        """Return the sum in US dollars."""
        return sum(dollars for *_, dollars in self.lines(now))

    def table(self, now: float) -> str:
        """Return the bill as text, one line for each thing, and the sum."""
        lines = [
            f"{what:24} {kind:18} {amount:>18} {dollars:9.3f} USD"
            for what, kind, amount, dollars in self.lines(now)
        ]
        return "\n".join([*lines, f"{'sum':62} {self.total(now):9.3f} USD"])


def _is_there(what: Rented | KeptBackup, moment: float) -> bool:
    """Whether something has begun and has not ended at a moment."""
    return what.begin <= moment and (what.end is None or moment < what.end)
