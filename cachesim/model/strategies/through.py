"""Strategies in which the cache stands in the way: writes set it too, or it loads what it misses itself."""

from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import CacheAside
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.once import once
from cachesim.records import Value


class WriteThrough(CacheAside):
    """A write commits and then sets the cached copy.

    Never stale with one writer and `fill=False`. Two writers may set in the other order than they
    committed, and a slow fill may overwrite a newer copy; without a TTL such a copy stays.

    >>> WriteThrough(ttl=60, fill=False)
    WriteThrough(ttl=60.0, fill=False)

    References
    ----------
    Amazon ElastiCache User Guide, "Caching strategies": write-through, adding TTL.
    """

    fill: bool = True  # whether a read that misses fills the cache

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Ask the database, and fill if so configured."""
        if self.fill:
            return (yield from super().load(app, key, ttl))
        return (yield app.db.read(key))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit, then set."""
        yield app.db.write(key, value)
        yield app.cache.set(key, value, self.ttl)


class ReadThrough(LazyLoading):
    """The application knows only the cache, which loads what it misses: once for all who ask meanwhile.

    Saves the client the trip back to fill. SIMPLIFIED: the cache's own question to the database takes
    as long as the client's would, and is sent when the client knows of the miss.

    >>> ReadThrough(ttl=60, invalidate=True)
    ReadThrough(ttl=60.0, invalidate=True)
    """

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Wait for the cache's one load of this key."""
        return (yield from once(app, self, key, self._load(app, key, ttl)))

    def _load(self, app: App, key: str, ttl: float) -> Steps:
        value = yield app.db.read(key)
        if value is not None:
            app.spawn(self._keep(app, key, value, ttl))  # the answer does not wait for it
        return value

    def _keep(self, app: App, key: str, value: Value, ttl: float) -> Steps:
        yield app.cache.set(key, value, ttl)
