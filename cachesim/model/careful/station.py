"""A station whose workers may slow down or stop.

Its heap of free times is kept in seconds of *work*, an operational clock that runs at `speed`: a departure
is still known on arrival, and a change of speed moves all of them alike.
"""

import math

from cachesim.model.station import Station


class WorkStation(Station):
    """A station on an operational clock; `depart` and `free` speak of that clock.

    >>> station = WorkStation(workers=1)
    >>> station.change(now=10.0, speed=0.5)
    >>> station.when(station.depart(station.work(10.0), 2.0))
    14.0
    """

    __slots__ = ("_busy", "_from", "_since", "_worked", "speed")

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self.speed = 1.0  # seconds of work done in a second
        self._since = self._from = 0.0  # since when it has this speed, on both clocks
        self._busy = self._worked = 0.0  # busy seconds up to then, on both clocks

    def work(self, now: float) -> float:
        """Return what the operational clock shows now."""
        return self._from + (now - self._since) * self.speed

    def when(self, work: float) -> float:
        """Return the time at which the operational clock will show `work`, at the present speed."""
        return self._since + (work - self._from) / self.speed if self.speed else math.inf

    def change(self, now: float, speed: float) -> None:
        """Work at another speed from now on; those who wait must ask `when` again."""
        self._busy, self._worked = self.busy(now), super().busy(self.work(now))
        self._from, self._since, self.speed = self.work(now), now, speed

    def clear(self, now: float) -> None:
        """Drop all work that is not done."""
        work = self.work(now)
        self.booked -= sum(end - work for end in self.free if end > work)
        self.free[:] = [work] * len(self.free)

    def worked(self, now: float) -> float:
        """Return the seconds of work that all workers have done up to now."""
        return super().busy(self.work(now)) * len(self.free)

    def busy(self, now: float) -> float:
        """Return the seconds a worker has been busy up to now, the mean over the workers.

        A slow worker is busy for longer with the same work; one that stands still counts as idle.
        """
        if not self.speed:
            return self._busy
        return self._busy + (super().busy(self.work(now)) - self._worked) / self.speed
