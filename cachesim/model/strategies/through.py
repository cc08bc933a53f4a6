"""Strategies whose writes go to the cache as well as to the database."""

import math

from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import Strategy
from cachesim.records import Value
from cachesim.spec import Seconds


class WriteThrough(Strategy):
    """A write commits and then sets the cached copy.

    Never stale with one writer and `fill=False`. Two writers may set in the other order than they
    committed, and a slow fill may overwrite a newer copy; without a TTL such a copy stays.

    References
    ----------
    Amazon ElastiCache User Guide, "Caching strategies": write-through, adding TTL.
    """

    ttl: Seconds = math.inf  # of a key set by a write or filled by a read
    fill: bool = True  # whether a read that misses fills the cache

    def read(self, app: App, key: str) -> Steps:
        """Ask the cache; on a miss the database, and fill if so configured."""
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            if self.fill and value is not None:
                yield app.cache.set(key, value, self.ttl)
        return value

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit, then set."""
        yield app.db.write(key, value)
        yield app.cache.set(key, value, self.ttl)
