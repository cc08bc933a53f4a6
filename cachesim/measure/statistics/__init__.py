"""How far a figure can be trusted: intervals, warm-up, how many runs, which alternative is best.

Pure functions of numbers: a list with one value per replication, or a series over the time of one run.
"""

from cachesim.measure.statistics.intervals import (
    Interval,
    interval,
    paired_difference,
    variance_reduction,
)
from cachesim.measure.statistics.one_run import BatchMeans, batch_means, quantile_interval
from cachesim.measure.statistics.ranking import Place, Ranking, ranking
from cachesim.measure.statistics.replications import precisions, replications_needed
from cachesim.measure.statistics.warm_up import WarmUp, binned, mean_series, warm_up, welch

__all__ = [
    "BatchMeans",
    "Interval",
    "Place",
    "Ranking",
    "WarmUp",
    "batch_means",
    "binned",
    "interval",
    "mean_series",
    "paired_difference",
    "precisions",
    "quantile_interval",
    "ranking",
    "replications_needed",
    "variance_reduction",
    "warm_up",
    "welch",
]
