"""Load, utilization and mean latencies by theory, once the hit ratio is known."""

from __future__ import annotations

from typing import Any, NamedTuple

import cachesim.theory as theory
from cachesim.model.strategies.lazy import NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import ClosedLoop
from cachesim.predict.hits import Silent
from cachesim.scenario import Scenario


class TierLoad(NamedTuple):
    """The load that a request puts on one tier."""

    visits: float  # per request
    service: float  # mean seconds per visit
    moment: float  # mean square of the service time
    workers: int
    leg: float  # seconds there and back

    @property
    def demand(self) -> float:
        """Seconds of service per request."""
        return self.visits * self.service


class Path(NamedTuple):
    """The path of a request through the tiers."""

    hit: float  # ratio; 0 without a cache
    cache: TierLoad
    database: TierLoad
    read_service: float  # seconds of a query that reads
    commit: float


class Flow(NamedTuple):
    """Requests in steady state."""

    throughput: float  # requests per second
    cache_wait: float | None  # seconds per visit; None: no steady state
    database_wait: float | None
    formula: str


def path(scenario: Scenario, hit: float) -> Path:
    """Return the visits and services of a request when reads hit with this probability."""
    strategy, workload, database = scenario.strategy, scenario.workload, scenario.database
    reads: float = workload.reads  # type: ignore[attr-defined]
    misses = reads * (1 - hit)
    writes = 1 - reads
    buffered = database.buffer_hit_ratio
    moment = buffered * database.buffer_read.second_moment
    moment += (1 - buffered) * database.disk_read.second_moment
    queries = misses + writes
    service, second = 0.0, 0.0
    commit, square = database.commit_moments(scenario.network)
    if queries:
        service = (misses * database.read_mean + writes * commit) / queries
        second = (misses * moment + writes * square) / queries
    legs = scenario.network.cache_leg.mean, scenario.network.database_leg.mean
    tier = TierLoad(queries, service, second, database.connections, legs[1])
    fills = getattr(strategy, "fill", True)
    also_cache = type(strategy) is WriteThrough or getattr(strategy, "invalidate", False)
    moved = reads * hit + misses * fills + (writes if type(strategy) is WriteThrough else 0.0)
    asked = 0.0 if type(strategy) is NoCache else reads + misses * fills + writes * also_cache
    cache = _node(scenario, asked, moved, legs[0])
    return Path(hit, cache, tier, database.read_mean, commit)


def _node(scenario: Scenario, visits: float, moved: float, leg: float) -> TierLoad:
    """Return the load on the cache; `moved` is the number of visits per request that carry a value."""
    node, size = scenario.node, scenario.workload.size.mean  # type: ignore[attr-defined]
    extra = node.per_byte * size
    share = moved / visits if visits else 0.0
    mean, square = node.service.mean, node.service.second_moment
    service = mean + share * extra
    return TierLoad(
        visits, service, square + share * (2 * mean * extra + extra**2), scenario.cache.workers, leg
    )


def open_flow(scenario: Scenario, way: Path) -> Flow:
    """Return the waits when arrivals do not wait for answers."""
    rate: float = scenario.workload.rate  # type: ignore[attr-defined]
    cache, database = (_wait(rate * s.visits, s) for s in (way.cache, way.database))
    return Flow(rate, cache, database, "M/G/c (Lee and Longton 1959)")


def _wait(rate: float, station: TierLoad) -> float | None:
    if rate * station.service >= station.workers:
        return None
    if not rate or not station.service:
        return 0.0
    return theory.mgc_wait(rate, station.service, station.moment, station.workers)


def closed_flow(scenario: Scenario, way: Path) -> Flow:
    """Return throughput and waits in a closed loop; times without a queue count as thinking."""
    workload: Any = scenario.workload
    stations = (way.cache, way.database)
    pauses = workload.think.mean + sum(s.visits * s.leg for s in stations)
    demands = [s.demand for s in stations]
    found = theory.closed_network(workload.clients, pauses, demands, [s.workers for s in stations])
    cache, database = (
        time / s.visits - s.service if s.visits else 0.0
        for time, s in zip(found.times, stations, strict=True)
    )
    return Flow(
        found.throughput, cache, database, "mean value analysis (Reiser and Lavenberg 1980)"
    )


def flow(scenario: Scenario, way: Path) -> Flow:
    """Return the flow of an open or a closed loop."""
    if isinstance(scenario.workload, ClosedLoop):
        return closed_flow(scenario, way)
    return open_flow(scenario, way)


def latencies(scenario: Scenario, way: Path, moving: Flow) -> tuple[float, float]:
    """Return the mean latency of reads and of writes, in seconds; Silent if a tier is overloaded."""
    if moving.cache_wait is None or moving.database_wait is None:
        tier = "cache" if moving.cache_wait is None else "database"
        raise Silent(
            f"the {tier} is offered more than it can serve: waits grow until clients are refused"
        )
    ask = way.cache.leg + way.cache.service + moving.cache_wait
    there = way.database.leg + moving.database_wait
    query, commit = there + way.read_service, there + way.commit
    strategy = scenario.strategy
    if type(strategy) is NoCache:
        return query, commit
    fill = ask if getattr(strategy, "fill", True) else 0.0
    also_cache = type(strategy) is WriteThrough or getattr(strategy, "invalidate", False)
    return ask + (1 - way.hit) * (query + fill), commit + (ask if also_cache else 0.0)
