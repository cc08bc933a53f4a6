"""Strategies that fill the cache when a read misses; they differ in what a write does to the cache."""

from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import CacheAside, Strategy
from cachesim.records import Value
from cachesim.spec import Delay
from cachesim.units import MS


class NoCache(Strategy):
    """Every request goes to the database. Compare the others with this one.

    >>> NoCache()
    NoCache()
    """

    def read(self, app: App, key: str) -> Steps:
        """Ask the database."""
        return (yield app.db.read(key))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Write to the database."""
        yield app.db.write(key, value)


class LazyLoading(CacheAside):
    """Cache-aside: a read that misses fills the cache; a write goes to the database.

    Without `invalidate`, the cached copy of a written key stays until its TTL ends, and is stale until
    then. With it, the copy is deleted after the commit, and only races leave stale copies.

    >>> LazyLoading(ttl=10, invalidate=True)
    LazyLoading(ttl=10.0, invalidate=True)

    References
    ----------
    Amazon ElastiCache User Guide, "Caching strategies": lazy loading, adding TTL.
    """

    invalidate: bool = False  # whether a write deletes the cached copy

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit; then drop the cached copy if `invalidate` is set."""
        yield app.db.write(key, value)
        if self.invalidate:
            yield app.cache.delete(key)


class InvalidateFirst(CacheAside):
    """The write deletes the cached copy *before* it commits. This order seems safe, but is not.

    A read between the two fills the old row again, and nobody deletes it.

    >>> InvalidateFirst(ttl=10)
    InvalidateFirst(ttl=10.0)
    """

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Drop the cached copy, then commit."""
        yield app.cache.delete(key)
        yield app.db.write(key, value)


class DoubleDelete(CacheAside):
    """Delete, commit, and delete again a little later, to remove a copy that a slow fill left.

    A stale copy lives at most `wait` seconds, unless its fill was slower than that. The client does not
    wait for the second delete.

    >>> DoubleDelete(wait=0.2)
    DoubleDelete(wait=0.2)
    """

    wait: Delay = 500 * MS  # seconds from the commit to the second delete; longer than a fill

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Drop the cached copy, commit, and drop it again later."""
        yield app.cache.delete(key)
        yield app.db.write(key, value)
        app.spawn(self._later(app, key))

    def _later(self, app: App, key: str) -> Steps:
        yield app.timeout(self.wait)
        yield app.cache.delete(key)


class WriteAround(CacheAside):
    """A write does not touch the cache. A read that misses fills it, and the copy stays until it is evicted.

    With a finite `ttl` this is LazyLoading with that TTL.

    >>> WriteAround(ttl=60)
    WriteAround(ttl=60.0)
    """

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit, and leave the cache as it is."""
        yield app.db.write(key, value)
