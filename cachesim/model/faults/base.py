"""What a fault is: a generator that waits for a moment and turns switches of the system."""

import math

from cachesim.errors import StrategyError
from cachesim.model.events import Steps
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.unreliable.tiers import UnreliableCache, UnreliableTier
from cachesim.records import CACHE
from cachesim.spec import Delay, Seconds, Spec


class Fault(Spec):
    """Something that goes wrong at a moment; subclass it and write `play`.

    In `play`, wait with `yield system.until(moment)`. `system.cache` and `system.db` are the tiers with
    their switches; `system.tier(name)` finds any tier by its name. `system.cache.engine` is the cache
    engine.

    >>> class Forget(Fault):
    ...     def play(self, system):
    ...         yield system.until(self.at)
    ...         system.cache.engine.flush()
    >>> Forget(at=5.0).window
    (5.0, 5.0)
    """

    tier = ""  # name of the tier that this class strikes; "": none
    adds = 0  # nodes, or shards, that it adds to a fleet
    at: Delay = 0.0  # seconds from the start of the run

    @property
    def lasts(self) -> float:
        """How long it lasts, in seconds."""
        return 0.0

    @property
    def window(self) -> tuple[float, float]:
        """When it begins and when it ends, in seconds."""
        return self.at, self.at + self.lasts

    def struck(self, system: UnreliableSystem) -> UnreliableTier:
        """Find the tier that it strikes; BadInput if the system has no tier of that name."""
        return system.tier(self.tier)

    def play(self, system: UnreliableSystem) -> Steps:
        """Yield events until there is something to do, and do it."""
        raise StrategyError(f"{type(self).__name__} must define play(self, system)")

    def __str__(self) -> str:
        start, end = self.window
        long = "" if end == start else " for good" if end == math.inf else f" for {end - start:g} s"
        return f"{type(self).__name__} at {start:g} s{long}"


class OfCache(Fault):
    """A fault of a cache node; in a fleet it names the node."""

    tier = CACHE
    node: str = ""  # name of the node, such as "node-2"; "": the only one

    def struck(self, system: UnreliableSystem) -> UnreliableCache:
        """Find the node that it strikes; BadInput if there is no such node."""
        return system.struck_by(self, self.node or self.tier)


class Condition(Fault):
    """A fault that begins, lasts and ends; subclasses define what `begin` and `end` change."""

    duration: Seconds = 10.0  # seconds; inf: for good

    @property
    def lasts(self) -> float:
        """The duration, in seconds."""
        return self.duration

    def play(self, system: UnreliableSystem) -> Steps:
        """Begin at `at`; end `duration` later."""
        yield system.until(self.at)
        self.begin(system)
        if self.duration < math.inf:
            yield system.until(self.at + self.duration)
            self.end(system)

    def begin(self, system: UnreliableSystem) -> None:
        """Turn the switches."""
        raise NotImplementedError

    def end(self, system: UnreliableSystem) -> None:
        """Turn them back."""
        raise NotImplementedError


class Switched(Condition):
    """A condition that turns one switch of its tier on, and off again."""

    switch = ""  # the one that this class turns, of SWITCHES

    def begin(self, system: UnreliableSystem) -> None:
        """Turn it on."""
        self.struck(system).turn_on(self.switch)

    def end(self, system: UnreliableSystem) -> None:
        """Turn it off."""
        self.struck(system).turn_off(self.switch)
