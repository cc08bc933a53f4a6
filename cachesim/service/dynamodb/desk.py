"""The desk of DynamoDB, with its searches: Query within one partition, Scan over all."""

from functools import partial
from typing import Any

from cachesim.service.dynamodb.calls import Units, expression, names_of, validated
from cachesim.service.dynamodb.table import DynamoTable
from cachesim.service.dynamodb.tables import invalid
from cachesim.service.dynamodb.transactions import TransactionDesk
from cachesim.service.faults import only
from cachesim.storage.dynamo.capacity import read_units
from cachesim.storage.dynamo.conditions import meets, projected
from cachesim.storage.dynamo.items import Key
from cachesim.storage.dynamo.searches import Found, behind, page, place, ranges, turned
from cachesim.storage.dynamo.values import item_size

SEARCHED = (
    "TableName Select Limit ConsistentRead ExclusiveStartKey ReturnConsumedCapacity "
    "ProjectionExpression FilterExpression ExpressionAttributeNames ExpressionAttributeValues "
)
Answer = dict[str, Any]


class DynamoDesk(TransactionDesk):
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
        first, test = ranges(condition, table.items)
        back = not request.get("ScanIndexForward", True)

        def found(when: float | None) -> Found:
            items = table.items.in_partition(first, when)
            return (each for each in turned(items, back) if test is None or meets(test, each[1]))

        return self._search(table, request, names, found, back, (first,))

    @validated
    def Scan(self, request: Answer) -> Answer:
        """Find items of a whole table."""
        only(request, SEARCHED.split())
        table = self.active(request["TableName"])
        return self._search(table, request, names_of(request), table.items.all)

    def _search(
        self,
        table: DynamoTable,
        request: Answer,
        names: Any,
        items: Any,
        back: bool = False,
        empty: Key = ("",),
    ) -> Answer:
        test = expression(request, "FilterExpression", names)
        places = expression(request, "ProjectionExpression", names)
        names.check_used()
        strong, now, spent = request.get("ConsistentRead", False), self.moment(), Units()
        found = items(self.copy(strong, now))
        if start := request.get("ExclusiveStartKey"):
            table.items.key(start)
            found = behind(found, partial(place, table.items), place(table.items, start), back)
        read, last = page(found, request.get("Limit"))
        units = read_units(
            sum(item_size(item) for _, item in read), "strong" if strong else "eventual"
        )
        key = read[0][0] if read else empty  # whose partition has the units
        self.take(table, "read", units, key, now, spent)
        kept = [item for _, item in read if test is None or meets(test, item)]
        shown = [item if places is None else projected(item, places) for item in kept]
        listed = {} if request.get("Select") == "COUNT" else {"Items": shown}
        more = {} if last is None else {"LastEvaluatedKey": table.items.key_of(last)}
        counts = {"Count": len(kept), "ScannedCount": len(read)}
        return {**listed, **counts, **more, **spent.one(request)}
