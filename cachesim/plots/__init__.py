"""A result in, matplotlib Axes out: nothing is run, shown or set globally here.

The colours are those of Okabe and Ito ("Color universal design", 2008), which colour-blind readers can tell apart.
Every series also has its own marker or line style. This room knows the attributes of results (`frame`, `history`,
...), not their classes. A new plot is a function in the file of its family and a line here; style.py holds what all
plots share.
"""

from cachesim.plots.comparisons import compare
from cachesim.plots.curves import hit_ratio_curve
from cachesim.plots.fleets import fleet_timeline, lag, load_per_shard
from cachesim.plots.interleavings import counter_example, interleaving
from cachesim.plots.resizes import resize
from cachesim.plots.style import COLOURS, DPI, LINES, MARKERS
from cachesim.plots.timelines import latency, timeline
from cachesim.plots.trust import coverage, guess, welch

__all__ = [
    "COLOURS",
    "DPI",
    "LINES",
    "MARKERS",
    "compare",
    "counter_example",
    "coverage",
    "fleet_timeline",
    "guess",
    "hit_ratio_curve",
    "interleaving",
    "lag",
    "latency",
    "load_per_shard",
    "resize",
    "timeline",
    "welch",
]
