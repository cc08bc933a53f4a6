"""Faults on the clients' side: what they ask for, how often, and what their clocks show."""

from cachesim.errors import BadInput
from cachesim.model.events import Steps
from cachesim.model.faults.base import Condition, Fault
from cachesim.model.faults.nodes import Factor
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.workload import Request, Workload
from cachesim.rng import uniform
from cachesim.spec import Delay, Seconds, Share


class _Shift(Fault):
    """A change of the workload: it bends the requests that come while it lasts."""

    duration: Seconds = 10.0  # seconds; inf: for good

    @property
    def lasts(self) -> float:
        """The duration."""
        return self.duration


class HotKey(_Shift):
    """A share of the requests goes to one key, whatever they were about: a post goes viral.

    >>> HotKey(at=30, share=0.5, key="key:00000042").window
    (30.0, 40.0)
    """

    share: Share = 0.5
    key: str | None = None  # None: the workload's least popular one

    def play(self, system: UnreliableSystem) -> Steps:
        """Bend the requests from now on; those that come in the window change."""
        chance = uniform(system.blueprint.seed, "hot key")
        hot = self.key if self.key is not None else _least_popular(system.blueprint.workload)
        start, end = self.window

        def bend(now: float, request: Request) -> Request:
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
    """Requests come `factor` times as fast: a flash crowd. In a closed loop users think for a shorter time."""

    factor: Factor = 2.0

    def play(self, system: UnreliableSystem) -> Steps:
        """Bend the requests from now on; the gaps in the window shrink."""
        system.bends.append(lambda now, r: (self.shrunk(now, r[0]), r[1], r[2]))
        yield from ()

    def shrunk(self, now: float, gap: float) -> float:
        """Return how long a gap lasts that begins now, if in the window it passes faster.

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
    """Each client's clock is wrong, by a time of its own between −`by` and `by`: `app.now` shows it.

    Records keep the true time.
    """

    by: Delay = 1.0  # seconds

    def begin(self, system: UnreliableSystem) -> None:
        """Put the clocks wrong."""
        system.skews.append(self.by)

    def end(self, system: UnreliableSystem) -> None:
        """Put them right."""
        system.skews.remove(self.by)
