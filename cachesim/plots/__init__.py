"""A result in, matplotlib Axes out: nothing is run, shown or set globally here.

Colours are those of Okabe and Ito ("Color universal design", 2008), told apart by colour-blind readers;
every series also has its own marker or line style. Results are taken as they are: this room knows their
attributes (`frame`, `history`, ...), not their classes. A new plot is a function in the file of its family
and a line here; what all of them share is in style.py.
"""

from cachesim.plots.comparisons import compare
from cachesim.plots.curves import hit_ratio_curve
from cachesim.plots.interleavings import counter_example, interleaving
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
    "guess",
    "hit_ratio_curve",
    "interleaving",
    "latency",
    "timeline",
    "welch",
]
