"""Theory beside what a run measured: the rows of a result's table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cachesim.measure.metrics import read_mean, write_mean
from cachesim.measure.tables import show
from cachesim.predict.prediction import MEANS, Prediction

if TYPE_CHECKING:
    import pandas as pd

HEADER = ["metric", "value", "theory"]


def beside(
    metrics: Mapping[str, float], measured: pd.DataFrame, predicted: Prediction
) -> list[list[str]]:
    """Return a row a metric: its name, its value, what theory says; mean latencies come last."""
    values = {**metrics, "read_mean": read_mean(measured), "write_mean": write_mean(measured)}
    return [
        [name, show(MEANS.get(name, name), value), predicted.shown(name)]
        for name, value in values.items()
    ]
