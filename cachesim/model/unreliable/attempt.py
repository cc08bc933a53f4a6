"""One attempt to have a command served: the packet there, the queue, the effect, the packet back.

The client may stop waiting at any moment. The server does not know that: it serves the attempt, and the
command takes effect.
"""

import math
from collections.abc import Callable, Iterator
from heapq import heappush
from itertools import repeat
from typing import Any, Protocol

from simpy.events import NORMAL

from cachesim.errors import ConnectionLost, ConnectTimedOut, SimulatedFailure, TimedOut
from cachesim.model.events import Environment, Visit
from cachesim.model.unreliable.reception import Reception
from cachesim.model.unreliable.station import VariableStation
from cachesim.model.ways import Ways
from cachesim.rng import Draw

# TCP repeats a packet that is not confirmed, after a time that doubles (RFC 6298). Linux, tcp(7): it gives
# up a connection after 6 repetitions of the SYN (127 s), an unconfirmed packet after 15 (924.6 s).
SYN_WAITS = tuple(1.0 * 2**n for n in range(7))  # seconds
RESEND_WAITS = *(0.2 * 2**n for n in range(10)), *repeat(120.0, 6)  # seconds, 200 ms to 2 min


class Destination(Protocol):
    """What an attempt needs of the tier to which it goes; `UnreliableTier` is one."""

    env: Environment
    name: str
    station: VariableStation
    leg: Draw
    ways: Ways | None
    switches: dict[str, int]
    reception: Reception | None
    under_way: dict["Attempt", None]

    def is_cut_from(self, user: int) -> bool:
        """Whether every packet between the tier and the user is lost."""

    def loses(self, user: int) -> bool:
        """Whether the packet that is sent now is lost."""

    def refusal(self) -> SimulatedFailure | None:
        """Give the error with which the server answers at once; None: it takes the attempt."""

    def take(self, attempt: "Attempt") -> None:
        """Note that an attempt has come in."""

    def took_effect(self) -> None:
        """Note that a command takes effect now."""


class Caller(Protocol):
    """What an attempt needs of the call to which it belongs; `Call` is one."""

    service: Draw
    more: float
    argument: Any
    user: int

    def run_effect(self, event: Visit, *, late: bool) -> None:
        """Run the command; `late` if the client no longer waits."""

    def answered(self, attempt: "Attempt", answer: Visit) -> None:
        """Take the answer."""

    def failed(self, attempt: "Attempt", failure: SimulatedFailure) -> None:
        """Take the failure."""


class Attempt:
    """One attempt of a call, from `send` until its answer or its failure is at the client."""

    def __init__(self, call: Caller, tier: Destination, era: int) -> None:
        self.call = call
        self.tier = tier
        self.env = tier.env
        # draws the seconds there and back
        self.leg = tier.leg if tier.ways is None else tier.ways.leg_of(call.user)
        self.era = era  # of the breaker when it was sent
        self.waiting = True  # whether the client still waits for it
        self.connected = True  # whether the command may have reached the server
        self.served = False  # whether it has taken effect
        self._event: Visit | None = None  # its next event; any other one is out of date
        self._waits: Iterator[float] = iter(())
        self._done = 0.0  # when its work will be done, on the station's clock of work
        self._leg = 0.0  # seconds, there and back

    # --- there

    def send(self) -> None:
        """Send the packet; without a connection, the first packet is the SYN."""
        self.connected = not self.tier.is_cut_from(self.call.user)
        self._waits = iter(RESEND_WAITS if self.connected else SYN_WAITS)
        self._go()

    def _go(self) -> None:
        """Arrive at the server, unless the packet is lost."""
        if self.tier.loses(self.call.user):
            self._wait_and(self._go_again)
            return
        self.connected = True
        refusal, reception = self.tier.refusal(), self.tier.reception
        if refusal is not None:
            self.fail_after(self.leg(), refusal)
        elif reception is None or reception.knows(self.call.user):
            self._enter()
        else:
            self._open_with(reception)

    def _go_again(self, event: Visit) -> None:
        if event is self._event and self.waiting:  # a client that gave up has closed the connection
            self._event = None
            self._go()

    def _open_with(self, reception: Reception) -> None:
        """Wait for a connection, and go on with it; a client that gave up meanwhile has closed it."""
        era = reception.era

        def opened(event: Visit) -> None:
            if self.waiting:
                reception.admit(self.call.user, era)
            self._go_again(event)

        self._event = self._at(reception.open(self.env._now), opened)

    def _enter(self) -> None:
        """Join the tier's queue; draw in the same order as a plain visit."""
        call, station = self.call, self.tier.station
        work = call.service() + call.more
        self._done = station.depart(station.work(self.env._now), work)
        self._leg = self.leg()
        self.tier.take(self)
        self.schedule()

    def schedule(self) -> None:
        """Book the arrival: when the work is done, plus the leg. Called again when the speed changes."""
        station = self.tier.station
        if self.served or (self._event and station.work(self.env._now) >= self._done):
            return  # it is on its way back
        moment = station.when(self._done) + self._leg
        self._event = self._at(moment, self._arrive) if moment < math.inf else None

    # --- back

    def _arrive(self, event: Visit) -> None:
        """Run the command, and send its answer back."""
        if event is not self._event:
            return
        self.served = True
        self.tier.took_effect()
        event._value = self.call.argument
        self.call.run_effect(event, late=not self.waiting)
        self._waits = iter(RESEND_WAITS)
        self._bring(event)

    def _bring(self, answer: Visit) -> None:
        if not self.waiting or not self.tier.loses(self.call.user):
            self.tier.under_way.pop(self, None)
            if self.waiting:
                self.waiting = False
                self.call.answered(self, answer)
            return
        self._wait_and(lambda event: self._bring(answer) if event is self._event else None)

    # --- what goes wrong

    def _wait_and(self, then: Callable[[Visit], None]) -> None:
        """Send again after a while; give up when the operating system does."""
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
        """Fail in `delay` seconds."""
        self._event = self._at(self.env._now + delay, lambda event: self._fail(event, failure))

    def drop(self, failure: SimulatedFailure) -> None:
        """End now; the client learns of it one leg later."""
        self._event = None
        if self.waiting:
            self.fail_after(self.leg(), failure)

    def _fail(self, event: Visit, failure: SimulatedFailure) -> None:
        if event is self._event and self.waiting:
            self.waiting = False
            self.call.failed(self, failure)

    def abandon(self) -> TimedOut:
        """Stop waiting; return the error that the client sees."""
        self.waiting = False
        if self.connected:
            return TimedOut(f"no answer from the {self.tier.name} in time")
        return ConnectTimedOut(f"no connection to the {self.tier.name} in time")

    def _at(self, moment: float, then: Callable[[Visit], None]) -> Visit:
        return at(self.env, moment, then)


def at(env: Environment, moment: float, then: Callable[[Visit], None]) -> Visit:
    """Call `then` at a moment, or now if that is past; return the event."""
    event = Visit().ready(env, then)
    heappush(env._queue, (max(moment, env._now), NORMAL, next(env._eid), event))
    return event
