"""How large an effect is: functions that measure it in a history."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cachesim.measure import checks
from cachesim.measure.checks.verdict import requests_of
from cachesim.measure.metrics import latency
from cachesim.units import MS

if TYPE_CHECKING:
    import pandas as pd


def poisoned_fills(history: pd.DataFrame) -> float:
    """Return the share of fills that ended after a newer version had been acknowledged."""
    return poisoned_fills_after(0.0)(history)


def poisoned_fills_after(wait: float) -> Callable[[pd.DataFrame], float]:
    """Return a measure: the share of fills that ended `wait` seconds or more after a newer version was known."""

    def poisoned(history: pd.DataFrame) -> float:
        fills = checks.missed(history)
        return _outdated(history, fills.assign(end=fills["end"] - wait))

    return poisoned


def poisoned_fetches(history: pd.DataFrame) -> float:
    """Return the share of reads of the shared cache that ended after a newer version had been acknowledged."""
    rows = requests_of(history)
    return _outdated(history, rows[(rows["op"] == "read") & rows["lookup"].notna()])


def old_near_reads(history: pd.DataFrame) -> float:
    """Return the share of reads from a near cache whose value had been outdated for more than 1 ms."""
    rows = requests_of(history)
    near = rows[(rows["op"] == "read") & rows["lookup"].isna()]
    return _share(near["age"] > MS)


def _outdated(history: pd.DataFrame, reads: pd.DataFrame) -> float:
    """Return the share of reads that ended after a newer version had been acknowledged."""
    import pandas as pd

    reads = reads[["key", "version", "end"]].sort_values("end", kind="stable")
    known = _acknowledged(requests_of(history))
    found = pd.merge_asof(reads, known, on="end", by="key", allow_exact_matches=False)
    return _share((found["newest"] > found["version"]).fillna(False))


def _acknowledged(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the newest acknowledged version of each key over time: columns key, end, newest."""
    writes = rows[(rows["op"] == "write") & rows["version"].notna()]
    writes = writes[["key", "version", "end"]].sort_values("end", kind="stable")
    newest = writes.groupby("key")["version"].cummax().astype("int64")
    return writes[["key", "end"]].assign(newest=newest)


def writes_undone(history: pd.DataFrame) -> float:
    """Return the share of writes whose next read returned an older version."""
    import pandas as pd

    rows = requests_of(history)
    writes = rows[(rows["op"] == "write") & rows["version"].notna()][["key", "version", "end"]]
    reads = rows[(rows["op"] == "read") & rows["version"].notna()]
    reads = reads[["key", "version", "begin"]].rename(columns={"version": "seen"})
    found = pd.merge_asof(
        writes.sort_values("end", kind="stable"),
        reads.sort_values("begin", kind="stable"),
        left_on="end",
        right_on="begin",
        by="key",
        direction="forward",
    ).dropna(subset="seen")
    return _share(found["seen"] < found["version"])


def copies_read(cause: str) -> Callable[[pd.DataFrame], float]:
    """Return a measure: the number of copies with this cause that were read stale, per write."""

    def read(history: pd.DataFrame) -> float:
        writes = int((history["op"] == "write").sum())
        causes = checks.stale_causes(history)
        found = causes[causes["cause"] == cause].drop_duplicates(["key", "version"])
        return len(found) / writes if writes else math.nan

    return read


def loads_per_herd(history: pd.DataFrame) -> float:
    """Return the number of queries per herd; misses of one key that overlap in time are one herd."""
    count = checks.herds(history).nunique()
    return queries(history) / count if count else math.nan


def queries(history: pd.DataFrame) -> float:
    """Return the number of queries that the database got between the first and the last sample."""
    counts = history["db_queries"].dropna()
    return float(counts.iloc[-1] - counts.iloc[0]) if len(counts) else math.nan


def mean_read(history: pd.DataFrame) -> float:
    """Return the mean latency of reads in seconds."""
    times = latency(history, "read")
    return float(times.mean()) if len(times) else math.nan


