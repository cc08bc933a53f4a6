"""Faults of the clients: which keys they ask for, how often, and what their clocks show."""

from cachesim.errors import BadInput
from cachesim.model.events import Steps
from cachesim.model.faults.base import Condition, Fault
from cachesim.model.faults.nodes import Factor
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.workload import TimedRequest, Workload
from cachesim.rng import uniform
from cachesim.spec import Delay, Seconds, Share


class _Shift(Fault):
    """A change of the workload: it changes the requests that come while it lasts."""

    duration: Seconds = 10.0  # seconds; inf: for good

    @property
    def lasts(self) -> float:
        """The duration."""
        return self.duration


class HotKey(_Shift):
    """A share of the requests goes to one key instead of their own: a post goes viral.

    >>> HotKey(at=30, share=0.5, key="key:00000042").window
    (30.0, 40.0)
    """

    share: Share = 0.5
    key: str | None = None  # None: the workload's least popular one

    def play(self, system: UnreliableSystem) -> Steps:
        """Add a bend to the workload; it changes the requests that come in the window."""
        chance = uniform(system.blueprint.seed, "hot key")
        hot = self.key if self.key is not None else _least_popular(system.blueprint.workload)
        start, end = self.window

        def bend(now: float, request: TimedRequest) -> TimedRequest:
            gap, op, key = request
            struck = start <= now + gap < end and chance() < self.share
            return gap, op, hot if struck else key

        system.bends.append(bend)
        yield from ()


def _least_popular(workload: Workload) -> str:
    keys = workload.keys_loaded()
    if not keys:
        raise BadInput("HotKey finds no key in this workload, which loads none; give key=...")
    return keys[-1]


class Surge(_Shift):
    """Requests come `factor` times as fast: a flash crowd. In a closed loop, users think for a shorter time."""

    factor: Factor = 2.0

    def play(self, system: UnreliableSystem) -> Steps:
        """Add a bend to the workload; it shortens the gaps in the window."""
        system.bends.append(lambda now, r: (self.shrunk(now, r[0]), r[1], r[2]))
        yield from ()

    def shrunk(self, now: float, gap: float) -> float:
        """Compute the length of a gap that begins now and passes faster in the window.

        >>> Surge(at=10, duration=5, factor=2.0).shrunk(9.0, 3.0)  # 1 s before, then twice as fast
        2.0
        """
        start, end = self.window
        if now >= end or now + gap <= start:
            return gap
        before = max(0.0, start - now)
        inside = min(end - max(now, start), (gap - before) / self.factor)
        return before + inside + (gap - before - inside * self.factor)


class SkewClocks(Condition):
    """Each client's clock is wrong by its own time between −`by` and `by`; `app.now` shows the wrong time.

    Records keep the true time.
    """

    by: Delay = 1.0  # seconds

    def begin(self, system: UnreliableSystem) -> None:
        """Set the clocks wrong."""
        system.skews.append(self.by)

    def end(self, system: UnreliableSystem) -> None:
        """Set them right."""
        system.skews.remove(self.by)
