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


def first_difference(mine: pd.DataFrame, right: pd.DataFrame) -> str:
    """Say which request goes another way than with the reference, and how."""
    if len(mine) != len(right):
        return f"{len(mine)} requests were answered, expected {len(right)}"
    for (_, a), (_, b) in zip(mine.iterrows(), right.iterrows(), strict=True):
        for column, what in COMPARED.items():
            if str(a[column]) != str(b[column]):
                return f"{told(b)}: {what}: {a[column]}, expected {b[column]}"
    return "the two runs differ"
