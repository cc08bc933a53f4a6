"""What tests of strategy exercises say about histories: which request it was, and where two runs part."""

from typing import Any

import pandas as pd

from cachesim.experiments.run import run
from cachesim.experiments.scenario import Scenario

COLUMNS = ["op", "key", "begin", "end", "lookup", "write", "version", "acknowledged", "committed"]
COMPARED = {"lookup": "found in the cache", "version": "version", "end": "answered at"}


def requests_of(scenario: Scenario) -> pd.DataFrame:
    """Run a scenario; return its requests, a row each, without the samples of the tiers.

    >>> sorted(set(requests_of(Scenario(duration=1, warmup=0)).op))
    ['read', 'write']
    """
    history = run(scenario).history
    return history[history["op"] != "sample"][COLUMNS].reset_index(drop=True)


def of(history: pd.DataFrame, op: str) -> pd.DataFrame:
    """Return the reads, or the writes."""
    return history[history["op"] == op]


def told(row: Any) -> str:
    """Say which request a row is."""
    return f"the {row['op']} of {row['key']} at t={row['begin']:.3f} s"


def first_stale(history: pd.DataFrame) -> str | None:
    """Say which read returned an older version than had been acknowledged before it began; None if none did.

    >>> first_stale(requests_of(Scenario(duration=5, warmup=0)))
    'the read of ... s returned version ...; version ... was acknowledged at t=... s'
    """
    reads, writes = of(history, "read"), of(history, "write")
    late = reads[reads["version"].fillna(-1) < reads["acknowledged"]]
    if late.empty:
        return None
    row = late.iloc[0]
    newest = writes[(writes["key"] == row["key"]) & (writes["version"] == row["acknowledged"])]
    when = f" at t={newest['end'].iloc[0]:.3f} s" if len(newest) else " before"
    seen = "nothing" if pd.isna(row["version"]) else f"version {int(row['version'])}"
    newer = int(row["acknowledged"])
    return f"{told(row)} returned {seen}; version {newer} was acknowledged{when}"


def first_difference(mine: pd.DataFrame, right: pd.DataFrame) -> str:
    """Say which request goes another way than with the reference, and how."""
    if len(mine) != len(right):
        return f"{len(mine)} requests were answered, expected {len(right)}"
    for (_, a), (_, b) in zip(mine.iterrows(), right.iterrows(), strict=True):
        for column, what in COMPARED.items():
            if str(a[column]) != str(b[column]):
                return f"{told(b)}: {what}: {a[column]}, expected {b[column]}"
    return "the two runs differ"
