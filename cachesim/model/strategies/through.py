"""Strategies in which the cache is on the way to the database: for writes, or for reads that miss."""

from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import CacheAside
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.once import once
from cachesim.records import Value


class WriteThrough(CacheAside):
    """A write commits and then sets the cached copy.

    With one writer and `fill=False` no copy is ever stale. Two writers may commit in one order and set in
    the other, and a slow fill may overwrite a newer copy. Without a TTL such a copy stays.

    >>> WriteThrough(ttl=60, fill=False)
    WriteThrough(ttl=60.0, fill=False)

    References
    ----------
    Amazon ElastiCache User Guide, "Caching strategies": write-through, adding TTL.
    """

    fill: bool = True  # whether a read that misses fills the cache

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Ask the database; fill if `fill` is set."""
        if self.fill:
            return (yield from super().load(app, key, ttl))
        return (yield app.db.read(key))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit, then set."""
        yield app.db.write(key, value)
        yield app.cache.set(key, value, self.ttl)


class ReadThrough(LazyLoading):
    """The application asks only the cache, which loads a missing key itself: one load for all who wait.

    The client need not fill the cache. SIMPLIFIED: the cache's query takes as long as one of the client,
    and is sent when the client knows of the miss.

    >>> ReadThrough(ttl=60, invalidate=True)
    ReadThrough(ttl=60.0, invalidate=True)
    """

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Wait for the cache's only load of this key."""
        return (yield from once(app, self, key, self._load(app, key, ttl)))

    def _load(self, app: App, key: str, ttl: float) -> Steps:
        value = yield app.db.read(key)
        if value is not None:
            app.spawn(self._keep(app, key, value, ttl))  # the answer does not wait for this
        return value

    def _keep(self, app: App, key: str, value: Value, ttl: float) -> Steps:
        yield app.cache.set(key, value, ttl)
