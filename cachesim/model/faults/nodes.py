"""Faults of the machines: they crash, are rebooted or flushed, work slowly or not at all."""

from typing import Annotated

from cachesim.model.careful.system import CarefulSystem
from cachesim.model.events import Steps
from cachesim.model.faults.base import Condition, Fault, OfCache, OfDatabase
from cachesim.spec import Rule, Span

Factor = Annotated[float, Rule(">= 1 and finite", lambda x: 1 <= x < float("inf"))]


class _Crash(Fault):
    """Loses what is under way, refuses connections while down, and comes back."""

    down: Span = 5.0  # seconds until it takes connections again

    @property
    def lasts(self) -> float:
        """As long as it is down."""
        return self.down

    def play(self, system: CarefulSystem) -> Steps:
        """Crash, stay down, come back."""
        yield system.until(self.at)
        self.tier(system).crash()
        self.lose(system)
        yield system.until(self.at + self.down)
        self.tier(system).restart()

    def lose(self, system: CarefulSystem) -> None:
        """Lose what does not survive."""


class CrashCache(OfCache, _Crash):
    """The cache server's process ends at once, and starts again `down` seconds later.

    What is under way is lost (its clients see ConnectionLost), calls meanwhile are refused. Of the content
    survives what `Engine.restart` says: nothing of a Memcached, nor of a Redis without a snapshot.

    >>> str(CrashCache(at=40, down=5))
    'CrashCache at 40 s for 5 s'
    """

    def lose(self, system: CarefulSystem) -> None:
        """Start the engine anew."""
        system.node.restart()


class CrashDatabase(OfDatabase, _Crash):
    """The database's process ends at once; committed rows survive, queries under way do not.

    SIMPLIFIED: it comes back with its buffer pool as it was.
    """


class RebootCache(OfCache, Condition):
    """An orderly restart: what is under way is finished, calls meanwhile are refused, the content is lost.

    That is what RebootCacheCluster does: "all data lost" (ElastiCache User Guide); `duration` seconds long.
    """

    def begin(self, system: CarefulSystem) -> None:
        """Take no more connections."""
        self.tier(system).refusing += 1

    def end(self, system: CarefulSystem) -> None:
        """Come back without the content."""
        system.node.restart()
        self.tier(system).refusing -= 1


class FlushCache(Fault):
    """Somebody empties the cache: every key is a miss afterwards ("lost")."""

    def play(self, system: CarefulSystem) -> Steps:
        """Flush once."""
        yield system.until(self.at)
        system.node.engine.flush()


class _Slow(Condition):
    """Service takes longer, that of the commands under way included."""

    factor: Factor = 5.0  # by which service takes longer

    def begin(self, system: CarefulSystem) -> None:
        """Slow down."""
        self.tier(system).slow(self.factor)

    def end(self, system: CarefulSystem) -> None:
        """Be as fast as before."""
        self.tier(system).recover(self.factor)


class SlowCache(OfCache, _Slow):
    """A command takes `factor` times as long on the cache node: a noisy neighbour, a slow machine."""


class SlowDatabase(OfDatabase, _Slow):
    """A query takes `factor` times as long in the database: a backup, a bad plan, a failing disk.

    Utilization becomes `factor` times as high; where that is above 1 the line grows without end.

    >>> SlowDatabase(at=60, duration=10, factor=5).window
    (60.0, 70.0)
    """


class _Freeze(Condition):
    """Nothing is served and nothing is lost."""

    duration: Span = 1.0  # seconds

    def begin(self, system: CarefulSystem) -> None:
        """Stand still."""
        self.tier(system).slow(float("inf"))

    def end(self, system: CarefulSystem) -> None:
        """Go on where it stood."""
        self.tier(system).recover(float("inf"))


class FreezeCache(OfCache, _Freeze):
    """The cache server stands still, as during a fork or a live migration, and then goes on."""


class FreezeDatabase(OfDatabase, _Freeze):
    """The database stands still, as during a snapshot in one zone, and then goes on."""
