"""A FIFO queue in front of c workers that costs one event per visit.

The order is first come, first served, and the service time is known on arrival. So the moment of departure
is known on arrival too: max(now, when the next worker is free) + service. A heap of the times at which the
workers become free is enough; there is no queue of waiting processes. The same draws give bit for bit the
times of `simpy.Resource` (tests/model/test_station.py keeps that twin).
"""

from collections.abc import Callable, Iterator
from heapq import heappush, heapreplace
from typing import Any

from simpy.events import NORMAL

from cachesim.model.events import Effect, Environment, Visit
from cachesim.model.journey import Journey


class Station:
    """A queue with `workers` servers. It knows when each becomes free, and how much work was booked.

    >>> station = Station(workers=1)
    >>> station.depart(now=0.0, service=2.0), station.depart(now=0.5, service=2.0)
    (2.0, 4.0)

    References
    ----------
    Kiefer and Wolfowitz, "On the theory of queues with many servers", Trans. AMS 78 (1955).
    """

    __slots__ = ("booked", "free")

    def __init__(self, workers: int) -> None:
        self.free = [0.0] * workers  # when each worker becomes free, in seconds: a heap
        self.booked = 0.0  # seconds of service booked so far

    def depart(self, now: float, service: float) -> float:
        """Join the queue now, for `service` seconds of work; return the time at which that work is done."""
        free = self.free
        start = free[0]
        end = (start if start > now else now) + service
        heapreplace(free, end)
        self.booked += service
        return end

    def busy(self, now: float) -> float:
        """Compute the seconds that a worker has worked up to now: the mean over the workers.

        This is exact: a worker that becomes free later than now works without a pause until then.
        """
        ahead = sum(end - now for end in self.free if end > now)
        return (self.booked - ahead) / len(self.free)


def sender_to(
    env: Environment,
    station: Station,
    services: Iterator[float],
    legs: Iterator[float],
) -> Callable[..., Visit]:
    """Make the function `send(journey, effect, argument, more)`, which books one Visit to a station.

    The visit takes wait + service + leg; the last two are drawn from the iterators. `more` is the cost of
    the command beyond its draw, in seconds. SIMPLIFIED: the command joins the queue at once, and the whole
    round trip comes after the service, so a visit is one event. The command takes effect at its end.
    """
    free, soon, ids = station.free, env.soon, env._eid

    def send(journey: Journey, effect: Effect, argument: Any, more: float = 0.0) -> Visit:
        # Station.depart, Visit.ready and Journey.note, written out: this runs for every visit.
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
