"""Three ways of time for clients elsewhere: the wall's pace, a price for each poll, or standing still."""

import time
from collections.abc import Callable

from cachesim.service.account import Account
from cachesim.service.register import Register

POLL = 15.0  # seconds of the calendar that a Describe costs while something is pending
DONE = ("available", "active")


class FrozenTime:
    """Only an advance moves it.

    >>> account = Account()
    >>> FrozenTime(account).advance(60)
    >>> account.calendar.now
    60.0
    """

    def __init__(self, account: Account) -> None:
        self.account = account

    def now(self) -> float:
        """Return the seconds of now."""
        return self.account.calendar.now

    def catch_up(self) -> None:
        """Let the account's time be what it is now."""
        self.account.calendar.advance(self.now() - self.account.calendar.now)

    def asked(self, operation: str) -> None:
        """Hear that an operation was answered."""

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self.account.calendar.advance(seconds)


class PolledTime(FrozenTime):
    """Every Describe costs 15 seconds while something is pending; so a waiter without a delay ends soon."""

    def asked(self, operation: str) -> None:
        """Let the poll cost its time."""
        parts = [part for desk in self.account.desks.values() for part in vars(desk).values()]
        held = [each for part in parts if isinstance(part, Register) for each in part]
        is_pending = any(each.status.lower() not in DONE for each in held)
        if operation.startswith("Describe") and is_pending:
            self.advance(POLL)


class PacedTime(FrozenTime):
    """Lets an account's time follow the wall clock, `pace` times as fast.

    >>> from itertools import count
    >>> account = Account()
    >>> paced = PacedTime(account, pace=60, wall=count(5).__next__)
    >>> paced.catch_up()
    >>> account.calendar.now
    60.0
    """

    def __init__(
        self, account: Account, pace: float, wall: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(account)
        self.pace, self.wall = pace, wall
        self.began = wall()

    def now(self) -> float:
        """Return the seconds of now; it never runs back behind what somebody has advanced."""
        return max(self.account.calendar.now, (self.wall() - self.began) * self.pace)

    def advance(self, seconds: float) -> None:
        """Let time pass at once; the wall's pace goes on from there."""
        self.began -= seconds / self.pace
        super().advance(seconds)


def time_of(way: str, account: Account, pace: float) -> FrozenTime:
    """Return a way of time by its name: paced, poll or frozen."""
    if way == "paced":
        return PacedTime(account, pace)
    return PolledTime(account) if way == "poll" else FrozenTime(account)
