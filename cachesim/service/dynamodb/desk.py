"""The desk of DynamoDB, with its searches: Query within one partition, Scan over all."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from cachesim.service.dynamodb.calls import Units, expression, names_of, validated
from cachesim.service.dynamodb.table import DynamoTable
from cachesim.service.dynamodb.tables import invalid
from cachesim.service.dynamodb.writes import WriteDesk
from cachesim.service.elasticache.checks import only
from cachesim.storage.dynamo.capacity import read_units
from cachesim.storage.dynamo.conditions import meets, projected
from cachesim.storage.dynamo.grammar import Node
from cachesim.storage.dynamo.items import Key, TableItems, placed
from cachesim.storage.dynamo.values import Item, item_size, ordered

SEARCHED = (
    "TableName Select Limit ConsistentRead ExclusiveStartKey ReturnConsumedCapacity "
    "ProjectionExpression FilterExpression ExpressionAttributeNames ExpressionAttributeValues "
)
PAGE = 1024**2  # bytes that one answer reads at most
RANGES = ("=", "<", "<=", ">", ">=", "between")  # for the sort's value; and begins_with
Answer = dict[str, Any]
Found = Iterator[tuple[Key, Item]]


class DynamoDesk(WriteDesk):
    """The desk of DynamoDB.

    >>> from cachesim.service.account import Account
    >>> account = Account(timings="instant")
    >>> desk = DynamoDesk(account)
    >>> table = {"TableName": "shop", "BillingMode": "PAY_PER_REQUEST"}
    >>> key = {"AttributeName": "id", "KeyType": "HASH"}
    >>> kind = {"AttributeName": "id", "AttributeType": "S"}
    >>> made = desk.CreateTable({**table, "KeySchema": [key], "AttributeDefinitions": [kind]})
    >>> account.calendar.advance(1)
    >>> put = desk.PutItem({"TableName": "shop", "Item": {"id": {"S": "a"}}})
    >>> desk.Scan({"TableName": "shop"})["Items"]
    [{'id': {'S': 'a'}}]
    """

    @validated
    def Query(self, request: Answer) -> Answer:
        """Find items of one partition, in the order of the sort's values."""
        only(request, (SEARCHED + "KeyConditionExpression ScanIndexForward").split())
        table, names = self.active(request["TableName"]), names_of(request)
        condition = expression(request, "KeyConditionExpression", names)
        if condition is None:
            raise invalid(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified "
                "in the request."
            )
        first, test = _ranges(condition, table.items)
        back = not request.get("ScanIndexForward", True)

        def found(when: float | None) -> Found:
            items = table.items.in_partition(first, when)
            return (each for each in _turned(items, back) if test is None or meets(test, each[1]))

        return self._search(table, request, names, found, back)

    @validated
    def Scan(self, request: Answer) -> Answer:
        """Find items of a whole table."""
        only(request, SEARCHED.split())
        table = self.active(request["TableName"])
        return self._search(table, request, names_of(request), table.items.all, back=False)

    def _search(
        self, table: DynamoTable, request: Answer, names: Any, items: Any, back: bool
    ) -> Answer:
        test = expression(request, "FilterExpression", names)
        places = expression(request, "ProjectionExpression", names)
        names.check_used()
        strong, now, spent = request.get("ConsistentRead", False), self.moment(), Units()
        found = items(self.copy(strong, now))
        if start := request.get("ExclusiveStartKey"):
            table.items.key(start)
            found = _behind(found, partial(_place, table.items), _place(table.items, start), back)
        read, last = _page(found, request.get("Limit"))
        units = read_units(sum(item_size(item) for _, item in read), _way(strong))
        key = read[0][0] if read else ("",)
        self.take(table, "read", units, key, now, spent)
        kept = [item for _, item in read if test is None or meets(test, item)]
        shown = [item if places is None else projected(item, places) for item in kept]
        listed = {} if request.get("Select") == "COUNT" else {"Items": shown}
        more = {} if last is None else {"LastEvaluatedKey": table.items.key_of(last)}
        counts = {"Count": len(kept), "ScannedCount": len(read)}
        return {**listed, **counts, **more, **spent.one(request)}


def _way(strong: bool) -> str:
    return "strong" if strong else "eventual"


def _turned(items: Found, back: bool) -> Iterable[tuple[Key, Item]]:
    return reversed(list(items)) if back else items


def _page(found: Found, limit: int | None) -> tuple[list[tuple[Key, Item]], Item | None]:
    """Read until the page is full; return what was read, and the last item if there may be more."""
    read: list[tuple[Key, Item]] = []
    size = 0
    for key, item in found:
        read.append((key, item))
        size += item_size(item)
        if len(read) == limit or size > PAGE:
            return read, item
    return read, None


def _place(items: TableItems, item: Item) -> tuple[bytes, Any]:
    """Return the place of an item in the order of a search."""
    parts = items.parts
    return placed(items.key(items.key_of(item))[0]), ordered(item[parts[-1].name])


def _behind(found: Found, place: Any, start: Any, back: bool) -> Found:
    for key, item in found:
        if (place(item) < start) if back else (place(item) > start):
            yield key, item


def _ranges(condition: Node, items: TableItems) -> tuple[str, Node | None]:
    """Return the partition's value that a key condition wants, and its condition on the sort's value."""
    first, *rest = [part.name for part in items.parts]
    wanted = {_named(each): each for each in _parts(condition)}
    for name in wanted:
        if name not in (first, *rest):
            raise invalid(f"Query condition missed key schema element: {(rest or [first])[0]}")
    if first not in wanted:
        raise invalid(f"Query condition missed key schema element: {first}")
    if wanted[first][0] != "=":
        raise invalid("Query key condition not supported")
    value = wanted[first][2][1]
    key = {part.name: value for part in items.parts[:1]}
    one = TableItems(items.parts[:1]).key(key)
    return one[0], wanted.get(rest[0]) if rest else None


def _parts(condition: Node) -> Iterator[Node]:
    """Yield the conditions that AND joins."""
    if condition[0] == "and":
        yield from _parts(condition[1])
        yield from _parts(condition[2])
    elif condition[0] in (*RANGES, "call"):
        yield condition
    else:
        raise invalid(
            f"Invalid operator used in KeyConditionExpression: {str(condition[0]).upper()}"
        )


def _named(condition: Node) -> str:
    """Return the attribute that a part of a key condition is about."""
    operands = condition[2] if condition[0] == "call" else condition[1:]
    is_known = condition[0] != "call" or condition[1] == "begins_with"
    if not is_known or operands[0][0] != "path" or any(each[0] != "value" for each in operands[1:]):
        raise invalid("Invalid KeyConditionExpression: it compares a key with values only")
    return str(operands[0][1][0])
