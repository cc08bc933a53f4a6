"""One sentence that says what a comparison shows, derived from its intervals and nothing else."""

from collections.abc import Sequence

from cachesim.experiments.differences import Difference
from cachesim.measure.statistics import Interval
from cachesim.measure.tables import in_unit

TOLD = (
    ("hit_ratio", "hits more", "hits less", "pp"),
    ("stale_ratio", "serves more stale reads", "serves fewer stale reads", "pp"),
    ("read_p99", "has the slower read p99", "has the faster read p99", "ms"),
    ("write_p50", "has the slower writes", "has the faster writes", "ms"),
    ("db_queries_per_s", "asks the database more", "asks the database less", "queries/s"),
)


def verdict(differences: Sequence[Difference]) -> str:
    """Return the sentence for the paired differences of two cases; "" if there are none.

    A difference is told only where its 95 % interval lies on one side of 0.
    """
    if not differences:
        return ""
    first, second = differences[0].first, differences[0].second
    by_name = {d.metric: d.interval for d in differences}
    told = [
        _clause(by_name[metric].mean, metric, more, less, unit)
        for metric, more, less, unit in TOLD
        if by_name[metric].shows_difference
    ]
    unshown = [metric for metric, *_ in TOLD if _spans_zero(by_name[metric])]
    if not told and not unshown:
        return f"{first} against {second}: there are no intervals to judge by; run at least 2 replications."
    if not told:
        return f"{first} against {second}: no difference shown (every 95 % interval spans 0)."
    rest = f"; no difference shown in {', '.join(unshown)}" if unshown else ""
    return f"{first}, against {second}, {_joined(told)}{rest}."


def _spans_zero(interval: Interval) -> bool:
    return interval.low <= 0 <= interval.high


def _clause(mean: float, metric: str, more: str, less: str, unit: str) -> str:
    amount = abs(in_unit(metric, mean))
    shown = f"{amount:,.0f}" if amount >= 100 else f"{amount:.3g}"
    return f"{more if mean > 0 else less} (by {shown} {unit})"


def _joined(clauses: Sequence[str]) -> str:
    return " and ".join([", ".join(clauses[:-1]), clauses[-1]] if len(clauses) > 1 else clauses)
