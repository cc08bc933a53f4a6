"""The operations that write items: with a condition, several at a time, or all or none of them."""

from collections.abc import Callable
from typing import Any, NamedTuple

from cachesim.service.dynamodb.calls import Units, expression, names_of, validated
from cachesim.service.dynamodb.reads import SHAPES, TWICE, ReadDesk
from cachesim.service.dynamodb.table import THROTTLED, DynamoTable
from cachesim.service.dynamodb.tables import BAD, invalid
from cachesim.service.faults import ServiceFault, only
from cachesim.storage.dynamo.capacity import write_units
from cachesim.storage.dynamo.conditions import meets, projected
from cachesim.storage.dynamo.grammar import Place
from cachesim.storage.dynamo.items import Key
from cachesim.storage.dynamo.updates import updated
from cachesim.storage.dynamo.values import LARGEST_ITEM, Item, clean_item, item_size

COMMON = (
    "TableName ReturnValues ReturnConsumedCapacity ConditionExpression "
    "ExpressionAttributeNames ExpressionAttributeValues ReturnValuesOnConditionCheckFailure "
)
MOST_WRITES = 25  # of one BatchWriteItem
OLD, NEW = ("NONE", "ALL_OLD"), ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
FAILED = "The conditional request failed"
Answer = dict[str, Any]


class ItemChange(NamedTuple):
    """What a write makes of an item, before it is done."""

    table: DynamoTable
    key: Key
    before: Item | None
    after: Item | None
    holds: bool  # whether its condition was met
    places: list[Place]  # that an update touches
    shown: Answer  # the item as it is, if a refusal is to show it


class WriteDesk(ReadDesk):
    """Items are written. A write that its condition forbids costs its units, too."""

    @validated
    def PutItem(self, request: Answer) -> Answer:
        """Write an item in the place of the one that is there."""
        only(request, (COMMON + "Item").split())
        return self._write(self.put_change(request), request, OLD)

    @validated
    def DeleteItem(self, request: Answer) -> Answer:
        """Remove an item. One that is not there is no error."""
        only(request, (COMMON + "Key").split())
        return self._write(self.delete_change(request), request, OLD)

    @validated
    def UpdateItem(self, request: Answer) -> Answer:
        """Change some attributes of an item; one that is not there is made."""
        only(request, (COMMON + "Key UpdateExpression").split())
        return self._write(self.update_change(request), request, NEW)

    # What a write would do

    def put_change(self, request: Answer) -> ItemChange:
        """Prepare a PutItem."""
        item, table = clean_item(request["Item"]), self.active(request["TableName"])
        return self._change(request, table.items.key(item, exact=False), lambda before: item)

    def delete_change(self, request: Answer) -> ItemChange:
        """Prepare a DeleteItem."""
        key = self.active(request["TableName"]).items.key(request["Key"])
        return self._change(request, key, lambda before: None)

    def check_change(self, request: Answer) -> ItemChange:
        """Prepare the ConditionCheck of a transaction: the item stays as it is."""
        key = self.active(request["TableName"]).items.key(request["Key"])
        return self._change(request, key, lambda before: before)

    def update_change(self, request: Answer) -> ItemChange:
        """Prepare an UpdateItem."""
        key = self.active(request["TableName"]).items.key(request["Key"])
        return self._change(request, key, None)

    def _change(
        self, request: Answer, key: Key, make: Callable[[Item | None], Item | None] | None
    ) -> ItemChange:
        table, names = self.active(request["TableName"]), names_of(request)
        condition = expression(request, "ConditionExpression", names)
        changes = expression(request, "UpdateExpression", names) or []
        names.check_used()
        before = table.items.at(key)
        holds = condition is None or meets(condition, before or {})
        places = [place for _, place, _ in changes]
        for part in table.items.parts:
            if any(place[0] == part.name for place in places):
                raise invalid(
                    f"{BAD}Cannot update attribute {part.name}. This attribute is part of the key"
                )
        if make is None:
            after = updated(changes, before or clean_item(request["Key"])) if holds else before
        else:
            after = make(before)
        if item_size(after) > LARGEST_ITEM:
            raise invalid("Item size has exceeded the maximum allowed size")
        wanted = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        shown = {"Item": before} if wanted and before is not None else {}
        return ItemChange(table, key, before, after, holds, places, shown)

    def _write(self, change: ItemChange, request: Answer, allowed: tuple[str, ...]) -> Answer:
        wanted, spent, now = request.get("ReturnValues", "NONE"), Units(), self.moment()
        if wanted not in allowed:
            raise invalid(f"ReturnValues can only be {' or '.join(allowed)}, got {wanted}")
        size = max(item_size(change.before), item_size(change.after) if change.holds else 0)
        self.take(change.table, "write", write_units(size), change.key, now, spent)
        if not change.holds:
            raise ServiceFault("ConditionalCheckFailedException", FAILED, **change.shown)
        change.table.items.put(change.key, change.after, now)
        shown = change.before if wanted.endswith("OLD") else change.after
        if wanted.startswith("UPDATED"):
            shown = projected(shown or {}, change.places)
        attributes = {"Attributes": shown} if wanted != "NONE" and shown else {}
        return {**attributes, **spent.one(request)}

    # Several

    @validated
    def BatchWriteItem(self, request: Answer) -> Answer:
        """Put and delete up to 25 items; those that were throttled come back as UnprocessedItems."""
        only(request, ("RequestItems", "ReturnConsumedCapacity"))
        asked = [(name, one) for name, each in request["RequestItems"].items() for one in each]
        if not 1 <= len(asked) <= MOST_WRITES:
            raise invalid("Too many items requested for the BatchWriteItem call")
        changes = [self._batched(name, one) for name, one in asked]
        if len({(change.table.id, change.key) for change in changes}) < len(changes):
            raise invalid(TWICE)
        spent, left, now = Units(), dict[str, list[Answer]](), self.moment()
        for change, (name, one) in zip(changes, asked, strict=True):
            size = max(item_size(change.before), item_size(change.after))
            try:
                self.take(change.table, "write", write_units(size), change.key, now, spent)
                change.table.items.put(change.key, change.after, now)
            except ServiceFault as fault:
                if fault.shape not in SHAPES:
                    raise
                left.setdefault(name, []).append(one)
        if not spent.taken:
            raise ServiceFault(*THROTTLED[changes[0].table.mode])
        return {"UnprocessedItems": left, **spent.several(request)}

    def _batched(self, name: str, one: Answer) -> ItemChange:
        if "PutRequest" in one:
            return self.put_change({"TableName": name, **one["PutRequest"]})
        return self.delete_change({"TableName": name, **one["DeleteRequest"]})
