"""An oracle is a number that theory knows; each of its points gives one row.

An oracle has a closed form (`predict`) and a way to measure the same number in one independent run of the real
model (`simulate`). At each point, several runs with different seeds give a 99 % Student-t interval of the mean.
The prediction must lie inside the interval, and the interval must be narrow: a wide one would prove nothing.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from zlib import crc32

from cachesim.measure.statistics import interval
from cachesim.rng import replica_seed

CONFIDENCE = 0.99
NARROW = 0.05  # the greatest half-width of an interval, as a share of the value
RUNS = 10  # independent runs per point

Point = Mapping[str, Any]  # parameter -> value, keywords of both `predict` and `simulate`


class Oracle(NamedTuple):
    """One number that theory knows."""

    name: str
    what: str  # the number, and its unit
    source: str
    predict: Callable[..., float]  # predict(**point)
    simulate: Callable[..., float]  # simulate(seed, **point): the number in one run
    points: tuple[Point, ...]
    runs: int = RUNS

    def seeds(self, number: int, seed: int) -> list[int]:
        """Return the seeds of the runs of point `number`; no two points share one."""
        own = replica_seed(seed, 1 + crc32(f"{self.name} {number}".encode()))
        return [replica_seed(own, run) for run in range(self.runs)]


class OracleRow(NamedTuple):
    """A prediction beside the measured value with its interval."""

    oracle: str
    parameters: dict[str, Any]
    predicted: float
    simulated: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the width of the interval, as a share of the value; 0 if both are 0."""
        half = (self.high - self.low) / 2
        if not half:
            return 0.0
        return half / abs(self.simulated) if self.simulated else math.inf

    @property
    def ok(self) -> bool:
        """True if the interval is narrow and the prediction is inside it."""
        return self.low <= self.predicted <= self.high and self.half_width <= NARROW


def judge(oracle: Oracle, point: Point, values: list[float]) -> OracleRow:
    """Return the row of a point, from the values of its runs.

    >>> coin = Oracle("coin", "share of heads", "symmetry", lambda sides: 1 / sides, None, ())
    >>> judge(coin, {"sides": 2}, [0.49, 0.51, 0.50, 0.50]).ok
    True
    """
    mean, low, high = interval(values, CONFIDENCE)
    return OracleRow(oracle.name, dict(point), oracle.predict(**point), mean, low, high)
