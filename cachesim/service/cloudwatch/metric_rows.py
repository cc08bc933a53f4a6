"""The metrics of a node: each is a row of data/metrics.csv, computed from what the node counts."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

Counted = Mapping[str, float]  # what a node has counted so far, and its levels

FIVE = 300  # seconds between two values of the credits


class MetricRow(NamedTuple):
    """One metric. `how` says what its value in a minute is.

    "level": the counter at the end; "delta": what it grew by; "share": that of the seconds, in percent;
    "ratio": the first one's part of all, in percent; "mean": seconds of the first one for each of the
    others, in microseconds; "credits": the balance of a node type that lives on CPU credits.
    """

    metric: str
    engine: str  # redis, memcached or both
    unit: str
    how: str
    counters: str
    role: str  # whose it is: primary or replica; empty: both
    source: str

    def value(self, before: Counted, after: Counted, seconds: float) -> float | None:
        """Return the value of an interval; None: nothing is sent.

        >>> row = metric_rows("redis")["CacheHitRate"]
        >>> row.value({}, {"keyspace_hits": 3, "keyspace_misses": 1}, 60), row.value({}, {}, 60)
        (75.0, None)
        """
        first, *others = self.counters.split()
        if self.how == "level":
            return after.get(first, 0.0)
        grown = _grown(first, before, after)
        if self.how == "share":
            return min(100.0, 100 * grown / seconds)
        if self.how == "delta":
            return grown
        rest = sum(_grown(name, before, after) for name in others)
        if self.how == "mean":
            return 1e6 * grown / rest if rest else None
        return 100 * grown / (grown + rest) if grown + rest else None


def _grown(name: str, before: Counted, after: Counted) -> float:
    """Return the growth of a counter; after a restart it counts from 0 again."""
    new, old = after.get(name, 0.0), before.get(name, 0.0)
    return new - old if new >= old else new


@cache
def metric_rows(engine: str) -> dict[str, MetricRow]:
    """Return the metrics of an engine by their names.

    >>> "CacheHitRate" in metric_rows("memcached"), metric_rows("memcached")["CmdGets"].unit
    (False, 'Count')
    """
    text = files("cachesim.service").joinpath("data/metrics.csv").read_text()
    rows = [MetricRow(**row) for row in csv.DictReader(text.splitlines())]
    own = "redis" if engine == "valkey" else engine
    return {row.metric: row for row in rows if row.engine in (own, "both")}
