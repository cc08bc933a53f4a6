"""A clock is any callable that returns the time in seconds; an engine gets one and never reads wall time."""

from collections.abc import Callable

Clock = Callable[[], float]


class ManualClock:
    """A clock that moves only when it is told to; tests turn it instead of sleeping.

    >>> clock = ManualClock()
    >>> clock.advance(2.5)
    >>> clock()
    2.5
    """

    def __init__(self, now: float = 0.0) -> None:
        self.now = now  # seconds

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the time forward by `seconds` (>= 0)."""
        if not seconds >= 0:
            raise ValueError(f"a clock moves forward: seconds must be >= 0, got {seconds}")
        self.now += seconds
