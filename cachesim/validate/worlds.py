"""Small worlds for one closed form each: one thing takes time, or nothing does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.measure.history import select_requests
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Distribution, Exponential
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.popularity import Popularity, Uniform
from cachesim.model.routes import Finder, Ketama, Route
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import OpenLoop, TimedRequest
from cachesim.rng import stream
from cachesim.scenario import Scenario
from cachesim.spec import Seed

if TYPE_CHECKING:
    import pandas as pd

ZERO = Constant(value=0.0)
INSTANT: dict[str, Any] = {  # nothing takes time: only caching is left
    "node": Node(service=ZERO, per_byte=0, per_key=0),
    "network": Network(in_zone=ZERO),
    "database": Database(connections=1, buffer_hit_ratio=1.0, buffer_read=ZERO, commit=ZERO),
}
ROOM = 10**6  # queries in line, or connections: more than ever come


def lag_of(law: str, lag: float) -> Distribution:
    """Make the lag of a link with this law and mean.

    >>> lag_of("constant", 0.5), lag_of("exponential", 0.5)
    (Constant(value=0.5), Exponential(mean=0.5))
    """
    return Constant(value=lag) if law == "constant" else Exponential(mean=lag)


def arrivals(
    strategy: Strategy,
    *,
    rate: float,
    requests: int,
    reads: float = 1.0,
    popularity: Popularity | None = None,
    **fields: Any,
) -> Scenario:
    """Return an open loop with about this many measured requests, in a world where nothing takes time.

    `fields` change the scenario.

    >>> from cachesim.model.strategies.lazy import LazyLoading
    >>> arrivals(LazyLoading(), rate=100.0, requests=500, warmup=1.0).duration
    6.0
    """
    workload = OpenLoop(rate=rate, reads=reads, popularity=popularity or Uniform(keys=1))
    world = {"cache": Simple(), "sample_every": 1e9, "warmup": 0.0, **INSTANT, **fields}
    duration = world["warmup"] + requests / rate
    return Scenario(strategy=strategy, workload=workload, duration=duration, **world)


def of_one_key(
    strategy: Strategy, reads: float, writes: float, requests: int, **fields: Any
) -> Scenario:
    """Return arrivals for one key, with so many `reads` and `writes` per second."""
    rate = reads + writes
    return arrivals(strategy, rate=rate, requests=requests, reads=reads / rate, **fields)


def history(scenario: Scenario, seed: int) -> pd.DataFrame:
    """Run the scenario and return the part of the history after the warm-up."""
    return run(scenario.replace(seed=seed)).measured


def requests(scenario: Scenario, seed: int) -> pd.DataFrame:
    """Run the scenario and return one row per request that began after the warm-up."""
    return select_requests(history(scenario, seed))


# --- places that are drawn: a fleet puts a key of one name on one node, in every run


class Renamed(OpenLoop):
    """Arrivals for keys whose names are drawn, so that each run has them on other nodes."""

    names: Seed = 0  # of the draw of the names

    def keys_loaded(self) -> list[str]:
        """Draw the names."""
        numbers = stream(self.names, "names").integers(2**60, size=self.popularity.keys)
        return [f"{number:x}" for number in numbers]


class Tour(Renamed):
    """One read of each key, `rate` per second, the first one at `begins`; then no more."""

    begins: float = 0.0  # seconds

    def requests(self, seed: int) -> Iterator[TimedRequest]:
        """Yield the reads."""
        gap = self.begins
        for key in self.keys_loaded():
            yield gap, "read", key
            gap = 1 / self.rate


class Elsewhere(Route):
    """Another route, over nodes whose names are drawn: a ring of its own for each run."""

    inner: Route = Ketama()
    names: Seed = 0  # of the draw of the names

    def over(self, nodes: Sequence[str]) -> Finder:
        """Make the rule for nodes with other names."""
        return self.inner.over([f"{self.names:x}-{node}" for node in nodes])


def tour(keys: int, seed: int, **fields: Any) -> Scenario:
    """Return a world in which each of `keys` drawn keys is read once after the first second; nothing takes time."""
    rate = 1e3
    reads = Tour(rate=rate, reads=1.0, popularity=Uniform(keys=keys), names=seed, begins=1.0)
    world = {**INSTANT, "sample_every": 1e9, "warmup": 0.5, "start": "warm", **fields}
    return Scenario(strategy=LazyLoading(), workload=reads, duration=1.5 + keys / rate, **world)
