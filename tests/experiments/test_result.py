"""How results show, and the sentence drawn from them."""

import math

import pandas as pd
import pytest

from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.compare import compare
from cachesim.experiments.differences import Difference
from cachesim.experiments.results import Case, Results, labelled
from cachesim.experiments.run import run
from cachesim.experiments.verdict import verdict
from cachesim.measure.metrics import METRICS
from cachesim.measure.statistics import Interval
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario

SMALL = Scenario(cache=Simple(memory=40_000), workload=OpenLoop(rate=200), duration=2, warmup=1)


class Named(LazyLoading):
    """A strategy whose name and field would break a page that did not escape them."""

    label: str = ""


EVIL = "<script>alert('&')</script>"


def test_a_result_shows_every_metric():
    """As text and as HTML: each by name, undefined as a dash, the misses by kind."""
    result = run(SMALL)
    for text in (str(result), result._repr_html_()):
        assert all(name in text for name in METRICS)
        assert "Scenario(" in text
    assert "misses by kind" in str(result)
    assert "cold" in str(result)
    assert "nan" not in str(run(SMALL.replace(strategy=NoCache())))


def test_html_is_escaped():
    """Names of a user's own reach the page as text."""
    scenario = SMALL.replace(strategy=Named(label=EVIL))
    results = compare(SMALL, replications=1, n_jobs=1, strategy={EVIL: NoCache(), "b": NoCache()})
    for page in (run(scenario)._repr_html_(), results._repr_html_()):
        assert "<script>" not in page
        assert "&lt;script&gt;" in page


def test_results_show_a_row_a_case():
    """The table's columns are the varied fields and the nine measures of the comparison."""
    results = compare(SMALL, replications=2, n_jobs=1, strategy=[LazyLoading(), NoCache()])

    lines = str(results).splitlines()
    assert lines[0].split()[:3] == ["strategy", "hit_ratio", "stale_ratio"]
    assert lines[2].startswith("LazyLoading()")
    assert lines[3].startswith("NoCache()")
    assert "±" in lines[2]
    assert 3 == results._repr_html_().count("<tr>")
    assert 10 == len(results.header) == len(results.rows()[0])


def test_labels():
    """A mapping names its values; a list is named by what they print as, texts as they are."""
    assert [("a", 1)] == labelled({"a": 1})
    assert [("cold", "cold"), ("NoCache()", NoCache())] == labelled(["cold", NoCache()])


def differences(**intervals):
    """Return differences of all metrics: 0 ± 1 but for those given."""
    known = {metric: Interval(0.0, -1.0, 1.0) for metric in METRICS} | intervals
    return [Difference(metric, "A", "B", found) for metric, found in known.items()]


NAN = Interval(math.nan, math.nan, math.nan)


def test_a_difference_is_told_with_its_direction_and_size():
    """In the unit people read; what spans 0 is named as not shown."""
    told = verdict(differences(hit_ratio=Interval(0.021, 0.02, 0.022)))

    assert told == (
        "A, against B, hits more (by 2.1 pp); no difference shown in "
        "stale_ratio, read_p99, write_p50, db_queries_per_s."
    )


@pytest.mark.parametrize(
    ("metric", "more", "less"),
    [
        ("hit_ratio", "hits more (by 10 pp)", "hits less (by 10 pp)"),
        ("stale_ratio", "serves more stale reads (by 10 pp)", "serves fewer stale reads (by 10 pp)"),
        ("read_p99", "has the slower read p99 (by 100 ms)", "has the faster read p99 (by 100 ms)"),
        ("write_p50", "has the slower writes (by 100 ms)", "has the faster writes (by 100 ms)"),
        ("db_queries_per_s", "asks the database more (by 0.1 queries/s)", "asks the database less (by 0.1 queries/s)"),
    ],
)  # fmt: skip
def test_the_sign_decides_the_word(metric, more, less):
    """First minus second above 0 is more, or slower; below 0 the opposite."""
    assert more in verdict(differences(**{metric: Interval(0.1, 0.05, 0.15)}))
    assert less in verdict(differences(**{metric: Interval(-0.1, -0.15, -0.05)}))


def test_several_differences_are_joined():
    """With commas and one "and"."""
    told = verdict(
        differences(
            hit_ratio=Interval(0.1, 0.05, 0.15),
            stale_ratio=Interval(0.2, 0.1, 0.3),
            read_p99=Interval(-0.002, -0.003, -0.001),
        )
    )

    assert told == (
        "A, against B, hits more (by 10 pp), serves more stale reads (by 20 pp) and has the faster "
        "read p99 (by 2 ms); no difference shown in write_p50, db_queries_per_s."
    )


def test_no_difference_shown():
    """Every interval spans 0."""
    told = "A against B: no difference shown (every 95 % interval spans 0)."

    assert told == verdict(differences())
    assert told == verdict(differences(hit_ratio=Interval(0.0, 0.0, 0.0)))


@pytest.mark.parametrize("bound", [0.0, -1e-12])
def test_an_interval_that_touches_0_shows_nothing(bound):
    """The bound itself counts as spanned."""
    assert "no difference shown (" in verdict(differences(hit_ratio=Interval(0.5, bound, 1.0)))


def test_what_is_undefined_is_neither_shown_nor_unshown():
    """A hit ratio against no cache: not spoken of."""
    told = verdict(differences(hit_ratio=NAN, read_p99=Interval(0.1, 0.05, 0.15)))

    assert "hit" not in told
    assert "nan" not in told


def test_one_replication_claims_nothing_about_intervals():
    """Without an interval there is nothing that spans 0: the sentence must not say so."""
    told = verdict(differences(**dict.fromkeys(METRICS, Interval(0.1, math.nan, math.nan))))

    assert "spans 0" not in told
    assert "replication" in told


def test_no_differences_no_sentence():
    """One case has nothing to say."""
    assert "" == verdict([])


def compared(**samples):
    """Return results with one case a sample of hit ratios; latencies are theirs less one, read backwards."""
    cases = [Case({"strategy": name}, Scenario(), name) for name in samples]
    rows = [
        {
            "case": n,
            **dict.fromkeys(METRICS, math.nan),
            "hit_ratio": x,
            "read_p99": 1 - x,
            "engine": "",
            "failure": None,
            "replication": r,
        }
        for n, values in enumerate(samples.values())
        for r, x in enumerate(values)
    ]
    return Results(cases, pd.DataFrame(rows), {})


def test_a_ranking_knows_which_end_is_good():
    """More hits are better, less latency is; what is undefined is left out."""
    results = compared(a=[0.1, 0.2, 0.3], b=[0.5, 0.6, 0.7], none=[math.nan] * 3)
    hits, times = results.ranking("hit_ratio", worth=0.01), results.ranking("read_p99")

    assert (["b"], ["b"]) == (hits.may_be_best, times.may_be_best)
    assert ["b", "a"] == [place.name for place in hits.places]
    assert "rank by hit ratio (%)" in str(hits)
    assert 3 == hits.enough
    with pytest.raises(BadInput, match='metric "speed" is unknown; choose from hit_ratio'):
        results.ranking("speed")
    with pytest.raises(BadInput, match="two alternatives or more"):
        results.ranking("stale_ratio")


def test_differences_say_what_pairing_saves():
    """The factor stands beside the interval: var 0.01 + var 0.01 over var 0.0025."""
    found = compared(a=[0.1, 0.2, 0.3], b=[0.55, 0.65, 0.7]).differences()[0]

    assert "hit_ratio" == found.metric
    assert pytest.approx((0.01 + 0.0175 / 3) / (0.0025 / 3)) == found.variance_reduction
