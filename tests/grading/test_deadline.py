"""Late work: the time decides, then the mark; each day begun costs; nobody falls below 0."""

from datetime import UTC, datetime, timedelta

import pytest

from cachesim.errors import BadInput
from cachesim.grading.deadline import LatePolicy, parse_moment, parse_percent, zone_of

DUE = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
POLICY = LatePolicy(DUE, timedelta(minutes=15), 0.1)


@pytest.mark.parametrize(
    ("minutes", "days"), [(-1, 0), (0, 0), (15, 0), (16, 1), (24 * 60, 1), (24 * 60 + 1, 2)]
)
def test_days_begun(minutes, days):
    """Within the grace nothing; after it the days count from the deadline."""
    assert days == POLICY.lateness(DUE + timedelta(minutes=minutes), None).days


@pytest.mark.parametrize(
    ("mark", "days", "says"),
    [(True, 1, "not known"), (False, 0, ""), (None, 0, "not counted as late")],
)
def test_without_a_time_the_mark_decides(mark, days, says):
    """Late by a time that nobody knows is one day; without a mark nobody is late."""
    found = POLICY.lateness(None, mark)

    assert days == found.days
    assert (says in found.why) if says else (found.why == "")


def test_a_time_counts_more_than_a_mark():
    """The teacher's deadline may be later than the one that the system knew."""
    assert 0 == POLICY.lateness(DUE, True).days
    assert 1 == POLICY.lateness(DUE + timedelta(hours=1), False).days
    assert 1 == LatePolicy(None, timedelta(), 0.1).lateness(DUE, True).days


@pytest.mark.parametrize(
    ("raw", "days", "penalty"),
    [(100, 1, 10), (100, 0, 0), (15, 2, 15), (0, 3, 0), (-5, 3, 0), (70, 20, 70)],
)
def test_no_score_falls_below_zero(raw, days, penalty):
    """The share is of the exercise's points; what is below 0 already stays as it is."""
    assert penalty == POLICY.penalty(days, raw, 100.0)


def test_times_without_a_zone_are_the_teachers():
    """Also across a change to summer time; a zone that is written wins."""
    berlin = zone_of("Europe/Berlin")

    assert timedelta(hours=1) == parse_moment("2026-11-30T23:59", berlin).utcoffset()
    assert timedelta(hours=2) == parse_moment("2026-06-30T23:59", berlin).utcoffset()
    assert DUE == parse_moment("2026-12-01T00:59", berlin)
    assert DUE == parse_moment("2026-11-30 18:59:00 -0500", berlin)
    assert DUE == parse_moment("2026-11-30 23:59:00.000000000 Z", berlin)
    assert DUE == parse_moment("2026-11-30 18:59 America/New_York", berlin)


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-11-30", "2026-13-01T00:00", "25:00", "x" * 10**6]
)
def test_what_is_no_time(text):
    """A day alone neither: its beginning and its end are a day apart."""
    with pytest.raises(BadInput, match="is no time"):
        parse_moment(text)


@pytest.mark.parametrize("text", ["", "-1%", "101%", "ten", "nan", "1e2"])
def test_what_is_no_share(text):
    """From 0 % to 100 %."""
    with pytest.raises(BadInput, match="0% to 100%"):
        parse_percent(text)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/passwd"])
def test_what_is_no_zone(name):
    """One sentence."""
    with pytest.raises(BadInput, match="is unknown"):
        zone_of(name)
