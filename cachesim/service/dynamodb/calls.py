"""What all operations on items share: the table, the moment, the copy that answers, units and expressions."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from cachesim.errors import BadInput
from cachesim.service.account import Account
from cachesim.service.cloudwatch.series import Name
from cachesim.service.dynamodb.backups import PointInTime
from cachesim.service.dynamodb.table import DynamoTable
from cachesim.service.dynamodb.tables import invalid
from cachesim.service.faults import ServiceFault
from cachesim.storage.dynamo.capacity import COPY_LAG
from cachesim.storage.dynamo.grammar import ExpressionReader, Names
from cachesim.storage.dynamo.items import Key

CALL = 0.005  # seconds that a call takes: an assumption
COPIES = 3  # of each partition, in three zones; one of them leads and is never behind
SHOWN = ("NONE", "TOTAL", "INDEXES")
Answer = dict[str, Any]
Operation = TypeVar("Operation", bound=Callable[..., Answer])


def validated(operation: Operation) -> Operation:
    """Let an operation answer ValidationException where a value is bad."""

    @wraps(operation)
    def call(desk: Any, request: Answer, **more: Any) -> Answer:
        try:
            return operation(desk, request, **more)
        except BadInput as error:
            raise invalid(str(error)) from None

    return call  # type: ignore[return-value]


class Units:
    """The units that one request has taken.

    >>> units = Units()
    >>> units.add("shop", "read", 0.5)
    >>> units.shown({"ReturnConsumedCapacity": "TOTAL"})
    [{'TableName': 'shop', 'CapacityUnits': 0.5}]
    """

    def __init__(self) -> None:
        self.taken: dict[str, dict[str, float]] = {}  # by table, by kind

    def add(self, table: str, kind: str, units: float) -> None:
        """Add units of a table."""
        kinds = self.taken.setdefault(table, {})
        kinds[kind] = kinds.get(kind, 0.0) + units

    def shown(self, request: Answer) -> list[Answer]:
        """Return them in AWS's shape, if the request wants to know."""
        wanted = request.get("ReturnConsumedCapacity", "NONE")
        if wanted == "NONE":
            return []
        found = []
        for table, kinds in self.taken.items():
            total = sum(kinds.values())
            more = {"Table": {"CapacityUnits": total}} if wanted == "INDEXES" else {}
            found.append({"TableName": table, "CapacityUnits": total, **more})
        return found

    def one(self, request: Answer) -> Answer:
        """Return those of the only table, as a member of an answer."""
        found = self.shown(request)
        return {"ConsumedCapacity": found[0]} if found else {}

    def several(self, request: Answer) -> Answer:
        """Return those of all tables, as a member of an answer."""
        found = self.shown(request)
        return {"ConsumedCapacity": found} if found else {}


class ItemCalls(PointInTime):
    """The parts of which the operations on items are made."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._draws = account.stream("dynamodb copies")

    def active(self, name: str) -> DynamoTable:
        """Return a table that answers now. Raises ServiceFault."""
        name = name.rpartition("/")[2]  # an ARN does, too
        if name not in self.tables or self.tables.find(name).status in ("creating", "deleting"):
            raise ServiceFault("ResourceNotFoundException", "Requested resource not found")
        return self.tables.find(name)

    def moment(self) -> float:
        """Let the milliseconds of a call pass, and return the seconds of its end."""
        if self.account.timings.mode != "instant":
            self.account.calendar.advance(CALL)
        return self.account.calendar.now

    def copy(self, strong: bool, now: float) -> float | None:
        """Return the moment whose items a read sees; None: the newest."""
        if strong or self.account.timings.mode == "instant":
            return None
        leads = self._draws.random() * COPIES < 1
        return None if leads else now - float(self._draws.exponential(COPY_LAG))

    def take(
        self, table: DynamoTable, kind: str, units: float, key: Key, now: float, spent: Units
    ) -> None:
        """Take units, and tell CloudWatch. Raises ServiceFault if they are not there."""
        metric, value = f"Consumed{kind.title()}CapacityUnits", units
        try:
            table.take(kind, units, key, now)
            spent.add(table.id, kind, units)
        except ServiceFault:
            metric, value = f"{kind.title()}ThrottleEvents", 1.0
            raise
        finally:
            if watch := self.account.desks.get("cloudwatch"):
                name = Name("AWS/DynamoDB", metric, (("TableName", table.id),))
                watch.put(name, "Count", self.account.calendar.now, [value])


def names_of(request: Answer) -> Names:
    """Return the names and the values in a request's expressions."""
    return Names(request.get("ExpressionAttributeNames"), request.get("ExpressionAttributeValues"))


def expression(request: Answer, kind: str, names: Names) -> Any:
    """Read one expression of a request, such as its FilterExpression; None if it has none."""
    if kind not in request:
        return None
    reader = ExpressionReader(kind, request[kind], names)
    read = {
        "ProjectionExpression": reader.projection,
        "UpdateExpression": reader.update,
    }
    return read.get(kind, reader.condition)()
