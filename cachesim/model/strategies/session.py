"""A session store: the state of users is in the cache, so any web server can serve any user."""

from cachesim.engines.base import Engine, EngineSpec
from cachesim.errors import BadInput
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import Strategy
from cachesim.records import Value
from cachesim.spec import Span
from cachesim.units import MS

DATA = "data"  # the field of a session's hash that holds its value


class SessionStore(Strategy):
    """Sessions live in the cache only, one hash per session. They end after `ttl` seconds without use.

    If a read does not find its session, the user must log in again: the user's row comes from the database
    and a new session begins. If the old session was *evicted*, the user was logged out by mistake, and
    everything written into the session is lost. Needs Redis: hashes, and PEXPIRE to renew.

    >>> SessionStore(ttl=600)
    SessionStore(ttl=600.0)

    References
    ----------
    Amazon ElastiCache documentation, "Building a session store".
    """

    ttl: Span = 1800.0  # seconds without use after which a session ends

    def read(self, app: App, key: str) -> Steps:
        """Find the session, and renew it; or log in."""
        data = yield app.cache.execute("HGET", key, DATA)
        if data is None:
            app.cache.note(key)
            return (yield from self._log_in(app, key))
        app.cache.note(key, "hit")
        yield app.cache.execute("PEXPIRE", key, self._milliseconds())
        return data

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Change the session, and renew it."""
        yield app.cache.execute("HSET", key, DATA, value)
        yield app.cache.execute("PEXPIRE", key, self._milliseconds())

    def _log_in(self, app: App, key: str) -> Steps:
        value = yield app.db.read(key)
        if value is not None:
            yield from self.write(app, key, value)
        return value

    def _milliseconds(self) -> int:
        return max(1, round(self.ttl / MS))

    def preload(self, engine: Engine, key: str, value: Value, left: float) -> None:
        """Put a session into the cache that was last used some time ago."""
        engine.execute(("HSET", key, DATA, value))
        engine.execute(("PEXPIRE", key, max(1, round(self.ttl * left / MS))))

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput unless the engine is Redis."""
        needs_redis(self, cache)


def needs_redis(strategy: Strategy, cache: EngineSpec) -> None:
    """Raise BadInput unless the engine is Redis, embedded or real."""
    if cache.speaks != "redis":
        raise BadInput(
            f"{type(strategy).__name__} needs Redis's commands, got the engine {cache!r}; "
            "give cache=Redis() or --engine redis"
        )
