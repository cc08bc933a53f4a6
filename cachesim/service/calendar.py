"""The calendar: what will happen when, in simulated time."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)  # a Monday


class Appointment:
    """A call that will be made, unless it is cancelled before."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.call: Callable[[], object] | None = call

    def cancel(self) -> None:
        """Do not make the call."""
        self.call = None


class Calendar:
    """Simulated time, which only `advance` moves, and the appointments.

    Appointments of the same second are kept in the order in which they were made.

    >>> calendar, seen = Calendar(), []
    >>> late = calendar.at(60, lambda: seen.append("late"))
    >>> soon = calendar.at(10, lambda: seen.append(calendar.now))
    >>> late.cancel()
    >>> calendar.advance(90)
    >>> seen, str(calendar.date)
    ([10.0], '2026-01-05 08:01:30+00:00')
    """

    def __init__(self, start: datetime = START) -> None:
        self.start = start
        self.now = 0.0  # seconds since the start
        self._queue: list[tuple[float, int, Appointment]] = []
        self._numbers = count()

    def at(self, delay: float, call: Callable[[], object]) -> Appointment:
        """Make an appointment `delay` seconds from now."""
        made = Appointment(call)
        heapq.heappush(self._queue, (self.now + delay, next(self._numbers), made))
        return made

    def advance(self, seconds: float) -> None:
        """Let time pass. Every appointment is kept at its own time."""
        end = self.now + seconds
        while self._queue and self._queue[0][0] <= end:
            when, _, made = heapq.heappop(self._queue)
            self.now = max(self.now, when)  # a call may have let time pass itself
            if made.call is not None:
                made.call()
        self.now = max(self.now, end)

    @property
    def date(self) -> datetime:
        """The date of now."""
        return self.date_at(self.now)

    def date_at(self, seconds: float) -> datetime:
        """Return the date of a moment, in whole milliseconds as AWS has them."""
        return self.start + timedelta(milliseconds=round(1000 * seconds))

    def seconds(self, date: datetime) -> float:
        """Return the second of a date; one without a zone is in UTC."""
        return (date.replace(tzinfo=date.tzinfo or UTC) - self.start).total_seconds()
