"""The database, like a small RDS: a pool of connections in front of real rows, and commits that take time."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import count

import numpy as np

from cachesim.errors import FenceRejected
from cachesim.model.distributions import Distribution, Lognormal
from cachesim.model.events import Environment, Visit
from cachesim.model.network import Network
from cachesim.model.tier import Tier
from cachesim.records import DATABASE, Value
from cachesim.rng import chunked, stream
from cachesim.spec import Count, Share, Spec
from cachesim.storage.base import Storage
from cachesim.storage.sqlite import MEMORY, SQLite
from cachesim.units import MS

# key, and the values that become one row, oldest first
Rows = Sequence[tuple[str, Sequence[Value]]]
LOADED = 0, 0  # the newest versions, known and committed, of a row without a write


class Database(Spec):
    """A small managed relational database, reached through a connection pool.

    >>> Database(connections=2).connections
    2
    """

    connections: Count = 2  # queries served at the same time; the others wait in line
    waiting: Count = 200  # queries that may wait in line; more are refused
    buffer_hit_ratio: Share = 0.7  # share of the reads that find their page in the buffer pool
    buffer_read: Distribution = Lognormal(median=0.3 * MS, sigma=0.4)  # seconds, page in memory
    disk_read: Distribution = Lognormal(median=4 * MS, sigma=0.5)  # seconds, page from disk
    commit: Distribution = Lognormal(median=3 * MS, sigma=0.4)  # seconds, until it is durable
    file: str = MEMORY  # where SQLite keeps the rows

    @property
    def read_mean(self) -> float:
        """The mean service time of a read, in seconds."""
        h = self.buffer_hit_ratio
        return h * self.buffer_read.mean + (1 - h) * self.disk_read.mean


class DatabaseTier(Tier):
    """A live database: its rows, the versions of each key, and the station of its connection pool."""

    kind = DATABASE

    def __init__(
        self,
        env: Environment,
        database: Database,
        network: Network,
        seed: int,
        name: str = DATABASE,
    ) -> None:
        super().__init__(env, name, database.connections, network.database_leg, seed)
        self.rows: Storage = SQLite(database.file)
        self.limit = database.connections + database.waiting
        self.open = 0  # queries in the pool or in line
        self.queries = 0  # begun so far
        # key -> (newest version that a writer knows of, newest committed version). One look gives both,
        # for every request asks; absent: as loaded
        self.newest: dict[str, tuple[int, int]] = {}
        self.versions: dict[int, int] = {0: 0}  # write id -> the version its commit gave the key
        self.tokens: dict[str, int] = {}  # key -> highest fencing token of a committed write
        self.reads = _read_times(database, seed, name)
        self.commits = database.commit.draws(stream(seed, f"{name} commit"))
        self.read_service, self.write_service = self.reads.__next__, self.commits.__next__

    @cached_property
    def send_read(self) -> Callable[..., Visit]:
        """Send a SELECT: see `sender_to`."""
        return self.sender(self.reads)

    @cached_property
    def send_write(self) -> Callable[..., Visit]:
        """Send a transaction: see `sender_to`."""
        return self.sender(self.commits)

    def commit(self, key: str, value: Value) -> None:
        """Write the row, and note the version that the write made."""
        version = self.versions[value.write] = self.rows.write(key, value)
        self.newest[key] = self.newest.get(key, LOADED)[0], version

    def commit_fenced(self, key: str, value: Value, token: int) -> None:
        """Write the row unless a higher token was seen, as `UPDATE ... WHERE token <= ?` does."""
        seen = self.tokens.get(key, 0)
        if token < seen:
            raise FenceRejected(f'the write of "{key}" has token {token}, and {seen} was seen')
        self.tokens[key] = token
        self.commit(key, value)

    def commit_all(self, rows: Rows) -> None:
        """Write several rows; only the last value of a row is written, but each is a version."""
        for key, values in rows:
            newest = self.rows.write(key, values[-1], len(values))
            self.versions.update(zip((v.write for v in values), count(newest + 1 - len(values))))
            self.newest[key] = self.newest.get(key, LOADED)[0], newest

    def acknowledge(self, key: str, version: int) -> None:
        """Note that the writer of a version knows now that it is committed."""
        known, committed = self.newest.get(key, LOADED)  # a strategy may write under another key
        self.newest[key] = max(known, version), committed

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
