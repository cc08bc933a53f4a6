"""A history as a series: one value of a metric per second of simulated time, or per longer piece."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cachesim.errors import BadInput
from cachesim.measure.metrics import MetricFunction

if TYPE_CHECKING:
    import pandas as pd


def series(history: pd.DataFrame, metric: MetricFunction, every: float) -> list[float]:
    """Return the metric for every piece of `every` seconds, from 0 to the last request; NaN where undefined.

    A request belongs to the piece in which it began.

    Raises
    ------
    BadInput
        `every` is not above 0.

    Examples
    --------
    >>> from cachesim.measure.history import Recorder
    >>> from cachesim.measure.metrics import hit_ratio
    >>> recorder = Recorder()
    >>> for begin, lookup in (0.1, "cold"), (0.2, "hit"), (2.5, "hit"):
    ...     recorder.request((0, "read", "k", begin, begin + 0.1, lookup, 0, 0, 0, 0, None))
    >>> series(recorder.history(), hit_ratio, every=1.0)
    [0.5, nan, 1.0]
    """
    if not every > 0:
        raise BadInput(f"every must be > 0 seconds, got {every}")
    number = np.floor(history["begin"] / every).astype(int)
    parts = dict(iter(history.groupby(number)))
    asked = number[history["op"] != "sample"]
    last = int(asked.max()) if len(asked) else -1
    return [metric(parts[n]) if n in parts else math.nan for n in range(last + 1)]
