"""The metrics: each a function of a history and one row of the list METRICS.

A history goes in, a float comes out: seconds, or a share between 0 and 1; NaN where nothing was measured (a hit
ratio without a cache, the age of stale reads when no read was stale).

A new metric is a function in the file of its family and a row in OURS. A metric of your own: `add`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cachesim.errors import BadInput
from cachesim.measure.metrics.arithmetic import select
from cachesim.measure.metrics.counts import (
    availability,
    error_ratio,
    errors,
    requests,
    throughput,
)
from cachesim.measure.metrics.hits import hit_ratio, miss_kinds, misses
from cachesim.measure.metrics.latencies import (
    latency,
    read_mean,
    read_p50,
    read_p99,
    write_mean,
    write_p50,
    write_p99,
)
from cachesim.measure.metrics.row import COUNT, DOWN, UP, Metric, MetricFunction
from cachesim.measure.metrics.stale import (
    answered,
    stale_ratio,
    stale_ratio_committed,
    stale_reads,
    staleness_age_p95,
    versions_behind_mean,
)
from cachesim.measure.metrics.tiers import (
    cache_errors,
    cache_utilization,
    db_queries_per_s,
    db_utilization,
    evictions,
    expirations,
    retries,
    timeouts,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "METRICS", "Metric", "MetricFunction", "add", "added", "answered", "availability",
    "cache_errors", "cache_utilization", "db_queries_per_s", "db_utilization", "error_ratio",
    "errors", "evictions", "expirations", "hit_ratio", "known", "latency", "measure",
    "miss_kinds", "misses", "read_mean", "read_p50", "read_p99", "requests", "retries", "select",
    "shown_in", "stale_ratio", "stale_ratio_committed", "stale_reads", "staleness_age_p95",
    "throughput", "timeouts", "versions_behind_mean", "write_mean", "write_p50", "write_p99",
]  # fmt: skip

OURS = (
    Metric(hit_ratio, "%", UP, "comparison differences report", ("hits more", "hits less")),
    Metric(stale_ratio, "%", DOWN, "comparison differences report",
           ("serves more stale reads", "serves fewer stale reads")),
    Metric(stale_ratio_committed, "%", DOWN),
    Metric(staleness_age_p95, "s", DOWN, "comparison differences"),
    Metric(versions_behind_mean, "versions", DOWN),
    Metric(read_mean, "ms", DOWN),
    Metric(read_p50, "ms", DOWN, "comparison differences"),
    Metric(read_p99, "ms", DOWN, "comparison differences report",
           ("has the slower read p99", "has the faster read p99")),
    Metric(write_mean, "ms", DOWN),
    Metric(write_p50, "ms", DOWN, "comparison differences", ("has the slower writes", "has the faster writes")),
    Metric(write_p99, "ms", DOWN, "comparison"),
    Metric(throughput, "requests/s", UP),
    Metric(db_queries_per_s, "queries/s", DOWN, "comparison differences report",
           ("asks the database more", "asks the database less")),
    Metric(db_utilization, "%", DOWN),
    Metric(cache_utilization, "%", DOWN),
    Metric(evictions, COUNT, DOWN, "comparison"),
    Metric(expirations, COUNT, DOWN),
    Metric(cache_errors, COUNT, DOWN),
    Metric(errors, COUNT, DOWN),
    Metric(requests, COUNT, UP),
    Metric(error_ratio, "%", DOWN),
    Metric(availability, "%", UP),
    Metric(retries, COUNT, DOWN),
    Metric(timeouts, COUNT, DOWN),
)  # fmt: skip

METRICS = {metric.name: metric for metric in OURS}  # every table, plot and file follows this list
RESERVED = ("case", "replication", "seed", "engine", "failure")  # other columns of a frame


def add(
    function: MetricFunction,
    *,
    unit: str = "",
    better: str = "",
    tables: str = "",
    words: tuple[str, str] = ("", ""),
) -> Metric:
    """Add a metric of your own to METRICS; every run from now on measures it. `Metric` explains the arguments.

    To add it again replaces it, as when a cell of a notebook runs again.

    Raises
    ------
    BadInput
        No unit, no direction, an unknown table, or a name that is taken.

    Examples
    --------
    >>> def slow_reads(history):
    ...     return (latency(history, "read") > 0.010).mean()
    >>> add(slow_reads, unit="%", better="down", tables="comparison").name
    'slow_reads'
    >>> del METRICS["slow_reads"]
    """
    metric = Metric(function, unit, better, tables, words)
    if metric.name in RESERVED or any(metric.name == ours.name for ours in OURS):
        raise BadInput(f'the name "{metric.name}" is taken; give your metric another one')
    METRICS[metric.name] = metric
    return metric


def added() -> tuple[Metric, ...]:
    """Return the metrics that do not come with the package."""
    return tuple(metric for metric in METRICS.values() if metric not in OURS)


def shown_in(table: str) -> list[str]:
    """Return the names of the metrics that a table shows, one of `metric.TABLES`.

    >>> shown_in("report")
    ['hit_ratio', 'stale_ratio', 'read_p99', 'db_queries_per_s']
    """
    return [name for name, metric in METRICS.items() if table in metric.tables.split()]


def known(name: str, asked: str = "metric") -> Metric:
    """Return the metric of this name.

    Raises
    ------
    BadInput
        There is none; `asked` says which argument named it.
    """
    if str(name) not in METRICS:
        raise BadInput(
            f'{asked} "{name}" is unknown; choose from {", ".join(METRICS)}, '
            "or add your own with cs.metrics.add"
        )
    return METRICS[str(name)]


def measure(history: pd.DataFrame, metrics: Iterable[Metric] | None = None) -> dict[str, float]:
    """Measure a history: the value of every metric, or of these `metrics`, by name."""
    rows = METRICS.values() if metrics is None else metrics
    return {metric.name: metric.of(history) for metric in rows}
