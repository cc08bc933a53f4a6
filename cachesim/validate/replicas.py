"""Oracles of a database with copies: reads of a replica that lags, and the storm of connections after a failover."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat

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
from cachesim.spec import Delay
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


class SlowFill(ReadReplicas):
    """The replica is asked `gap` seconds after the miss."""

    gap: Delay = 0.0

    def load(self, app: App, key: str, ttl: float) -> Steps:
        """Wait, and load."""
        yield app.timeout(self.gap)
        return (yield from super().load(app, key, ttl))


def refilled(seed: int, reads: float, lag: float, gap: float) -> float:
    """Return the share of the writes whose old row the next read brings back into the cache."""
    loading = SlowFill(inner=LazyLoading(invalidate=True), gap=gap)
    database = lagging(Constant(value=lag))
    writes = reads / 40 if gap else reads / 5  # rare, or a fill may be under way at a write
    return writes_undone(requests(of_one_key(loading, reads, writes, N, database=database), seed))


def until_connected(pace: float, spread: float) -> float:
    """Give the mean seconds until a user has a connection; at once, the n-th has it after n turns, not n - 1/2."""
    return theory.connection_storm(USERS, pace, spread) + (0 if spread else 0.5 / pace)


class AtOnce(ClosedLoop):
    """Each user sends one request, all in the same instant."""

    def gaps(self, seed: int) -> Iterator[float]:
        """Yield a short time to think, and then for ever."""
        return chain(repeat(2**-10, self.clients), repeat(1e9))


def connected(seed: int, pace: float, spread: float) -> float:
    """Return the mean seconds until a user has a connection; all come at random within `spread` seconds."""
    pool = INSTANT["database"].replace(
        connections=ROOM // 1000, standby=True, failover=ZERO, accepts=pace
    )
    kind = ClosedLoop if spread else AtOnce
    users = kind(clients=USERS, think=Between(high=spread or 1.0), reads=1.0)
    world = {**INSTANT, "database": pool, "faults": (FailOverDatabase(),)}
    scenario = Scenario(
        strategy=NoCache(), workload=users, duration=spread or 1.0, warmup=0, **world
    )
    first = requests(scenario, seed).drop_duplicates("client")
    return float((first["end"] - first["begin"]).mean())


ORACLES = (
    Oracle("replica-stale", "share of reads", "M/G/inf: commits on their way", theory.replica_stale_ratio, stale,
           tuple({"writes": 20.0, "lag": lag} for lag in (0.005, 0.02, 0.08))),
    Oracle("lagging-fill", "share of writes", "Poisson reads during the lag", theory.lagging_fill, refilled,
           tuple({"reads": 50.0, "lag": lag, "gap": gap} for lag, gap in (
               (0.005, 0.0), (0.02, 0.0), (0.05, 0.0), (0.02, 0.004), (0.05, 0.01))), runs=16),
    Oracle("connection-storm", "seconds", "M/D/1 (Pollaczek 1930)",
           until_connected, connected,
           tuple({"pace": pace, "spread": spread} for pace, spread in (
               (150.0, 20.0), (200.0, 20.0), (400.0, 20.0), (128.0, 0.0)))),
)  # fmt: skip
