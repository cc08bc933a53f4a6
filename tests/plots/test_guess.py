"""A guess in a plot: two lines, in the unit of the axis, with names."""

import pytest

from cachesim import plots
from cachesim.plots.interleavings import _between_rows


def test_a_guess_stands_beside_what_was_measured():
    """Both lines lie over the whole width, in the metric's unit, and say what they are."""
    ax = plots.guess(0.3, 0.701, "hit_ratio")

    assert [[30, 30], [70.1, 70.1]] == [pytest.approx(line.get_ydata()) for line in ax.lines]
    assert ["your guess: 30", "measured: 70.1"] == [
        text.get_text() for text in ax.get_legend().get_texts()
    ]


def test_a_guess_goes_across_where_the_metric_lies_below():
    """In `compare` the metric lies on the horizontal axis."""
    ax = plots.guess(0.01, 0.02, "read_p99", across=True)

    assert [[10, 10], [20, 20]] == [pytest.approx(line.get_xdata()) for line in ax.lines]


@pytest.mark.parametrize("end", range(-6, 7))
def test_a_label_of_an_arrow_keeps_away_from_rows(end):
    """On the way to another row it stands in the second to the last quarter between two rows."""
    row = _between_rows(0, end) * end

    assert 0.25 <= row % 1 <= 0.75 or end == 0
