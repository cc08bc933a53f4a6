"""One table: its key, its items, its capacity, and what it has cost."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from cachesim.service.bill import price
from cachesim.service.calendar import Appointment
from cachesim.service.faults import ServiceFault
from cachesim.storage.dynamo.capacity import FIRST_PEAK, KINDS, Capacity, partitions, place_of
from cachesim.storage.dynamo.items import Key, KeyPart, TableItems

HOUR = 3600.0  # seconds
ON_DEMAND, PROVISIONED = "PAY_PER_REQUEST", "PROVISIONED"
THROTTLED = {  # billing mode -> shape, text
    PROVISIONED: (
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded. Consider "
        "increasing your provisioning level with the UpdateTable API.",
    ),
    ON_DEMAND: (
        "ThrottlingException",
        "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically "
        "scaling your table or index so please try again shortly.",
    ),
}


class DynamoTable:
    """A table of DynamoDB.

    Parameters
    ----------
    name, arn : str
        Its names.
    parts : list of KeyPart
        Its key.
    rates : dict
        Units each second by kind; empty: on demand.
    now : float
        Seconds of the calendar.
    """

    def __init__(
        self, name: str, arn: str, parts: list[KeyPart], rates: dict[str, float], now: float
    ) -> None:
        self.id, self.arn, self.status = name, arn, "creating"
        self.created: datetime | None = None
        self.protected = False
        self.items = TableItems(parts)
        self.expires = ""  # the attribute with the second at which an item expires
        self.sweep = Appointment(lambda: None)  # the next search for what has expired
        self.backed_up_since: float | None = None  # since when it can go back; None: it cannot
        self.restored: dict[str, Any] | None = None
        self.eras: list[tuple[float, dict[str, float]]] = []  # since when, rates
        self.used = dict.fromkeys(KINDS, 0.0)  # units on demand
        self.ended: float | None = None
        self.set_rates(rates, now)

    def set_rates(self, rates: dict[str, float], now: float) -> None:
        """Have so many units each second from now on; none: on demand."""
        self.eras.append((now, rates))
        wanted = rates or FIRST_PEAK
        self.places = partitions(wanted["read"], wanted["write"], self.items.size) if rates else 4
        self.capacity = {kind: Capacity(kind, rates.get(kind), self.places, now) for kind in KINDS}

    @property
    def mode(self) -> str:
        """How it is billed now."""
        return PROVISIONED if self.eras[-1][1] else ON_DEMAND

    def take(self, kind: str, units: float, key: Key, now: float) -> None:
        """Take the units of a request. Raises ServiceFault if they are not there."""
        place = place_of(key[0].encode(), self.places)
        if not self.capacity[kind].take(units, place, now):
            raise ServiceFault(*THROTTLED[self.mode])
        if self.mode == ON_DEMAND:
            self.used[kind] += units

    def lines(self, now: float) -> list[tuple[str, str, str, float]]:
        """Return its lines of the bill: what, kind, amount, US dollars."""
        end = now if self.ended is None else self.ended
        found = []
        for kind in KINDS:
            edges = [*self.eras, (end, {})]
            hours = sum(
                rates.get(kind, 0.0) * max(0.0, until - since) / HOUR
                for (since, rates), (until, _) in pairwise(edges)
            )
            unit = f"{kind[0].upper()}CU"
            amounts = (
                (hours, f"{unit} hour", f"{hours:.2f} unit hours"),
                (self.used[kind], f"{kind} unit", f"{self.used[kind]:.1f} units"),
            )
            for amount, what, text in amounts:
                if amount:
                    found.append((self.id, what, text, amount * price(what)))
        return found

    def shown(self) -> dict[str, Any]:
        """Return it in AWS's shape."""
        rates, parts = self.eras[-1][1], self.items.parts
        roles = zip(parts, ("HASH", "RANGE"), strict=False)
        found: dict[str, Any] = {
            "TableName": self.id,
            "TableArn": self.arn,
            "TableStatus": self.status.upper(),
            "CreationDateTime": self.created,
            "KeySchema": [{"AttributeName": part.name, "KeyType": role} for part, role in roles],
            "AttributeDefinitions": [
                {"AttributeName": part.name, "AttributeType": part.kind} for part in parts
            ],
            "ProvisionedThroughput": {
                "NumberOfDecreasesToday": 0,
                "ReadCapacityUnits": int(rates.get("read", 0)),
                "WriteCapacityUnits": int(rates.get("write", 0)),
            },
            "TableSizeBytes": self.items.size,
            "ItemCount": self.items.count,
            "DeletionProtectionEnabled": self.protected,
            "RestoreSummary": self.restored,
        }
        if not rates:
            found["BillingModeSummary"] = {"BillingMode": ON_DEMAND}
        return found
