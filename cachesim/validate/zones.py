"""Oracles of fleets in several zones: how many requests leave their zone, and what that costs them."""

from __future__ import annotations

from typing import Any

import cachesim.theory as theory
from cachesim.engines.redis.engine import Redis
from cachesim.experiments.run import run
from cachesim.model.app import App
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.events import Steps
from cachesim.model.fleet import Shards
from cachesim.model.fleet.groups import Reads
from cachesim.model.network import Network
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.base import Strategy
from cachesim.records import Value
from cachesim.scenario import Scenario
from cachesim.theory.capacity import HEADER
from cachesim.units import MIB
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import arrivals, requests

N = 20_000  # requests per run
KEYS, SIZE = 100, 100  # bytes of a value
TRIP = {"near": 0.25, "far": 1.0}  # seconds, the means


class OnlyCache(Strategy):
    """A page asks the cache or sets in it, once: so a request is one trip."""

    def read(self, app: App, key: str) -> Steps:
        """Ask the cache."""
        return (yield app.cache.get(key))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Set."""
        yield app.cache.set(key, value)


def world(zones: int, writes: float, reads: Reads, **fields: Any) -> Scenario:
    """Return as many shards, copies of each and processes as there are zones."""
    fleet = Shards(zones, replicas=zones - 1, zones=zones, processes=zones, reads=reads)
    scenario = arrivals(
        OnlyCache(), rate=1000.0, requests=N, reads=1 - writes, popularity=Uniform(keys=KEYS),
        cache=Redis(memory=8 * MIB), fleet=fleet, start="warm", **fields,
    )  # fmt: skip
    return scenario.replace(workload__size=Constant(value=SIZE))


def share(zones: int, writes: float, reads: Reads) -> float:
    """Give the share of the requests that leave their zone."""
    return theory.cross_zone_share(zones, writes, near_reads=reads == "nearest")


def crossing(seed: int, zones: int, writes: float, reads: Reads) -> float:
    """Measure that share by the bytes of the nodes; all requests have the same number of bytes."""
    scenario = world(zones, writes, reads).replace(seed=seed)
    result = run(scenario)
    assert result.nodes is not None
    crossed = result.nodes.groupby("node")["crossed"].last().sum()
    asked = result.history["op"].isin(("read", "write")).sum()
    each = scenario.workload.key_size + SIZE + 2 * HEADER  # type: ignore[attr-defined] # an OpenLoop
    return float(crossed / asked / each)


def trip(zones: int, writes: float, reads: Reads) -> float:
    """Give the mean seconds of a request: a trip within the zone, and what some pay for another zone."""
    return TRIP["near"] + theory.cross_zone_cost(share(zones, writes, reads), **TRIP)


def took(seed: int, zones: int, writes: float, reads: Reads) -> float:
    """Measure the mean latency of a request."""
    network = Network(
        in_zone=Exponential(mean=TRIP["near"]), cross_zone=Exponential(mean=TRIP["far"])
    )
    found = requests(world(zones, writes, reads, network=network), seed)
    return float((found["end"] - found["begin"]).mean())


POINTS = tuple(
    {"zones": zones, "writes": writes, "reads": reads}
    for zones, writes, reads in (
        (3, 0.1, "primary"), (3, 0.1, "nearest"), (2, 0.3, "nearest"), (5, 0.5, "nearest"))
)  # fmt: skip
ORACLES = (
    Oracle("crossing-share", "share of requests", "one zone of z is one's own", share, crossing, POINTS),
    Oracle("zoned-trip", "seconds", "a mean of two kinds of trips", trip, took, POINTS),
)  # fmt: skip
