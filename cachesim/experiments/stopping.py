"""When a case has enough replications: after a fixed number, or when a mean is known precisely."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.experiments.store import RunRow
from cachesim.measure.metrics import known
from cachesim.measure.statistics import replications_needed
from cachesim.measure.statistics.replications import LOOK_AHEAD, START

USUAL = 5  # replications, if no precision is asked for
MOST = 100  # replications, if the precision is never reached


class StoppingRule(NamedTuple):
    """A number of replications, or a precision with a limit; it is asked again after every round of runs.

    References
    ----------
    The rule is that of Hoad, Robinson & Davies (2010), see `statistics.replications_needed`.
    """

    most: int
    precision: float | None = None  # half the 95 % interval, as a share of the mean
    metric: str = "hit_ratio"

    def total(self, runs: Sequence[RunRow]) -> int:
        """Return the number of replications that a case must have after its next round.

        >>> StoppingRule(5).total([]), StoppingRule(100, 0.05).total([])
        (5, 8)
        """
        if self.precision is None:
            return self.most
        if runs and (self._is_hopeless(runs) or self._is_known(runs)):
            return len(runs)
        return min(self.most, len(runs) + (LOOK_AHEAD if runs else START + LOOK_AHEAD))

    def shortfall(self, runs: Sequence[RunRow]) -> str:
        """Return a note about a case that did not become precise; "" if it did."""
        if self.precision is None or self._is_known(runs):
            return ""
        if self._is_hopeless(runs):
            return f"{self.metric} is undefined, so {len(runs)} replications were run"
        return f"{self.metric} is not known to ±{self.precision:.2g} of its mean after {len(runs)} replications"

    def _is_known(self, runs: Sequence[RunRow]) -> bool:
        return replications_needed(self._values(runs), self.precision or math.inf) is not None

    def _is_hopeless(self, runs: Sequence[RunRow]) -> bool:
        """Whether more runs are in vain: no run succeeded, or the metric is undefined in one of them."""
        values = self._values(runs)
        return not values or any(math.isnan(value) for value in values)

    def _values(self, runs: Sequence[RunRow]) -> list[float]:
        return [run[self.metric] for run in runs if run["failure"] is None]


def stopping_rule(replications: int | None, precision: float | None, metric: str) -> StoppingRule:
    """Return the rule for these arguments of `compare` and `sweep`.

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
    return StoppingRule(replications, precision, known(metric, asked="precision_of").name)
