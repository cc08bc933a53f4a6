"""What `yield app.cache.get(key)` waits for when calls may fail: one call, of one attempt or several."""

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
from cachesim.model.events import Effect, Environment, Visit
from cachesim.model.journey import Journey
from cachesim.model.resilience import Calls, Retries, Switch
from cachesim.model.unreliable.attempt import Attempt, at
from cachesim.model.unreliable.tiers import UnreliableTier
from cachesim.rng import Draw, uniform

# After these another attempt may succeed. An answer is final, even if it is "wrong password".
WORTH_A_RETRY = (TimedOut, ConnectionLost, ConnectionRefused, DatabaseRefused)


class Channel:
    """How all clients call one tier: the time-out, the rest of the retry budget, the breaker."""

    def __init__(self, tier: UnreliableTier, calls: Calls, seed: int) -> None:
        self.tier = tier
        self.timeout = calls.timeout
        self.retry = Retries(calls, uniform(seed, f"{tier.name} backoff"))
        self.switch = None if calls.breaker is None else Switch(calls.breaker)
        self.retries = 0  # so far
        self.timeouts = 0  # so far

    def allows(self) -> bool:
        """Whether an attempt may begin now: there is no breaker, or it lets the attempt pass."""
        return self.switch is None or self.switch.allows(self.tier.env._now)

    @property
    def era(self) -> int:
        """The breaker's present era; an attempt keeps the one in which it was sent."""
        return self.switch.era if self.switch else 0

    def note(self, attempt: Attempt, *, ok: bool) -> None:
        """Let the breaker know how an attempt ended."""
        if self.switch is not None:
            self.switch.note(attempt.era, ok=ok, now=self.tier.env._now)

    def count_timeout(self) -> None:
        """Count an attempt that timed out."""
        self.timeouts += 1

    def pause_before_retry(self, tried: int) -> float | None:
        """Count a retry and return its pause in seconds; None if the call may not be tried again."""
        if not self.retry.allow(tried):
            return None
        self.retries += 1
        return self.retry.pause(tried)


class Call(Visit):
    """A command of a client that waits for its outcome: it fires once, with the answer or the failure.

    It is never in the event queue itself. The event that brings the answer calls those who wait for the
    call. So if nothing fails, everything happens in the same order as in a plain System.
    """

    env: Environment

    def __init__(
        self,
        channel: Channel,
        effect: Effect,
        argument: Any,
        service: Draw,
        more: float,
        client: Any,
        journey: Journey,
    ) -> None:
        self.ready(channel.tier.env)
        self.channel = channel
        self.command, self.argument = effect, argument
        self.service, self.more = service, more  # a draw of seconds, and seconds beyond it
        self.client = client  # the client library that made the call
        self.journey, self.user = journey, journey.client
        self.tried = 0  # attempts so far
        self.doubt: SimulatedFailure | None = None  # the first failure that is not definite

    def begin(self) -> "Call":
        """Send the first attempt."""
        self.channel.retry.earn()
        self._try()
        return self

    def _try(self, _event: Any = None) -> None:
        self.tried += 1
        channel = self.channel
        if not channel.allows():
            failure = BreakerOpen(f"the breaker of the {channel.tier.name} is open")
            at(self.env, self.env._now, lambda event: self._fail(failure))
            return
        attempt = Attempt(self, channel.tier, channel.era)
        attempt.send()
        if channel.timeout < math.inf:
            at(self.env, self.env._now + channel.timeout, lambda event: self._time_out(attempt))

    def run_effect(self, event: Visit, *, late: bool) -> None:
        """Run the command; the journey does not learn of a late one."""
        if late:
            self.journey.leave_out(self.command, event)
        else:
            self.command(event)

    def answered(self, attempt: Attempt, answer: Visit) -> None:
        """Take the answer of an attempt; it may be an error of the server."""
        self.channel.note(attempt, ok=True)
        self._ok, self._value = answer._ok, answer._value
        self.fire()

    def _time_out(self, attempt: Attempt) -> None:
        if attempt.waiting:
            self.channel.count_timeout()
            self.failed(attempt, attempt.abandon())

    def failed(self, attempt: Attempt, failure: SimulatedFailure) -> None:
        """Try again if that is allowed; else fail, with a failure that is not definite if there was one."""
        self.channel.note(attempt, ok=False)
        if not failure.definite and self.doubt is None:
            self.doubt = failure
        pause = None
        if isinstance(failure, WORTH_A_RETRY):
            pause = self.channel.pause_before_retry(self.tried)
        if pause is None:
            self._fail(failure)
        else:
            at(self.env, self.env._now + pause, self._try)

    def _fail(self, failure: SimulatedFailure) -> None:
        self._value = None
        self.client.give_up(self, self.doubt or failure)
        self.fire()
