"""Numbers as people read them."""

import math

import pytest

from cachesim.measure.statistics import Interval
from cachesim.measure.tables import in_unit, show, show_interval, text_table, title


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [
        ("hit_ratio", 1.0, "100.0 %"),
        ("hit_ratio", 0.0, "0 %"),
        ("stale_ratio", 0.00012, "0.012 %"),
        ("read_p50", 0.00034, "0.34 ms"),
        ("staleness_age_p95", 12.3456, "12.35 s"),
        ("throughput", 1234.6, "1,235 requests/s"),
        ("evictions", 1_234_567.0, "1,234,567"),
        ("errors", 0.0, "0"),
        ("requests", 999.96, "1000.0"),
        ("versions_behind_mean", 0.9999, "1.00 versions"),
        ("hit_ratio", math.nan, "-"),
    ],
)
def test_a_value_in_its_unit(metric, value, shown):
    """Ratios in %, latencies in ms, about three digits, no exponents."""
    assert shown == show(metric, value)


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (Interval(0.5, 0.4, 0.6), "50.00 ±10.00"),
        (Interval(0.5, math.nan, math.nan), "50.00"),
        (Interval(math.nan, math.nan, math.nan), "-"),
        (Interval(0.5, 0.5, 0.5), "50.00 ±0"),
    ],
)
def test_an_interval_in_its_unit(found, shown):
    """Mean ± half the width; one replication has no ±, an undefined mean nothing."""
    assert shown == show_interval("hit_ratio", found)


def test_titles_carry_the_unit():
    """Underscores become spaces; counts have no unit."""
    titles = {
        m: title(m) for m in ("hit_ratio", "db_queries_per_s", "evictions", "staleness_age_p95")
    }

    assert [
        "hit ratio (%)", "db queries (queries/s)", "evictions", "staleness age p95 (s)",
    ] == list(titles.values())  # fmt: skip


def test_a_value_in_the_unit_of_its_table():
    """Ratios times 100, seconds times 1000 where the unit is ms; counts are as they are."""
    assert (12.0, 25.0, 5.0) == (
        in_unit("evictions", 12.0),
        in_unit("hit_ratio", 0.25),
        in_unit("read_p50", 0.005),
    )


def test_a_table():
    """First column to the left, numbers to the right, as wide as needed and no trailing blanks."""
    table = text_table(["strategy", "n"], [["lazy", "1"], ["write-through", "1,000"]])

    assert [
        "strategy           n",
        "-------------  -----",
        "lazy               1",
        "write-through  1,000",
    ] == table.splitlines()
    assert ["a", "-"] == text_table(["a"], []).splitlines()


def test_an_empty_cell_leaves_no_blank_at_the_end():
    """A row whose last cell is empty ends where its text ends."""
    assert "x" == text_table(["a", "b"], [["x", ""]]).splitlines()[-1]
