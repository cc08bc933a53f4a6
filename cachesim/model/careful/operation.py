"""What `yield app.cache.get(key)` waits for when calls may fail: attempts, time-outs, retries, one answer at last."""

import math
from typing import Any

from cachesim.errors import (
    BreakerOpen,
    ConnectionLost,
    ConnectionRefused,
    DatabaseRefused,
    SimulatedFailure,
    TimedOut,
)
from cachesim.model.careful.call import Call, at
from cachesim.model.careful.tier import Tier
from cachesim.model.events import Effect, Environment, Visit
from cachesim.model.resilience import Calls, Retries, Switch
from cachesim.rng import Draw, uniform

# Another attempt may fare better after these; an answer, if only "wrong password", stays what it is.
WORTH_A_RETRY = (TimedOut, ConnectionLost, ConnectionRefused, DatabaseRefused)


class Line:
    """How all clients call one tier: its time-out, what is left of the retry budget, its breaker."""

    def __init__(self, tier: Tier, calls: Calls, seed: int) -> None:
        self.tier = tier
        self.timeout = calls.timeout
        self.retry = Retries(calls, uniform(seed, f"{tier.name} backoff"))
        self.switch = None if calls.breaker is None else Switch(calls.breaker)
        self.retries = 0  # so far
        self.timeouts = 0  # so far

    def allows(self) -> bool:
        """Return whether the breaker, if there is one, lets a call pass now."""
        return self.switch is None or self.switch.allows(self.tier.env._now)

    @property
    def era(self) -> int:
        """In which state of the breaker a call is sent that is sent now."""
        return self.switch.era if self.switch else 0

    def note(self, call: Call, *, ok: bool) -> None:
        """Tell the breaker how a call ended."""
        if self.switch is not None:
            self.switch.note(call.era, ok=ok, now=self.tier.env._now)


class Operation(Visit):
    """A command that its client sees through: fires once, when there is an answer or no hope of one.

    It is never in the event queue itself: the event that brings the answer calls its waiters, so that
    without faults everything happens in the order of the plain path.
    """

    env: Environment

    def __init__(
        self, line: Line, effect: Effect, argument: Any, service: Draw, more: float, client: Any
    ) -> None:
        self.ready(line.tier.env)
        self.line = line
        self.command, self.argument = effect, argument
        self.service, self.more = service, more  # a draw of seconds, and seconds beyond it
        self.client = client  # the CacheClient or DatabaseClient that was called
        self.tried = 0  # attempts so far
        self.doubt: SimulatedFailure | None = (
            None  # the first failure that left it open what happened
        )

    def begin(self) -> "Operation":
        """Send the first attempt."""
        self.line.retry.earn()
        self._try()
        return self

    def _try(self, _event: Any = None) -> None:
        self.tried += 1
        line = self.line
        if not line.allows():
            failure = BreakerOpen(f"the breaker of the {line.tier.name} is open")
            at(self.env, self.env._now, lambda event: self._fail(failure))
            return
        call = Call(self, line.tier, line.era)
        call.send()
        if line.timeout < math.inf:
            at(self.env, self.env._now + line.timeout, lambda event: self._time_out(call))

    def run_effect(self, event: Visit, *, late: bool) -> None:
        """Run the command; what a late answer says is nothing that its client sees."""
        if late:
            self.client.run_late(self.command, event)
        else:
            self.command(event)

    def answered(self, call: Call, answer: Visit) -> None:
        """Take the answer of an attempt, be it an error of the server's."""
        self.line.note(call, ok=True)
        self._ok, self._value = answer._ok, answer._value
        self.fire()

    def _time_out(self, call: Call) -> None:
        if call.waiting:
            self.line.timeouts += 1
            self.failed(call, call.abandon())

    def failed(self, call: Call, failure: SimulatedFailure) -> None:
        """Try again if that is allowed, or fail with the failure that leaves most open."""
        self.line.note(call, ok=False)
        if not failure.definite and self.doubt is None:
            self.doubt = failure
        if isinstance(failure, WORTH_A_RETRY) and self.line.retry.allow(self.tried):
            self.line.retries += 1
            pause = self.line.retry.pause(self.tried)
            at(self.env, self.env._now + pause, self._try)
            return
        self._fail(failure)

    def _fail(self, failure: SimulatedFailure) -> None:
        self._value = None
        self.client.give_up(self, self.doubt or failure)
        self.fire()
