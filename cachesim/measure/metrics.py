"""What a history says: each metric is a pure function `history -> float`, NaN where it is undefined.

Undefined means that nothing was measured (a hit ratio without a cache, the age of stale reads when none
was stale). Times are seconds, ratios lie between 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Metric = Callable[["pd.DataFrame"], float]


def select(history: pd.DataFrame, op: str) -> pd.DataFrame:
    """Return the rows of one kind: "read", "write" or "sample"."""
    return history[history["op"] == op]


def requests(history: pd.DataFrame) -> float:
    """Return how many requests ended."""
    return float((history["op"] != "sample").sum())


def errors(history: pd.DataFrame) -> float:
    """Return how many requests failed."""
    return float(history["error"].notna().sum())


def error_ratio(history: pd.DataFrame) -> float:
    """Return the share of the requests that failed; NaN if there were none."""
    rows = history[history["op"] != "sample"]
    return _mean(rows["error"].notna())


def availability(history: pd.DataFrame) -> float:
    """Return the share of the requests that were answered; NaN if there were none."""
    return 1 - error_ratio(history)


def hit_ratio(history: pd.DataFrame) -> float:
    """Return the share of reads that asked the cache and found the key; NaN if none asked.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> for lookup in ("cold", "hit", "hit", None):
    ...     recorder.request((0, "read", "k", 0.0, 0.5, lookup, 0, 0, 0, 0, None))
    >>> round(hit_ratio(recorder.history()), 3)
    0.667
    """
    lookups = select(history, "read")["lookup"].dropna()
    return _mean(lookups == "hit")


def misses(history: pd.DataFrame) -> dict[str, int]:
    """Return, for each kind of miss that occurred, how many reads missed so."""
    lookups = select(history, "read")["lookup"].dropna()
    counts = lookups[lookups != "hit"].value_counts().sort_index()
    return {str(kind): int(count) for kind, count in counts.items() if count}


def miss_kinds(history: pd.DataFrame) -> dict[str, float]:
    """Return, for each kind of miss that occurred, its share of the reads that asked the cache."""
    asked = select(history, "read")["lookup"].count()
    return {kind: count / asked for kind, count in misses(history).items()}


def stale_ratio(history: pd.DataFrame) -> float:
    """Return the share of the successful reads that returned an older version than they had to.

    Stale: older than the newest version whose write had been acknowledged to its client before the
    read was invoked. No reader or writer can argue with that.

    References
    ----------
    Lamport, "On interprocess communication", Distributed Computing 1 (1986): the regular register.
    """
    return _stale_share(history, "acknowledged")


def stale_ratio_committed(history: pd.DataFrame) -> float:
    """Return the same against the newest version *committed*, whether or not its writer knew."""
    return _stale_share(history, "committed")


def versions_behind_mean(history: pd.DataFrame) -> float:
    """Return how many acknowledged versions a read lags behind, the mean over all successful reads.

    References
    ----------
    Bailis et al., "Probabilistically bounded staleness", PVLDB 5(8), 2012: k-staleness.
    """
    reads = answered(history)
    return _mean((reads["acknowledged"] - reads["version"]).clip(lower=0))


def stale_reads(history: pd.DataFrame) -> pd.DataFrame:
    """Return the stale reads; their column `age` says how old their staleness is, in seconds.

    The age of a stale read is how long before it was invoked the first version newer than the one it
    returned had been acknowledged (t-visibility after Bailis et al. 2012). It is part of a history, for
    the write that outdated a copy may lie before the part that is measured.
    """
    reads = answered(history)
    return reads[reads["acknowledged"] > reads["version"]]


def staleness_age_p95(history: pd.DataFrame) -> float:
    """Return the 95th percentile of the age of the stale reads, in seconds; NaN if none was stale."""
    return _quantile(stale_reads(history)["age"].dropna(), 0.95)


def latency(history: pd.DataFrame, op: str) -> pd.Series:
    """Return the seconds from begin to end of every successful request of one kind."""
    rows = select(history, op)
    rows = rows[rows["error"].isna()]
    return rows["end"] - rows["begin"]


def read_mean(history: pd.DataFrame) -> float:
    """Return the mean latency of reads in seconds, which is what queueing theory speaks of."""
    return _mean(latency(history, "read"))


def write_mean(history: pd.DataFrame) -> float:
    """Return the mean latency of writes in seconds."""
    return _mean(latency(history, "write"))


def read_p50(history: pd.DataFrame) -> float:
    """Return the median latency of reads in seconds."""
    return _quantile(latency(history, "read"), 0.50)


def read_p99(history: pd.DataFrame) -> float:
    """Return the 99th percentile of the latency of reads in seconds."""
    return _quantile(latency(history, "read"), 0.99)


def write_p50(history: pd.DataFrame) -> float:
    """Return the median latency of writes in seconds."""
    return _quantile(latency(history, "write"), 0.50)


def write_p99(history: pd.DataFrame) -> float:
    """Return the 99th percentile of the latency of writes in seconds."""
    return _quantile(latency(history, "write"), 0.99)


def throughput(history: pd.DataFrame) -> float:
    """Return the requests that ended per second of the history's span."""
    return _per_second(requests(history), history)


