"""A system whose tiers may fail and whose clients may give up: built for scenarios that ask for it."""

from collections.abc import Callable, Iterator

from cachesim.model.app import App
from cachesim.model.careful.app import CarefulCache, CarefulDatabase
from cachesim.model.careful.operation import Line
from cachesim.model.careful.station import WorkStation
from cachesim.model.careful.tier import DatabaseState, Tier
from cachesim.model.events import Drive, Visit
from cachesim.model.resilience import Resilience
from cachesim.model.system import Plan, System
from cachesim.model.workload import Request
from cachesim.records import Record, Sink
from cachesim.rng import uniform

Bend = Callable[
    [float, Request], Request
]  # (now, the request due a gap from now) -> the one instead


class CarefulSystem(System):
    """The parts of a System, with a switchboard for faults: `cache` and `db` are its tiers.

    A fault's `play(system)` is a generator that waits with `yield system.until(moment)` and turns switches.
    """

    def __init__(self, plan: Plan, sink: Sink, look: Sink) -> None:
        super().__init__(plan, self._note, look)
        self._record = sink
        self.settled = 0.0  # seconds: when the last request ended
        node, live, seed = self.node, self.database, plan.seed
        node.station, live.station = stations = (
            WorkStation(len(node.station.free)),
            WorkStation(len(live.station.free)),
        )
        self.cache = Tier(self.env, "cache", stations[0], node.leg, seed)
        self.db = DatabaseState(self.env, live, stations[1], seed)
        self.lines = (
            Line(self.cache, plan.resilience.cache, seed),
            Line(self.db, plan.resilience.database, seed),
        )
        self.bends: list[Bend] = []
        self.skews: list[float] = []  # seconds by which clients' clocks are wrong at most

    def _load(self) -> None:
        """Load the rows; let the faults begin, and the requests come as they bend them."""
        super()._load()
        for fault in self.plan.faults:
            Drive(fault.play(self))
        if self.bends:
            self._requests = self._bent(self._requests)

    def _bent(self, requests: Iterator[Request]) -> Iterator[Request]:
        for request in requests:
            for bend in self.bends:
                request = bend(self.env._now, request)
            yield request

    def until(self, moment: float) -> Visit:
        """Return an event that fires at a moment, given in seconds; at once if that is past."""
        return Visit().ready(self.env).start(max(0.0, moment - self.env._now))

    def new_app(self, client: int) -> App:
        """Return a new view of the system for a client."""
        app = super().new_app(client)
        app.skew = self.skew
        app.cache = CarefulCache(self.lines[0], app.cache)
        app.db = CarefulDatabase(self.lines[1], app.db)
        return app

    def skew(self, client: int) -> float:
        """Return by how many seconds a client's clock is wrong now; each has its own share of the skew."""
        if not self.skews:
            return 0.0
        share = uniform(self.plan.seed, f"clock of client {client}")()
        return (2 * share - 1) * sum(self.skews)

    def _note(self, record: Record) -> None:
        self.settled = self.env._now
        self._record(record)

    def _sample(self) -> None:
        """Look at the tiers; the last time when all was done, though a fault or a time-out lasted longer."""
        if self.env.is_over():
            last = max(self.plan.duration, self.settled, self.cache.last, self.db.last)
            self.env._now = min(self.env._now, last)
        self.retries = sum(line.retries for line in self.lines)
        self.timeouts = sum(line.timeouts for line in self.lines)
        super()._sample()


def system_for(plan: Plan) -> type[System]:
    """Return what a plan is built as: the plain path, unless something may fail or be given up."""
    careful = plan.faults or plan.resilience != Resilience()
    return CarefulSystem if careful else System
