"""Oracles of closed networks: users think, ask and wait, at the database or at cache and database."""

from __future__ import annotations

from typing import Any

import cachesim.theory as theory
from cachesim.engines.simple import Simple
from cachesim.measure.history import select_requests
from cachesim.measure.metrics import db_queries_per_s, latency
from cachesim.model.database import Database
from cachesim.model.distributions import Exponential
from cachesim.model.node import Node
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import ClosedLoop
from cachesim.scenario import Scenario
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import INSTANT, ROOM, history

THINK = 0.05  # seconds
ASK, QUERY = 0.004, 0.012  # seconds per command of the cache node, and per query
KEYS = 1_000
MVA = "Reiser and Lavenberg, J. ACM 27 (1980)"
VISITS = (
    "operational laws; hits are independent: keys are equally likely, and the cache is always full"
)


def closed(
    strategy: Strategy, users: int, connections: int, reads: float = 1.0, **fields: Any
) -> Scenario:
    """Return users in a closed loop, measured for 40 s after 2 s; all times are exponential."""
    query = Exponential(mean=QUERY)
    database = Database(
        connections=connections, waiting=ROOM, buffer_hit_ratio=1.0, buffer_read=query, commit=query
    )
    think = Exponential(mean=THINK)
    workload = ClosedLoop(clients=users, think=think, reads=reads, popularity=Uniform(keys=KEYS))
    times = {"duration": 42.0, "warmup": 2.0, "sample_every": 40.0}
    world = {"cache": Simple(), "workload": workload, **INSTANT, **times, "database": database}
    return Scenario(strategy=strategy, **{**world, **fields})


def throughput(seed: int, scenario: Scenario) -> float:
    """Return the requests that end per second, between the warm-up and the last arrivals."""
    from cachesim.experiments.run import run

    ended = select_requests(run(scenario.replace(seed=seed)).history)["end"]
    span = scenario.duration - scenario.warmup
    return float(ended.between(scenario.warmup, scenario.duration).sum() / span)


def repairman(seed: int, users: int, connections: int) -> float:
    """Return the throughput of users who ask only the database."""
    return throughput(seed, closed(NoCache(), users, connections))


TWO = Node(service=Exponential(mean=ASK), per_byte=0, per_key=0)


def two_stations(users: int, connections: int) -> float:
    """Return the mean response time of cache and database in a row."""
    return theory.closed_network(users, THINK, [ASK, QUERY], [1, connections])[1]


def in_a_row(seed: int, users: int, connections: int) -> float:
    """Return the mean latency of reads that always miss: the cache is never filled."""
    scenario = closed(WriteThrough(fill=False), users, connections, node=TWO)
    return float(latency(history(scenario, seed), "read").mean())


def cache_aside(users: int, reads: float, hit: float) -> Scenario:
    """Return users of a cache that holds a share `hit` of the equally likely keys.

    Random eviction and a set at every write keep the cache full: a read hits by chance alone.
    """
    cache = Simple(items=round(hit * KEYS))
    return closed(WriteThrough(), users, 1, reads, node=TWO, cache=cache, start="warm")


def aside_throughput(users: int, reads: float, hit: float) -> float:
    """Return the throughput of cache-aside by mean value analysis."""
    asks, queries = theory.cache_aside_visits(reads, hit)
    return theory.closed_network(users, THINK, [asks * ASK, queries * QUERY])[0]


def aside_rate(seed: int, users: int, reads: float, hit: float) -> float:
    """Return the throughput of cache-aside."""
    return throughput(seed, cache_aside(users, reads, hit))


def queries(users: int, reads: float, hit: float) -> float:
    """Return the number of queries per request, by theory."""
    return theory.cache_aside_visits(reads, hit)[1]


def aside_queries(seed: int, users: int, reads: float, hit: float) -> float:
    """Return the queries that began, divided by the requests that ended."""
    ended = history(cache_aside(users, reads, hit), seed)
    scenario = cache_aside(users, reads, hit)
    span = scenario.duration - scenario.warmup
    rate = float(select_requests(ended)["begin"].between(scenario.warmup, scenario.duration).sum())
    return db_queries_per_s(ended) * span / rate


USERS = (
    {"users": 12, "connections": 1}, {"users": 12, "connections": 3}, {"users": 30, "connections": 8},
)  # fmt: skip
ASIDE = (
    {"users": 8, "reads": 1.0, "hit": 0.8}, {"users": 12, "reads": 0.9, "hit": 0.7},
    {"users": 20, "reads": 0.7, "hit": 0.5},
)  # fmt: skip

ORACLES = (
    Oracle("machine-repairman", "requests per second", "M/M/c//N", lambda users, connections:
           theory.repairman(users, THINK, QUERY, connections), repairman, USERS),
    Oracle("mean-value-analysis", "seconds", MVA, two_stations, in_a_row, USERS),
    Oracle("cache-aside-throughput", "requests per second", MVA, aside_throughput, aside_rate, ASIDE,
           ),
    Oracle("cache-aside-queries", "queries per request", VISITS, queries, aside_queries, ASIDE),
)  # fmt: skip
