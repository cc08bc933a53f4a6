"""Small worlds for one closed form each: one thing takes time, or nothing does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.measure.history import select_requests
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.popularity import Popularity, Uniform
from cachesim.model.strategies.base import Strategy
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

ZERO = Constant(value=0.0)
INSTANT: dict[str, Any] = {  # nothing takes time: only caching is left
    "node": Node(service=ZERO, per_byte=0, per_key=0),
    "network": Network(in_zone=ZERO),
    "database": Database(connections=1, buffer_hit_ratio=1.0, buffer_read=ZERO, commit=ZERO),
}
ROOM = 10**6  # queries in line, or connections: more than ever come


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
