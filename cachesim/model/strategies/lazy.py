"""Strategies that fill the cache when a read misses; they differ in what a write does to the cache."""

import math

from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import Strategy
from cachesim.records import Value
from cachesim.spec import Seconds


class NoCache(Strategy):
    """Every request goes to the database: the base line."""

    def read(self, app: App, key: str) -> Steps:
        """Ask the database."""
        return (yield app.db.read(key))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Write to the database."""
        yield app.db.write(key, value)


class LazyLoading(Strategy):
    """Cache-aside: a read that misses fills the cache; a write goes to the database.

    Without `invalidate` the cached copy of a written key stays until its TTL ends: stale meanwhile.
    With it, the copy is deleted after the commit, and only races leave stale copies.

    References
    ----------
    Amazon ElastiCache User Guide, "Caching strategies": lazy loading, adding TTL.
    """

    ttl: Seconds = math.inf  # of a filled key; inf: until evicted or deleted
    invalidate: bool = False  # whether a write deletes the cached copy

    def read(self, app: App, key: str) -> Steps:
        """Ask the cache; on a miss the database, and fill."""
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            if value is not None:
                yield app.cache.set(key, value, self.ttl)
        return value

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit; then drop the cached copy if asked to."""
        yield app.db.write(key, value)
        if self.invalidate:
            yield app.cache.delete(key)


class WriteAround(Strategy):
    """Writes go around the cache; a read that misses fills it, and the copy stays until it is evicted.

    With a finite `ttl` this is LazyLoading with that TTL.
    """

    ttl: Seconds = math.inf

    read = LazyLoading.read

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit, and leave the cache as it is."""
        yield app.db.write(key, value)
