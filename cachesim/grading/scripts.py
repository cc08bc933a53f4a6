"""Quiet runs: scripts of requests in which each begins when all work of the one before has ended.

Two right designs never give the same busy history: one fills the cache before it answers, the other beside it. In a
quiet run they do. So tests compare designs on quiet runs; on busy runs they check
only rules that hold for every right design.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

import pandas as pd

from cachesim.errors import BadInput
from cachesim.grading.histories import QUERY, TRIP, rows_of
from cachesim.measure.history import Recorder
from cachesim.model.choice import system_for
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.faults.base import Condition
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.strategies.base import Strategy
from cachesim.model.unreliable.system import UnreliableSystem
from cachesim.model.workload import TimedRequest, Workload
from cachesim.scenario import Scenario
from cachesim.spec import MOST, Count

LATER = 0.5  # seconds by which a run before begins later
PATIENCE = 5.0  # seconds after the last request in which work may end; then the run is stopped


class Script(Workload):
    """The requests that are written down: (seconds since the request before, "read" or "write", key)."""

    steps: tuple[TimedRequest, ...] = ()

    def keys_loaded(self) -> list[str]:
        """Return the keys that are asked for; each has its row."""
        return sorted({key for _, _, key in self.steps})

    def size_of(self, key: str) -> int:
        """Return the same for all keys."""
        return 100

    def requests(self, seed: int) -> Iterator[TimedRequest]:
        """Yield the steps, once."""
        return iter(self.steps)


class NoConnections(Condition):
    """Others have taken all connections of the database: it refuses every query (DatabaseRefused)."""

    def begin(self, system: UnreliableSystem) -> None:
        """Leave none."""
        system.db.limit = 0

    def end(self, system: UnreliableSystem) -> None:
        """Give them back."""
        given = system.blueprint.database
        system.db.limit = given.connections + given.waiting


def quiet(
    strategy: Strategy, steps: Sequence[TimedRequest], refused: tuple[float, float] | None = None
) -> pd.DataFrame:
    """Play requests one at a time, where every trip and every query takes the same time; return those that ended.

    With `refused` the database refuses every query from one moment to the other, in seconds.

    >>> from cachesim.model.strategies.lazy import LazyLoading
    >>> seen = quiet(LazyLoading(ttl=5), [(1, "read", "a"), (4, "read", "a"), (4, "read", "a")])
    >>> list(seen.lookup)
    ['cold', 'hit', 'expired']
    """
    begin, end = refused or (0.0, 0.0)
    faults = (NoConnections(at=begin, duration=end - begin),) if refused else ()
    return played(scripted(strategy, steps).replace(faults=faults))


def scripted(strategy: Strategy, steps: Sequence[TimedRequest]) -> Scenario:
    """Return the scenario of a script; every trip to the cache and every query takes the same time."""
    trip, query = Constant(value=TRIP), Constant(value=QUERY)
    last = (PATIENCE, "read", steps[0][2])  # when it begins the run is stopped
    return Scenario(
        strategy=strategy,
        node=Node(service=Constant(value=0.0), per_byte=0),
        network=Network(in_zone=trip),
        database=Database(buffer_read=query, disk_read=query, commit=query),
        workload=Script(steps=(*steps, last)),
        duration=sum(gap for gap, _, _ in steps) + 2 * PATIENCE,
        warmup=0,
    )


def quiet_again(make: Callable[[], Strategy], steps: Sequence[TimedRequest]) -> pd.DataFrame:
    """Play requests as `quiet` does, after two other runs: a whole one, and one that was stopped in the middle.

    `make` gives a new strategy for each run; nothing of the first runs may be left for the last one.
    """
    (first, op, key), *rest = steps
    quiet(make(), [(first + LATER, op, key), *rest])  # or what it notes has the same times
    at_once = [(TRIP / 2, op, key) for _, op, key in steps]
    played(scripted(make(), at_once), len(steps) // 2)
    return quiet(make(), steps)


# --- runs that are stopped


class _Stopped(BadInput):
    """The run was stopped, as with Ctrl-C."""


class _Torn(Workload):
    """The first requests of a workload; then the run is stopped."""

    inner: Workload = Script()
    length: Count = 1

    @property
    def users(self) -> int | None:
        """Those of the whole workload."""
        return self.inner.users

    def keys_loaded(self) -> list[str]:
        """Return those of the whole workload."""
        return self.inner.keys_loaded()

    def size_of(self, key: str) -> int:
        """Return the whole workload's."""
        return self.inner.size_of(key)

    def requests(self, seed: int) -> Iterator[TimedRequest]:
        """Yield the first requests, and stop the run when the next one is asked for."""
        yield from islice(self.inner.requests(seed), self.length)
        raise _Stopped("this is how a run is stopped")


def played(scenario: Scenario, length: int = MOST) -> pd.DataFrame:
    """Play a scenario until its workload has given `length` requests, all of them by default; return those that ended.

    The run stops there, whatever is still under way: a strategy that waits for ever ends, too.

    >>> len(played(Scenario(), 100)) < 100
    True
    """
    torn = scenario.replace(workload=_Torn(inner=scenario.workload, length=length))
    recorder = Recorder(fleet=torn.fleet is not None)
    system = system_for(torn)(torn, recorder.request, recorder.sample)
    with suppress(_Stopped):
        system.run()
    return rows_of(recorder.hand_over(system.db.versions))
