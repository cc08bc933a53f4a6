"""Faults of the machines: they crash, are rebooted or flushed, work slowly or stand still."""

import math
from typing import Annotated

from cachesim.model.events import Steps
from cachesim.model.faults.base import Condition, Fault, OfCache, Switched
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.records import DATABASE
from cachesim.spec import Rule, Span

Factor = Annotated[float, Rule(">= 1 and finite", lambda x: 1 <= x < float("inf"))]


class _Crash(Fault):
    """Loses the calls under way, refuses connections while down, and comes back."""

    down: Span = 5.0  # seconds until it takes connections again

    @property
    def lasts(self) -> float:
        """As long as it is down, in seconds."""
        return self.down

    def play(self, system: UnreliableSystem) -> Steps:
        """Crash, stay down, come back."""
        yield system.until(self.at)
        tier = self.struck(system)
        tier.crash()
        self.lose(system)
        if self.down < math.inf:
            yield system.until(self.at + tier.outage(self.down))
            tier.restart()

    def lose(self, system: UnreliableSystem) -> None:
        """Lose the content that does not survive."""


class CrashCache(OfCache, _Crash):
    """The cache server's process ends at once, and starts again `down` seconds later.

    The calls under way are lost (their clients see ConnectionLost); later calls are refused until it is
    back. `Engine.restart` says what content survives: nothing in a Memcached, nor in a Redis without
    `persistence="rdb"`; with it, what the last complete snapshot has.

    >>> str(CrashCache(at=40, down=5))
    'CrashCache at 40 s for 5 s'
    """

    def lose(self, system: UnreliableSystem) -> None:
        """Restart the engine."""
        self.struck(system).restart_engine()


class CrashDatabase(_Crash):
    """The database's process ends at once; committed rows survive, queries under way do not.

    If it has a standby, that takes over: after `Database.failover` seconds, whatever `down` says.
    SIMPLIFIED: it comes back with its buffer pool as it was.
    """

    tier = DATABASE


class RebootCache(OfCache, Switched):
    """An orderly restart: calls under way are finished, later ones refused, and the content is lost.

    RebootCacheCluster does this: "all data lost" (ElastiCache User Guide). A Redis with
    `persistence="rdb"` and save points writes a snapshot first, and has all its keys again. It takes
    `duration` seconds.
    """

    switch = "refusing"

    def end(self, system: UnreliableSystem) -> None:
        """Come back with the last snapshot, if there is one."""
        self.struck(system).shut_down()
        self.struck(system).restart_engine()
        super().end(system)


class SnapshotCache(OfCache):
    """Somebody asks for a snapshot (BGSAVE): the node forks, and copies each page that it changes meanwhile.

    The node stands still for `Node.fork` seconds per GiB; a child writes `Node.disk` bytes per second.
    `result.snapshots` has a row for each. Nothing happens if a snapshot is being written already.
    """

    keep: bool = False  # whether somebody wants the file after the run: a backup

    def play(self, system: UnreliableSystem) -> Steps:
        """Begin once."""
        yield system.until(self.at)
        node = self.struck(system)
        node.snapshot()
        if self.keep:
            node.disk.keep(self.at)


class FlushCache(OfCache):
    """Somebody empties the cache: every key is a miss afterwards ("lost"). A replica refuses it."""

    def play(self, system: UnreliableSystem) -> Steps:
        """Flush once."""
        yield system.until(self.at)
        self.struck(system).flush()


class _Slow(Condition):
    """Service takes longer, also for the commands under way."""

    factor: Factor = 5.0  # by which service takes longer

    def begin(self, system: UnreliableSystem) -> None:
        """Slow down."""
        self.struck(system).slow(self.factor)

    def end(self, system: UnreliableSystem) -> None:
        """Be as fast as before."""
        self.struck(system).recover(self.factor)


class SlowCache(OfCache, _Slow):
    """A command takes `factor` times as long on the cache node: a noisy neighbour, a slow machine."""


class SlowDatabase(_Slow):
    """A query takes `factor` times as long in the database: a backup, a bad plan, a failing disk.

    Utilization becomes `factor` times as high. If that is above 1, the line grows without end.

    >>> SlowDatabase(at=60, duration=10, factor=5).window
    (60.0, 70.0)
    """

    tier = DATABASE


class _Freeze(Condition):
    """Nothing is served and nothing is lost."""

    duration: Span = 1.0  # seconds

    def begin(self, system: UnreliableSystem) -> None:
        """Stand still."""
        self.struck(system).slow(float("inf"))

    def end(self, system: UnreliableSystem) -> None:
        """Go on where it stopped."""
        self.struck(system).recover(float("inf"))


class FreezeCache(OfCache, _Freeze):
    """The cache server stands still, as during a fork or a live migration, and then goes on."""


class FreezeDatabase(_Freeze):
    """The database stands still, as during a snapshot in one zone, and then goes on."""

    tier = DATABASE
