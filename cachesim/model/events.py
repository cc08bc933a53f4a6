"""The small things that make a run fast: a visit is one event, a request one driven generator.

This file, station.py and `Client.live` are the hot path: written for speed where it was measured to count.
"""

import math
from collections.abc import Callable, Generator
from heapq import heappop, heappush
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self

import simpy
from simpy.events import NORMAL

from cachesim.slips import CALLS, Thing, slip

Steps = Generator[simpy.Event, Any, Any]  # what a strategy's read and write are
Effect = Callable[["Visit"], None]


class Environment(simpy.Environment):
    """SimPy's event loop, with the time read in C, and with visits in a heap of their own.

    Visits are short and soon over; the pauses of many users are long. In one heap every visit would have
    to be sifted through all the pauses.
    """

    now = property(attrgetter("_now"))

    def __init__(self) -> None:
        super().__init__()
        self.soon: list[Any] = []  # the visits under way, as SimPy's queue has its events

    def run_to_end(self) -> None:
        """Run until no event is left: simpy's `run` without its calls per event."""
        queue, soon = self._queue, self.soon
        while queue or soon:
            first = soon if soon and (not queue or soon[0] < queue[0]) else queue
            self._now, _, _, event = heappop(first)
            if type(event) is not Visit:
                happen(event)
                continue
            event.fired = True
            if (effect := event.effect) is not None:
                effect(event)
            waiter = event.waiter
            if type(waiter) is not Drive:  # nobody, several, or one who is told of a failure
                waiter and waiter(event)
                continue
            try:  # Drive.__call__, written out: one Python call less an event
                following: Any = waiter.send(event._value)
            except StopIteration:
                continue
            try:
                if following.waiter is None and not following.fired:
                    following.waiter = waiter
                    continue
            except AttributeError:
                pass
            waiter.wait_for(following)

    def step(self) -> None:
        """Let the next event happen."""
        if self.is_over():
            raise simpy.core.EmptySchedule
        self._now, _, _, event = heappop(min(filter(None, (self.soon, self._queue))))
        event.fire() if isinstance(event, Visit) else happen(event)

    def peek(self) -> float:
        """Return when the next event happens, in seconds; inf if none is left."""
        return min((heap[0][0] for heap in (self.soon, self._queue) if heap), default=math.inf)

    def end_by(self, moment: float) -> None:
        """Set the clock back to a moment if it is later: what happened since was nothing to anybody."""
        self._now = min(self._now, moment)

    def is_over(self) -> bool:
        """Return whether no event is left."""
        return not self._queue and not self.soon


def happen(event: Any) -> None:
    """Let an event of SimPy's own happen, as `simpy.Environment.step` does."""
    callbacks, event.callbacks = event.callbacks, None
    for callback in callbacks:
        callback(event)
    if not event._ok and not hasattr(event, "_defused"):
        raise event._value


class Waitable(simpy.Event):
    """An event that can be waited for in company, `a | b` or `a & b`, and is noted as waited for then."""

    joined = False  # whether it is, or was, part of a Joint

    def __iter__(self) -> Any:
        """Refuse `yield from`, and to be taken apart."""
        raise slip("yield from", call=call_of(self))

    def fail_quietly(self, failure: Exception) -> None:
        """Fail; if nobody waits for the failure, the run goes on."""
        self.fail(failure)
        self.defused = True

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

    `effect` runs the command and puts the answer into the event, before whoever waits resumes; until then
    the event's value is the command's argument. Nearly always one generator waits, so there is a place
    for one and no list. `waiter` outlives the firing, so that a visit nobody waited for can be told.

    A visit without an effect is a pause. It is no class of its own: the loop below is a tenth faster
    while all its events are of one class.
    """

    _ok = True  # until it fails
    if TYPE_CHECKING:

        def __init__(self) -> None: ...
    else:
        __init__ = object.__init__  # in C, and without SimPy's list; `ready` says what a visit has

    def ready(self, env: simpy.Environment, effect: Effect | None = None) -> Self:
        """Set every attribute; the function of `sender_to` does this on its own."""
        self.env = env
        self.effect = effect
        self.waiter: Any = None  # what to call: a Drive, or Several
        self.fired = False
        self._value: Any = None
        return self

    @property
    def callbacks(self) -> Any:  # type: ignore[override] # SimPy sets it, of its own events
        """Those who wait, as SimPy's conditions ask for them: a list that may be changed; None: it has fired."""
        return None if self.fired else self._several()

    def _several(self) -> "Several":
        if type(self.waiter) is not Several:
            self.waiter = Several([self.waiter] if self.waiter else [])
        return self.waiter

    def fire(self) -> None:
        """Happen now."""
        self.fired = True
        if self.effect is not None:
            self.effect(self)
        if self.waiter:
            self.waiter(self)

    def start(self, delay: float) -> Self:
        """Fire in `delay` seconds; a pause that has fired may be started again."""
        # What simpy.Timeout and Environment.schedule do, in one call.
        env = self.env
        if self.fired:
            self.fired, self.waiter = False, None
        heappush(env._queue, (env._now + delay, NORMAL, next(env._eid), self))  # type: ignore[misc]
        return self

    def fail_with(self, failure: Exception) -> None:
        """Make the answer a failure, thrown into whoever waits: no answer is sent on in the loop above."""
        self._several()
        self._ok = False
        self._value = failure
        self._defused = True  # that nobody waits is no reason to stop the run: there is a record


def call_of(event: simpy.Event) -> str:
    """Return the command that an event is of, as a student writes it."""
    if isinstance(event, Visit):
        effect = getattr(event, "command", event.effect)
        return CALLS.get(getattr(effect, "__name__", "").removeprefix("_run_"), "the call")
    return "app.timeout" if isinstance(event, Timeout) else "it"


class Several(list[Callable[[Any], None]]):
    """More than one who wait for a visit."""

    def __call__(self, event: Visit) -> None:
        """Let each go on."""
        for callback in list(self):
            callback(event)


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
        self.wait_for(following)

    def wait_for(self, event: Any) -> None:
        """Go on when an event happens; at once if it has."""
        if not isinstance(event, simpy.Event):
            code = "generator yielded" if isinstance(event, Generator) else "yielded"
            raise slip(code, thing=Thing.of(event))
        if isinstance(event, Visit) and event.waiter is None:
            event.waiter = self  # even if it has fired: somebody did wait for it
            if not event.fired:
                return
        if event.callbacks is not None:
            event.callbacks.append(self)
        else:
            self(event)
