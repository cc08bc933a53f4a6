"""How many requests ended, how many of them failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachesim.measure.metrics.arithmetic import mean, per_second

if TYPE_CHECKING:
    import pandas as pd


def requests(history: pd.DataFrame) -> float:
    """Return the number of requests that ended."""
    return float((history["op"] != "sample").sum())


def errors(history: pd.DataFrame) -> float:
    """Return the number of requests that failed."""
    return float(history["error"].notna().sum())


def error_ratio(history: pd.DataFrame) -> float:
    """Return the share of the requests that failed; NaN if there were none."""
    rows = history[history["op"] != "sample"]
    return mean(rows["error"].notna())


def availability(history: pd.DataFrame) -> float:
    """Return the share of the requests that were answered; NaN if there were none."""
    return 1 - error_ratio(history)


def throughput(history: pd.DataFrame) -> float:
    """Return the number of requests that ended, per second of the history."""
    return per_second(requests(history), history)
