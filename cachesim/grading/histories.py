"""Checks of histories for strategy exercises: which request went wrong, what happened, and what is right."""

from typing import Any

import pandas as pd

from cachesim.experiments.run import run
from cachesim.scenario import Scenario

COLUMNS = ["op", "key", "begin", "end", "lookup", "write", "version", "acknowledged", "committed"]
COLUMNS += ["age", "error"]
TRIP, QUERY = 0.001, 0.01  # seconds, in a quiet run: to the cache and back; a query or a commit
SLACK = (
    1.5 * TRIP
)  # by which a request of a right design may take longer than that of the reference
ROUNDING = 1e-9  # seconds
LOOKUPS = {
    "hit": "found the key in the cache",
    "cold": "missed: the key had never been stored in the cache",
    "expired": "missed: the time of the copy was over",
    "invalidated": "missed: the copy had been deleted",
    "evicted": "missed: the copy had been evicted",
}


def requests_of(scenario: Scenario) -> pd.DataFrame:
    """Run a scenario; return its requests, one row per request, without the samples of the tiers.

    >>> sorted(set(requests_of(Scenario(duration=1, warmup=0)).op))
    ['read', 'write']
    """
    return rows_of(run(scenario).history)


def rows_of(history: pd.DataFrame) -> pd.DataFrame:
    """Return the requests of a history, with the columns that tests look at."""
    return history[history["op"] != "sample"][COLUMNS].reset_index(drop=True)


def of(history: pd.DataFrame, op: str) -> pd.DataFrame:
    """Return the reads, or the writes."""
    return history[history["op"] == op]


def told(row: Any) -> str:
    """Name the request of a row."""
    return f"the {row['op']} of {row['key']} at t={row['begin']:.3f} s"


def hits(history: pd.DataFrame) -> float:
    """Return the share of the reads that found their key in the cache; 0 without reads."""
    reads = of(history, "read")
    return float((reads["lookup"] == "hit").mean()) if len(reads) else 0.0


def first_empty(history: pd.DataFrame) -> str:
    """Say which read returned nothing; an empty text if none did."""
    reads = of(history, "read")
    empty = reads[reads["version"].isna() | (reads["version"] < 0)]
    return f"{_first(empty)} returned nothing, and the row is there" if len(empty) else ""


def first_lost(history: pd.DataFrame, least: float = 0.0) -> str:
    """Say which write was acknowledged without a commit, which takes at least so long; an empty text if none was."""
    writes = of(history, "write")
    took = writes["end"] - writes["begin"]
    lost = writes[writes["version"].isna() & writes["error"].isna()]
    early = writes[took < least - ROUNDING]
    if len(lost):
        return f"{_first(lost)} was acknowledged, and the database does not have it"
    return f"{_first(early)} ended before it was committed" if len(early) else ""


def _first(rows: pd.DataFrame) -> str:
    failed = rows.iloc[0]["error"]
    return told(rows.iloc[0]) + (f" failed ({failed}):" if isinstance(failed, str) else "")


def first_stale(history: pd.DataFrame, longest: float = 0.0) -> str:
    """Say which read returned a version that had been outdated for more than `longest` seconds; "" if none did.

    >>> first_stale(requests_of(Scenario(duration=5, warmup=0)))
    'the read of ... s returned version 0, ... s after a newer one had been acknowledged'
    """
    reads = of(history, "read")
    late = reads[reads["age"].astype(float) > longest]
    if late.empty:
        return ""
    row = late.iloc[0]
    return (
        f"{told(row)} returned version {int(row['version'])}, {row['age']:.3f} s after a newer one "
        "had been acknowledged"
    )


def first_difference(mine: pd.DataFrame, right: pd.DataFrame) -> str:
    """Name the first request at which a quiet run differs from the reference; an empty text if none does.

    Compared are what a read finds in the cache and which version it returns, what a write commits, and how long they
    take (one more trip to the cache is allowed); not in which order, or where, the work is done.

    >>> from cachesim.grading.scripts import quiet
    >>> from cachesim.model.strategies.lazy import LazyLoading
    >>> steps = [(1, "read", "a"), (4, "read", "a")]
    >>> first_difference(quiet(LazyLoading(ttl=3), steps), quiet(LazyLoading(ttl=5), steps))
    'the read of a at t=5.000 s missed: the time of the copy was over; right: found the key in the cache'
    """
    found = {row["begin"]: row for row in mine.to_dict("records")}
    rows = right.to_dict("records")
    return next(filter(None, (_difference(found.get(row["begin"]), row) for row in rows)), "")


def _difference(mine: Any, right: Any) -> str:
    if mine is None:
        return f"{told(right)} was never answered"
    took, enough = (row["end"] - row["begin"] for row in (mine, right))
    for seen, expected in (
        (_failed(mine), _failed(right)),
        (_found(mine), _found(right)),
        (_got(mine), _got(right)),
    ):
        if seen != expected:
            return f"{told(right)} {seen}; right: {expected}"
    if mine["op"] == "write" and took < QUERY - ROUNDING:
        return f"{told(right)} ended before it was committed"
    if took > enough + SLACK:
        return f"{told(right)} took {1000 * took:.0f} ms; {1000 * enough:.0f} ms are enough"
    return ""


def _failed(row: Any) -> str:
    return f"failed ({row['error']})" if isinstance(row["error"], str) else "did not fail"


def _found(row: Any) -> str:
    if row["op"] == "write":
        return ""
    return LOOKUPS.get(row["lookup"], "did not look into the cache")


def _got(row: Any) -> str:
    did = "returned" if row["op"] == "read" else "committed"
    version = row["version"]
    return f"{did} nothing" if pd.isna(version) or version < 0 else f"{did} version {int(version)}"
