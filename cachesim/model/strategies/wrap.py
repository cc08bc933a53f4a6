"""Wrappers: each stands between a miss and the load of another strategy, which may be a wrapper too."""

import math
from typing import Any

from cachesim.engines.base import Engine, EngineSpec
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import LazyFill, Load
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.note import noted
from cachesim.model.strategies.once import once
from cachesim.records import STAMP_SIZE, Value
from cachesim.spec import Seconds, Share


class Wrapper(LazyFill):
    """Another strategy with its own `load`; it does everything else as the strategy inside."""

    inner: LazyFill = LazyLoading(ttl=10)

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Read as the strategy inside, but load as the outermost wrapper does."""
        return (yield from self.inner.read(app, key, load or self.load))

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Load as the strategy inside."""
        return (yield from self.inner.load(app, key, ttl))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Write as the strategy inside."""
        yield from self.inner.write(app, key, value)

    def query(self, app: App, sql: str, *parameters: Any) -> Steps:
        """Answer a query as the strategy inside."""
        return (yield from self.inner.query(app, sql, *parameters))

    def start(self, app: App) -> Steps | None:
        """Return the work beside the requests that the strategy inside has."""
        return self.inner.start(app)

    def preload(self, engine: Engine, key: str, value: Value, left: float) -> None:
        """Put a row into a warm cache as the strategy inside does."""
        self.inner.preload(engine, key, value, left)

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput if the strategy inside needs another engine."""
        self.inner.check(cache)


class Jitter(Wrapper):
    """Every fill draws its own TTL, so that keys filled together do not expire together.

    >>> Jitter(inner=LazyLoading(ttl=300), share=0.05)
    Jitter(inner=LazyLoading(ttl=300.0), share=0.05)
    """

    share: Share = (
        0.1  # the TTL becomes a uniform draw from (1 - share) to (1 + share) times itself
    )

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Load with a TTL that is drawn for this fill."""
        stretched = ttl * (1 + self.share * (2 * app.random() - 1))
        return (yield from self.inner.load(app, key, stretched))


class SingleFlight(Wrapper):
    """If several clients miss the same key at the same time, one loads and the others wait for its answer.

    It works inside one process. All clients of a run are threads of one process.

    >>> SingleFlight(inner=Jitter(inner=LazyLoading(ttl=60)))
    SingleFlight(inner=Jitter(inner=LazyLoading(ttl=60.0)))

    References
    ----------
    Named after `singleflight` of Go's x/sync, which came with groupcache.
    """

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Wait for the load under way, or begin one."""
        return (yield from once(app, self, key, self.inner.load(app, key, ttl)))


class ReadReplicas(Wrapper):
    """A read that misses loads from a read replica of the database, so that the primary need not answer it.

    A replica lags. A read that misses just after a write gets the old row, and the cache keeps it. To see that,
    compare with the strategy inside, which loads from the primary.

    >>> ReadReplicas(inner=LazyLoading(ttl=60, invalidate=True))
    ReadReplicas(inner=LazyLoading(ttl=60.0, invalidate=True))
    """

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Ask a replica, and fill."""
        value = yield app.db.read(key, replica=True)
        if value is not None:
            yield app.cache.set(key, value, ttl)
        return value


# The cache holds this in place of a row that is not there: a stamp that no write has, and a note.
ABSENT = noted(Value.stamp(2**64 - 1, STAMP_SIZE), math.inf, 0.0)


class NegativeCaching(Wrapper):
    """The cache remembers for a while that the database has no such row, which saves later queries.

    A row that is inserted in that time stays unseen until `negative_ttl` is over, unless the write deletes
    the key.

    >>> NegativeCaching(inner=LazyLoading(ttl=60), negative_ttl=5)
    NegativeCaching(inner=LazyLoading(ttl=60.0), negative_ttl=5.0)
    """

    negative_ttl: Seconds = 10.0  # seconds, of "no such row"

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Read; the mark means that there is no such row."""
        value = yield from super().read(app, key, load)
        absent = value is not None and value[:STAMP_SIZE] == ABSENT[:STAMP_SIZE]
        return None if absent else value

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Load; if there was no row, remember that."""
        value = yield from self.inner.load(app, key, ttl)
        if value is None:
            yield app.cache.set(key, ABSENT, self.negative_ttl)
        return value
