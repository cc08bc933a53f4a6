"""A cluster of DAX: its nodes, each with an item cache and a query cache that do not learn of each other."""

import json
import math
from collections import OrderedDict
from functools import partial
from typing import Any

from cachesim.service.account import Account
from cachesim.service.dynamodb.calls import validated
from cachesim.storage.dynamo.values import Item, clean_item, item_size

GIB = 1024**3
MEMORY = {  # node type -> bytes
    "dax.t3.small": 2 * GIB,
    "dax.t3.medium": 4 * GIB,
    "dax.r5.large": 16 * GIB,
    "dax.r5.xlarge": 32 * GIB,
    "dax.r5.2xlarge": 64 * GIB,
}
USUAL = {"record-ttl-millis": 300_000, "query-ttl-millis": 300_000}
REPLICATION = 0.1  # seconds until the other nodes have a change: an assumption; AWS says below 1 s
PORT = 8111
UNKNOWN: Any = object()  # what a cache has of a key that it does not hold
Answer = dict[str, Any]


class LruCache:
    """Values that end with their TTL, or when there is no room: those first that were used least recently.

    >>> held = LruCache(room=10)
    >>> held.put("a", 1, size=6, ends=5.0)
    >>> held.put("b", 2, size=6, ends=5.0)
    >>> held.get("a", now=0.0) is UNKNOWN, held.get("b", now=0.0), held.get("b", now=5.0) is UNKNOWN
    (True, 2, True)
    """

    def __init__(self, room: int) -> None:
        self.room, self.size = room, 0
        self._held: OrderedDict[str, tuple[Any, int, float]] = OrderedDict()

    def get(self, key: str, now: float) -> Any:
        """Return the value of a key, or UNKNOWN."""
        value, _, ends = self._held.get(key, (UNKNOWN, 0, 0.0))
        if value is UNKNOWN or now >= ends:
            return UNKNOWN
        self._held.move_to_end(key)
        return value

    def put(self, key: str, value: Any, size: int, ends: float) -> None:
        """Store a value until a moment."""
        self.size += size - self._held.pop(key, (None, 0))[1]
        self._held[key] = value, size, ends
        while self.size > self.room:
            self.size -= self._held.popitem(last=False)[1][1]


