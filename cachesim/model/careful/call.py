"""One attempt to have a command served: the packet there, the queue, the effect, the packet back.

The client may stop waiting at any moment. The server does not know: the call is served, and its effect happens.
"""

import math
from collections.abc import Callable, Iterator
from heapq import heappush
from itertools import repeat
from typing import Any, Protocol

from simpy.events import NORMAL

from cachesim.errors import ConnectionLost, ConnectTimedOut, SimulatedFailure, TimedOut
from cachesim.model.careful.station import WorkStation
from cachesim.model.events import Environment, Visit
from cachesim.rng import Draw

# TCP repeats what is not confirmed, after a time that doubles (RFC 6298). Linux, tcp(7): a connection is
# given up after 6 repetitions of the SYN (127 s), an unconfirmed packet after 15 (924.6 s).
SYN_WAITS = tuple(1.0 * 2**n for n in range(7))  # seconds
RESEND_WAITS = (
    *(0.2 * 2**n for n in range(10)),
    *repeat(120.0, 6),
)  # seconds, from 200 ms to 2 min


class Way(Protocol):
    """What a call must know of the tier it goes to."""

    env: Environment
    name: str
    station: WorkStation
    leg: Draw
    cut: int
    last: float
    under_way: dict["Call", None]

    def loses(self) -> bool:
        """Return whether the packet sent now is lost."""

    def refusal(self) -> SimulatedFailure | None:
        """Return what the machine answers at once instead of taking a call, if anything."""

    def take(self, call: "Call") -> None:
        """Note that a call has come in."""


class Asker(Protocol):
    """What a call must know of the operation that it is an attempt of."""

    service: Draw
    more: float
    argument: Any

    def run_effect(self, event: Visit, *, late: bool) -> None:
        """Run the command; `late` if the client no longer waits."""

    def answered(self, call: "Call", answer: Visit) -> None:
        """Take the answer."""

    def failed(self, call: "Call", failure: SimulatedFailure) -> None:
        """Take the failure."""


class Call:
    """One attempt of an operation, from `send` until its answer or its failure is at the client."""

    def __init__(self, operation: Asker, tier: Way, era: int) -> None:
        self.operation = operation
        self.tier = tier
        self.env = tier.env
        self.era = era  # of the breaker when it was sent
        self.waiting = True  # whether the client still waits for it
        self.connected = True  # whether the command may have reached the server
        self.served = False  # whether it has taken effect
        self._event: Visit | None = None  # what happens to it next; any other event is out of date
        self._waits: Iterator[float] = iter(())
        self._done = 0.0  # when its work will be done, on the station's clock
        self._leg = 0.0

    # --- there

    def send(self) -> None:
        """Set out, by way of a connection that may first have to be made."""
        self.connected = not self.tier.cut
        self._waits = iter(RESEND_WAITS if self.connected else SYN_WAITS)
        self._go()

    def _go(self) -> None:
        """Arrive, unless the packet is lost."""
        if self.tier.loses():
            self._wait_and(self._go_again)
            return
        self.connected = True
        refusal = self.tier.refusal()
        if refusal is None:
            self._enter()
        else:
            self.fail_after(self.tier.leg(), refusal)

    def _go_again(self, event: Visit) -> None:
        if event is self._event and self.waiting:  # who waits no longer has closed the connection
            self._go()

    def _enter(self) -> None:
        """Join the tier's queue; the draws come in the order in which a plain visit takes them."""
        operation, station = self.operation, self.tier.station
        work = operation.service() + operation.more
        self._done = station.depart(station.work(self.env._now), work)
        self._leg = self.tier.leg()
        self.tier.take(self)
        self.plan()

    def plan(self) -> None:
        """Be back when the work is done and the leg behind it; called again when the speed changes."""
        station = self.tier.station
        if self.served or (self._event and station.work(self.env._now) >= self._done):
            return  # on its way back already
        moment = station.when(self._done) + self._leg
        self._event = self._at(moment, self._arrive) if moment < math.inf else None

    # --- back

    def _arrive(self, event: Visit) -> None:
        """Let the command take effect, and bring its answer."""
        if event is not self._event:
            return
        self.served = True
        self.tier.last = self.env._now
        event._value = self.operation.argument
        self.operation.run_effect(event, late=not self.waiting)
        self._waits = iter(RESEND_WAITS)
        self._bring(event)

    def _bring(self, answer: Visit) -> None:
        if not self.waiting or not self.tier.loses():
            self.tier.under_way.pop(self, None)
            if self.waiting:
                self.waiting = False
                self.operation.answered(self, answer)
            return
        self._wait_and(lambda event: self._bring(answer) if event is self._event else None)

    # --- what goes wrong

    def _wait_and(self, then: Callable[[Visit], None]) -> None:
        """Send again after a while, or give up with the operating system."""
        wait = next(self._waits, None)
        if wait is not None:
            self._event = self._at(self.env._now + wait, then)
            return
        self._give_up()

    def _give_up(self) -> None:
        self.tier.under_way.pop(self, None)
        if self.connected:
            self.drop(ConnectionLost("no packet was confirmed for 15 minutes"))
        else:
            self.drop(ConnectTimedOut("no connection came about"))

    def fail_after(self, delay: float, failure: SimulatedFailure) -> None:
        """Tell the client of a failure in `delay` seconds."""
        self._event = self._at(self.env._now + delay, lambda event: self._fail(event, failure))

    def drop(self, failure: SimulatedFailure) -> None:
        """End here and now; the client hears of it a leg later."""
        self._event = None
        if self.waiting:
            self.fail_after(self.tier.leg(), failure)

    def _fail(self, event: Visit, failure: SimulatedFailure) -> None:
        if event is self._event and self.waiting:
            self.waiting = False
            self.operation.failed(self, failure)

    def abandon(self) -> TimedOut:
        """Wait no longer; return what the client knows then."""
        self.waiting = False
        if self.connected:
            return TimedOut(f"no answer from the {self.tier.name} in time")
        return ConnectTimedOut(f"no connection to the {self.tier.name} in time")

    def _at(self, moment: float, then: Callable[[Visit], None]) -> Visit:
        return at(self.env, moment, then)


def at(env: Environment, moment: float, then: Callable[[Visit], None]) -> Visit:
    """Return an event that calls `then` at a moment that is not in the past."""
    event = Visit().ready(env)
    event.effect = then
    heappush(env._queue, (max(moment, env._now), NORMAL, next(env._eid), event))
    return event
