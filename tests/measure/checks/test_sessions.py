"""Sessions, staleness and lost writes, on histories made by hand that do and do not break each rule."""

import math

import pytest

from cachesim.measure import checks
from tests.measure.hand_made import failed, history, look, read, write

SAYS_NOTHING = {
    checks.linearizable: [write(version=1)],
    checks.bounded_staleness: [write(version=1)],
    checks.read_your_writes: [write(version=1, client=1), read(2, client=2)],
    checks.monotonic_reads: [read(0, key="a"), read(2, key="b"), read(4, key="a", client=5)],
    checks.lost_writes: [read()],
    checks.values_never_written: [write(version=1), failed(read(2))],
}


@pytest.mark.parametrize("check", checks.ALL, ids=lambda check: check.__name__)
def test_a_history_that_says_nothing_is_unknown(check):
    """No request, a look at the tiers, and requests that have nothing to do with the rule."""
    for records in ([], [look(0)], SAYS_NOTHING[check]):
        assert "unknown" == check(history(*records)).word


@pytest.mark.parametrize("check", checks.ALL, ids=lambda check: check.__name__)
def test_an_honest_history_is_ok(check):
    """One client writes and reads what it wrote, again and again; failures say nothing."""
    honest = history(
        write(0, version=1), read(2, write=1, version=1, acknowledged=1, committed=1),
        write(4, version=2), failed(read(5.5)), read(6, write=2, version=2, acknowledged=2, committed=2), look(9),
    )  # fmt: skip

    assert "ok" == check(honest).word
    assert 0 == check(honest).violations


def test_read_your_writes():
    """Another client's old read is no violation of a session; the writer's own is, and its read is shown."""
    others = history(write(0, version=1, client=1), read(2, client=1, version=1), read(3, client=2))
    mine = history(
        write(0, version=1, client=1), read(2, client=1), read(4, client=1, version=0, key="b")
    )
    verdict = checks.read_your_writes(mine)

    assert checks.read_your_writes(others).ok
    assert (False, 1) == (verdict.ok, verdict.violations)
    assert ["write", "read"] == verdict.example["op"].tolist()
    assert "1 of 1 requests; the first: client 1 had written version 1" in verdict.why


def test_a_newer_version_than_ones_own_is_no_violation():
    """Somebody else may have written since."""
    newer = history(write(0, version=1), read(2, version=5), read(4, version=1))

    assert checks.read_your_writes(newer).ok
    assert checks.monotonic_reads(newer).ok is False


def test_monotonic_reads():
    """Never back, key by key and client by client; what a client wrote does not count here."""
    back = history(read(0, version=2), read(2, version=1), read(4, version=2), read(6, version=0))
    verdict = checks.monotonic_reads(back)
    wrote = history(write(0, version=4), read(2, version=2), read(4, version=3))

    assert 2 == verdict.violations
    assert [2, 1] == verdict.example["version"].tolist()
    assert 'client 0 had read version 2 of "k" by t=1 s, and its read at t=2 s' in verdict.why
    assert checks.monotonic_reads(wrote).ok


def test_bounded_staleness_needs_both_bounds_broken():
    """Two versions behind for 8 s: more than 1 version, more than 5 s, but not more than 2 or 10."""
    records = [write(0, version=1), write(2, version=2), read(9, acknowledged=2)]
    stale = history(*records)
    verdict = checks.bounded_staleness(stale)

    assert "version 1 was acknowledged at t=1 s" in verdict.why
    assert checks.bounded_staleness(stale, versions=1, seconds=5).ok is False
    assert checks.bounded_staleness(stale, versions=2).ok
    assert checks.bounded_staleness(stale, seconds=10).ok


def test_the_write_behind_a_stale_read_may_be_missing():
    """Without the write that it should have seen, the age is unknown and counts as old."""
    verdict = checks.bounded_staleness(history(read(9, acknowledged=3)), seconds=100)

    assert verdict.ok is False
    assert "version 3 had been acknowledged before" in verdict.why


def test_the_curves_of_staleness():
    """k-staleness by counting; t-visibility over the reads that come t seconds or more after the newest write."""
    records = [write(0, version=1)]
    records += [read(1 + t, version=t >= 2, acknowledged=1) for t in (0, 1, 2, 3)]
    found = history(*records, read(0, key="never written"))

    assert [(0, 0.6), (1, 1.0)] == checks.k_staleness(found, most=1)
    assert [(0, 0.5), (1, 2 / 3), (2, 1.0)] == checks.t_visibility(found, (0, 1, 2))
    assert math.isnan(checks.t_visibility(found, [9])[0][1])
    assert math.isnan(checks.k_staleness(history())[0][1])


def test_lost_writes_and_values_from_nowhere():
    """A write that was acknowledged and has no version; a read of a write that has none."""
    lost = {**write(0, version=1), "version": None}
    dirty = {**read(3, write=8), "version": None}
    found = history(lost, dirty)

    assert "acknowledged at t=1 s (write 1) never reached" in checks.lost_writes(found).why
    assert "value of write 8, which was never committed" in checks.values_never_written(found).why
    assert checks.lost_writes(history(failed(write(0, version=1)), write(2, version=1))).ok


def test_a_verdict_reads_as_a_sentence():
    """Rule, verdict, reason."""
    assert "no lost write: unknown (nobody wrote)" == str(checks.lost_writes(history()))


CAUSES = {
    "stale set": [write(0.2, 0.6, version=1), read(0, 1, lookup="cold")],
    "fill during a write": [write(0.2, 1.6, version=1), read(0, 1, lookup="evicted")],
    "outlived": [read(0, 1, lookup="cold"), write(2, 3, version=1)],
    "unknown": [write(0.2, 0.6, version=1)],
}


@pytest.mark.parametrize(("cause", "before"), CAUSES.items(), ids=list(CAUSES))
def test_what_left_the_old_copy(cause, before):
    """Judged by the request that stored the copy, and by where it ended."""
    found = checks.stale_causes(history(*before, read(5, acknowledged=1)))

    assert [cause] == found["cause"].tolist()


def test_of_two_writes_the_older_is_set_last():
    """The writer of version 1 ended after the writer of version 2."""
    writes = [write(0, 3, version=1), write(1, 2, version=2)]
    found = checks.stale_causes(history(*writes, read(5, write=1, version=1, acknowledged=2)))

    assert ["dual-write inversion"] == found["cause"].tolist()


def test_the_last_to_store_counts():
    """A fill before the write, and one that ended after it: the copy is the second one's."""
    records = [read(0, 0.1, lookup="cold"), write(0.5, 0.9, version=1)]
    records += [read(0.4, 1, lookup="expired"), read(5, acknowledged=1), read(6, version=1)]
    found = checks.stale_causes(history(*records))

    assert ["stale set"] == found["cause"].tolist()
    assert 0 == len(checks.stale_causes(history()))
