"""How long requests took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachesim.measure.metrics.arithmetic import mean, quantile, select

if TYPE_CHECKING:
    import pandas as pd


def latency(history: pd.DataFrame, op: str) -> pd.Series:
    """Return the seconds from begin to end of every successful request of one kind."""
    rows = select(history, op)
    rows = rows[rows["error"].isna()]
    return rows["end"] - rows["begin"]


def read_mean(history: pd.DataFrame) -> float:
    """Return the mean latency of reads in seconds, which queueing theory predicts."""
    return mean(latency(history, "read"))


def write_mean(history: pd.DataFrame) -> float:
    """Return the mean latency of writes in seconds."""
    return mean(latency(history, "write"))


def read_p50(history: pd.DataFrame) -> float:
    """Return the median latency of reads in seconds."""
    return quantile(latency(history, "read"), 0.50)


def read_p99(history: pd.DataFrame) -> float:
    """Return the 99th percentile of the latency of reads in seconds."""
    return quantile(latency(history, "read"), 0.99)


def write_p50(history: pd.DataFrame) -> float:
    """Return the median latency of writes in seconds."""
    return quantile(latency(history, "write"), 0.50)


def write_p99(history: pd.DataFrame) -> float:
    """Return the 99th percentile of the latency of writes in seconds."""
    return quantile(latency(history, "write"), 0.99)
