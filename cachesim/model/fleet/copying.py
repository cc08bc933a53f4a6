"""A full resynchronisation takes its time: the fork, the transfer of the copy, and the loading.

time       at         forked                arrives       ready
primary    | stands still | goes on, and keeps what it writes for the replica
replica    | serves what it had ...........| LOADING ....| serves the copy, and follows the log

Nobody makes an event for it: the replica does all this when somebody looks at it (redis 7: replication.c).
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.model.fleet.replica import LazyReplica
from cachesim.model.node import FORK
from cachesim.spec import Bytes, Delay, Rate, Spec
from cachesim.units import MIB

LOADING = "LOADING Redis is loading the dataset in memory"  # redis 7: server.c


class FullCopy(Spec):
    """What a copy of all data costs that a replica needs when the backlog is too short for it.

    Loading takes 10 to 20 s per GB (antirez, "A note about Redis restart time"); a fork takes about 10 ms per GB
    on a virtual machine (redis.io, "Diagnosing latency issues"). Measure your own servers and put their figures
    here.

    >>> FullCopy(bandwidth=1.25e9)
    FullCopy(bandwidth=1250000000.0)
    """

    fork: Delay = FORK  # seconds for which the primary stands still, per GiB of its memory
    bandwidth: Rate = 125e6  # bytes per second from the primary to the replica (1 Gbit/s)
    load: Rate = 100e6  # bytes of the copy that the replica loads per second
    output_buffer: Bytes = 256 * MIB  # of the log while a copy runs; beyond it the link is closed


class Terms(NamedTuple):
    """What a copy takes that begins now."""

    arrives: float  # seconds: when the replica has all of it
    ready: float  # seconds: when the replica has loaded it
    buffer: int = 256 * MIB  # bytes of the log that wait for it at most


class Copying:
    """A copy under way."""

    def __init__(self, snapshot: ReplicatedEngine, terms: Terms, least: int) -> None:
        self.snapshot = snapshot  # the primary's data at the moment of the fork
        self.arrives, self.ready, buffer = terms  # inf: never, the link was closed before
        self.end = snapshot.applied + max(buffer, least)  # offset beyond which the link is closed
        self.is_loading = False
        self.is_closed = (
            False  # whether the link is closed; what has arrived is loaded all the same
        )

    def begin_to_load(self) -> ReplicatedEngine:
        """Load what has arrived: from now on nothing of the primary is needed for it. Return the data."""
        self.is_loading = True
        return self.snapshot

    def open_again(self) -> None:
        """Let the log follow when the copy is loaded."""
        self.is_closed = False

    def close(self) -> None:
        """Close the link."""
        self.is_closed = True
        if not self.is_loading:
            self.arrives = self.ready = math.inf


class CopyingReplica(LazyReplica):
    """A replica whose full copies take their time. Its link counts as cut until the copy is loaded.

    Parameters
    ----------
    copies : callable
        Takes the moment at which a full copy begins; books the fork on the primary and returns the Terms of the
        copy, or None: it takes no time. As in Redis the buffer is never less than the backlog.
    closed : callable
        Is told, while the primary writes, when the replica will notice that its link was closed.
    """

    copy: Copying | None = None  # the one under way, or one that broke off

    def __init__(
        self,
        *parts: Any,
        copies: Callable[[float], Terms | None],
        closed: Callable[[float], object],
        **options: Any,
    ) -> None:
        self._copies, self._closed = copies, closed
        self.full_copies = 0  # begun so far
        self._behind_since = (
            math.inf
        )  # seconds: what it has lacked for longest, if it lacks anything
        super().__init__(*parts, **options)

    @property
    def is_loading(self) -> bool:
        """Whether it answers LOADING."""
        return self.copy is not None and self.copy.is_loading

    def resync(self, at: float) -> bool:
        """Follow the primary as it is now. True if a copy of all its data is needed: it begins now."""
        terms = None if self.engine.can_go_on(self.primary) else self._copies(at)
        if terms is None:
            self._behind_since = math.inf
            return super().resync(at)
        self._behind_since = at if self.was_cut is None else at - self.lag_at(at)
        self.leave()
        self.full_copies += 1
        self.engine.step_down()
        snapshot = self.primary.copy(self.engine.clock, lambda: 0.5)
        self.copy = copy = Copying(snapshot, terms, least=self.primary.log.backlog)
        self._read_on(snapshot.applied, copy.ready)
        self.was_cut = at
        self.acks.forget()
        self.log.ask_at(copy.end)
        return True

    def is_online_again(self, now: float) -> bool:
        """Load the copy when it has arrived. True if it is loaded, and the link is up."""
        copy = self.copy
        if copy is None or now < copy.arrives:
            return False
        if not copy.is_loading:
            self._waiting.clear()
            self.engine.take(copy.begin_to_load())
        if now >= copy.ready:
            self.copy = None
            self._behind_since = math.inf
            if not copy.is_closed:
                self.was_cut = None
                self.acks.connect(copy.ready, self.received)
        return self.was_cut is None

    # The log

    def needs(self) -> int:
        """Return the offset behind which it needs the log; while a copy runs, all since the fork."""
        now = self.log.entries[-1].time
        if self.was_cut is not None:
            self.is_online_again(now)
        copy = self.copy
        if copy is not None and not copy.is_closed:
            if self.log.offset <= copy.end:
                self.log.ask_at(copy.end)
                return self.received
            copy.close()
            self._closed(copy.ready if copy.is_loading else now)
        if self.was_cut is not None:
            self._behind_since = now - self.lag_at(now)  # the log may forget what it lacks
        return super().needs()

    def lag_at(self, now: float) -> float:
        """Return for how long it has lacked something, in seconds; while it copies, at least since it began to."""
        return max(super().lag_at(now), now - self._behind_since)

    # The link

    def cut(self, at: float, *, keeps: bool = False) -> None:
        """Let nothing arrive from now on. A copy on its way is lost; one that is being loaded is not."""
        self.catch_up(at)
        if self.copy is None:
            super().cut(at, keeps=keeps)
        else:
            self.copy.close()

    def heal(self, at: float) -> bool:
        """Connect the replica again. False if it needs a full copy, and none is under way: then call `resync`."""
        self.catch_up(at)
        copy = self.copy
        if copy is None:
            is_enough = super().heal(at)
            self._behind_since = math.inf if is_enough else self._behind_since
            return is_enough
        if copy.is_loading and self.log.continues(self.log.identity, self.received):
            copy.open_again()
        return not copy.is_closed

    def leave(self) -> None:
        """Stop following; a copy that is under way ends."""
        self.copy = None
        super().leave()

    def acknowledges(self, offset: int) -> float:
        """Return when the primary knows that this replica has the log up to `offset`: not before its copy is loaded."""
        copy = self.copy
        if copy is None:
            return super().acknowledges(offset)
        if copy.is_closed:
            return math.inf
        follows = -math.inf if offset <= self.received else self._arrives(offset)
        return max(copy.ready, follows) + self.acks.back
