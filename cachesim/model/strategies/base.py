"""What a strategy is: two generators, one for a read and one for a write; and what fills on a miss."""

import math
from collections.abc import Callable

from cachesim.engines.base import Engine, EngineSpec
from cachesim.errors import StrategyError
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.records import Value
from cachesim.slips import SHAPES, slip
from cachesim.spec import Seconds, Spec

Load = Callable[[App, str, float], Steps]  # load(app, key, ttl): what a read that misses does


class Strategy(Spec):
    """How an application uses its cache; subclass it, with fields if you like, and write two generators.

    >>> class ReadOnly(Strategy):
    ...     def read(self, app, key):
    ...         return (yield app.db.read(key))
    >>> ReadOnly()
    ReadOnly()
    """

    def read(self, app: App, key: str) -> Steps:
        """Yield events until the key's Value is known (None: no such key), and return it."""
        raise slip("missing", name=type(self).__name__, shape=SHAPES["read"])

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Yield events until the write may be acknowledged to the client."""
        raise slip("missing", name=type(self).__name__, shape=SHAPES["write"])

    def start(self, app: App) -> Steps | None:
        """Return work to do beside the requests, such as a flusher, or None.

        It begins with the run and ends with it: when every request has its record, `app.timeout` of this
        app fires once more and then never. So a loop may go on for ever, and its last round sees all.
        """

    def preload(self, engine: Engine, key: str, value: Value, left: float) -> None:
        """Put a row into the cache as a long past would have left it; `left` is the share of its TTL to come."""
        engine.set(key, value, getattr(self, "ttl", math.inf) * left)

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput if the strategy needs a command that this engine does not have."""


class LazyFill(Strategy):
    """A strategy whose reads load what the cache does not have: what a Wrapper can wrap.

    `load` is a method of its own, and `read` takes another one in its place, so that a wrapper (jitter,
    single flight, leases) can stand between the miss and the load whatever the strategy inside is.
    """

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask the cache; on a miss, load: by the function given, or by `self.load`."""
        raise StrategyError(f"{type(self).__name__} must define read(self, app, key, load=None)")

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Ask the database, keep the answer in the cache for `ttl` seconds, and return it."""
        raise StrategyError(f"{type(self).__name__} must define load(self, app, key, ttl)")


class CacheAside(LazyFill):
    """The read of cache-aside; subclasses say what a write does to the cache."""

    ttl: Seconds = math.inf  # of a loaded key; inf: until evicted or deleted

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
