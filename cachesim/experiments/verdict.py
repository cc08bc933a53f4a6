"""One sentence that says what a comparison shows; it rests on the intervals alone."""

from collections.abc import Sequence

from cachesim.experiments.differences import Difference
from cachesim.measure.metrics import METRICS
from cachesim.measure.statistics import Interval

PERCENTAGE_POINTS = "pp"  # the unit of a difference of percentages


def verdict(differences: Sequence[Difference]) -> str:
    """Return the sentence for the paired differences of two cases; "" if there are none.

    It states a difference only if the 95 % interval lies on one side of 0.
    """
    if not differences:
        return ""
    first, second = differences[0].first, differences[0].second
    judged = [d for d in differences if any(METRICS[d.metric].words)]
    clauses = [_clause(d) for d in judged if d.interval.shows_difference]
    unshown = [d.metric for d in judged if _spans_zero(d.interval)]
    if not clauses and not unshown:
        return f"{first} against {second}: there are no intervals to judge by; run at least 2 replications."
    if not clauses:
        return f"{first} against {second}: no difference shown (every 95 % interval spans 0)."
    rest = f"; no difference shown in {', '.join(unshown)}" if unshown else ""
    return f"{first}, against {second}, {_joined(clauses)}{rest}."


def _spans_zero(interval: Interval) -> bool:
    return interval.low <= 0 <= interval.high


def _clause(difference: Difference) -> str:
    more, less = METRICS[difference.metric].words
    mean = difference.in_units.mean
    amount = f"{abs(mean):,.0f}" if abs(mean) >= 100 else f"{abs(mean):.3g}"
    unit = PERCENTAGE_POINTS if difference.unit == "%" else difference.unit
    return f"{more if mean > 0 else less} (by {' '.join([amount, unit]).strip()})"


def _joined(clauses: Sequence[str]) -> str:
    return " and ".join([", ".join(clauses[:-1]), clauses[-1]] if len(clauses) > 1 else clauses)
