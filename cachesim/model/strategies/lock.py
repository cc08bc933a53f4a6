"""A distributed lock in the cache around a write, and the fencing token that makes its expiry harmless."""

from cachesim.engines.base import EngineSpec
from cachesim.errors import LockRefused
from cachesim.model.app import App
from cachesim.model.distributions import Constant, Distribution
from cachesim.model.events import Steps
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.session import needs_redis
from cachesim.records import Value
from cachesim.spec import Span
from cachesim.units import MS


class Locked(LazyLoading):
    """A write takes the key's lock (SET NX PX), works for a while, commits, and gives the lock back.

    A client that holds the lock for longer than `lock_ttl` loses it without noticing. Another client takes
    it, and then both write. With `fencing`, each holder gets a number higher than all numbers before, and
    the database refuses a number that is lower than one it has seen: the write fails with FenceRejected.

    Needs Redis. A lock that is evicted is lost too, and so is the counter of the numbers. So keep both
    where nothing is evicted, and the counter where it survives a crash.

    >>> Locked(ttl=60, lock_ttl=0.05, fencing=True)
    Locked(ttl=60.0, lock_ttl=0.05, fencing=True)

    References
    ----------
    Redis documentation, "Distributed Locks with Redis"; Kleppmann, "How to do distributed locking" (2016).
    """

    invalidate: bool = True
    lock_ttl: Span = 1.0  # seconds after which the lock ends by itself
    work: Distribution = Constant(value=2 * MS)  # seconds from the lock to the commit, in all
    retry: Span = 5 * MS  # seconds until a client that did not get the lock tries again
    patience: Span = 10.0  # seconds; a write without the lock then fails with LockRefused
    fencing: bool = False

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Lock, work, commit, invalidate, unlock."""
        number = yield from self._lock(app, key, value)
        yield app.timeout(self.work.quantile(app.random() or 0.5))
        if self.fencing:
            yield app.db.write_fenced(key, value, number)
        else:
            yield app.db.write(key, value)
        if self.invalidate:
            yield app.cache.delete(key)
        yield from self._unlock(app, key, number)

    def _lock(self, app: App, key: str, value: Value) -> Steps:
        """Try until the lock is ours; return our number, which it holds."""
        began, number = app.now, value.write  # a number that no other write has
        while app.now - began < self.patience:
            if self.fencing:  # before the try, so that no later holder has a lower one
                number = yield app.cache.execute("INCR", f"fence:{key}")
            lock = "SET", f"lock:{key}", number, "NX", "PX", self._px()
            if number is not None and (yield app.cache.execute(*lock)):
                return number
            yield app.timeout(self.retry)
        raise LockRefused(f'no lock on "{key}" within {self.patience:g} s')

    def _unlock(self, app: App, key: str, number: int) -> Steps:
        """Give the lock back if it is still ours. SIMPLIFIED: Redis's recipe compares and deletes in one script."""
        held = yield app.cache.execute("GET", f"lock:{key}")
        if held is not None and int(held) == number:
            yield app.cache.execute("DEL", f"lock:{key}")

    def _px(self) -> int:
        return max(1, round(self.lock_ttl / MS))

    def check(self, cache: EngineSpec) -> None:
        """Raise BadInput unless the engine is Redis."""
        needs_redis(self, cache)
