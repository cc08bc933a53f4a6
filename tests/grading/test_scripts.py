"""Quiet runs: right designs agree in them, and every way to be wrong is told with its request."""

import pytest

import cachesim as cs
from cachesim.grading.causes import because
from cachesim.grading.histories import (
    first_difference,
    first_empty,
    first_lost,
    first_stale,
    hits,
    requests_of,
)
from cachesim.grading.scripts import played, quiet, quiet_again, scripted

STEPS = [(1, "read", "a"), (1, "write", "a"), (1, "read", "a"), (9, "read", "a"), (1, "read", "b")]


class Design(cs.Strategy):
    """Lazy loading in small steps, for others to get one of them wrong."""

    ttl: float = 5.0

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield from self.fill(app, key, value)
        return value

    def fill(self, app, key, value):
        yield app.cache.set(key, value, self.ttl)

    def write(self, app, key, value):
        yield app.db.write(key, value)


class Beside(Design):
    def fill(self, app, key, value):
        app.spawn(super().fill(app, key, value))
        yield app.timeout(0)


class Through(Design):
    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.set(key, value, self.ttl)


class AsksTwice(Design):
    def read(self, app, key):
        yield app.db.read(key)
        return (yield from super().read(app, key))


class Early(Design):
    def write(self, app, key, value):
        app.spawn(super().write(app, key, value))
        yield app.timeout(0)


class Endless(Design):
    def write(self, app, key, value):
        while True:
            yield app.timeout(0.01)


class Remembers(Design):
    known = {}  # noqa: RUF012 - the mistake that is looked for

    def fill(self, app, key, value):
        if self.known.setdefault(key, app.now) == app.now:
            yield app.cache.set(key, value, self.ttl)


def difference(strategy):
    """Compare a design with the toolkit's own lazy loading."""
    return first_difference(quiet(strategy, STEPS), quiet(cs.LazyLoading(ttl=5), STEPS))


@pytest.mark.parametrize("design", [Design, Beside])
def test_right_designs_agree(design):
    """Whether the cache is filled before the answer or beside it."""
    assert "" == difference(design())


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        (Through(), "the read of a at t=3.000 s returned version 1; right: returned version 0"),
        (Design(ttl=20), "the read of a at t=12.000 s found the key in the cache; right: missed"),
        (AsksTwice(), "the read of a at t=1.000 s took 24 ms; 13 ms are enough"),
        (Early(), "the write of a at t=2.000 s ended before it was committed"),
        (Endless(), "the write of a at t=2.000 s was never answered"),
    ],
)
def test_a_difference_is_told_with_its_request(strategy, told):
    """Version, lookup, time, commit; and a strategy that waits for ever ends all the same."""
    assert difference(strategy).startswith(told)


def test_state_in_the_class_shows_in_a_second_run():
    """And a design without it goes as ever."""
    right = quiet(cs.LazyLoading(ttl=5), STEPS)

    assert "" == first_difference(quiet_again(Design, STEPS), right)
    assert "missed" in first_difference(quiet_again(Remembers, STEPS), right)


def test_the_database_can_refuse_for_a_while():
    """What is asked then fails, and what is asked later does not."""
    seen = quiet(Design(), STEPS, refused=(0.5, 2.5))

    assert ["DatabaseRefused"] * 2 == seen["error"].dropna().to_list()
    assert "the read of a at t=1.000 s failed (DatabaseRefused): returned nothing" in first_empty(
        seen
    )
    assert "" == first_empty(seen[seen["begin"] > 2.5])


def test_a_run_can_be_stopped():
    """With Ctrl-C's effect: what is under way is never answered."""
    crowd = scripted(Design(), [(0.001, "read", "a")] * 9)

    assert 0 == len(played(crowd, 5))
    assert 9 == len(played(crowd))


def test_invariants_of_busy_runs():
    """Rows, commits, the age of what is stale, and hits."""
    seen = requests_of(cs.Scenario(strategy=Early(), duration=5, warmup=0))

    assert "" == first_empty(seen) == first_lost(seen)
    assert "ended before it was committed" in first_lost(seen, 0.001)
    assert "after a newer one had been acknowledged" in first_stale(seen)
    assert "" == first_stale(seen, longest=5.5)
    assert 0 < hits(seen) < 1


class Stopped(cs.errors.CachesimError):
    """As the sandbox tells that a clock was hit."""

    status = "timed out"


def test_a_cause_is_added_to_a_slip_and_not_to_a_clock():
    """A time-out stays a time-out."""
    with (
        pytest.raises(AssertionError, match=r"^it held c\. Look at on_use$"),
        because("Look at on_use"),
    ):
        raise AssertionError("it held c.")
    with pytest.raises(Stopped), because("Look at on_use"):
        raise Stopped("no answer")
