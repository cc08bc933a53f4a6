"""A ranking of cases by a metric, as a table in the metric's unit."""

import math
from collections.abc import Mapping, Sequence

from cachesim.measure.metrics import known
from cachesim.measure.metrics.row import UP
from cachesim.measure.statistics import Interval, Ranking, ranking
from cachesim.measure.tables import in_unit, show_bounds, show_interval, text_table, title


class MetricRanking(Ranking):
    """A ranking that knows its metric; it prints in the metric's unit."""

    metric: str

    def __str__(self) -> str:
        header = [f"rank by {title(self.metric)}", "mean", "ahead of the best other", "may be best"]
        rows = [
            [
                p.name,
                show_interval(self.metric, Interval(p.mean, math.nan, math.nan)),
                show_bounds(self.metric, p.ahead),
                "yes" if p.may_be_best else "no",
            ]
            for p in self.places
        ]
        return f"{text_table(header, rows)}\n{self.sentence}"

    def _shown(self, difference: float) -> str:
        return super()._shown(in_unit(self.metric, difference))


def rank(
    samples: Mapping[str, Sequence[float]], metric: str, worth: float | None, confidence: float
) -> MetricRanking:
    """Rank alternatives by a metric, the better end of its scale first; see `statistics.ranking`.

    >>> found = rank({"a": [0.1, 0.2, 0.3], "b": [0.5, 0.6, 0.71]}, "hit_ratio", None, 0.95)
    >>> print(found)
    rank by hit ratio (%)   mean  ahead of the best other  may be best
    ---------------------  -----  -----------------------  -----------
    b                      60.33              0 to +41.31          yes
    a                      20.00              -41.31 to 0           no
    With 95 % confidence, after 3 replications: b is the best.
    """
    best = "high" if known(metric).better == UP else "low"
    found = MetricRanking(*ranking(samples, best=best, worth=worth, confidence=confidence))
    found.metric = metric
    return found
