"""What clients do when a tier does not answer: time-outs, retries with backoff, retry budgets, circuit breakers.

The specs describe how clients call a tier. `Retries` and `Switch` are the live parts: one of each per
tier, shared by all clients, which are threads of one process.
"""

import math
from collections import deque
from typing import Annotated

from cachesim.rng import Draw
from cachesim.spec import Count, Delay, Rule, Seconds, Share, Span, Spec

Retried = Annotated[int, Rule("from 0 to 100", lambda x: 0 <= x <= 100)]
Allowance = Annotated[float, Rule("> 0 retries a call (inf for no limit)", lambda x: x > 0)]
SAVED = 10.0  # retries that a budget may save for bad times


class Breaker(Spec):
    """A circuit breaker: it stops the calls of a tier that mostly fails, and tries again after a while.

    While it is closed, calls pass; it opens when at least `share` of the last `calls` have failed. While it
    is open, calls fail at once. After `rest` seconds it is half-open: `trials` calls pass, and if all
    succeed it closes.

    >>> Breaker(rest=2.0)
    Breaker(rest=2.0)

    References
    ----------
    Nygard, "Release It!" (2007), ch. 5. A window of calls and a share, as in resilience4j.
    """

    share: Share = 0.5  # of the last calls: if so many have failed, it opens
    calls: Count = 20  # how many of the last calls count
    rest: Span = 5.0  # seconds from opening to the first trial
    trials: Count = 1  # calls that must succeed before it closes


class Calls(Spec):
    """How clients call one tier: how long they wait, and what they do after a failure.

    Before retry number k (from 1) a client waits min(longest, backoff · 2^(k−1)) seconds, or with `jitter`
    a uniform draw between 0 and that ("full jitter").

    >>> Calls(timeout=0.05, retries=3)
    Calls(timeout=0.05, retries=3)

    References
    ----------
    Brooker, "Exponential backoff and jitter", AWS Architecture Blog (2015). The budget: Beyer et al., "Site
    Reliability Engineering" (2016), ch. 21 (a tenth of the calls).
    """

    timeout: Seconds = math.inf  # seconds, of one attempt; inf: until the operating system gives up
    retries: Retried = 0  # attempts after the first
    backoff: Delay = 0.0  # seconds before the first retry
    longest: Delay = 10.0  # seconds: the longest wait
    jitter: bool = True
    budget: Allowance = math.inf  # retries that each call adds to the common budget of all clients
    breaker: Breaker | None = None


class Resilience(Spec):
    """How the application's clients call its tiers; by default they wait without limit and never retry.

    >>> Resilience().replace(database__timeout=0.1, database__retries=2)
    Resilience(database=Calls(timeout=0.1, retries=2))
    """

    cache: Calls = Calls()
    database: Calls = Calls()


class Retries:
    """Decides whether a call may be tried again, and after how long."""

    def __init__(self, calls: Calls, chance: Draw) -> None:
        self._calls = calls
        self._chance = chance
        self._most = SAVED if calls.budget < math.inf else math.inf
        self._saved = self._most

    def earn(self) -> None:
        """Add to the budget: a call makes its first attempt."""
        self._saved = min(self._most, self._saved + self._calls.budget)

    def allow(self, tried: int) -> bool:
        """Whether a call that was tried so often may be tried again; if so, it pays from the budget."""
        if tried > self._calls.retries or self._saved < 1:
            return False
        self._saved -= 1
        return True

    def pause(self, tried: int) -> float:
        """Compute the seconds to wait before the next attempt."""
        longest = min(self._calls.longest, self._calls.backoff * 2.0 ** (tried - 1))
        return longest * self._chance() if self._calls.jitter else longest


class Switch:
    """A live circuit breaker.

    >>> switch = Switch(Breaker(calls=2, rest=5.0))
    >>> for _ in range(2):
    ...     switch.note(switch.era, ok=False, now=1.0)
    >>> switch.allows(now=2.0), switch.allows(now=6.0), switch.allows(now=6.0)
    (False, True, False)
    """

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self._recent: deque[bool] = deque(maxlen=breaker.calls)  # whether each call failed
        self._opened = -math.inf  # seconds
        self._trials = self._good = 0  # begun and succeeded, while half-open
        self.state = "closed"
        self.era = (
            0  # number of changes of state; a call that began in an earlier era does not count
        )

    def allows(self, now: float) -> bool:
        """Whether a call may begin now."""
        if self.state == "open" and now >= self._opened + self._breaker.rest:
            self._become("half-open")
            self._trials = self._good = 0
        if self.state == "half-open" and self._trials < self._breaker.trials:
            self._trials += 1
            return True
        return self.state == "closed"

    def note(self, era: int, *, ok: bool, now: float) -> None:
        """Note how a call that began in `era` ended."""
        if era != self.era:
            return
        if self.state == "half-open":
            self._judge(ok, now)
            return
        self._recent.append(not ok)
        full = len(self._recent) == self._breaker.calls
        if full and sum(self._recent) >= max(1, self._breaker.share * self._breaker.calls):
            self._open(now)

    def _judge(self, ok: bool, now: float) -> None:
        self._good += ok
        if not ok:
            self._open(now)
        elif self._good == self._breaker.trials:
            self._become("closed")

    def _open(self, now: float) -> None:
        self._opened = now
        self._become("open")

    def _become(self, state: str) -> None:
        self.state = state
        self.era += 1
        self._recent.clear()
