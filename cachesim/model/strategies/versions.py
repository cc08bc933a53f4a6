"""Strategies that let the cache refuse an outdated copy: leases, and a version check by compare and swap.

Both need Memcached's commands, and say so when a run is built.
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
    """The first to miss gets a lease: it alone loads, and its fill counts only if nobody wrote meanwhile.

    The others ask again after `wait` seconds. A write's delete ends the lease, so that the fill, which may
    be outdated, is refused: no stale sets. With `offer`, a write marks the copy as stale instead of
    deleting it, and whoever misses while one loads is offered the stale value and need not wait.

    Wraps strategies that read plainly, with `get` and `set`; wrappers go around it:
    `Jitter(inner=Leases(...))`. Needs Memcached: `mg` with N for the lease, `ms` with C for the fill.

    >>> Leases(inner=LazyLoading(ttl=60, invalidate=True), offer=5)
    Leases(inner=LazyLoading(ttl=60.0, invalidate=True), offer=5.0)

    References
    ----------
    Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1.
    """

    inner: CacheAside = LazyLoading(ttl=10, invalidate=True)
    hold: Span = 10.0  # seconds until a lease that was not used is given to another; in whole ones
    wait: Span = 5 * MS  # seconds until those without the lease ask again
    offer: Delay = 0.0  # seconds for which an invalidated value is offered; 0: never; in whole ones

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
        """Ask for the value or the lease, until there is one of them."""
        while True:
            found = yield app.cache.execute("mg", key, "v", "c", f"N{math.ceil(self.hold)}")
            if found is None:  # the cache is of no use now
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
    """Every copy carries the version of its row, and only a newer one replaces it (compare and swap).

    A write sets the cache as write-through does. Neither two writers nor a slow fill can put an older
    copy over a newer one; once the newer one has been evicted, a slow fill still can.
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
        """Ask the database, and fill unless the cache has something newer."""
        value = yield app.db.read(key)
        if value is not None:
            yield from self._keep(app, key, value, ttl)
        return value

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit; then set unless the cache has something newer."""
        yield app.db.write(key, value)
        yield from self._keep(app, key, value, self.ttl)

    def _keep(self, app: App, key: str, value: Value, ttl: float) -> Steps:
        """Compare and swap until it is settled; an answer of None is a cache that is of no use now."""
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
    """Return a TTL as memcached takes it: seconds, rounded up; 0 for no limit."""
    return 0 if ttl == math.inf else math.ceil(ttl)


def needs_memcached(strategy: Strategy, cache: EngineSpec) -> None:
    """Raise BadInput unless the engine is Memcached, embedded or real."""
    if cache.speaks != "memcached":
        raise BadInput(
            f"{type(strategy).__name__} needs Memcached's commands, got the engine {cache!r}; "
            "give cache=Memcached() or --engine memcached"
        )
