"""The database, like a small RDS: a pool of connections in front of real rows, and commits that take time."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import count
from typing import Annotated, Any

import numpy as np

from cachesim.errors import FenceRejected
from cachesim.model.commit_log import CommitLog
from cachesim.model.distributions import Between, Distribution, Exponential, Lognormal
from cachesim.model.events import Environment, Visit
from cachesim.model.network import Network
from cachesim.model.query_log import QueryLog
from cachesim.model.tier import Tier
from cachesim.records import DATABASE, Value
from cachesim.rng import chunked, stream
from cachesim.spec import Count, Delay, Rule, Share, Spec
from cachesim.storage.base import Storage
from cachesim.storage.items import Columns
from cachesim.storage.sqlite import MEMORY, SQLite
from cachesim.units import MS, US

# key, and the values that become one row, oldest first
Rows = Sequence[tuple[str, Sequence[Value]]]
Past = Sequence[tuple[str, Value, int]]  # key, value and version of each commit, oldest first
Replicas = Annotated[
    int, Rule("from 0 to 15", lambda x: 0 <= x <= 15)
]  # so many has one RDS primary
Accepted = Annotated[float, Rule("> 0 per second (inf for no limit)", lambda x: x > 0)]
LOADED = 0, 0  # the newest versions, known and committed, of a row without a write


class Database(Spec):
    """A small managed relational database, reached through a connection pool.

    A *standby* is a copy in another zone. It answers nothing: a commit waits until the standby has it too, and
    the standby takes over when the primary fails. *Replicas* answer reads (`app.db.read(key, replica=True)`),
    and have each commit some time later. Each has a connection pool like that of the primary.

    >>> Database(connections=2, standby=True)
    Database(standby=True)

    References
    ----------
    Amazon RDS User Guide, "Failing over a Multi-AZ DB instance": 60 to 120 s. A Multi-AZ DB cluster: below 35 s.
    """

    connections: Count = 2  # queries served at the same time; the others wait in line
    waiting: Count = 200  # queries that may wait in line; more are refused
    buffer_hit_ratio: Share = 0.7  # share of the reads that find their page in the buffer pool
    buffer_read: Distribution = Lognormal(median=0.3 * MS, sigma=0.4)  # seconds, page in memory
    disk_read: Distribution = Lognormal(median=4 * MS, sigma=0.5)  # seconds, page from disk
    commit: Distribution = Lognormal(median=3 * MS, sigma=0.4)  # seconds, until it is durable
    file: str = MEMORY  # where SQLite keeps the rows
    standby: bool = False  # a synchronous copy in another zone, which takes over
    failover: Distribution = Between(low=60.0, high=120.0)  # seconds until it has taken over
    accepts: Accepted = math.inf  # connections that it can open per second, after all were lost
    replicas: Replicas = 0  # asynchronous copies that answer reads
    lag: Distribution = Exponential(mean=20 * MS)  # seconds until a replica has a commit
    per_row: Delay = 1 * US  # seconds that a query takes for each row that its plan reads
    categories: Count = 100  # of the rows, for queries: a key keeps its category
    prices: Count = 1000  # for queries: each write draws a price of its row, from 0 to prices - 1
    price_index: bool = (
        False  # whether there is an index on the price, as there is one on the category
    )

    @property
    def read_mean(self) -> float:
        """The mean service time of a read, in seconds."""
        h = self.buffer_hit_ratio
        return h * self.buffer_read.mean + (1 - h) * self.disk_read.mean

    @property
    def columns(self) -> Columns:
        """What the columns of the table `items` hold."""
        return Columns(self.categories, self.prices, self.price_index)

    def units(self, seed: int) -> Any:
        """Make the live units of capacity; None: there is no such limit."""

    def commit_moments(self, network: Network) -> tuple[float, float]:
        """Give the mean (s) and the mean square of a commit; a standby adds the way to it, and its own write.

        >>> instant = Network(cross_zone=Exponential(mean=0.002))
        >>> Database(commit=Exponential(mean=0.004), standby=True).commit_moments(instant)[0]
        0.01
        """
        parts = [self.commit, self.commit, network.cross_zone] if self.standby else [self.commit]
        mean = sum(part.mean for part in parts)
        variance = sum(part.second_moment - part.mean**2 for part in parts)
        return mean, mean**2 + variance


class QueryTier(Tier):
    """What answers SELECTs: a connection pool in front of rows, of a primary or of a replica."""

    kind = DATABASE

    def __init__(
        self, env: Environment, database: Database, network: Network, seed: int, name: str
    ) -> None:
        super().__init__(env, name, database.connections, network.database_leg, seed)
        self.limit = database.connections + database.waiting
        self.open = 0  # queries in the pool or in line
        self.queries = 0  # begun so far
        self.reads = _read_times(database, seed, name)
        self.read_service = self.reads.__next__

    @property
    def select(self) -> Callable[[str], Value | None]:
        """The function that finds a row as this tier has it now."""
        raise NotImplementedError

    @cached_property
    def send_read(self) -> Callable[..., Visit]:
        """Send a SELECT: see `sender_to`."""
        return self.sender(self.reads)


class DatabaseTier(QueryTier):
    """A live database: its rows, the versions of each key, and the station of its connection pool."""

    def __init__(
        self,
        env: Environment,
        database: Database,
        network: Network,
        seed: int,
        name: str = DATABASE,
    ) -> None:
        super().__init__(env, database, network, seed, name)
        self.rows: Storage = SQLite(database.file)
        # key -> (newest version that a writer knows of, newest committed version). One look gives both,
        # for every request asks; absent: as loaded
        self.newest: dict[str, tuple[int, int]] = {}
        self.versions: dict[int, int] = {0: 0}  # write id -> the version its commit gave the key
        self.tokens: dict[str, int] = {}  # key -> highest fencing token of a committed write
        self.commits = _commit_times(database, network, seed, name)
        self.write_service = self.commits.__next__
        lags = (stream(seed, f"{name} lag {number}") for number in range(database.replicas))
        self.log = CommitLog(self.rows, [database.lag.draws(one) for one in lags])
        self._followed = database.replicas > 0
        self._columns, self.per_row = database.columns, database.per_row
        self.query_log: QueryLog | None = None  # None: nobody has asked a query yet
        self.past: Past = ()  # commits of earlier runs, if the run goes on with their rows

    def load(self, rows: Iterable[tuple[str, Value]]) -> None:
        """Insert the rows as they were before the first commit, and play the commits of earlier runs."""
        self.rows.load(rows)
        self.versions.update((value.write, version) for _, value, version in self.past)
        for key, value, version in {each[0]: each for each in self.past}.values():
            self.rows.write(key, value, version)
            self.newest[key] = version, version

    @property
    def select(self) -> Callable[[str], Value | None]:
        """The newest row."""
        return self.rows.read

    @cached_property
    def send_write(self) -> Callable[..., Visit]:
        """Send a transaction: see `sender_to`."""
        return self.sender(self.commits)

    def commit(self, key: str, value: Value) -> None:
        """Write the row, and note the version that the write made."""
        if self._followed:
            self.log.note([(key, value)], self.env._now)
        version = self.versions[value.write] = self.rows.write(key, value)
        self.newest[key] = self.newest.get(key, LOADED)[0], version
        if self.query_log is not None:
            self.query_log.commit(key, value, version)

    def commit_fenced(self, key: str, value: Value, token: int) -> None:
        """Write the row unless a higher token was seen, as `UPDATE ... WHERE token <= ?` does."""
        seen = self.tokens.get(key, 0)
        if token < seen:
            raise FenceRejected(f'the write of "{key}" has token {token}, and {seen} was seen')
        self.tokens[key] = token
        self.commit(key, value)

    def commit_all(self, rows: Rows) -> None:
        """Write several rows; only the last value of a row is written, but each is a version."""
        if self._followed:
            self.log.note([(key, values[-1]) for key, values in rows], self.env._now)
        for key, values in rows:
            newest = self.rows.write(key, values[-1], len(values))
            self.versions.update(zip((v.write for v in values), count(newest + 1 - len(values))))
            self.newest[key] = self.newest.get(key, LOADED)[0], newest
            if self.query_log is not None:
                self.query_log.commit(key, values[-1], newest)

    def acknowledge(self, key: str, version: int) -> None:
        """Note that the writer of a version knows now that it is committed."""
        known, committed = self.newest.get(key, LOADED)  # a strategy may write under another key
        self.newest[key] = max(known, version), committed
        if self.query_log is not None:
            self.query_log.acknowledge(key, version)

    def answer_queries(self) -> QueryLog:
        """Make the rows a table of SQL, if they are none yet: without queries it would only cost time."""
        if self.query_log is None:
            self.query_log = QueryLog(self.rows, self._columns, self.versions)
        return self.query_log

    @property
    def newest_of(self) -> Callable[[str, tuple[int, int]], tuple[int, int]]:
        """The function that looks up the newest versions of a key, known and committed."""
        rows = self.newest.get
        return rows if self.query_log is None else self.query_log.newest_of(rows)

    def counters(self, now: float) -> tuple[float, ...]:
        """Read queries and busy time."""
        return self.queries, self.station.busy(now)

    def close(self) -> None:
        """Close the storage of the rows."""
        self.rows.close()


def _read_times(database: Database, seed: int, name: str) -> Iterator[float]:
    """Yield the service times of reads without end: from the buffer pool or from disk."""
    buffered = database.buffer_read.draws(stream(seed, f"{name} buffer"))
    from_disk = database.disk_read.draws(stream(seed, f"{name} disk"))
    chance, share = stream(seed, f"{name} page"), database.buffer_hit_ratio

    def mixed(size: int) -> np.ndarray:
        """Draw many times at once, each by the place of its page: a third of the cost of one by one."""
        hit = chance.random(size) < share
        times, hits = np.empty(size), int(hit.sum())
        times[hit] = np.fromiter(buffered, float, hits)
        times[~hit] = np.fromiter(from_disk, float, size - hits)
        return times

    return chunked(mixed)


def _commit_times(database: Database, network: Network, seed: int, name: str) -> Iterator[float]:
    """Yield the service times of commits without end; a standby adds the way to it, and its own write."""
    times = database.commit.draws(stream(seed, f"{name} commit"))
    if not database.standby:
        return times
    ways = network.cross_zone.draws(stream(seed, f"{name} standby network"))
    writes = database.commit.draws(stream(seed, f"{name} standby commit"))
    return map(sum, zip(times, ways, writes, strict=True))
