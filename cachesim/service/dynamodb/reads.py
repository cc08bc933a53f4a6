"""The operations that read items by their keys."""

from typing import Any

from cachesim.service.dynamodb.calls import ItemCalls, Units, expression, names_of, validated
from cachesim.service.dynamodb.table import THROTTLED
from cachesim.service.dynamodb.tables import invalid
from cachesim.service.faults import ServiceFault, only
from cachesim.storage.dynamo.capacity import read_units
from cachesim.storage.dynamo.conditions import projected
from cachesim.storage.dynamo.values import Item, item_size

GOT = "TableName Key ConsistentRead ReturnConsumedCapacity ProjectionExpression ExpressionAttributeNames"
OF_TABLE = "Keys ConsistentRead ProjectionExpression ExpressionAttributeNames"  # in a BatchGetItem
MOST_KEYS, MOST_BYTES = 100, 16 * 1024**2  # of one BatchGetItem
SHAPES = [shape for shape, _ in THROTTLED.values()]
TWICE = "Provided list of item keys contains duplicates"
Answer = dict[str, Any]


class ReadDesk(ItemCalls):
    """Items are read: from the leading copy, or from any of the three."""

    @validated
    def GetItem(self, request: Answer) -> Answer:
        """Read one item; one that is not there gives an answer without it."""
        only(request, GOT.split())
        spent, way = Units(), "strong" if request.get("ConsistentRead") else "eventual"
        item = self.read(request, way, spent, self.moment())
        return {**({} if item is None else {"Item": item}), **spent.one(request)}

    def read(self, request: Answer, way: str, spent: Units, now: float) -> Item | None:
        """Read an item for its units, and return what the request wants of it."""
        table, names = self.active(request["TableName"]), names_of(request)
        places = expression(request, "ProjectionExpression", names)
        names.check_used()
        key = table.items.key(request["Key"])
        item = table.items.at(key, self.copy(way != "eventual", now))
        self.take(table, "read", read_units(item_size(item), way), key, now, spent)
        return item if places is None or item is None else projected(item, places)

    @validated
    def BatchGetItem(self, request: Answer) -> Answer:
        """Read up to 100 items; those that were throttled or too much come back as UnprocessedKeys."""
        only(request, ("RequestItems", "ReturnConsumedCapacity"))
        wanted, spent, size, now = request["RequestItems"], Units(), 0, self.moment()
        if not 1 <= sum(len(each["Keys"]) for each in wanted.values()) <= MOST_KEYS:
            raise invalid("Too many items requested for the BatchGetItem call")
        found: dict[str, list[Item]] = {name: [] for name in wanted}
        left: dict[str, Answer] = {}
        for name, asked in wanted.items():
            only(asked, OF_TABLE.split())
            self._check_keys(name, asked["Keys"])
            for key in asked["Keys"]:
                one = {**asked, "TableName": name, "Key": key}
                item = self._read_if(one, spent, now) if size <= MOST_BYTES else ...
                size += item_size(item if isinstance(item, dict) else None)
                if item is ...:
                    left.setdefault(name, {**asked, "Keys": []})["Keys"].append(key)
                elif item is not None:
                    found[name].append(item)
        if not spent.taken:
            raise ServiceFault(*THROTTLED[self.active(name).mode])
        return {"Responses": found, "UnprocessedKeys": left, **spent.several(request)}

    def _read_if(self, request: Answer, spent: Units, now: float) -> Any:
        """Read an item; an ellipsis if its units were not there."""
        try:
            way = "strong" if request.get("ConsistentRead") else "eventual"
            return self.read(request, way, spent, now)
        except ServiceFault as fault:
            if fault.shape not in SHAPES:
                raise
            return ...

    def _check_keys(self, name: str, keys: list[Item]) -> None:
        table = self.active(name)
        if len({table.items.key(key) for key in keys}) < len(keys):
            raise invalid(TWICE)
