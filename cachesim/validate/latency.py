"""Oracles of latency: hits and misses, distance, and the wait behind slow commands."""

from __future__ import annotations

from typing import Any

import cachesim.theory as theory
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.measure.metrics import latency
from cachesim.model.app import App
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.events import Steps
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.popularity import Uniform, Zipf
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.records import Value
from cachesim.units import MS
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import INSTANT, arrivals, history

N = 4_000  # requests per run
TRIP = 0.3 * MS  # seconds for a command of the cache, there and back


def read_latency(load: float, keys: int, items: int) -> float:
    """Return ask + (1 - hit ratio) · (load + fill), with the hit ratio by Che."""
    return TRIP + (1 - theory.lru_hit_ratio(theory.zipf(keys, 0.99), items)) * (load + TRIP)


def mean_latency(seed: int, load: float, keys: int, items: int) -> float:
    """Return the mean latency of lazy loading at a rate so low that no request waits."""
    network = Network(in_zone=Exponential(mean=TRIP), cross_zone=Exponential(mean=load),
                      database_in_zone=False)  # fmt: skip
    scenario = arrivals(
        LazyLoading(), rate=1.0, requests=N, popularity=Zipf(keys=keys, skew=0.99), warmup=2_000.0,
        cache=Simple(items=items), start="warm", network=network,
        database=INSTANT["database"].replace(connections=100),
    )  # fmt: skip
    return float(latency(history(scenario, seed), "read").mean())


class PageOfTrips(Strategy):
    """A page that asks the cache several times, one after the other."""

    trips: int = 1

    def read(self, app: App, key: str) -> Steps:
        """Ask the cache `trips` times."""
        value = None
        for _ in range(self.trips):
            value = yield app.cache.get(key)
        return value


def distance(seed: int, trips: int, near: float, far: float) -> float:
    """Return the additional seconds of a page when the cache is in another zone."""
    network = Network(in_zone=Exponential(mean=near), cross_zone=Exponential(mean=far))
    here = arrivals(PageOfTrips(trips=trips), rate=100.0, requests=N, network=network)
    there = here.replace(network__cache_in_zone=False)
    took = [float(latency(history(scenario, seed), "read").mean()) for scenario in (there, here)]
    return took[0] - took[1]


class Walks(Strategy):
    """Reads get a key; writes walk over all keys with KEYS."""

    def read(self, app: App, key: str) -> Steps:
        """Ask the cache."""
        return (yield app.cache.get(key))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Walk over every key."""
        yield app.cache.execute("KEYS", "nothing")


QUICK, WALK, HELD = 1 * MS, 10 * MS, 101  # seconds per get and per KEYS; keys that KEYS walks over


def behind_walks(rate: float, walks: float) -> float:
    """Return the mean latency of a get behind rare walks: M/G/1 with two service times."""
    return QUICK + theory.head_of_line_wait(rate, QUICK, walks, WALK)


def mean_get(seed: int, rate: float, walks: float) -> float:
    """Return the mean latency of the gets."""
    per_key = (WALK - QUICK) / (HELD - 1)
    node = Node(service=Constant(value=QUICK), per_byte=0, per_key=per_key)
    scenario = arrivals(
        Walks(), rate=rate + walks, requests=3 * N, reads=rate / (rate + walks), node=node,
        popularity=Uniform(keys=HELD), cache=Redis(), start="warm",
    )  # fmt: skip
    return float(latency(history(scenario, seed), "read").mean())


LOADS: tuple[dict[str, Any], ...] = (
    {"load": 5 * MS, "keys": 1_000, "items": 100}, {"load": 1 * MS, "keys": 1_000, "items": 300},
    {"load": 50 * MS, "keys": 500, "items": 100},
)  # fmt: skip

ORACLES = (
    Oracle("mean-read-latency", "seconds", "hits ask, misses ask, load and fill", read_latency,
           mean_latency, LOADS, runs=16),
    Oracle("cross-zone-cost", "seconds per page", "round trips add up", theory.cross_zone_cost, distance,
           tuple({"trips": trips, "near": 0.2 * MS, "far": 0.8 * MS} for trips in (1, 3, 10)), runs=6),
    Oracle("head-of-line", "seconds per get", "Pollaczek (1930), Khinchine (1932)", behind_walks,
           mean_get, tuple({"rate": rate, "walks": walks}
                           for rate, walks in ((200.0, 20.0), (400.0, 10.0), (300.0, 20.0))),
           runs=16),
)  # fmt: skip
