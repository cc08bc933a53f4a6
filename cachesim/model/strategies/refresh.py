"""Strategies that load a key again before its readers have to wait for it; each copy carries a note."""

import math

from cachesim.engines.base import Engine
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import Load
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.note import noted, read_note
from cachesim.model.strategies.once import begin
from cachesim.records import Value
from cachesim.spec import Exponent, Seconds, Share


class Refreshing(LazyLoading):
    """Lazy loading that says, on every hit, whether the copy is `due` for another load, done beside the hit."""

    ttl: Seconds = 10.0

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask the cache; load what is not there, and beside it what is due."""
        load = load or self.load
        copy = yield app.cache.get(key)
        if copy is None:
            return (yield from load(app, key, self.ttl))
        value, expires, took = read_note(copy)
        if self.due(app, expires, took):
            begin(app, self, key, load(app, key, self.ttl))
        return value

    def due(self, app: App, expires: float, took: float) -> bool:
        """Return whether a copy that expires then, and took so many seconds to load, is to be loaded again."""
        raise NotImplementedError

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Ask the database, and fill with a note."""
        began = app.now
        value = yield app.db.read(key)
        if value is not None:
            copy = noted(value, app.now + ttl, app.now - began)
            yield app.cache.set(key, copy, ttl + self.grace)
        return value

    @property
    def grace(self) -> float:
        """Seconds for which a copy stays in the cache after its expiry."""
        return 0.0

    def preload(self, engine: Engine, key: str, value: Value, left: float) -> None:
        """Put a row into the cache, with a note."""
        life = self.ttl * left
        engine.set(key, noted(value, engine.clock() + life, 0.0), life + self.grace)


class RefreshAhead(Refreshing):
    """A hit near the end of the TTL has the key loaded again, beside the request: no reader waits.

    Keys that are read in the last part of their life never expire; nothing older than `ttl` is served.

    >>> RefreshAhead(ttl=60, ahead=0.5)
    RefreshAhead(ttl=60.0, ahead=0.5)
    """

    ahead: Share = 0.2  # the last part of the TTL, in which a hit refreshes

    def due(self, app: App, expires: float, took: float) -> bool:
        """Return whether the copy is in the last part of its life."""
        return app.now >= expires - self.ahead * self.ttl


class StaleWhileRevalidate(Refreshing):
    """A copy is fresh for `ttl`, and for `stale` seconds more it is served and loaded again beside it.

    >>> StaleWhileRevalidate(ttl=60, stale=30)
    StaleWhileRevalidate(ttl=60.0, stale=30.0)

    References
    ----------
    RFC 5861, section 3: the stale-while-revalidate Cache-Control extension.
    """

    stale: Seconds = 10.0  # for which an expired copy may still be served

    def due(self, app: App, expires: float, took: float) -> bool:
        """Return whether the copy has expired."""
        return app.now >= expires

    @property
    def grace(self) -> float:
        """The seconds in which it is served stale."""
        return self.stale


class XFetch(Refreshing):
    """Each read may load early, by chance: the likelier the nearer the expiry and the slower the load.

    A reader loads if now - took · beta · ln(U) >= expiry, U uniform in (0, 1], and answers with what it
    loaded. No lock is needed: about e^(1/beta) readers of a hot key load at each expiry, whatever the rate.

    >>> XFetch(ttl=60, beta=2)
    XFetch(ttl=60.0, beta=2.0)

    References
    ----------
    Vattani, Chierichetti and Lowenstein, "Optimal probabilistic cache stampede prevention", PVLDB 8(8), 2015.
    """

    beta: Exponent = 1.0  # the larger, the earlier

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask the cache; load what is not there, and now and then what is."""
        load = load or self.load
        copy = yield app.cache.get(key)
        if copy is None:
            return (yield from load(app, key, self.ttl))
        value, expires, took = read_note(copy)
        if self.due(app, expires, took):
            return (yield from load(app, key, self.ttl))
        return value

    def due(self, app: App, expires: float, took: float) -> bool:
        """Return whether chance has it that this reader loads."""
        return app.now - took * self.beta * math.log(1 - app.random()) >= expires
