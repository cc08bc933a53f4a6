"""What Amazon's client of DAX asks, as requests of DynamoDB in AWS's shape; the answers as it reads them."""

import io
import socket
from collections.abc import Callable
from typing import Any

import cbor2

from cachesim.service.dax.cluster import DaxFront
from cachesim.service.faults import ServiceFault
from cachesim.service.wire.dax_values import (
    decoder,
    key_bytes,
    plain,
    read_key,
    typed,
)
from cachesim.storage.dynamo.conditions import found_at
from cachesim.storage.dynamo.grammar import Place
from cachesim.storage.dynamo.items import KeyPart
from cachesim.storage.dynamo.trees import ExpressionText
from cachesim.storage.dynamo.values import Item

HOST = "127.0.0.1"
METHODS = {  # number on the wire -> name; how many values it takes
    1489122155: ("authorize", 5),
    455855874: ("endpoints", 0),
    -742646399: ("key_schema", 1),
    -1230579644: ("list_id", 1),
    670678385: ("list_names", 1),
    263244906: ("get", 3),
    -2106490455: ("put", 4),
    1425579023: ("update", 3),
    1013539361: ("delete", 3),
    -931250863: ("query", 3),
    -697851100: ("batch_get", 2),
}
ITEM, ATTRIBUTES, ITEMS, COUNT, LAST, SCANNED = 0, 2, 7, 8, 9, 10  # members of an answer
RETURNED = ("", "NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW")
SELECTED = ("", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES")
Answer = dict[str, Any]


class DaxCalls:
    """The calls of one client: values of the wire into requests of DynamoDB, and answers back."""

    def __init__(self, port: int, lists: dict[tuple[str, ...], int], front: DaxFront) -> None:
        self.port, self.lists, self.front = port, lists, front

    def endpoints(self) -> list[Any]:
        """List the nodes. SIMPLIFIED: all of them are at one port, the leader's."""
        node = {1: HOST, 2: socket.inet_aton(HOST), 3: self.port, 4: 1, 6: 1}
        return [[{0: 1, **node, 5: self.front.node.zone}]]

    def key_schema(self, table: Any) -> list[Any]:
        """Return the attributes of a table's key with their types."""
        return [{part.name: part.kind for part in self._parts(table)}]

    def list_id(self, names: list[str]) -> list[Any]:
        """Give a list of names its number."""
        return [self.lists.setdefault(tuple(names), len(self.lists) + 1)]

    def list_names(self, number: int) -> list[Any]:
        """Return the names of a number."""
        return [list(next((each for each, n in self.lists.items() if n == number), ()))]

    def get(self, table: Any, key: bytes, options: Any) -> list[Any]:
        """GetItem."""
        request = self._request(table, options, Key=read_key(key, self._parts(table)))
        item, parts = self.front.GetItem(request).get("Item"), self._parts(table)
        return [{} if item is None else {ITEM: self._shown(item, parts, _places(options))}]

    def put(self, table: Any, key: bytes, values: bytes, options: Any) -> list[Any]:
        """PutItem: the key, then a number for the names of the other attributes, and their values."""
        stream, found = io.BytesIO(values), read_key(key, self._parts(table))
        read = decoder(stream).decode
        for name in self.list_names(read())[0]:
            found[name] = typed(read())
        return self._done(self.front.PutItem, self._request(table, options, Item=found))

    def update(self, table: Any, key: bytes, options: Any) -> list[Any]:
        """UpdateItem."""
        request = self._request(table, options, Key=read_key(key, self._parts(table)))
        return self._done(self.front.UpdateItem, request)

    def delete(self, table: Any, key: bytes, options: Any) -> list[Any]:
        """DeleteItem."""
        request = self._request(table, options, Key=read_key(key, self._parts(table)))
        return self._done(self.front.DeleteItem, request)

    def query(self, table: Any, condition: bytes, options: Any) -> list[Any]:
        """Query."""
        request = self._request(table, {12: condition, **(options or {})})
        answer, parts, places = self.front.Query(request), self._parts(table), _places(options)
        found: dict[int, Any] = {COUNT: answer["Count"], SCANNED: answer["ScannedCount"]}
        if "Items" in answer:
            found[ITEMS] = [
                self._shown(item, parts, places)
                if places
                else [key_bytes(item, parts), self._shown(item, parts)]
                for item in answer["Items"]
            ]
        if "LastEvaluatedKey" in answer:
            found[LAST] = key_bytes(answer["LastEvaluatedKey"], parts)
        return [found]

    def batch_get(self, tables: dict[str, Any], options: Any) -> list[Any]:
        """BatchGetItem."""
        wanted, places = {}, {}
        for table, (strong, projection, keys) in tables.items():
            parts, name = self._parts(table), _text(table)
            places[name] = _places({0: projection})
            wanted[name] = {
                "ConsistentRead": strong,
                "Keys": [read_key(key, parts) for key in keys],
            }
        answer = self.front.BatchGetItem({"RequestItems": wanted})
        found: dict[str, list[Any]] = {}
        for name, items in answer["Responses"].items():
            parts, chosen = self._parts(name), places[name]
            found[name] = []
            for item in items:
                found[name] += [] if chosen else [key_bytes(item, parts)]
                found[name].append(self._shown(item, parts, chosen))
        left = {
            name: [key_bytes(key, self._parts(name)) for key in each["Keys"]]
            for name, each in answer["UnprocessedKeys"].items()
        }
        return [[found, left], []]

    # Requests

    def _parts(self, table: Any) -> list[KeyPart]:
        parts: list[KeyPart] = self.front.table.active(_text(table)).items.parts
        return parts

    def _request(self, table: Any, options: Any, **more: Any) -> Answer:
        """Return a request from its numbered options."""
        request: Answer = {"TableName": _text(table), **more}
        given, text = options or {}, ExpressionText(typed)
        for number, kind in ((4, "Condition"), (10, "Filter"), (12, "KeyCondition"), (8, "Update")):
            if given.get(number):
                _, tree, values = cbor2.loads(given[number])
                write = text.update if kind == "Update" else text.condition
                request[f"{kind}Expression"] = write(tree, values)
        if text.names:
            request["ExpressionAttributeNames"] = text.names
        if text.values:
            request["ExpressionAttributeValues"] = text.values
        return {**request, **self._options(table, given)}

    def _options(self, table: Any, given: dict[int, Any]) -> Answer:
        found: Answer = {}
        for number, name in ((3, "ReturnConsumedCapacity"), (11, "IndexName")):
            if given.get(number):
                raise ServiceFault("NotImplemented", f"{name} is not simulated; leave it out.")
        if 2 in given:
            found["ConsistentRead"] = bool(given[2])
        if 7 in given:
            found["ReturnValues"] = RETURNED[given[7]]
        if 9 in given:
            found["ExclusiveStartKey"] = read_key(given[9], self._parts(table))
        if 13 in given:
            found["Limit"] = given[13]
        if 14 in given:
            found["ScanIndexForward"] = bool(given[14])
        if 15 in given:
            found["Select"] = SELECTED[given[15]]
        return found

    # Answers

    def _done(self, write: Callable[[Answer], Answer], request: Answer) -> list[Any]:
        attributes = write(request).get("Attributes")
        if not attributes:
            return [{}]
        parts = self._parts(request["TableName"])
        if not request["ReturnValues"].startswith("UPDATED"):
            return [{ATTRIBUTES: self._shown(attributes, parts)}]
        names = tuple(sorted(attributes))
        values = {at: plain(attributes[name]) for at, name in enumerate(names)}
        return [{ATTRIBUTES: cbor2.dumps(self.list_id(list(names))[0]) + cbor2.dumps(values)}]

    def _shown(self, item: Item, parts: list[KeyPart], places: list[Place] | None = None) -> Any:
        """Return an item without its key, or the places of a projection by their numbers."""
        if places:
            held = {at: found_at(item, place) for at, place in enumerate(places)}
            return {at: plain(value) for at, value in held.items() if value is not None}
        names = sorted(item.keys() - {part.name for part in parts})
        number = self.list_id(names)[0]
        return b"".join(map(cbor2.dumps, [number, *(plain(item[name]) for name in names)]))


def _places(options: Any) -> list[Place] | None:
    """Read a projection: the places of attributes, without the mark before each."""
    data = (options or {}).get(0)
    if not data:
        return None
    return [
        tuple(step.value if isinstance(step, cbor2.CBORTag) else step for step in steps)
        for _, *steps in cbor2.loads(data)[1]
    ]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value
