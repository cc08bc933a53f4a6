"""`predict`: what theory says about a scenario, per metric, or why it says nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

from cachesim.measure.tables import html_table, show, text_table
from cachesim.model.strategies.lazy import LazyLoading, NoCache, WriteAround
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.predict.hits import Cached, Silent, cached, capacity
from cachesim.predict.load import Flow, Path, flow, latencies, path
from cachesim.scenario import Scenario

KNOWN = (NoCache, LazyLoading, WriteAround, WriteThrough)  # their visits to the tiers are known
HEADER = ["metric", "theory", "by"]
ROUNDS = 20  # until throughput and hit ratio of a closed loop, which depend on each other, settle


class Said(NamedTuple):
    """What theory says about one metric."""

    value: float  # in seconds, per second, or as a share
    formula: str
    assumes: tuple[str, ...] = ()


class Prediction:
    """What theory says about a scenario: one value per metric, and the reasons where it says nothing."""

    def __init__(self, scenario: Scenario, said: dict[str, Said], silent: dict[str, str]) -> None:
        self.scenario = scenario
        self.said = said  # metric -> value, formula, assumptions
        self.silent = silent  # metric, or several metrics -> why theory says nothing about it

    @property
    def values(self) -> dict[str, float]:
        """Metric -> predicted value, in the form that plots take."""
        return {metric: said.value for metric, said in self.said.items()}

    def shown(self, metric: str) -> str:
        """Return the value as text in its unit; "" if theory says nothing."""
        if metric not in self.said:
            return ""
        return show(metric, self.said[metric].value)

    @property
    def reasons(self) -> list[str]:
        """One sentence per metric that theory says nothing about."""
        return [f"{metric}: none, {reason}" for metric, reason in self.silent.items()]

    @property
    def _rows(self) -> list[list[str]]:
        return [
            [metric, self.shown(metric), "; ".join((said.formula, *said.assumes))]
            for metric, said in self.said.items()
        ]

    def __str__(self) -> str:
        table = text_table(HEADER, self._rows, left=True) if self.said else "theory says nothing"
        return "\n".join([repr(self.scenario), table, *self.reasons])

    def _repr_html_(self) -> str:
        return html_table(repr(self.scenario), HEADER, self._rows, self.reasons)


def predict(scenario: Scenario) -> Prediction:
    """Predict the metrics of a scenario by theory, without running it.

    Hit and stale ratio follow from Che's characteristic time, the TTL and the writes; the load follows from
    these. Waits and throughput are those of M/G/c for an open loop, and of mean value analysis for a closed one.

    >>> said = predict(Scenario(strategy=LazyLoading(ttl=10)))
    >>> round(said.values["hit_ratio"], 2), said.said["hit_ratio"].formula
    (0.71, "Che's approximation of LRU (2002) with a TTL")
    """
    said: dict[str, Said] = {}
    silent: dict[str, str] = {}
    try:
        found, way, moving = _steady_state(scenario, silent)
    except Silent as reason:
        return Prediction(scenario, said, {"everything": str(reason), **silent})
    _tell_hits(scenario, found, said, silent)
    _tell_load(scenario, way, moving, said)
    try:
        reads, writes = latencies(scenario, way, moving)
        assumes = ("Poisson arrivals at every tier",)
        if isinstance(scenario.workload, ClosedLoop):
            assumes = ("approximate unless services are exponential",)
        said["read_mean"] = Said(reads, moving.formula, assumes)
        if scenario.workload.reads < 1:  # type: ignore[attr-defined]
            said["write_mean"] = Said(writes, moving.formula, assumes)
    except Silent as reason:
        silent["read_mean, write_mean"] = str(reason)
    return Prediction(scenario, said, silent)


def _steady_state(scenario: Scenario, silent: dict[str, str]) -> tuple[Cached | None, Path, Flow]:
    """Return hits, visits and flow; in a closed loop they depend on each other, and rounds settle them."""
    workload = scenario.workload
    if type(workload) not in (OpenLoop, ClosedLoop):
        raise Silent(f"{type(workload).__name__}: its requests are not drawn by a law")
    if workload.asks_queries:
        raise Silent("queries: this theory knows rows; cs.theory has formulas of cached results")
    if scenario.fleet is not None:
        raise Silent(
            f"{type(scenario.fleet).__name__}: this theory knows one node; cs.theory has formulas of fleets"
        )
    if scenario.database.units(scenario.seed) is not None:
        raise Silent("DynamoDB: copies of an item, and units of capacity, are not in this theory")
    if getattr(scenario, "faults", ()):
        raise Silent("faults: a run with faults is in no steady state")
    if type(scenario.strategy) not in KNOWN:
        raise Silent(
            f"{type(scenario.strategy).__name__}: the visits of this strategy are not known"
        )
    room = functools.cache(functools.partial(capacity, scenario))  # it takes longest: once
    if not isinstance(workload, ClosedLoop):
        return _at(scenario, workload.rate, room, silent)  # type: ignore[attr-defined]
    rate = workload.clients / (workload.think.mean + 1e-3)
    for _ in range(ROUNDS):
        found, way, moving = _at(scenario, rate, room, silent)
        rate = (rate + moving.throughput) / 2 if rate != moving.throughput else rate
    return found, way, moving


def _at(
    scenario: Scenario, rate: float, room: Callable[[], float], silent: dict[str, str]
) -> tuple[Cached | None, Path, Flow]:
    """Return hits, visits and flow when requests come at this rate."""
    try:
        found: Cached | None = cached(scenario, rate, room)
    except Silent as reason:
        if type(scenario.strategy) is not NoCache and scenario.workload.reads:  # type: ignore[attr-defined]
            raise
        silent["hit_ratio"] = str(reason)
        found = None
    way = path(scenario, found.hit if found else 0.0)
    return found, way, flow(scenario, way)


def _tell_hits(
    scenario: Scenario, found: Cached | None, said: dict[str, Said], silent: dict[str, str]
) -> None:
    if found is None:
        said["stale_ratio"] = Said(0.0, "the database's answer is the newest")
        return
    said["hit_ratio"] = Said(found.hit, found.formula, found.assumes)
    if found.stale is None:
        silent["stale_ratio"] = "copies that nothing ends grow staler as long as the run goes on"
        return
    formula = "races apart" if found.stale == 0 else f"age of the copies; {found.formula}"
    said["stale_ratio"] = Said(found.stale, formula, found.assumes)


def _tell_load(scenario: Scenario, way: Path, moving: Flow, said: dict[str, Said]) -> None:
    rate = moving.throughput
    closed = isinstance(scenario.workload, ClosedLoop)
    said["throughput"] = Said(rate, moving.formula if closed else "all that comes is served")
    said["db_queries_per_s"] = Said(rate * way.database.visits, "visits: misses and writes")
    for name, tier in (("db_utilization", way.database), ("cache_utilization", way.cache)):
        load = rate * tier.demand / tier.workers
        said[name] = Said(min(1.0, load), "utilization law U = X S / c")
