"""Strategies that load a key again before its readers must wait for it; each copy carries a note."""

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
    """Lazy loading that asks on every hit whether the copy is `due` for another load.

    That load runs beside the hit, unless the class `waits` for it.
    """

    waits = False  # whether the reader who starts the load waits for it, and answers with its value
    ttl: Seconds = 10.0

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask the cache; load the key if it is not there, or if its copy is due."""
        load = load or self.load
        copy = yield app.cache.get(key)
        if copy is None:
            return (yield from load(app, key, self.ttl))
        value, expires, took = read_note(copy)
        if not self.due(app, expires, took):
            return value
        if self.waits:
            return (yield from load(app, key, self.ttl))
        begin(app, self, key, load(app, key, self.ttl))
        return value

    def due(self, app: App, expires: float, took: float) -> bool:
        """Whether to load a copy again; `expires` is a time and `took` the length of its last load (seconds)."""
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
    """A hit near the end of the TTL loads the key again, beside the request: no reader waits.

    A key that is read in the last part of its life never expires. No copy older than `ttl` is served.

    >>> RefreshAhead(ttl=60, ahead=0.5)
    RefreshAhead(ttl=60.0, ahead=0.5)
    """

    ahead: Share = 0.2  # the last part of the TTL, in which a hit loads again

    def due(self, app: App, expires: float, took: float) -> bool:
        """Whether the copy is in the last part of its life."""
        return app.now >= expires - self.ahead * self.ttl


class StaleWhileRevalidate(Refreshing):
    """A copy is fresh for `ttl`. For `stale` seconds more, a hit is served and loads the key again beside it.

    >>> StaleWhileRevalidate(ttl=60, stale=30)
    StaleWhileRevalidate(ttl=60.0, stale=30.0)

    References
    ----------
    RFC 5861, section 3: the stale-while-revalidate Cache-Control extension.
    """

    stale: Seconds = 10.0  # for which an expired copy may still be served

    def due(self, app: App, expires: float, took: float) -> bool:
        """Whether the copy has expired."""
        return app.now >= expires

    @property
    def grace(self) -> float:
        """Seconds for which an expired copy may be served."""
        return self.stale


class XFetch(Refreshing):
    """Each read may load early, by chance: more likely near the expiry, and if the load is slow.

    A reader loads if now - took · beta · ln(U) >= expiry, U uniform in (0, 1], and answers with the value
    that it loaded. No lock is needed: at each expiry of a hot key about e^(1/beta) readers load it, at any
    rate of reads.

    >>> XFetch(ttl=60, beta=2)
    XFetch(ttl=60.0, beta=2.0)

    References
    ----------
    Vattani, Chierichetti and Lowenstein, "Optimal probabilistic cache stampede prevention", PVLDB 8(8), 2015.
    """

    waits = True
    beta: Exponent = 1.0  # the larger, the earlier

    def due(self, app: App, expires: float, took: float) -> bool:
        """Whether this reader loads: a matter of chance."""
        return app.now - took * self.beta * math.log(1 - app.random()) >= expires
