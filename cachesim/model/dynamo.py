"""DynamoDB as the database of a scenario: three copies of each item, and units of capacity instead of connections."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import simpy

from cachesim.errors import BadInput, Throttled
from cachesim.model.database import Database, DatabaseTier, Replicas, Rows
from cachesim.model.database_client import DatabaseClient, QueryClient, SplitClient
from cachesim.model.distributions import Distribution, Exponential, Lognormal
from cachesim.model.events import Environment, Steps
from cachesim.records import ConsumedUnits, Query, Value
from cachesim.rng import uniform
from cachesim.spec import Count, Delay, Rule, Share
from cachesim.storage.dynamo.capacity import (
    COPY_LAG,
    KINDS,
    Capacity,
    partitions,
    place_of,
    read_units,
    write_units,
)
from cachesim.units import MS

if TYPE_CHECKING:
    from cachesim.model.app import App

Provisioned = Annotated[
    float,
    Rule(
        "0 (on demand), or from 1 to 40,000 units each second", lambda x: x == 0 or 1 <= x <= 40_000
    ),
]
Retried = Annotated[int, Rule("from 0 to 10", lambda x: 0 <= x <= 10)]
LONGEST = 20.0  # seconds of a pause before a retry
ON_DEMAND_PLACES = 4  # partitions of a new table


class DynamoDB(Database):
    """A table of Amazon DynamoDB in place of a relational database.

    Each item has three copies. One leads; the two `replicas` have each write a little later. An eventually
    consistent read asks any of the three and costs half a unit for each 4 kB; `consistent` reads ask the leading copy
    for one. `app.db.read_strong(key)` always does. A write costs a unit for each 1 kB.

    With `read_units` and `write_units` the table has so many units each second, and saves what is unused for 300 s; 0
    means on demand. A partition has 3000 and 1000. A request for which there are no units is repeated as AWS's clients
    do, and fails with Throttled in the end.

    SIMPLIFIED: a query is answered by the leading copy, at the price of an eventually consistent one; it is as fast as
    one of SQL, and knows no indexes. Two hot keys of one partition stay there.

    >>> DynamoDB(read_units=100, write_units=50)
    DynamoDB(read_units=100.0, write_units=50.0)

    References
    ----------
    Amazon DynamoDB Developer Guide, "Read/write capacity mode". "Single-digit milliseconds" is what AWS says.
    """

    connections: Count = 1000  # requests served at the same time: never the limit
    waiting: Count = 100_000
    buffer_hit_ratio: Share = 1.0
    buffer_read: Distribution = Lognormal(median=4 * MS, sigma=0.4)  # seconds, of a read
    commit: Distribution = Lognormal(median=6 * MS, sigma=0.4)  # seconds, of a write
    replicas: Replicas = 2  # copies besides the leading one
    lag: Distribution = Exponential(mean=COPY_LAG)  # seconds until another copy has a write
    consistent: bool = False  # whether a read asks the leading copy
    read_units: Provisioned = 0  # each second; 0: on demand
    write_units: Provisioned = 0
    retries: Retried = 3  # of a throttled request
    backoff: Delay = 1.0  # seconds: the longest pause before the first retry; it doubles

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.standby or not self.replicas:
            raise BadInput("DynamoDB has copies of its own; give replicas >= 1, and no standby")
        if bool(self.read_units) != bool(self.write_units):
            raise BadInput("DynamoDB has both read_units and write_units, or (on demand) neither")

    def units(self, seed: int) -> TableUnits:
        """Make the live capacity."""
        return TableUnits(self, seed)


class TableUnits:
    """The live capacity of a table, and what was used in each second."""

    def __init__(self, spec: DynamoDB, seed: int) -> None:
        self.spec = spec
        rates = dict(zip(KINDS, (spec.read_units, spec.write_units), strict=True))
        is_provisioned = spec.read_units > 0
        self.places = partitions(*rates.values()) if is_provisioned else ON_DEMAND_PLACES
        self.capacity = {
            kind: Capacity(kind, rate if is_provisioned else None, self.places)
            for kind, rate in rates.items()
        }
        self.choose = uniform(seed, "copies")
        self.pause = uniform(seed, "pauses of throttled clients")
        self._used: dict[tuple[int, str], list[float]] = {}  # second, kind -> units, throttled
        self._row_size = 0.0

    def take(self, kind: str, units: float, key: str, now: float) -> bool:
        """Take the units of a request, if they are there."""
        place = place_of(key.encode(), self.places)
        taken = self.capacity[kind].take(units, place, now)
        noted = self._used.setdefault((int(now), kind), [0.0, 0])
        noted[0] += units * taken
        noted[1] += not taken
        return taken

    def consumed(self) -> Iterator[ConsumedUnits]:
        """Yield what was used, and how often there was too little, for each second."""
        for (second, kind), (units, throttled) in sorted(self._used.items()):
            yield ConsumedUnits(float(second), kind, units, int(throttled))

    def row_size(self, tier: Any) -> float:
        """Return the mean bytes of a row, as loaded: what a query reads for each row of its plan."""
        if not self._row_size:
            sql = "SELECT avg(length(key) + length(value)) FROM cache_rows"
            self._row_size = tier.rows.connection.execute(sql).fetchone()[0] or 1.0
        return self._row_size


class TableClient(SplitClient):
    """The client library of a table: it takes units before it sends, and repeats what was throttled."""

    def __init__(
        self,
        primary: DatabaseClient,
        replicas: Sequence[QueryClient],
        tier: DatabaseTier,
        table: TableUnits,
        app: App,
    ) -> None:
        super().__init__(primary, replicas, lambda: 0)
        self._copies = [primary, *replicas]
        self._tier, self._table, self._app = tier, table, app

    def read(self, key: str, replica: bool = False) -> simpy.Event:
        """Read an item as `DynamoDB.consistent` says; with `replica` at any copy."""
        return self._read(key, self._table.spec.consistent and not replica)

    def read_strong(self, key: str) -> simpy.Event:
        """Read an item at the leading copy: it has every write that was acknowledged."""
        return self._read(key, True)

    def _read(self, key: str, strong: bool) -> simpy.Event:
        copies = self._copies[:1] if strong else self._copies
        client = copies[int(self._table.choose() * len(copies))]
        units = read_units(self._size(key), "strong" if strong else "eventual")
        return self._spend("read", key, units, lambda: client.read(key))

    def write(self, key: str, value: Value) -> simpy.Event:
        """Write an item."""
        return self._spend(
            "write", key, self._written(key, value), lambda: self._primary.write(key, value)
        )

    def write_fenced(self, key: str, value: Value, token: int) -> simpy.Event:
        """Write an item, unless a write with a higher token was committed: a conditional write."""
        units = self._written(key, value)
        return self._spend(
            "write", key, units, lambda: self._primary.write_fenced(key, value, token)
        )

    def write_all(self, rows: Rows) -> simpy.Event:
        """Write several items in one transaction, for twice the units."""
        units = 2 * sum(self._written(key, values[-1]) for key, values in rows)
        return self._spend("write", rows[0][0], units, lambda: self._primary.write_all(rows))

    def query(self, sql: str, *parameters: Any) -> simpy.Event:
        """Query; the sizes of all rows that its plan reads count together."""
        query = Query.of(sql, *parameters)
        rows = self._tier.answer_queries().cost(query)
        units = read_units(math.ceil(rows * self._table.row_size(self._tier)))
        return self._spend("read", query, units, lambda: self._primary.query(sql, *parameters))

    def _size(self, key: str) -> int:
        row = self._tier.rows.read(key)
        return 0 if row is None else len(key) + len(row)

    def _written(self, key: str, value: Value) -> float:
        return write_units(max(self._size(key), len(key) + len(value)))

    def _spend(
        self, kind: str, key: str, units: float, send: Callable[[], simpy.Event]
    ) -> simpy.Event:
        if self._table.take(kind, units, key, self._env.now):
            return send()
        return self._app.spawn(self._again(kind, key, units, send))

    @property
    def _env(self) -> Environment:
        return self._tier.env

    def _again(self, kind: str, key: str, units: float, send: Callable[[], simpy.Event]) -> Steps:
        """Try again after up to 1, 2, 4 seconds."""
        table = self._table
        for tried in itertools.count():
            if tried == table.spec.retries:
                raise Throttled(f'there are not {units:g} {kind} units for "{key}"')
            yield self._app.timeout(min(table.spec.backoff * 2.0**tried, LONGEST) * table.pause())
            if table.take(kind, units, key, self._env.now):
                return (yield send())
        return None
