"""Oracles of a database with copies: reads of a replica that lags, and the storm of connections after a failover."""

from __future__ import annotations

import cachesim.theory as theory
from cachesim.anomalies.effects import writes_undone
from cachesim.model.app import App
from cachesim.model.database import Database
from cachesim.model.distributions import Between, Constant, Distribution, Exponential
from cachesim.model.events import Steps
from cachesim.model.faults import FailOverDatabase
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.wrap import ReadReplicas
from cachesim.model.workload import ClosedLoop
from cachesim.scenario import Scenario
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import INSTANT, ROOM, ZERO, of_one_key, requests

N = 20_000  # requests per run
USERS = 2_000


class FromReplicas(NoCache):
    """Reads ask a replica."""

    def read(self, app: App, key: str) -> Steps:
        """Ask a replica."""
        return (yield app.db.read(key, replica=True))


def lagging(lag: Distribution) -> Database:
    """Return a database with two replicas; nothing but the lag takes time."""
    return INSTANT["database"].replace(replicas=2, lag=lag)  # type: ignore[no-any-return]


def stale(seed: int, writes: float, lag: float) -> float:
    """Return the share of the reads of a replica that miss a committed write; the lag is exponential."""
    database = lagging(Exponential(mean=lag))
    found = requests(of_one_key(FromReplicas(), 9 * writes, writes, 2 * N, database=database), seed)
    reads = found[found["op"] == "read"]
    return float((reads["version"] < reads["committed"]).mean())


def refilled(seed: int, reads: float, lag: float) -> float:
    """Return the share of the writes whose old row the next read brings back into the cache."""
    loading = ReadReplicas(inner=LazyLoading(invalidate=True))
    database = lagging(Constant(value=lag))
    return writes_undone(
        requests(of_one_key(loading, reads, reads / 5, N, database=database), seed)
    )


def connected(seed: int, pace: float, spread: float) -> float:
    """Return the mean seconds until a user has a connection, if all come at random within `spread` seconds."""
    pool = INSTANT["database"].replace(
        connections=ROOM // 1000, standby=True, failover=ZERO, accepts=pace
    )
    users = ClosedLoop(clients=USERS, think=Between(high=spread), reads=1.0)
    world = {**INSTANT, "database": pool, "faults": (FailOverDatabase(),)}
    scenario = Scenario(strategy=NoCache(), workload=users, duration=spread, warmup=0, **world)
    first = requests(scenario, seed).drop_duplicates("client")
    return float((first["end"] - first["begin"]).mean())


ORACLES = (
    Oracle("replica-stale", "share of reads", "M/G/inf: commits on their way", theory.replica_stale_ratio, stale,
           tuple({"writes": 20.0, "lag": lag} for lag in (0.005, 0.02, 0.08))),
    Oracle("lagging-fill", "share of writes", "Poisson reads during the lag", theory.lagging_fill, refilled,
           tuple({"reads": 50.0, "lag": lag} for lag in (0.005, 0.02, 0.05))),
    Oracle("connection-storm", "seconds", "M/D/1 (Pollaczek 1930)",
           lambda pace, spread: theory.connection_storm(USERS, pace, spread), connected,
           tuple({"pace": pace, "spread": 20.0} for pace in (150.0, 200.0, 400.0))),
)  # fmt: skip
