"""Wrappers: each stands between a miss and the load of any lazy fill, and can wrap another wrapper."""

import math

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
    """Another lazy fill, with `load` done differently; all else is as the strategy inside does it."""

    inner: LazyFill = LazyLoading(ttl=10)

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Read as the strategy inside, but load as this wrapper, or the outermost one, says."""
        return (yield from self.inner.read(app, key, load or self.load))

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Load as the strategy inside."""
        return (yield from self.inner.load(app, key, ttl))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Write as the strategy inside."""
        yield from self.inner.write(app, key, value)

    def start(self, app: App) -> Steps | None:
        """Return the work beside the requests of the strategy inside."""
        return self.inner.start(app)

    def preload(self, engine: Engine, key: str, value: Value, left: float) -> None:
        """Put a row into the cache as the strategy inside would have."""
        self.inner.preload(engine, key, value, left)

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput if the strategy inside needs another engine."""
        self.inner.check(cache)


class Jitter(Wrapper):
    """Every fill gets a TTL of its own, so that keys filled together do not expire together.

    >>> Jitter(inner=LazyLoading(ttl=300), share=0.05)
    Jitter(inner=LazyLoading(ttl=300.0), share=0.05)
    """

    share: Share = 0.1  # the TTL is drawn evenly from (1 - share) to (1 + share) times itself

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Load with a TTL drawn anew."""
        stretched = ttl * (1 + self.share * (2 * app.random() - 1))
        return (yield from self.inner.load(app, key, stretched))


class SingleFlight(Wrapper):
    """Of those who miss the same key at the same time one loads, and the others wait for its answer.

    It works inside one process: all the run's clients are threads of it.

    >>> SingleFlight(inner=Jitter(inner=LazyLoading(ttl=60)))
    SingleFlight(inner=Jitter(inner=LazyLoading(ttl=60.0)))

    References
    ----------
    Named after singleflight of Go's x/sync, which came with groupcache.
    """

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Wait for the load under way, or begin one."""
        return (yield from once(app, self, key, self.inner.load(app, key, ttl)))


# What the cache holds in place of a row that is not there: a stamp that no write has, and a note.
ABSENT = noted(Value.stamp(2**64 - 1, STAMP_SIZE), math.inf, 0.0)


class NegativeCaching(Wrapper):
    """The cache remembers for a while that the database has no such row, so that it is not asked again.

    A row inserted meanwhile stays unseen until `negative_ttl` is over, unless the write deletes the key.

    >>> NegativeCaching(inner=LazyLoading(ttl=60), negative_ttl=5)
    NegativeCaching(inner=LazyLoading(ttl=60.0), negative_ttl=5.0)
    """

    negative_ttl: Seconds = 10.0  # of "no such row"

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Read, and take the mark for what it means."""
        value = yield from super().read(app, key, load)
        absent = value is not None and value[:STAMP_SIZE] == ABSENT[:STAMP_SIZE]
        return None if absent else value

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Load; remember it if there was nothing to load."""
        value = yield from self.inner.load(app, key, ttl)
        if value is None:
            yield app.cache.set(key, ABSENT, self.negative_ttl)
        return value
