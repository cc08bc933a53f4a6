"""Every metric on histories made by hand."""

import math

import numpy as np
import pytest

from cachesim.measure import metrics
from cachesim.measure.history import since
from cachesim.measure.metrics import METRICS, measure
from tests.measure.hand_made import failed, history, look, read, write

COUNTS = {"requests", "errors"}
RATES = {"db_queries_per_s", "db_utilization", "cache_utilization"}


def undefined(found):
    """Return the names of the metrics that are NaN."""
    return {name for name, value in found.items() if math.isnan(value)}


def test_an_empty_history_has_counts_of_zero_and_nothing_else():
    """Nothing was measured, so nothing is said."""
    found = measure(history())

    assert set(METRICS) - COUNTS == undefined(found)
    assert [0.0, 0.0] == [found["requests"], found["errors"]]
    assert {} == metrics.miss_kinds(history())
    assert math.isnan(metrics.stale_ratio_committed(history()))
    assert 0 == len(metrics.stale_reads(history()))


def test_every_metric_gives_a_float():
    """A plain float, whatever numpy or pandas made of it."""
    for part in (
        history(),
        history(read()),
        history(look(0.0)),
        history(read(), write(version=1), look(1.0), look(2.0)),
    ):
        assert {float} == {type(value) for value in measure(part).values()}


def test_one_read():
    """One row tells its latency and its outcome; rates need two looks."""
    found = measure(history(read(2.0, 6.0)))
    expected = {
        "hit_ratio": 1.0, "stale_ratio": 0.0, "stale_ratio_committed": 0.0, "versions_behind_mean": 0.0,
        "read_mean": 4.0, "read_p50": 4.0, "read_p99": 4.0, "throughput": 0.25, "errors": 0.0, "error_ratio": 0.0,
        "availability": 1.0, "requests": 1.0,
    }  # fmt: skip

    assert expected == {name: found[name] for name in expected}
    assert {"throughput"} == {"throughput", *RATES} - undefined(found)


def test_one_write_is_no_read():
    """Without reads there is neither a hit ratio nor staleness."""
    found = measure(history(write(2.0, 6.0, version=1)))

    defined = "write_mean write_p50 write_p99 throughput errors error_ratio availability requests"
    assert set() == set(defined.split()) & undefined(found)
    assert {"hit_ratio", "stale_ratio", "read_mean", "read_p50", "read_p99"} <= undefined(found)
    assert 4.0 == found["write_p50"] == found["write_p99"]


def test_one_look_is_no_rate():
    """Growth needs two looks, a rate a span between them."""
    assert {"evictions", "expirations", *RATES} <= undefined(measure(history(look(5.0))))

    twice = measure(history(look(5.0), look(5.0, evictions=3)))

    assert 3.0 == twice["evictions"]
    assert undefined(twice) >= RATES


def test_a_request_that_took_no_time_has_no_throughput():
    """A span of 0 s defines no rate."""
    assert math.isnan(metrics.throughput(history(read(5.0, 5.0))))


def test_counters_are_growth_and_rates():
    """Between the first and the last look of the part that is measured, whatever the counters began with."""
    whole = history(
        look(0.0, evictions=0),
        look(10.0, evictions=5, expirations=1, db_queries=100, db_busy=2.0, cache_busy=1.0),
        look(14.0, evictions=6, expirations=3, db_queries=140, db_busy=4.0, cache_busy=1.5),
        look(20.0, evictions=9, expirations=8, db_queries=300, db_busy=7.0, cache_busy=1.5),
    )
    found = measure(since(whole, 10.0))

    assert (4.0, 7.0) == (found["evictions"], found["expirations"])
    assert (20.0, 0.5, 0.05) == (
        found["db_queries_per_s"],
        found["db_utilization"],
        found["cache_utilization"],
    )


def test_hits_are_shares_of_the_reads_that_asked():
    """Writes, reads that did not ask the cache and deletes do not count; reads that failed later do."""
    lookups = ["hit", "hit", "cold", "evicted", "evicted", "expired", None]
    part = history(
        *[read(lookup=lookup) for lookup in lookups], write(version=1), failed(read(lookup="lost"))
    )

    assert 2 / 7 == metrics.hit_ratio(part)
    assert {"cold": 1 / 7, "evicted": 2 / 7, "expired": 1 / 7, "lost": 1 / 7} == metrics.miss_kinds(
        part
    )


def test_no_read_asked_the_cache():
    """No cache, no hit ratio; and no kinds of misses."""
    part = history(read(lookup=None))

    assert math.isnan(metrics.hit_ratio(part))
    assert {} == metrics.miss_kinds(part)


def test_all_misses_is_a_ratio_of_zero():
    """0 is a hit ratio; only "nobody asked" is undefined."""
    assert 0.0 == metrics.hit_ratio(history(read(lookup="cold")))