def mean_read_within(spans: Sequence[tuple[float, float]]) -> Callable[[pd.DataFrame], float]:
    """Return a measure: the mean latency of the reads that begin within these spans of time."""

    def within(history: pd.DataFrame) -> float:
        begin = history["begin"]
        inside = np.logical_or.reduce([begin.between(*span) for span in spans])
        return mean_read(history[inside])

    return within


def _share(holds: pd.Series) -> float:
    return float(np.mean(holds.astype(float))) if len(holds) else math.nan


def peak_queries(history: pd.DataFrame) -> float:
    """Return the highest rate of queries between two consecutive samples, per second."""
    looks = history[history["op"] == "sample"]
    spans, counts = np.diff(looks["begin"]), np.diff(looks["db_queries"])
    return float((counts[spans > 0] / spans[spans > 0]).max()) if len(looks) > 1 else math.nan


def refused(history: pd.DataFrame) -> float:
    """Return the share of the requests that failed."""
    rows = history[history["op"] != "sample"]
    return _share(rows["error"].notna())


def misses(history: pd.DataFrame) -> float:
    """Compute the share of the reads that did not find their key in the cache."""
    reads = history[history["op"] == "read"]
    return _share(reads["lookup"] != "hit")


def misses_of(keys: Sequence[str]) -> Callable[[pd.DataFrame], float]:
    """Return a measure: the share of the reads of these keys that missed."""
    wanted = set(keys)

    def missed(history: pd.DataFrame) -> float:
        rows = requests_of(history)
        reads = rows[(rows["op"] == "read") & rows["key"].isin(wanted)]
        return _share(reads["lookup"] != "hit")

    return missed


def between(
    since: float, until: float, effect: Callable[[pd.DataFrame], float]
) -> Callable[[pd.DataFrame], float]:
    """Return the same measure for the requests that began between two moments."""

    def part(history: pd.DataFrame) -> float:
        return effect(history[(history["begin"] >= since) & (history["begin"] < until)])

    return part


def first_reads_stale(since: float) -> Callable[[pd.DataFrame], float]:
    """Return a measure: the share of stale reads among the first requests for each key after a moment."""

    def stale(history: pd.DataFrame) -> float:
        rows = requests_of(history)
        first = rows[rows["begin"] >= since].drop_duplicates("key")
        reads = first[(first["op"] == "read") & first["version"].notna()]
        return _share(reads["acknowledged"] > reads["version"])

    return stale


def load_factor(at: float, window: float) -> Callable[[pd.DataFrame], float]:
    """Return a measure: the database's load just after a moment, divided by its load before."""

    def factor(history: pd.DataFrame) -> float:
        looks = history[history["op"] == "sample"]
        counts = np.interp([at, at + window], looks["begin"], looks["db_queries"])
        begin, first = float(looks["begin"].iloc[0]), float(looks["db_queries"].iloc[0])
        before = (counts[0] - first) / (at - begin)
        return float((counts[1] - counts[0]) / window / before)

    return factor


def lost_for_each(crashes: int) -> Callable[[pd.DataFrame], float]:
    """Return a measure: the number of acknowledged writes that were lost per crash."""
    return lambda history: checks.lost_writes(history).violations / crashes


def lost_by_each(failovers: int) -> Callable[[pd.DataFrame], float]:
    """Return a measure: the number of acknowledged writes that were lost per failover (column `lost`)."""
    return lambda history: float(requests_of(history)["lost"].sum()) / failovers


def own_writes_missed(history: pd.DataFrame) -> float:
    """Return the share of the reads that saw an older version than their client had written."""
    return checks.read_your_writes(history).violations / int((history["op"] == "read").sum())


def cold_reads(history: pd.DataFrame) -> float:
    """Return the number of reads that the cache answered, and whose key was not there."""
    return float((checks.missed(history)["lookup"] != "unreachable").sum())


def seconds_refused(rate: float) -> Callable[[pd.DataFrame], float]:
    """Return a measure: for how many seconds of a load of so many requests per second the answer was an error."""
    return lambda history: float(history["error"].notna().sum()) / rate