class DaxNode:
    """One node."""

    def __init__(self, name: str, zone: str, node_type: str, ttls: dict[str, int]) -> None:
        self.name, self.zone, self.node_type = name, zone, node_type
        self.status = "creating"
        self.hits = self.misses = 0
        self.start(ttls)

    def start(self, ttls: dict[str, int]) -> None:
        """Begin with nothing, and with the TTLs (milliseconds) that the parameter group has now."""
        self.item_ttl = ttls["record-ttl-millis"] / 1000 or math.inf
        self.query_ttl = ttls["query-ttl-millis"] / 1000
        self.items, self.queries = (LruCache(MEMORY[self.node_type] // 2) for _ in range(2))


class DaxFront:
    """What one node answers to the application: operations of DynamoDB, in AWS's shape.

    An eventually consistent read is answered from the cache, or by the table; then the answer is kept here, and a
    little later at the other nodes. A strongly consistent one passes. A write goes to the table first.
    """

    def __init__(self, account: Account, node: DaxNode, others: list[DaxNode]) -> None:
        self.account, self.node, self.others = account, node, others
        self.table = account.desk("dynamodb")

    @validated
    def GetItem(self, request: Answer) -> Answer:
        """Read an item."""
        if request.get("ConsistentRead"):
            passed: Answer = self.table.GetItem(request)
            return passed
        item = self._known(request["TableName"], request["Key"])
        if item is UNKNOWN:
            asked = {"TableName": request["TableName"], "Key": request["Key"]}
            item = self.table.GetItem(asked).get("Item")
            self._keep(request["TableName"], request["Key"], item)
        return {} if item is None else {"Item": item}

    @validated
    def BatchGetItem(self, request: Answer) -> Answer:
        """Read several items: those that are not here are asked for together."""
        found: dict[str, list[Item]] = {}
        missing: dict[str, Answer] = {}
        for name, asked in request["RequestItems"].items():
            found[name] = []
            for key in asked["Keys"]:
                item = UNKNOWN if asked.get("ConsistentRead") else self._known(name, key)
                if item is UNKNOWN:
                    one = {"ConsistentRead": asked.get("ConsistentRead", False), "Keys": []}
                    wanted: Answer = missing.setdefault(name, one)
                    wanted["Keys"].append(key)
                elif item is not None:
                    found[name].append(item)
        left: dict[str, Answer] = {}
        if missing:
            answer = self.table.BatchGetItem({"RequestItems": missing})
            left = answer["UnprocessedKeys"]
            for name, asked in missing.items():
                self._loaded(name, asked, answer["Responses"][name], left)
                found[name] += answer["Responses"][name]
        return {"Responses": found, "UnprocessedKeys": left}

    def _loaded(self, name: str, asked: Answer, items: list[Item], left: dict[str, Answer]) -> None:
        """Keep what a batch has brought, also that an item is absent."""
        if asked["ConsistentRead"]:
            return
        keys = self.table.active(name).items
        by_key = {keys.key(item, exact=False): item for item in items}
        for key in asked["Keys"]:
            if key not in left.get(name, {}).get("Keys", []):
                self._keep(name, key, by_key.get(keys.key(key)))

    def Query(self, request: Answer) -> Answer:
        """Ask a query: the same parameters give the same result until its TTL ends, whatever was written."""
        name = json.dumps(request, sort_keys=True, default=repr)
        if request.get("ConsistentRead") or not self.node.query_ttl:
            passed: Answer = self.table.Query(request)
            return passed
        answer: Any = self.node.queries.get(name, self.account.calendar.now)
        self._count(answer is not UNKNOWN)
        if answer is UNKNOWN:
            answer = self.table.Query(request)
            size = sum(map(item_size, answer.get("Items", ())))
            self._everywhere(
                lambda node, now: node.queries.put(name, answer, size, now + node.query_ttl)
            )
        return dict(answer)

    def PutItem(self, request: Answer) -> Answer:
        """Write an item to the table, and keep it."""
        return self._written(request, request["Item"], self.table.PutItem)

    def UpdateItem(self, request: Answer) -> Answer:
        """Change an item in the table, and keep what it is now."""
        return self._written(request, request["Key"], self.table.UpdateItem)

    def DeleteItem(self, request: Answer) -> Answer:
        """Remove an item from the table, and keep that it is absent."""
        return self._written(request, request["Key"], self.table.DeleteItem)

    def _written(self, request: Answer, item: Item, write: Any) -> Answer:
        answer: Answer = write(request)  # a write that fails is not kept
        items = self.table.active(request["TableName"]).items
        key = items.key_of(item)
        self._keep(request["TableName"], key, items.at(items.key(key)))
        return answer

    # The item cache

    def _known(self, table: str, key: Item) -> Any:
        found = self.node.items.get(_name(table, key), self.account.calendar.now)
        self._count(found is not UNKNOWN)
        return found

    def _count(self, hit: bool) -> None:
        self.node.hits += hit
        self.node.misses += not hit

    def _keep(self, table: str, key: Item, item: Item | None) -> None:
        name, size = _name(table, key), item_size(item or key)
        self._everywhere(lambda node, now: node.items.put(name, item, size, now + node.item_ttl))

    def _everywhere(self, put: Any) -> None:
        """Store here now, and at the other nodes a little later."""
        calendar = self.account.calendar
        put(self.node, calendar.now)
        for other in self.others:
            calendar.at(REPLICATION, partial(self._copied, put, other))

    def _copied(self, put: Any, other: DaxNode) -> None:
        put(other, self.account.calendar.now)


def _name(table: str, key: Item) -> str:
    return f"{table} {json.dumps(clean_item(key), sort_keys=True, default=repr)}"
