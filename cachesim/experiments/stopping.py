"""When a case has been replicated often enough: a fixed number of times, or until a mean is known precisely."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.experiments.store import Row
from cachesim.measure.metrics import METRICS
from cachesim.measure.statistics import replications_needed
from cachesim.measure.statistics.replications import LOOK_AHEAD, START

USUAL = 5  # replications, without a precision
MOST = 100  # replications, with one that is never reached


class Enough(NamedTuple):
    """A number of replications, or a precision with a limit; asked again after every round of runs.

    References
    ----------
    The rule is that of Hoad, Robinson & Davies (2010), see `statistics.replications_needed`.
    """

    most: int
    precision: float | None = None  # half the 95 % interval over the mean
    metric: str = "hit_ratio"

    def total(self, runs: Sequence[Row]) -> int:
        """Return how many replications of a case there must be by the end of its next round.

        >>> Enough(5).total([]), Enough(100, 0.05).total([])
        (5, 8)
        """
        if self.precision is None:
            return self.most
        if runs and (self._is_hopeless(runs) or self._is_known(runs)):
            return len(runs)
        return min(self.most, len(runs) + (LOOK_AHEAD if runs else START + LOOK_AHEAD))

    def shortfall(self, runs: Sequence[Row]) -> str:
        """Return what must be said of a case when all is done; "" if nothing."""
        if self.precision is None or self._is_known(runs):
            return ""
        if self._is_hopeless(runs):
            return f"{self.metric} is undefined, so {len(runs)} replications were run"
        return f"{self.metric} is not known to ±{self.precision:.2g} of its mean after {len(runs)} replications"

    def _is_known(self, runs: Sequence[Row]) -> bool:
        return replications_needed(self._values(runs), self.precision or math.inf) is not None

    def _is_hopeless(self, runs: Sequence[Row]) -> bool:
        """Whether nothing was measured: no run succeeded, or the metric is undefined in one of them."""
        values = self._values(runs)
        return not values or any(math.isnan(value) for value in values)

    def _values(self, runs: Sequence[Row]) -> list[float]:
        return [run[self.metric] for run in runs if run["failure"] is None]


def enough(replications: int | None, precision: float | None, metric: str) -> Enough:
    """Return the rule that the arguments of `compare` and `sweep` make.

    Raises
    ------
    BadInput
        Fewer than 1 replication, a precision that is not above 0, an unknown metric.
    """
    if replications is None:
        replications = USUAL if precision is None else MOST
    if replications < 1:
        raise BadInput(f"replications must be >= 1, got {replications}")
    is_number = isinstance(precision, int | float)
    if precision is not None and not (is_number and 0 < precision < math.inf):
        raise BadInput(
            f"until_precision must be > 0, such as 0.05 for ±5 % of the mean, got {precision!r}"
        )
    if str(metric) not in METRICS:
        raise BadInput(f'precision_of "{metric}" is unknown; choose from {", ".join(METRICS)}')
    return Enough(replications, precision, metric)
