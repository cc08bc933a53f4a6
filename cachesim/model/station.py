"""A FIFO queue in front of c workers that costs one event a visit.

With first come, first served and the service time known on arrival, the moment of departure is known
on arrival too: max(now, when the earliest worker falls free) + service. No request, no release, no
queue of waiting processes: a heap of the times at which the workers fall free says it all. The same
draws give bit for bit what `simpy.Resource` gives (tests/model/test_station.py keeps that twin).
"""

from collections.abc import Callable, Iterator
from heapq import heappush, heapreplace
from typing import Any

from simpy.events import NORMAL

from cachesim.model.events import Effect, Environment, Visit
from cachesim.model.journey import Journey


class Station:
    """A queue with `workers` servers; remembers when each falls free and how much work was booked.

    >>> station = Station(workers=1)
    >>> station.depart(now=0.0, service=2.0), station.depart(now=0.5, service=2.0)
    (2.0, 4.0)

    References
    ----------
    Kiefer and Wolfowitz, "On the theory of queues with many servers", Trans. AMS 78 (1955).
    """

    __slots__ = ("booked", "free")

    def __init__(self, workers: int) -> None:
        self.free = [0.0] * workers  # seconds at which each worker falls free: a heap
        self.booked = 0.0  # seconds of service promised so far

    def depart(self, now: float, service: float) -> float:
        """Join the queue now, for `service` seconds of work; return when that work is done."""
        free = self.free
        start = free[0]
        end = (start if start > now else now) + service
        heapreplace(free, end)
        self.booked += service
        return end

    def busy(self, now: float) -> float:
        """Return the seconds a worker has worked up to now, the mean over the workers.

        Exact: a worker that falls free later than now works without a pause until then.
        """
        ahead = sum(end - now for end in self.free if end > now)
        return (self.booked - ahead) / len(self.free)


def sender_to(
    env: Environment,
    station: Station,
    services: Iterator[float],
    legs: Iterator[float],
) -> Callable[..., Visit]:
    """Return what sends a command to a station: `send(journey, effect, argument, more)` books one Visit.

    The visit takes wait + service + leg, the latter two drawn from iterators; `more` is what the command
    costs beyond its draw, in seconds (0 unless given). SIMPLIFIED: the command joins the queue at once
    and the whole round trip is added behind it, so that a visit stays one event; its effect comes at the
    end of it.
    """
    free, soon, ids = station.free, env.soon, env._eid

    def send(journey: Journey, effect: Effect, argument: Any, more: float = 0.0) -> Visit:
        # Station.depart, Visit.ready and Journey.note, written out: this runs at every visit.
        now, work = env._now, next(services) + more  # a third faster than a bound __next__
        start = free[0]
        end = (start if start > now else now) + work
        heapreplace(free, end)
        station.booked += work
        visit = Visit()
        visit.env = env
        visit.effect, visit._value = effect, argument
        visit.waiter = None
        visit.fired = False
        heappush(soon, (end + next(legs), NORMAL, next(ids), visit))
        if not journey.last.waiter:
            journey.odd.append(journey.last)
        journey.last = visit
        return visit

    return send
