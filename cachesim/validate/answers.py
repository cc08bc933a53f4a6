"""Oracles of cached queries: staleness and hits of results, where nothing takes time and prices are drawn evenly."""

from __future__ import annotations

import math
from typing import Any

import cachesim.theory as theory
from cachesim.measure.metrics import hit_ratio, stale_ratio
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.queries import QueryCache
from cachesim.scenario import Scenario
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import arrivals, history

N = 4_000  # requests per run
PRICES = 10  # as many queries, one for each price; so a row meets the condition of a query by chance, 1 in 10
ROWS = 2_000  # so many that a query's share of them hardly varies
ONE_PRICE = "SELECT key FROM items WHERE price = ?"
POISSON = "Poisson reads and writes; before and after a commit the row matches by chance"


def shop(strategy: QueryCache, reads: float, writes: float) -> Scenario:
    """Return a world in which all reads are queries: `reads` of each price, and `writes` in all, per second."""
    rate = reads * PRICES + writes
    world = arrivals(strategy, rate=rate, requests=N, reads=reads * PRICES / rate)
    asked: dict[str, Any] = {"queries": 1.0, "sql": ONE_PRICE, "parameter": Uniform(keys=PRICES)}
    workload = world.workload.replace(popularity=Uniform(keys=ROWS), **asked)
    database = world.database.replace(prices=PRICES, price_index=True, per_row=0.0)
    return world.replace(workload=workload, database=database)


def stale_answers(seed: int, reads: float, writes: float, ttl: float) -> float:
    """Return the share of stale results if only the TTL ends them."""
    return stale_ratio(history(shop(QueryCache(ttl=ttl), reads, writes), seed))


def by_row(seed: int, reads: float, writes: float) -> float:
    """Return the share of stale results if a write deletes those that contained its row."""
    strategy = QueryCache(ttl=math.inf, invalidate="row")
    return stale_ratio(history(shop(strategy, reads, writes), seed))


def by_table(seed: int, reads: float, writes: float) -> float:
    """Return the hit ratio if a write deletes all results."""
    strategy = QueryCache(ttl=math.inf, invalidate="table")
    return hit_ratio(history(shop(strategy, reads, writes), seed))


def changes(writes: float) -> float:
    """Return the rate of the commits that change a query's result."""
    return theory.result_changes(writes, 1 / PRICES)


BOTH = (
    {"reads": 90.0, "writes": 300.0},
    {"reads": 50.0, "writes": 500.0},
    {"reads": 20.0, "writes": 100.0},
)
RARE = (
    {"reads": 90.0, "writes": 60.0},
    {"reads": 50.0, "writes": 50.0},
    {"reads": 20.0, "writes": 10.0},
)
TTLS = tuple({**point, "ttl": ttl} for point, ttl in zip(BOTH, (0.03, 0.05, 0.2), strict=True))

ORACLES = (
    Oracle("stale-answers", "share of reads", POISSON, lambda reads, writes, ttl:
           theory.lazy_stale_ratio(reads, changes(writes), ttl), stale_answers, TTLS, runs=16),
    Oracle("stale-answers-by-row", "share of reads", POISSON, lambda reads, writes:
           theory.row_invalidation(reads, writes, 1 / PRICES).stale, by_row, BOTH, runs=24),
    Oracle("answers-by-table", "hit ratio", POISSON, lambda reads, writes:
           theory.invalidate_hit_ratio(reads, writes, math.inf), by_table, RARE),
)  # fmt: skip
