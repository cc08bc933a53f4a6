"""Time-outs, retries, budgets and breakers, alone and in a run: a read of the database takes 10 s."""

import pytest

from cachesim.experiments.run import run
from cachesim.measure.outcomes import outcome
from cachesim.model import faults as f
from cachesim.model.resilience import SAVED, Breaker, Calls, Resilience, Retries, Switch
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from tests.model.test_faults import READ, ends, played
from tests.model.worlds import requests_of, scripted


def test_a_time_out_ends_the_wait():
    """Not the work: who comes next waits for a connection until it is done."""
    steps = [(5.0, "read", "a"), (1.0, "read", "a")]
    records = played(
        steps, database__connections=1, resilience=Resilience(database=Calls(timeout=15.0))
    )
    hasty = played(
        steps, database__connections=1, resilience=Resilience(database=Calls(timeout=4.0))
    )

    assert [(15.0, None), (21.0, "TimedOut")] == ends(records)
    assert [(9.0, "TimedOut"), (10.0, "TimedOut")] == ends(hasty)


def test_a_late_write_is_never_acknowledged():
    """Its version is known when it commits, and a read that returns an older one is not stale."""
    steps = [(5.0, "write", "a"), (8.0, "read", "a"), (17.0, "read", "a")]
    waits = Resilience(database=Calls(timeout=12.0))
    write, early, late = requests_of(scripted(NoCache(), steps, resilience=waits)).itertuples()

    assert ("TimedOut", 17.0) == (write.error, write.end)
    assert (0, 0, 0) == (early.version, early.acknowledged, early.committed)
    assert (1, 0, 1) == (late.version, late.acknowledged, late.committed)


def test_a_retried_write_may_commit_twice():
    """Attempts at 5, 17, 29 and 41 take 20 s each of the one connection: none is answered in time, all are
    served; two have committed when the client gives up, and all four when somebody reads.
    """
    steps = [(5.0, "write", "a"), (95.0, "read", "a")]
    waits = Resilience(database=Calls(timeout=12.0, retries=3))
    records = played(steps, resilience=waits, database__connections=1)
    write, read = records.itertuples()

    assert [(53.0, "TimedOut"), (110.0, None)] == ends(records)
    assert (2, 4) == (write.version, read.version)
    assert (0, 4) == (read.acknowledged, read.committed)
    assert ["unknown", "ok"] == outcome(records).tolist()


def test_the_failure_that_leaves_most_open_is_told():
    """A time-out and then a refusal: the first attempt may have happened, so the outcome is unknown."""
    steps = [(5.0, "write", "a")]
    waits = Resilience(database=Calls(timeout=4.0, retries=1))
    records = played(steps, f.RefuseDatabase(at=8, duration=9), resilience=waits)

    assert [(9.0, "TimedOut")] == ends(records)


def test_a_late_answer_of_the_cache_is_nobodys():
    """A get that was given up is a miss ("unreachable"); its late answer does not count for another request."""
    steps = [(5.0, "read", "a"), (4.0, "read", "a")]
    waits = Resilience(cache=Calls(timeout=0.5))
    records = played(steps, strategy=LazyLoading(), resilience=waits)

    assert ["unreachable", "unreachable"] == records["lookup"].tolist()
    assert [(16.0, None), (20.0, None)] == ends(records)


def test_a_late_set_still_takes_effect():
    """Given up after 0.5 s, stored after 1 s: the next read hits."""
    steps = [(5.0, "write", "a"), (25.0, "read", "a")]
    records = played(steps, f.RefuseCache(at=29.9, duration=0.01), strategy=WriteThrough(),
                     resilience=Resilience(cache=Calls(timeout=0.5)))  # fmt: skip
    patient = played(steps + [(9.0, "read", "a")], strategy=WriteThrough(), resilience=Resilience(
        cache=Calls(timeout=0.999)), network__in_zone__value=0.9)  # fmt: skip

    assert "unreachable" == records["lookup"].iloc[1]
    assert {"hit"} == set(patient["lookup"].dropna())


def test_counters():
    """Attempts repeated and given up are counted in the samples."""
    waits = Resilience(database=Calls(timeout=3.0, retries=2))
    metrics = run(scripted(NoCache(), READ, resilience=waits)).metrics

    assert (2, 3, 1.0) == (metrics["retries"], metrics["timeouts"], metrics["error_ratio"])


# --- the parts


def test_backoff_doubles_up_to_its_longest():
    """Without jitter the waits are backoff · 2^(k−1); with it a uniform share of that."""
    fixed = Retries(Calls(retries=9, backoff=0.1, longest=0.5, jitter=False), lambda: 0.5)
    full = Retries(Calls(retries=9, backoff=0.1, longest=0.5), lambda: 0.5)

    assert [0.1, 0.2, 0.4, 0.5] == [fixed.pause(k) for k in (1, 2, 3, 4)]
    assert [0.05, 0.1, 0.2, 0.25] == [full.pause(k) for k in (1, 2, 3, 4)]


def test_a_budget_bounds_the_retries():
    """What was saved, and then as many as the calls earn."""
    retries = Retries(Calls(retries=1, budget=0.1), lambda: 0.5)
    saved = sum(retries.allow(1) for _ in range(100))
    for _ in range(100):
        retries.earn()

    assert SAVED == saved
    assert 10 == pytest.approx(sum(retries.allow(1) for _ in range(100)), abs=1)
    assert not retries.allow(2)


def test_without_a_budget_every_retry_is_allowed():
    """However many calls fail at once."""
    retries = Retries(Calls(retries=1), lambda: 0.5)

    assert all(retries.allow(1) for _ in range(1000))


def test_a_breaker_opens_when_half_of_its_window_failed():
    """Not before the window is full; then nothing passes until it has rested."""
    switch = Switch(Breaker(share=0.5, calls=4, rest=5.0))
    for ok in (False, True, False):
        switch.note(switch.era, ok=ok, now=1.0)
    assert "closed" == switch.state
    switch.note(switch.era, ok=True, now=2.0)

    assert "open" == switch.state
    assert [False, False, True] == [switch.allows(t) for t in (2.0, 6.9, 7.0)]


@pytest.mark.parametrize(("ok", "state"), [(True, "closed"), (False, "open")])
def test_a_trial_decides(ok, state):
    """Half-open, one call passes; its end closes the breaker or opens it again. Older calls do not count."""
    switch = Switch(Breaker(calls=1, rest=5.0))
    old = switch.era
    switch.note(old, ok=False, now=0.0)
    assert switch.allows(5.0)
    switch.note(old, ok=not ok, now=5.5)
    assert ("half-open", False) == (switch.state, switch.allows(5.5))
    switch.note(switch.era, ok=ok, now=6.0)

    assert state == switch.state


def test_an_open_breaker_fails_at_once():
    """No packet is sent: the request takes no time, and the database is not asked."""
    steps = [(5.0, "read", "a")] * 3
    waits = Resilience(database=Calls(breaker=Breaker(calls=1, rest=7.0)))
    records = played(steps, f.RefuseDatabase(at=1, duration=8), resilience=waits)

    assert [(5.0, "ConnectionRefused"), (10.0, "BreakerOpen"), (25.0, None)] == ends(records)
