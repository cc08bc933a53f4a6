"""Pieces of simulated time: what falls where."""

import math

import pytest

from cachesim.errors import BadInput
from cachesim.measure.history import Recorder
from cachesim.measure.metrics import hit_ratio, requests
from cachesim.measure.series import series


def history(*begins):
    """Return reads that begin at these times, the second of every two a hit."""
    recorder = Recorder()
    for n, begin in enumerate(begins):
        lookup = "hit" if n % 2 else "cold"
        recorder.request((0, "read", "k", begin, begin + 9.0, lookup, 0, 0, 0, 0, None))
    return recorder.history()


def test_a_request_belongs_where_it_began():
    """A piece holds its first moment and not its last; an empty one counts 0, its ratio is undefined."""
    found = history(0.0, 0.49, 0.5, 1.6)

    assert [2, 1, 0, 1][:2] == series(found, requests, 0.5)[:2]
    assert [0.5, 0.0, None, 1.0] == [
        None if math.isnan(x) else x for x in series(found, hit_ratio, 0.5)
    ]


def test_no_request_no_series():
    """Nothing began: nothing to see."""
    assert [] == series(history(), hit_ratio, 1.0)


def test_a_piece_has_a_length():
    """Zero seconds hold nothing."""
    with pytest.raises(BadInput, match="every must be > 0 seconds, got 0"):
        series(history(1.0), hit_ratio, 0)
