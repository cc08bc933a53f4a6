"""The event loop, made fast: a visit is one event, and a client one generator that a Drive resumes.

This file, station.py, `Client.live` and the two client libraries are the hot path. Where speed counts (it
was measured), the code is written for speed.
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
    """SimPy's event loop, but it reads the time in C, and visits have their own heap.

    Visits are short and the pauses of users are long. In one heap, each visit would be sorted among the
    pauses of all users.
    """

    now = property(attrgetter("_now"))

    def __init__(self) -> None:
        super().__init__()
        self.soon: list[Any] = []  # the visits under way: a heap like SimPy's queue
        self.is_ending: Callable[[], bool] = lambda: False  # whether no more requests come

    def end_when(self, over: Callable[[], bool]) -> None:
        """Begin no more waits with a time limit when the run is over, or work beside the requests never ends."""
        self.is_ending = over

    def run_to_end(self) -> None:
        """Run until no event is left: SimPy's `run` without its calls per event."""
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
            if type(waiter) is not Drive:  # nobody, several, or one that gets a failure
                waiter and waiter(event)
                continue
            try:  # Drive.__call__, written out: saves one call per event
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
        """Look up when the next event happens, in seconds; inf if none is left."""
        return min((heap[0][0] for heap in (self.soon, self._queue) if heap), default=math.inf)

    def end_by(self, moment: float) -> None:
        """Set the clock back to a moment, if it is later: nothing that counts has happened since."""
        self._now = min(self._now, moment)

    def is_over(self) -> bool:
        """Whether no event is left."""
        return not self._queue and not self.soon


def happen(event: Any) -> None:
    """Let one of SimPy's own events happen, as `simpy.Environment.step` does."""
    callbacks, event.callbacks = event.callbacks, None
    for callback in callbacks:
        callback(event)
    if not event._ok and not hasattr(event, "_defused"):
        raise event._value


class Waitable(simpy.Event):
    """An event that can be part of `a | b` or `a & b`; it then counts as waited for."""

    joined = False  # whether it is or was part of a Joint

    def __iter__(self) -> Any:
        """Refuse `yield from`, and unpacking."""
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
    """Several events as one. SimPy removes its mark from those that came too late, so each keeps ours."""

    def __init__(
        self, env: simpy.Environment, evaluate: Any, events: tuple[simpy.Event, ...]
    ) -> None:
        super().__init__(env, evaluate, events)
        for event in events:
            event.joined = True  # type: ignore[attr-defined]


class Timeout(Waitable, simpy.Timeout):
    """What `app.timeout` returns."""


class Visit(Waitable):
    """A trip to a tier and back: one event. Its command takes effect when it fires, never before.

    `effect` runs the command and puts the answer into the event, before the one who waits resumes. Until
    then the event's value is the command's argument. Nearly always exactly one generator waits, so there
    is a place for one and no list. `waiter` stays after the firing: it shows that somebody waited.

    A visit without an effect is a pause. It has no class of its own, because the loop above is a tenth
    faster if all its events have one class.
    """

    _ok = True  # until it fails
    number: int  # of the user whose pause it is: see `of_user`
    if TYPE_CHECKING:

        def __init__(self) -> None: ...
    else:
        __init__ = object.__init__  # in C, and without SimPy's list; `ready` sets the attributes

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
        """Those who wait, as a list for SimPy's conditions, which they may change; None: it has fired."""
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
        """Fire in `delay` seconds; a pause that has fired can be started again."""
        # simpy.Timeout and Environment.schedule in one call.
        env = self.env
        if self.fired:
            self.fired, self.waiter = False, None
        heappush(env._queue, (env._now + delay, NORMAL, next(env._eid), self))  # type: ignore[misc]
        return self

    def of_user(self, number: int, wake: Effect) -> Self:
        """Become the pause of a user who has no client while thinking; `wake` finds one."""
        self.number = number
        self.effect = wake
        return self

    def fail_with(self, failure: Exception) -> None:
        """Make the answer a failure. It is thrown into the one who waits, so it may not pass the fast loop."""
        self._several()
        self._ok = False
        self._value = failure
        self._defused = True  # the run goes on even if nobody waits: there is a record


def call_of(event: simpy.Event) -> str:
    """Name the command of an event, as a student writes it."""
    if isinstance(event, Visit):
        effect = getattr(event, "command", event.effect)
        return CALLS.get(getattr(effect, "__name__", "").removeprefix("_run_"), "the call")
    return "app.timeout" if isinstance(event, Timeout) else "it"


class Several(list[Callable[[Any], None]]):
    """The generators and callbacks that wait for a visit, if there is more than one."""

    def __call__(self, event: Visit) -> None:
        """Resume each."""
        for callback in list(self):
            callback(event)


class Start:
    """The event with which a generator is first resumed."""

    _ok = True
    _value = None


class Drive:
    """Runs a generator of events to its end, as simpy.Process does, but without extra events.

    A Process costs a start event, an end event and the bookkeeping of interrupts. A request needs none of
    them.
    """

    __slots__ = ("send", "throw")

    def __init__(self, steps: Steps) -> None:
        self.send = steps.send
        self.throw = steps.throw
        self(Start)

    def __call__(self, event: Any) -> None:
        """Send the value of the event, or throw its failure; then wait for the next event."""
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
        """Go on when an event happens; at once if it has happened."""
        if not isinstance(event, simpy.Event):
            code = "generator yielded" if isinstance(event, Generator) else "yielded"
            raise slip(code, thing=Thing.of(event))
        if isinstance(event, Visit) and event.waiter is None:
            event.waiter = self  # even if it has fired: somebody waited for it
            if not event.fired:
                return
        if event.callbacks is not None:
            event.callbacks.append(self)
        else:
            self(event)
