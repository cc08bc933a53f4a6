"""A station whose workers may slow down or stop.

Its times are kept in seconds of *work*. They are read on a clock that advances `speed` seconds per
simulated second, so the moment of departure is still known on arrival, and a change of speed moves all
departures alike.
"""

import math

from cachesim.model.station import Station


class VariableStation(Station):
    """A station with a speed; `depart` and `free` are in seconds of work.

    >>> station = VariableStation(workers=1)
    >>> station.change(now=10.0, speed=0.5)
    >>> station.when(station.depart(station.work(10.0), 2.0))
    14.0
    """

    __slots__ = ("_busy", "_from", "_since", "_worked", "speed")

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self.speed = 1.0  # seconds of work done per second
        self._since = self._from = 0.0  # when this speed began: simulated time, and seconds of work
        self._busy = self._worked = 0.0  # busy until then, per worker: in seconds, and in work

    def work(self, now: float) -> float:
        """Read the clock of work."""
        return self._from + (now - self._since) * self.speed

    def when(self, work: float) -> float:
        """Compute when the clock of work will show `work`; inf if the workers stand still."""
        return self._since + (work - self._from) / self.speed if self.speed else math.inf

    def change(self, now: float, speed: float) -> None:
        """Work at another speed from now on; each call in progress must ask `when` again."""
        self._busy, self._worked = self.busy(now), super().busy(self.work(now))
        self._from, self._since, self.speed = self.work(now), now, speed

    def clear(self, now: float) -> None:
        """Drop all work that is not done."""
        work = self.work(now)
        self.booked -= sum(end - work for end in self.free if end > work)
        self.free[:] = [work] * len(self.free)

    def worked(self, now: float) -> float:
        """Compute the seconds of work that all workers together have done up to now."""
        return super().busy(self.work(now)) * len(self.free)

    def busy(self, now: float) -> float:
        """Compute the seconds that a worker has been busy up to now: the mean over the workers.

        A slow worker is busy for longer with the same work; one that stands still counts as idle.
        """
        if not self.speed:
            return self._busy
        return self._busy + (super().busy(self.work(now)) - self._worked) / self.speed
