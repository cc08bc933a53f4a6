"""Oracles of fleets with replicas: what a replica lacks, what waiting costs, who takes over when."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cachesim.theory as theory
from cachesim.anomalies.effects import own_writes_missed
from cachesim.anomalies.failovers import SaveAndLook
from cachesim.engines.redis.engine import Redis
from cachesim.experiments.run import run
from cachesim.model.app import App
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.events import Steps
from cachesim.model.faults import KillNode
from cachesim.model.fleet import Replicated
from cachesim.model.node import Node
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import ClosedLoop
from cachesim.records import Value
from cachesim.scenario import Scenario
from cachesim.spec import Count
from cachesim.units import MIB
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import INSTANT, ZERO, arrivals, lag_of, of_one_key, requests

if TYPE_CHECKING:
    import pandas as pd

N = 20_000  # requests per run
KEYS, CROWD = 100, 1_000  # keys; users who leave no node idle
SERVICE = 1e-3  # seconds per command, the mean
USERS = 400  # each is a process of the application with its own copy of the name's address
KILL_AT, DETECTED = 1.0, 1.0  # seconds: when the primary dies; until the service has noticed
KILLS, EVERY = 15, 60.0  # crashes of a run, and seconds from one to the next
REDIS = Redis(memory=8 * MIB)


# --- reads of a replica


class Through(Strategy):
    """Writes go to the database and the cache; reads ask a replica of the cache."""

    def read(self, app: App, key: str) -> Steps:
        """Ask a replica, and the database if it has nothing."""
        value = yield app.cache.get(key, replica=True)
        return value if value is not None else (yield app.db.read(key))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Write to both, in the same instant."""
        yield app.db.write(key, value)
        yield app.cache.set(key, value)


def versions_behind(seed: int, law: str, writes: float, lag: float) -> pd.Series:
    """Measure how many acknowledged writes each read of a cache's replica misses."""
    fleet = Replicated(1, lag=lag_of(law, lag))
    world = of_one_key(Through(), 9 * writes, writes, 2 * N, cache=REDIS, fleet=fleet)
    found = requests(world, seed)
    reads = found[found["op"] == "read"]
    return reads["committed"] - reads["version"]


def stale(seed: int, law: str, writes: float, lag: float) -> float:
    """Measure the share of the reads that miss a write."""
    return float((versions_behind(seed, law, writes, lag) > 0).mean())


def behind(seed: int, law: str, writes: float, lag: float) -> float:
    """Measure the mean of the writes that a read misses."""
    return float(versions_behind(seed, law, writes, lag).mean())


def missed(seed: int, gap: float, lag: float) -> float:
    """Measure the share of the reads that do not see what their client wrote `gap` seconds before."""
    users = SaveAndLook(think=Constant(value=20 * lag), gap=gap, popularity=Uniform(keys=10))
    world = {**INSTANT, "cache": REDIS, "fleet": Replicated(1, lag=Exponential(mean=lag))}
    scenario = Scenario(
        strategy=Through(), workload=users, duration=N / 8 * (gap + 20 * lag), warmup=0,
        start="warm", sample_every=1e9, **world,
    )  # fmt: skip
    return own_writes_missed(requests(scenario, seed))


# --- WAIT


