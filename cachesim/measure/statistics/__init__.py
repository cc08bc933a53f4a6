"""How far a figure can be trusted: intervals, warm-up, how many runs, which alternative is best.

Pure functions of numbers: a list with a value a replication, or a series over the time of one run.
"""

from cachesim.measure.statistics.intervals import Interval, interval, paired_difference
from cachesim.measure.statistics.replications import precisions, replications_needed

__all__ = [
    "Interval",
    "interval",
    "paired_difference",
    "precisions",
    "replications_needed",
]