def db_queries_per_s(history: pd.DataFrame) -> float:
    """Return the database queries per second between the first and the last sample."""
    return _rate(history, "db_queries")


def db_utilization(history: pd.DataFrame) -> float:
    """Return the share of the time that the database's connections were busy, the mean over the pool."""
    return _rate(history, "db_busy")


def cache_utilization(history: pd.DataFrame) -> float:
    """Return the share of the time that the cache node's workers were busy, the mean over them."""
    return _rate(history, "cache_busy")


def evictions(history: pd.DataFrame) -> float:
    """Return how many keys were evicted between the first and the last sample."""
    return _growth(history, "evictions")


def expirations(history: pd.DataFrame) -> float:
    """Return how many keys were removed because they had expired, between the first and last sample."""
    return _growth(history, "expirations")


def cache_errors(history: pd.DataFrame) -> float:
    """Return how many commands the cache refused or never answered, between the first and last sample."""
    return _growth(history, "cache_errors")


def retries(history: pd.DataFrame) -> float:
    """Return how many calls of a tier were repeated between the first and the last sample."""
    return _growth(history, "retries")


def timeouts(history: pd.DataFrame) -> float:
    """Return how many calls of a tier their client gave up between the first and the last sample."""
    return _growth(history, "timeouts")


METRICS: dict[str, Metric] = {
    metric.__name__: metric
    for metric in (
        hit_ratio, stale_ratio, staleness_age_p95, versions_behind_mean, read_p50, read_p99, write_p50, write_p99,
        throughput, db_queries_per_s, db_utilization, cache_utilization, evictions, expirations, cache_errors, errors,
        requests, error_ratio, retries, timeouts,
    )
}  # fmt: skip

HIGHER_IS_BETTER = ("hit_ratio", "throughput", "requests")  # of every other metric, less is better


def measure(history: pd.DataFrame) -> dict[str, float]:
    """Return every metric of a history, by name."""
    return {name: metric(history) for name, metric in METRICS.items()}


def answered(history: pd.DataFrame) -> pd.DataFrame:
    """Return the reads that gave a value whose version is known."""
    reads = select(history, "read")
    return reads[reads["version"].notna() & reads["error"].isna()]


def _stale_share(history: pd.DataFrame, against: str) -> float:
    reads = answered(history)
    return _mean(reads[against] > reads["version"])


def _mean(values: pd.Series) -> float:
    return float(values.astype(float).mean()) if len(values) else math.nan


def _quantile(values: pd.Series, q: float) -> float:
    return float(np.quantile(values.to_numpy(dtype=float), q)) if len(values) else math.nan


def _growth(history: pd.DataFrame, counter: str) -> float:
    counts = history[counter].dropna()
    return float(counts.iloc[-1] - counts.iloc[0]) if len(counts) > 1 else math.nan


def _rate(history: pd.DataFrame, counter: str) -> float:
    counts = select(history, "sample")
    span = float(counts["end"].iloc[-1] - counts["end"].iloc[0]) if len(counts) > 1 else 0.0
    return _growth(history, counter) / span if span > 0 else math.nan


def _per_second(amount: float, history: pd.DataFrame) -> float:
    span = float(history["end"].max() - history["begin"].min()) if len(history) else 0.0
    return amount / span if span > 0 else math.nan