def test_stale_is_older_than_acknowledged_when_the_read_began():
    """Newer and equal versions are fresh; committed is a measure of its own."""
    part = history(
        read(version=0, acknowledged=0, committed=1),
        read(version=1, acknowledged=3, committed=3),
        read(version=3, acknowledged=3, committed=3),
        read(version=4, acknowledged=3, committed=3),
    )

    assert 0.25 == metrics.stale_ratio(part)
    assert 0.5 == metrics.stale_ratio_committed(part)
    assert 0.5 == metrics.versions_behind_mean(part), (
        "2 behind, and a newer one is 0 behind, not -1"
    )


def test_reads_without_an_answer_are_not_fresh_nor_stale():
    """Failed reads and absent rows are left out of staleness."""
    part = history(
        failed(read(acknowledged=5)),
        read(version=None, write=None, acknowledged=5),
        read(version=0, acknowledged=5),
    )

    assert 1.0 == metrics.stale_ratio(part)
    assert 5.0 == metrics.versions_behind_mean(part)
    assert math.isnan(metrics.stale_ratio(history(failed(read(acknowledged=5)))))


def test_age_counts_from_the_first_newer_acknowledgement():
    """Version 0 was outdated from 4.0 on, when version 1 was acknowledged, and not from 9.0, version 2's time."""
    part = history(
        write(3.0, 4.0, version=1),
        write(8.0, 9.0, version=2),
        read(10.0, version=0, acknowledged=2),
        read(11.0, version=1, acknowledged=2),
        read(12.0, version=2, acknowledged=2),
    )

    assert [6.0, 2.0] == metrics.stale_reads(part)["age"].tolist()
    assert np.quantile([2.0, 6.0], 0.95) == metrics.staleness_age_p95(part)


def test_age_when_acknowledgements_overtook_each_other():
    """The writer of version 2 heard first: from then on version 0 was outdated."""
    part = history(
        write(1.0, 9.0, version=1),
        write(2.0, 5.0, version=2),
        read(10.0, version=0, acknowledged=2),
    )

    assert [5.0] == metrics.stale_reads(part)["age"].tolist()


def test_age_keeps_the_keys_apart():
    """Another key's writes say nothing."""
    part = history(
        write(1.0, 2.0, version=1, key="a"),
        write(1.0, 6.0, version=1, key="b"),
        read(10.0, version=0, acknowledged=1, key="b"),
    )

    assert [4.0] == metrics.stale_reads(part)["age"].tolist()


def test_age_is_unknown_if_the_write_is_not_there():
    """A part of a history may have the read without its write: stale, of unknown age."""
    part = history(read(10.0, version=0, acknowledged=1), failed(write(1.0, version=1)))

    assert 1.0 == metrics.stale_ratio(part)
    assert metrics.stale_reads(part)["age"].isna().all()
    assert math.isnan(metrics.staleness_age_p95(part))


def test_age_of_a_copy_that_was_outdated_before_the_warm_up_ended():
    """Leaving out the warm-up leaves out its reads, not what is known about the copies that outlive it."""
    whole = history(write(3.0, 4.0, version=1), read(20.0, version=0, acknowledged=1))

    assert 16.0 == metrics.staleness_age_p95(since(whole, 10.0))


def test_latency_leaves_failures_out():
    """Only what succeeded has a latency; counts have both."""
    part = history(
        *[read(0.0, float(n)) for n in range(1, 101)],
        failed(read(0.0, 999.0)),
        write(0.0, 7.0, version=1),
        failed(write(0.0, 999.0, version=2)),
    )
    found = measure(part)

    assert 50.5 == found["read_p50"]
    assert 99.01 == pytest.approx(found["read_p99"])
    assert 7.0 == found["write_p50"] == found["write_p99"]
    assert (103.0, 2.0) == (found["requests"], found["errors"])


def test_throughput_counts_requests_over_the_span():
    """From the first begin to the last end; looks are no requests but belong to the span."""
    part = history(
        look(0.0), read(1.0, 2.0), read(3.0, 4.0), write(4.0, 8.0, version=1), look(12.0)
    )

    assert 3 / 12 == metrics.throughput(part)


def test_no_metric_loses_its_name():
    """Programs read these names in what `--json` prints. New ones may be added."""
    expected = """hit_ratio stale_ratio stale_ratio_committed staleness_age_p95 versions_behind_mean
        read_mean read_p50 read_p99 write_mean write_p50 write_p99 throughput db_queries_per_s
        db_utilization cache_utilization evictions expirations cache_errors errors error_ratio
        availability retries timeouts requests"""

    assert set(expected.split()) <= set(METRICS)
