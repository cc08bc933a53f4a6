"""Strategies that let the cache refuse an outdated copy: leases, and a version check by compare and swap.

Both need Memcached's commands; a run with another engine is refused before it starts.
"""

import math
from struct import Struct

from cachesim.engines.base import INVALIDATED, Engine, EngineSpec
from cachesim.errors import BadInput
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import CacheAside, Load, Strategy
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.wrap import Wrapper
from cachesim.records import Value
from cachesim.spec import Delay, Span
from cachesim.units import MS

_VERSION = Struct(">Q")


class Leases(Wrapper):
    """The first client to miss gets a lease. Only that client loads, and its fill counts if nobody wrote since.

    The others ask again after `wait` seconds. The delete of a write ends the lease. Then the fill may be
    outdated and is refused, so there are no stale sets. With `offer`, a write marks the copy as stale
    instead of deleting it; clients that miss during a load get the stale value and need not wait.

    Wraps strategies that read with a plain `get` and fill with `set`. Wrappers go around it:
    `Jitter(inner=Leases(...))`. Needs Memcached: `mg` with N for the lease, `ms` with C for the fill.

    >>> Leases(inner=LazyLoading(ttl=60, invalidate=True), offer=5)
    Leases(inner=LazyLoading(ttl=60.0, invalidate=True), offer=5.0)

    References
    ----------
    Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1.
    """

    inner: CacheAside = LazyLoading(ttl=10, invalidate=True)
    hold: Span = 10.0  # seconds until an unused lease goes to another client; rounded up
    wait: Span = 5 * MS  # seconds until a client without the lease asks again
    offer: Delay = 0.0  # seconds for which a stale value is offered; 0: never; rounded up

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.inner).read is not CacheAside.read:
            raise BadInput(
                f"Leases wraps a strategy that reads plainly, such as LazyLoading, not {self.inner!r}"
            )
        if self.offer and not getattr(self.inner, "invalidate", False):
            raise BadInput(
                f"Leases.offer needs a strategy inside that invalidates, got {self.inner!r}; "
                "give LazyLoading(invalidate=True)"
            )

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask until there is a value or a lease."""
        while True:
            found = yield app.cache.execute("mg", key, "v", "c", f"N{math.ceil(self.hold)}")
            if found is None:  # the cache does not answer
                return (yield app.db.read(key))
            value, flags = found
            if "W" in flags:
                app.cache.note(key, INVALIDATED if "X" in flags else None)
                app.shared[self._lease(app, key)] = flags["c"]
                return (yield from (load or self.load)(app, key, self.inner.ttl))
            if value and ("Z" not in flags or self.offer):
                app.cache.note(key, "hit")
                return Value(value)
            app.cache.note(key, INVALIDATED if "X" in flags else None)
            yield app.timeout(self.wait)

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Ask the database; fill if the lease still holds."""
        value = yield app.db.read(key)
        token = app.shared.pop(self._lease(app, key))
        if value is not None:
            yield app.cache.execute("ms", key, f"T{whole(ttl)}", f"C{token}", value)
        return value

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Write as the strategy inside; with an offer, mark the copy as stale instead of deleting it."""
        if not self.offer:
            yield from self.inner.write(app, key, value)
            return
        yield app.db.write(key, value)
        yield app.cache.execute("md", key, "I", f"T{whole(self.offer)}")

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput unless the engine is Memcached."""
        needs_memcached(self, cache)

    def _lease(self, app: App, key: str) -> tuple[str, int, str]:
        return "lease", app.client, key  # a client holds one lease at a time


class VersionCheck(CacheAside):
    """Every copy carries the version of its row; only a newer version replaces it (compare and swap).

    A write sets the cache as write-through does. Neither two writers nor a slow fill can replace a copy by
    an older one. But if the newer copy has been evicted, a slow fill can still store the old one.
    Needs Memcached: `gets`, `add` and `cas`.

    >>> VersionCheck(ttl=60)
    VersionCheck(ttl=60.0)
    """

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask the cache; on a miss, load."""
        copy = yield app.cache.get(key)
        if copy is None:
            return (yield from (load or self.load)(app, key, self.ttl))
        return Value(copy[: -_VERSION.size])

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Ask the database; fill unless the cache has a newer version."""
        value = yield app.db.read(key)
        if value is not None:
            yield from self._keep(app, key, value, ttl)
        return value

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit; then set unless the cache has a newer version."""
        yield app.db.write(key, value)
        yield from self._keep(app, key, value, self.ttl)

    def _keep(self, app: App, key: str, value: Value, ttl: float) -> Steps:
        """Compare and swap until the copy is stored or outdated; the answer None means a cache that failed."""
        version = app.db.version_of(value) or 0
        copy, seconds = value + _VERSION.pack(version), whole(ttl)
        said = "EXISTS"
        while said not in {"STORED", None}:
            held = yield app.cache.execute("gets", key)
            if held is None:
                said = yield app.cache.execute("add", key, 0, seconds, copy)
            elif _VERSION.unpack(held[0][-_VERSION.size :])[0] >= version:
                return
            else:
                said = yield app.cache.execute("cas", key, 0, seconds, held[1], copy)

    def preload(self, engine: Engine, key: str, value: Value, left: float) -> None:
        """Put a row into the cache at version 0."""
        engine.set(key, value + _VERSION.pack(0), self.ttl * left)

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput unless the engine is Memcached."""
        needs_memcached(self, cache)


def whole(ttl: float) -> int:
    """Convert a TTL for memcached: seconds, rounded up; 0: no limit."""
    return 0 if ttl == math.inf else math.ceil(ttl)


def needs_memcached(strategy: Strategy, cache: EngineSpec) -> None:
    """Raise BadInput unless the engine is Memcached, embedded or real."""
    if cache.speaks != "memcached":
        raise BadInput(
            f"{type(strategy).__name__} needs Memcached's commands, got the engine {cache!r}; "
            "give cache=Memcached() or --engine memcached"
        )
