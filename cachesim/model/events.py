"""The small things that make a run fast: a visit is one event, a request one driven generator.

This file and `System.serve` are the hot path: they are written for speed where it was measured to count.
"""

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any, Self

import simpy
from simpy.events import NORMAL

from cachesim.errors import StrategyError

Steps = Generator[simpy.Event, Any, Any]  # what a strategy's read and write are
Effect = Callable[["Visit"], None]


class Environment(simpy.Environment):
    """SimPy's event loop, with the time read in C: it is read six times a request."""

    now = property(attrgetter("_now"))

    def run_to_end(self) -> None:
        """Run until no event is left: simpy's `run` without its call per event, 5 % of a request."""
        queue = self._queue
        while queue:
            self._now, _, _, event = heappop(queue)
            callbacks: Any = event.callbacks
            event.callbacks = None  # type: ignore[assignment] # SimPy's mark of an event that has fired
            for callback in callbacks:
                if type(callback) is not Drive or not event._ok:
                    callback(event)
                    continue
                send = callback.send  # Drive.__call__, written out: one Python call less an event
                try:
                    following = send(event._value)
                except StopIteration:
                    continue
                try:
                    following.callbacks.append(callback)
                except AttributeError:
                    callback.go_on(following)
            if not event._ok and not hasattr(event, "_defused"):
                raise event._value


class Waitable(simpy.Event):
    """An event that can be waited for in company, `a | b` or `a & b`, and is noted as waited for then."""

    joined = False  # whether it is, or was, part of a Joint

    def __and__(self, other: simpy.Event) -> "Joint":
        return Joint(self.env, simpy.events.Condition.all_events, (self, other))

    def __or__(self, other: simpy.Event) -> "Joint":
        return Joint(self.env, simpy.events.Condition.any_events, (self, other))


class Joint(Waitable, simpy.events.Condition):
    """Some events as one; SimPy takes its mark off those that did not come in time, so each keeps ours."""

    def __init__(
        self, env: simpy.Environment, evaluate: Any, events: tuple[simpy.Event, ...]
    ) -> None:
        super().__init__(env, evaluate, events)
        for event in events:
            event.joined = True  # type: ignore[attr-defined]


class Timeout(Waitable, simpy.Timeout):
    """What `app.timeout` returns."""


class Visit(Waitable):
    """A trip to a tier and back: one event, whose effect happens when it fires, never before.

    The first callback runs the command and puts the answer into the event, before the waiting
    generator resumes; until then the event's value is the command's argument. `waiters` outlives the
    firing (SimPy drops `callbacks`), so that a visit nobody waited for can be told.

    A visit without an effect is a pause. It is no class of its own: the loop below is a tenth faster
    while all its events are of one class.
    """

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.waiters: list[Any] = []
        self.callbacks = self.waiters
        self._value: Any = None
        self._ok = True

    def start(self, delay: float) -> Self:
        """Fire in `delay` seconds; a pause that has fired may be started again."""
        # What simpy.Timeout and Environment.schedule do, in one call.
        env = self.env
        if self.callbacks is None:  # SimPy's mark of an event that has fired
            self.callbacks = []  # type: ignore[unreachable]
        heappush(env._queue, (env._now + delay, NORMAL, next(env._eid), self))  # type: ignore[misc]
        return self

    def fail_with(self, failure: Exception) -> None:
        """Make the answer a failure, thrown into whoever waits."""
        self._ok = False
        self._value = failure
        self._defused = True  # that nobody waits is no reason to stop the run: there is a record


class Start:
    """What a generator is first resumed with."""

    _ok = True
    _value = None


class Drive:
    """Run a generator of events to its end: what simpy.Process does, without its extra events.

    A Process costs a start event, an end event and the bookkeeping of interrupts; a request needs none.
    """

    __slots__ = ("send", "throw")

    def __init__(self, steps: Steps) -> None:
        self.send = steps.send
        self.throw = steps.throw
        self(Start)

    def __call__(self, event: Any) -> None:
        """Hand over the value, or the failure, of the event waited for; wait for the next one."""
        try:
            if event._ok:
                following: Any = self.send(event._value)
            else:
                event._defused = True
                following = self.throw(event._value)
        except StopIteration:
            return
        try:
            following.callbacks.append(self)
        except AttributeError:
            self.go_on(following)

    def go_on(self, event: Any) -> None:
        """Do not wait for what is no event, or had fired before it was yielded."""
        _check_fired(event)
        self(event)


def _check_fired(event: Any) -> None:
    if not isinstance(event, simpy.Event):
        raise StrategyError(
            f"a strategy yielded {event!r}, which is not an event: yield what app.cache, app.db or "
            "app.timeout returned"
        )
    if isinstance(event, Visit):
        event.waiters.append(_check_fired)  # somebody did wait for it
