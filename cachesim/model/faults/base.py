"""What a fault is: a generator that waits for its moment and turns switches of the system."""

import math

from cachesim.errors import StrategyError
from cachesim.model.careful.system import CarefulSystem
from cachesim.model.careful.tier import Tier
from cachesim.model.events import Steps
from cachesim.spec import Delay, Seconds, Spec


class Fault(Spec):
    """Something that goes wrong at a moment; subclass it and write `play`.

    In `play`, wait with `yield system.until(moment)`; `system.cache` and `system.db` are the tiers with their
    switches, `system.node.engine` is the cache engine.

    >>> class Forget(Fault):
    ...     def play(self, system):
    ...         yield system.until(self.at)
    ...         system.node.engine.flush()
    >>> Forget(at=5.0).window
    (5.0, 5.0)
    """

    at: Delay = 0.0  # seconds from the start of the run

    @property
    def lasts(self) -> float:
        """How many seconds it lasts."""
        return 0.0

    @property
    def window(self) -> tuple[float, float]:
        """From when to when, in seconds."""
        return self.at, self.at + self.lasts

    def tier(self, system: CarefulSystem) -> Tier:
        """Return the tier that is struck, if it is one."""
        raise NotImplementedError

    def play(self, system: CarefulSystem) -> Steps:
        """Yield events until the next thing to do, and do it."""
        raise StrategyError(f"{type(self).__name__} must define play(self, system)")

    def __str__(self) -> str:
        start, end = self.window
        long = "" if end == start else " for good" if end == math.inf else f" for {end - start:g} s"
        return f"{type(self).__name__} at {start:g} s{long}"


class Condition(Fault):
    """A fault that begins, lasts and ends; subclasses say what changes at `begin` and at `end`."""

    duration: Seconds = 10.0  # seconds; inf: for good

    @property
    def lasts(self) -> float:
        """The duration."""
        return self.duration

    def play(self, system: CarefulSystem) -> Steps:
        """Begin at `at`; end `duration` later."""
        yield system.until(self.at)
        self.begin(system)
        if self.duration < math.inf:
            yield system.until(self.at + self.duration)
            self.end(system)

    def begin(self, system: CarefulSystem) -> None:
        """Turn the switches."""
        raise NotImplementedError

    def end(self, system: CarefulSystem) -> None:
        """Turn them back."""
        raise NotImplementedError


class OfCache(Fault):
    """A fault of the cache node."""

    def tier(self, system: CarefulSystem) -> Tier:
        """Return the cache's tier."""
        return system.cache


class OfDatabase(Fault):
    """A fault of the database."""

    def tier(self, system: CarefulSystem) -> Tier:
        """Return the database's tier."""
        return system.db
