"""DAX, the cache in front of DynamoDB: it holds items and the results of queries, and neither learns of the other."""

import math
from typing import Any

from cachesim.engines.base import Engine
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.queries import cache_key
from cachesim.model.strategies.wrap import ABSENT
from cachesim.records import STAMP_SIZE, Value
from cachesim.spec import Delay


class Dax(Strategy):
    """The rules of Amazon DynamoDB Accelerator; the cache of the scenario is its node, or the fleet its nodes.

    - The item cache: a read that misses asks the table, with an eventually consistent read, and stores the answer; "no
      such item" too. A write goes to the table and then into the item cache.
    - The query cache: a result is stored under the query and its parameters, for `query_ttl`. No write changes it.
    - A `strong` read passes through, and is stored nowhere.
    - With `around`, writes do not come this way but go to the table: a copy of the item is stale until its TTL ends.

    A TTL of 0 has the meaning that it has in DAX: items stay until they are evicted; results are not stored. Give
    `cs.Replicated(replicas=2, reads="replica")` as the fleet for three nodes. SIMPLIFIED: a node is an engine of the
    scenario, Simple's LRU or Redis's; both caches share its memory.

    >>> Dax(query_ttl=60)
    Dax(query_ttl=60.0)

    References
    ----------
    Amazon DynamoDB Developer Guide, "DAX and DynamoDB consistency models".
    """

    item_ttl: Delay = 300.0  # seconds; 0: until evicted
    query_ttl: Delay = 300.0  # seconds; 0: results are not stored
    strong: bool = False  # whether reads of items are strongly consistent
    around: bool = False  # whether writes go round the cache

    def read(self, app: App, key: str) -> Steps:
        """Ask the item cache; on a miss, the table."""
        if self.strong:
            return (yield getattr(app.db, "read_strong", app.db.read)(key))
        copy = yield app.cache.get(key)
        if copy is not None:
            return None if copy[:STAMP_SIZE] == ABSENT[:STAMP_SIZE] else copy
        value = yield app.db.read(key)
        yield app.cache.set(key, ABSENT if value is None else value, self._kept)
        return value

    def query(self, app: App, sql: str, *parameters: Any) -> Steps:
        """Ask the query cache; on a miss, the table."""
        if not self.query_ttl:
            return (yield app.db.query(sql, *parameters))
        name = cache_key(sql, parameters)
        answer = yield app.cache.get(name)
        if answer is None:
            answer = yield app.db.query(sql, *parameters)
            yield app.cache.set(name, answer, self.query_ttl)
        return answer

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Write to the table; then into the item cache."""
        yield app.db.write(key, value)
        if not self.around:
            yield app.cache.set(key, value, self._kept)

    def preload(self, engine: Engine, key: str, value: Value, left: float) -> None:
        """Put an item into a warm cache."""
        engine.set(key, value, self._kept * left)

    @property
    def _kept(self) -> float:
        return self.item_ttl or math.inf
