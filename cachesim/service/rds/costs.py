"""What DB instances cost: hours by the second, storage, and backups beyond the storage of all instances."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cachesim.service.bill import GB, MONTH, price
from cachesim.service.rds.instance import DbInstance, DbSnapshot

LEAST = 600.0  # seconds that are billed after each change (RDS User Guide)
HOUR = 3600.0


@dataclass
class DbRent:
    """An instance between two changes of its price."""

    name: str
    kind: str
    hour: float  # US dollars
    storage: int  # GB that are allocated
    copies: int
    begin: float  # seconds of the calendar
    end: float = math.inf


class DbCosts:
    """Every instance and every snapshot that there ever was, as the bill needs it."""

    def __init__(self, account: Any) -> None:
        self.calendar = account.calendar
        self.rents: list[DbRent] = []
        self.snapshots: list[DbSnapshot] = []
        account.bill.others.append(self.lines)

    def rent(self, instance: DbInstance) -> None:
        """Note that an instance has another price from now on."""
        self.end(instance)
        kind, storage = (instance.settings[n] for n in ("DBInstanceClass", "AllocatedStorage"))
        place = kind, instance.price, storage, instance.copies
        self.rents.append(DbRent(instance.id, *place, self.calendar.now))

    def end(self, instance: DbInstance) -> None:
        """Note that what an instance costs has ended."""
        for each in self.rents:
            if each.name == instance.id and each.end == math.inf:
                each.end = self.calendar.now

    def lines(self, now: float) -> list[tuple[str, str, str, float]]:
        """Return (what, kind, amount, US dollars) of every line of the bill."""
        found, months = [], {"db storage": 0.0, "db backup": self.backups(now)}
        for each in self.rents:
            seconds = min(now, each.end) - each.begin
            hours = max(LEAST, seconds) / HOUR
            found.append((each.name, each.kind, f"{hours:.2f} h", hours * each.hour))
            months["db storage"] += each.storage * each.copies * seconds / MONTH
        return found + [
            (what, "", f"{amount:.4f} GB-months", amount * price(what))
            for what, amount in months.items()
            if amount
        ]

    def backups(self, now: float) -> float:
        """Return the GB-months of snapshots beyond the storage of all instances that were there."""
        kept: list[DbRent | DbSnapshot] = [*self.rents, *self.snapshots]
        edges = sorted({now, *(min(now, when) for each in kept for when in (each.begin, each.end))})
        return sum((end - begin) * self._paid(begin) for begin, end in pairwise(edges)) / MONTH

    def _paid(self, moment: float) -> float:
        """Return the GB at a moment: whole storage for the oldest of an instance, then what was written since.

        That is an assumption: how much a snapshot takes is not published.
        """
        free = sum(each.storage for each in self.rents if each.begin <= moment < each.end)
        kept: dict[str, list[DbSnapshot]] = {}
        for each in self.snapshots:
            if each.begin <= moment < each.end:
                kept.setdefault(each.of.resource_id, []).append(each)
        size: float = sum(
            own[0].settings["AllocatedStorage"]
            + own[-1].journal.written(own[0].begin, own[-1].begin) / GB
            for own in kept.values()
        )
        return max(0.0, size - free)
