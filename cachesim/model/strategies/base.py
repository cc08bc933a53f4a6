"""What a strategy is: two generators, one for a read and one for a write. Most fill the cache on a miss."""

import math
from collections.abc import Callable
from typing import Any

from cachesim.engines.base import Engine, EngineSpec
from cachesim.errors import StrategyError
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.records import Value
from cachesim.slips import SHAPES, slip
from cachesim.spec import Seconds, Spec

Load = Callable[[App, str, float], Steps]  # load(app, key, ttl): the work of a read that misses


class Strategy(Spec):
    """How an application uses its cache: subclass it and write two generators; it may have fields.

    >>> class ReadOnly(Strategy):
    ...     def read(self, app, key):
    ...         return (yield app.db.read(key))
    >>> ReadOnly()
    ReadOnly()
    """

    def read(self, app: App, key: str) -> Steps:
        """Yield events until the key's Value is known, and return it (None: no such key)."""
        raise slip("missing", name=type(self).__name__, shape=SHAPES["read"])

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Yield events until the write may be acknowledged to the client."""
        raise slip("missing", name=type(self).__name__, shape=SHAPES["write"])

    def query(self, app: App, sql: str, *parameters: Any) -> Steps:
        """Yield events until the Answer of a query is known, and return it: here without a cache."""
        return (yield app.db.query(sql, *parameters))

    def start(self, app: App) -> Steps | None:
        """Return a generator of work beside the requests, such as a flusher; None: there is none.

        It begins and ends with the run. When every request has its record, this app's `app.timeout` fires
        once more and then never. So the generator may loop without end, and its last round sees all writes.
        """

    def preload(self, engine: Engine, key: str, value: Value, left: float) -> None:
        """Put a row into a warm cache; `left` is the share of its TTL that remains."""
        engine.set(key, value, getattr(self, "ttl", math.inf) * left)

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput if the strategy needs a command that this engine does not have."""


class LazyFill(Strategy):
    """A strategy whose reads load a key that the cache does not have. A Wrapper can wrap it.

    `load` is a method of its own, and `read` accepts another function in its place. So a wrapper (jitter,
    single flight, leases) can stand between the miss and the load of any strategy.
    """

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask the cache; on a miss, call `load` (None: `self.load`)."""
        raise StrategyError(f"{type(self).__name__} must define read(self, app, key, load=None)")

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Ask the database, keep the answer in the cache for `ttl` seconds, and return it."""
        raise StrategyError(f"{type(self).__name__} must define load(self, app, key, ttl)")


class CacheAside(LazyFill):
    """The read of cache-aside; subclasses decide what a write does to the cache."""

    ttl: Seconds = math.inf  # seconds, of a loaded key; inf: until evicted or deleted

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask the cache; on a miss, load."""
        value = yield app.cache.get(key)
        if value is None:
            value = yield from (load or self.load)(app, key, self.ttl)
        return value

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Ask the database, and fill."""
        value = yield app.db.read(key)
        if value is not None:
            yield app.cache.set(key, value, ttl)
        return value
