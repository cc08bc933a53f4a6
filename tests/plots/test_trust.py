"""The plots about trust: which intervals cover the truth."""

from cachesim import plots
from tests.plots.test_plots import INTERVALS


def test_coverage_counts_what_covers_and_marks_what_misses():
    """An interval that touches the truth covers it."""
    ax = plots.coverage(INTERVALS, 0.5)
    _, labels = ax.get_legend_handles_labels()

    assert {"2 cover it", "1 miss it", "the truth"} == set(labels)
    assert [1] == list(ax.get_lines()[0].get_xdata())