class Waits(Through):
    """Each write waits until `asked` replicas have it."""

    asked: Count = 1

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Set, and wait."""
        yield app.cache.set(key, value)
        yield app.cache.wait(self.asked, math.inf)


def waiting(law: str, lag: float, replicas: int, asked: int) -> float:
    """Give the mean seconds of a WAIT: all lags are equal, or they are independent and exponential."""
    return lag if law == "constant" else theory.wait_time(lag, replicas, asked)


def waited(seed: int, law: str, lag: float, replicas: int, asked: int) -> float:
    """Measure the mean latency of writes that wait; they are rare, so that none waits for another."""
    fleet = Replicated(replicas, lag=lag_of(law, lag))
    world = of_one_key(Waits(asked=asked), 0.0, 2e-3 / lag, N // 8, cache=REDIS, fleet=fleet)
    found = requests(world, seed)
    return round(float((found["end"] - found["begin"]).mean()), 12)


# --- an old address


def outage(seed: int, ttl: float) -> float:
    """Measure for how long a user still asks the dead primary after another node has taken over.

    Reads come at random moments, so the share that fails is the share of the time.
    """
    users = ClosedLoop(clients=USERS, think=Exponential(mean=1.0), reads=1.0)
    fleet = Replicated(
        1, dns_ttl=ttl, reresolves=False, processes=USERS, detect=Constant(value=DETECTED),
        promote=Constant(value=0.0),
    )  # fmt: skip
    world = {
        **INSTANT,
        "cache": REDIS,
        "fleet": fleet,
        "faults": (KillNode("primary", at=KILL_AT),),
    }
    start = KILL_AT + DETECTED
    scenario = Scenario(
        strategy=WriteThrough(), workload=users, duration=start + ttl, warmup=start, **world
    )
    found = requests(scenario, seed)
    return ttl * float((found["lookup"] == "unreachable").mean())


# --- read scaling


def busy_replica(rate: float, writes: float, replicas: int) -> float:
    """Give the busy time of a replica per second: its part of the reads, and every write."""
    return rate * SERVICE * ((1 - writes) / replicas + writes)


def busy(seed: int, rate: float, writes: float, replicas: int) -> float:
    """Measure the busy time of the replicas per second, by their samples: the mean of all."""
    scenario = arrivals(
        WriteThrough(), rate=rate, requests=10_000, reads=1 - writes, popularity=Uniform(keys=KEYS),
        cache=REDIS, fleet=Replicated(replicas, reads="replica"), warmup=1.0, start="warm",
        node=Node(service=Exponential(mean=SERVICE), per_byte=0, per_key=0),
    )  # fmt: skip
    nodes = run(scenario.replace(seed=seed)).nodes
    assert nodes is not None
    span = nodes["begin"].between(scenario.warmup, scenario.duration)
    each = (
        nodes[span & (nodes["node"] != "node-0")]
        .groupby("node")["cache_busy"]
        .agg(["first", "last"])
    )
    return float((each["last"] - each["first"]).mean() / (scenario.duration - scenario.warmup))


# --- the most that a primary and its replicas can do


class Balanced(Strategy):
    """Reads go to the primary and to the replicas so that all nodes have the same work."""

    replicas: Count = 1

    def read(self, app: App, key: str) -> Steps:
        """Ask one of the nodes; the primary takes its turn as one of them."""
        return (yield app.cache.get(key, replica=app.random() * (1 + self.replicas) >= 1))

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Write at the primary."""
        yield app.cache.set(key, value)


def scaled(writes: float, replicas: int) -> float:
    """Give the requests per second at which all nodes are full; here all commands are alike."""
    each = {"write": SERVICE, "apply": SERVICE, "read": SERVICE}
    return theory.replicated_throughput(writes, replicas, **each)


def throughput(seed: int, writes: float, replicas: int) -> float:
    """Measure the requests per second of so many users that no node rests."""
    users = ClosedLoop(clients=CROWD, think=ZERO, reads=1 - writes, popularity=Uniform(keys=KEYS))
    world = {**INSTANT, "cache": REDIS, "fleet": Replicated(replicas), "sample_every": 1e9}
    world["node"] = Node(service=Constant(value=SERVICE), per_byte=0, per_key=0)
    scenario = Scenario(
        strategy=Balanced(replicas=replicas), workload=users, warmup=1.0, duration=3.0,
        start="warm", **world,
    )  # fmt: skip
    ends = run(scenario.replace(seed=seed)).history["end"]
    return float(ends.between(1.0, 3.0).sum() / 2.0)


ORACLES = (
    Oracle("cache-replica-stale", "share of reads", "M/G/inf: writes on their way",
           lambda law, writes, lag: theory.replica_stale_ratio(writes, lag), stale,
           tuple({"law": law, "writes": 20.0, "lag": lag} for law, lag in (
               ("constant", 0.005), ("exponential", 0.005), ("constant", 0.04),
               ("exponential", 0.04)))),
    Oracle("replica-versions-behind", "versions", "M/G/inf, in order",
           lambda law, writes, lag: theory.in_flight(writes, lag_of(law, lag).quantile), behind,
           tuple({"law": law, "writes": 20.0, "lag": lag} for law, lag in (
               ("constant", 0.04), ("exponential", 0.04), ("constant", 0.1)))),
    Oracle("own-write-missed", "share of reads", "the lag is longer than the gap",
           theory.own_write_missed, missed, tuple({"gap": gap, "lag": 0.02}
                                                  for gap in (0.01, 0.02, 0.03)), runs=16),
    Oracle("read-scaling", "requests per second", "Amdahl: each replica applies every write",
           scaled, throughput, tuple({"writes": writes, "replicas": replicas}
                                     for writes, replicas in ((0.5, 1), (0.2, 2), (0.05, 5)))),
    Oracle("wait", "seconds", "the k-th of r lags", waiting, waited,
           tuple({"law": law, "lag": 2**-12, "replicas": replicas, "asked": asked}
                 for law, replicas, asked in (
               ("exponential", 3, 1), ("exponential", 3, 2), ("exponential", 1, 1),
               ("constant", 3, 2)))),
    Oracle("stale-address", "seconds", "a look every TTL, at a random moment",
           lambda ttl: theory.stale_topology(ttl)[0], outage,
           tuple({"ttl": ttl} for ttl in (4.0, 8.0, 16.0))),
    Oracle("busy-replica", "share of the time", "each replica applies every write", busy_replica,
           busy, tuple({"rate": 600.0, "writes": writes, "replicas": replicas}
                       for writes, replicas in ((0.05, 1), (0.2, 2), (0.5, 5)))),
)  # fmt: skip
