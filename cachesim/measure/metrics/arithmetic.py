"""The arithmetic that metrics share: rows of one kind, means, quantiles, growth of a counter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def select(history: pd.DataFrame, op: str) -> pd.DataFrame:
    """Return the rows of one kind: "read", "write" or "sample"."""
    return history[history["op"] == op]


def mean(values: pd.Series) -> float:
    """Return the mean; NaN if there are no values."""
    return float(values.astype(float).mean()) if len(values) else math.nan


def quantile(values: pd.Series, q: float) -> float:
    """Return a quantile, such as 0.99; NaN if there are no values."""
    return float(np.quantile(values.to_numpy(dtype=float), q)) if len(values) else math.nan


def growth(history: pd.DataFrame, counter: str) -> float:
    """Return how much a counter grew between the first and the last sample; NaN without two samples."""
    counts = history[counter].dropna()
    return float(counts.iloc[-1] - counts.iloc[0]) if len(counts) > 1 else math.nan


def rate(history: pd.DataFrame, counter: str) -> float:
    """Return the growth of a counter per second between the first and the last sample."""
    counts = select(history, "sample")
    span = float(counts["end"].iloc[-1] - counts["end"].iloc[0]) if len(counts) > 1 else 0.0
    return growth(history, counter) / span if span > 0 else math.nan


def per_second(amount: float, history: pd.DataFrame) -> float:
    """Return an amount divided by the seconds from the first begin to the last end."""
    span = float(history["end"].max() - history["begin"].min()) if len(history) else 0.0
    return amount / span if span > 0 else math.nan
