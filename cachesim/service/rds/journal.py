"""What a DB instance holds: every commit with its moment, so that any moment can be restored.

A copy of an instance (a snapshot, a replica, a restored instance) is a branch: it has the commits of its
parent up to a moment, and then its own. Nothing is copied, and a moment within a run that is being
simulated is looked up when the run is over.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from cachesim.records import Value


class DbCommit(NamedTuple):
    """A row that was committed."""

    when: float  # seconds of the calendar
    key: str
    write: int  # the id of its write, which no other write of the account has
    size: int  # bytes
    version: int  # of the row
    arrived: Mapping[str, float] = {}  # id of a read replica -> second at which it has the commit

    @property
    def past(self) -> tuple[str, Value, int]:
        """The commit as a run of the model begins with it."""
        return self.key, Value.stamp(self.write, self.size), self.version


class Journal:
    """The commits of an instance, the oldest first.

    >>> orders = Journal()
    >>> orders.own += [DbCommit(10.0, "a", 1, 100, 1), DbCommit(20.0, "a", 2, 100, 2)]
    >>> restored = Journal(orders, until=15.0)
    >>> [commit.version for commit in restored.commits()]
    [1]
    """

    def __init__(
        self, parent: "Journal | None" = None, until: float = math.inf, replica: str = ""
    ) -> None:
        self.parent = parent
        self.until = until  # second of the calendar at which it left its parent
        self.replica = replica  # id under which it follows its parent; empty: it is a copy
        self.own: list[DbCommit] = []

    def commits(self) -> list[DbCommit]:
        """Return every commit that its rows have."""
        if self.parent is None:
            return list(self.own)
        above = self.parent.commits()
        return [
            each for each in above if each.arrived.get(self.replica, each.when) <= self.until
        ] + self.own

    def written(self, begin: float, end: float) -> int:
        """Return the bytes that were committed after one moment and until another."""
        return sum(each.size for each in self.commits() if begin < each.when <= end)
