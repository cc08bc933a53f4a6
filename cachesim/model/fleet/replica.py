"""The lazy log: a replica that costs no event until somebody looks at it.

A replica's state at time t is a prefix of its primary's log: the entries that have arrived, and been
executed, by t. So nothing needs to happen when the primary writes. Each read lets the replica catch
up to now first. The page docs/background/lazy_log.md explains it with a drawing.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator

from cachesim.engines.redis.catching_up import execute_until
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.replication_log import Held, LogEntry
from cachesim.model.fleet.acks import Acks
from cachesim.model.fleet.arrivals import Arrivals, Depart


def idle(arrival: float, seconds: float) -> float:
    """Do the work at once, as a station does that has nothing else to do.

    >>> idle(1.0, 0.5)
    1.5
    """
    return arrival + seconds


def no_work(entry: Held) -> float:
    """Take no time to execute an entry."""
    return 0.0


class LazyReplica(Arrivals):
    """A replica that follows its primary's log, with a lag.

    Entry i arrives at max(arrival of i - 1, its time + lag): the link keeps the order, as TCP does.
    The lag is drawn from the replica's own stream, in the order of the log. So no answer depends on
    who reads when. Entries that were written in the same instant travel together, with one draw.

    Call `catch_up` before a client's visit is booked on the replica's station, and before its
    command runs.

    Parameters
    ----------
    primary : ReplicatedEngine
        The node that it follows.
    engine : ReplicatedEngine
        The replica's own engine. It gets a copy of the primary's data now.
    lag : iterator of float
        Seconds from a write at the primary to its arrival here; without end.
    depart : callable, optional
        Books work on the replica's station: takes the arrival and the seconds of work, returns the
        time at which the work is done. `Station.depart` is one.
    seconds : callable, optional
        The work of executing an entry, in seconds; the same whenever it is asked.
    back : float
        Seconds that an ACK takes to the primary.
    phase : float
        The part of a second at which the replica sends its ACK, from 0 to 1.

    >>> from itertools import repeat
    >>> from cachesim.clock import ManualClock
    >>> from cachesim.engines.redis.engine import Redis
    >>> clock = ManualClock()
    >>> primary, other = (ReplicatedEngine(Redis(), clock, lambda: 0.5) for _ in range(2))
    >>> replica = LazyReplica(primary, other, lag=repeat(0.25))
    >>> primary.set("a", b"1")
    >>> clock.advance(0.2)
    >>> replica.catch_up(clock())
    >>> replica.engine.get("a"), replica.behind()
    (None, (2, 50))
    >>> clock.advance(0.1)
    >>> replica.catch_up(clock())
    >>> replica.engine.get("a"), replica.behind()
    (b'1', (0, 0))
    """

    def __init__(
        self,
        primary: ReplicatedEngine,
        engine: ReplicatedEngine,
        lag: Iterator[float],
        *,
        depart: Depart = idle,
        seconds: Callable[[Held], float] = no_work,
        back: float = 0.0,
        phase: float = 0.0,
    ) -> None:
        self.primary, self.engine = primary, engine
        self.lag, self.depart, self.seconds = lag, depart, seconds
        self.acks = Acks(back, phase)
        self.log = primary.log
        self.log.readers.append(self)
        self.was_cut: float | None = None  # seconds: since then nothing arrives; None: it does
        self._keeps = False  # whether the log keeps all that was written since the cut
        self._lags, self._waiting = deque(), deque()
        self._drawn_for = self._drawn = -math.inf
        self._last = self._due = -math.inf
        self._next = self.received = 0
        self.resync(engine.clock())

    # Time passes

    def catch_up(self, now: float) -> None:
        """Receive what has arrived by now, book its work, and execute what is done by now."""
        if self.was_cut is None or self.is_online_again(now):
            self.primary.upkeep(now)
        self._advance(now)

    def is_online_again(self, now: float) -> bool:
        """Let time pass while the link is cut. True if it no longer is: a subclass may end a copy."""
        return False

    def needs(self) -> int:
        """Return the offset behind which it needs the log; it catches up before.

        While the link is cut, the log waits for this replica as long as its backlog lasts, or for ever.
        """
        if self.was_cut is None:
            self._advance(self.log.held[-1][0])
            return self.received
        held = self.log.offset if self._keeps else self.log.backlog
        return max(self.received, self.log.offset - held)

    def _advance(self, now: float) -> None:
        if now >= self._due and self.was_cut is None:
            log = self.log
            if self._next - log.first < len(log.held):
                self._receive(now)
        waiting, acks = self._waiting, self.acks
        while waiting and waiting[0][0] <= now:
            if waiting[0][0] > acks.next:
                self._send_acks(waiting[0][0])
            execute_until(self.engine, waiting, min(now, acks.next))
        if now > self.acks.next:
            self._send_acks(now)

    def _send_acks(self, before: float) -> None:
        self.acks.send(before, self.applied, self.was_cut is not None)

    # The link

    def cut(self, at: float, *, keeps: bool = False) -> None:
        """Let nothing arrive until the link heals. With `keeps` the log forgets nothing meanwhile."""
        self.catch_up(at)
        self.was_cut, self._keeps = at, keeps

    def heal(self, at: float) -> bool:
        """Connect the replica again. False if the backlog is too short: then call `resync`."""
        if not self.log.continues(self.log.identity, self.received):
            return False
        self.was_cut, self._healed, self._due = None, at, -math.inf
        self.acks.connect(at, self.applied)
        return True

    def resync(self, at: float) -> bool:
        """Follow the primary as it is now. True if a copy of all its data was needed; it takes no time.

        Without it, what follows the replica's offset comes from the primary's backlog.
        """
        self.leave()
        full = self.engine.follow(self.primary)
        self._waiting.clear()
        self._read_on(self.engine.applied, at)
        self.was_cut = None
        self.acks.connect(at, self.applied)
        return full

    def _read_on(self, offset: int, healed: float) -> None:
        """Read the primary's log from an offset on; nothing arrives before the link has `healed`."""
        self.log = log = self.primary.log
        log.readers.append(self)
        self.received, self._next = offset, log.number(offset)
        self._lags.clear()
        self._healed, self._due = healed, -math.inf

    def follow(self, primary: ReplicatedEngine, at: float) -> bool:
        """Follow another primary, after a failover. True if a copy of all its data was needed."""
        self.primary = primary
        return self.resync(at)

    def promote(self, at: float) -> list[LogEntry]:
        """Become a primary. Return the entries that it never got.

        Those without `why` are the writes that are lost. What has arrived is executed before.
        """
        self.cut(at)
        for _, entry in self._waiting:
            self.engine.apply(entry, at)
        self._waiting.clear()
        lost = self.missing()
        self.leave()
        self.engine.promote()
        return lost

    def leave(self) -> None:
        """Stop following: the log does not wait for this replica any more."""
        if self in self.log.readers:
            self.log.readers.remove(self)

    # Acknowledgements

    def acknowledged(self, now: float) -> tuple[float, int]:
        """Return the newest ACK that the primary has got by now: when it came, and the offset."""
        self.catch_up(now)
        return self.acks.newest(now)

    def is_good(self, now: float, max_lag: int = 10, look: float | None = None) -> bool:
        """Whether min-replicas-max-lag lets the primary write, as far as this replica goes.

        The primary counts in whole seconds: the age is the difference of two clocks that show
        seconds. It looks once per second (redis 7: replication.c, refreshGoodSlavesCount); `look`
        is when it did so, if not now.
        """
        self.catch_up(now)
        return self.acks.is_good(now, max_lag, now if look is None else look)

    def acknowledges(self, offset: int) -> float:
        """Return when the primary knows, after a WAIT, that this replica has the log up to `offset`.

        The replica is asked at once, so this is a way there and back, not the second of an ACK.
        SIMPLIFIED: clients that come to the replica in the meantime do not delay the entries.
        """
        if offset <= self.applied:
            return -math.inf
        for done, entry in self._waiting:
            if entry[1] >= offset:
                return done + self.acks.back
        return math.inf if self.was_cut is not None else self._arrives(offset) + self.acks.back

    # What it lacks

    @property
    def applied(self) -> int:
        """The offset up to which it has executed the log, in bytes."""
        return self.engine.applied

    def behind(self) -> tuple[int, int]:
        """Return how many entries, and how many bytes, it has not executed yet."""
        entries = len(self.log) - self._next + len(self._waiting)
        return entries, self.log.offset - self.applied

    def lag_at(self, now: float) -> float:
        """Return the age of the oldest entry that it has not executed, in seconds; 0: it has all."""
        if self._waiting:
            return now - self._waiting[0][1][0]
        held, at = self.log.held, max(0, self._next - self.log.first)
        return now - held[at][0] if at < len(held) else 0.0

    def missing(self) -> list[LogEntry]:
        """Return the entries of the log that have not arrived yet."""
        return self.log.after(self.received)
