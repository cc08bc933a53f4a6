"""One list of metrics: a row says all, nothing is forgotten, and a metric of one's own is one call."""

import inspect
import math

import pandas as pd
import pytest

import cachesim as cs
from cachesim.cli.output import comparison_text, write_comparison
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.experiments.report import page
from cachesim.experiments.toml import Experiment
from cachesim.experiments.verdict import verdict
from cachesim.measure import metrics
from cachesim.measure.metrics import (
    METRICS,
    OURS,
    Metric,
    add,
    counts,
    hits,
    known,
    latencies,
    measure,
    shown_in,
    stale,
    tiers,
)
from cachesim.measure.metrics.row import TABLES
from cachesim.measure.tables import show, title
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from tests.measure.hand_made import history, read

SMALL = Scenario(cache=Simple(memory=40_000), workload=OpenLoop(rate=200), duration=2, warmup=1)
TTLS = {"strategy__ttl": [0.1, 10]}


def own():
    """Return a metric that no other process can import."""

    def quick_reads(history):
        """Share of the reads that took less than a millisecond."""
        return (metrics.latency(history, "read") < 0.001).mean()

    return quick_reads


def test_every_metric_is_in_the_list():
    """A function of a history that returns a float is a metric: none is without a row."""
    written = {
        name
        for family in (counts, hits, latencies, stale, tiers)
        for name, function in vars(family).items()
        if inspect.isfunction(function)
        and function.__module__ == family.__name__
        and list(inspect.signature(function).parameters) == ["history"]
        and function.__annotations__["return"] == "float"
    }

    assert written == {metric.name for metric in OURS} == set(METRICS)
    assert all(vars(metrics)[name] is METRICS[name].function for name in METRICS)
    assert {*METRICS} <= {*metrics.__all__}


def test_every_row_is_whole():
    """A unit, a direction, known tables, a meaning; every table shows some metric."""
    assert {"up", "down"} == {metric.better for metric in OURS}
    assert all(metric.unit and metric.function.__doc__ for metric in OURS)
    assert all(shown_in(table) for table in TABLES)
    assert all(bool(more) == bool(less) for more, less in (metric.words for metric in OURS))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({}, 'the metric "quick_reads" has no unit; give one'),
        ({"unit": "%"}, 'the metric "quick_reads": better must be "up" or "down", got ""'),
        ({"unit": "%", "better": "high"}, 'better must be "up" or "down", got "high"'),
        ({"unit": "%", "better": "up", "tables": "report page"}, 'table "page" is unknown; choose from comparison'),
    ],
)  # fmt: skip
def test_what_was_forgotten_is_said(own_metrics, row, sentence):
    """Each missing part has its sentence, and nothing is added."""
    with pytest.raises(BadInput, match=sentence):
        add(own(), **row)

    assert "quick_reads" not in own_metrics


def test_names_are_functions_names(own_metrics):
    """A lambda has none, and a name that stands for something else is refused."""

    def seed(history):
        return 1.0

    for function, sentence in (
        (lambda history: 1.0, "write it with def"),
        (seed, 'the name "seed" is taken'),
        (metrics.hit_ratio, 'the name "hit_ratio" is taken'),
    ):
        with pytest.raises(BadInput, match=sentence):
            add(function, unit="%", better="up")


def test_a_metric_returns_a_number():
    """Whatever else it returns is said, with the metric's name; a number becomes a plain float."""

    def nothing(history):
        return None

    def two(history):
        return 2

    with pytest.raises(BadInput, match=r'metric "nothing" must return a number.* got None'):
        measure(history(read()), [Metric(nothing, "count", "up")])
    assert {"two": 2.0} == measure(history(read()), [Metric(two, "count", "up")])


def test_a_metric_that_is_not_in_the_list_has_no_unit():
    """A plot or a table of it is refused with the names that there are."""
    with pytest.raises(BadInput, match='metric "quick_reads" is unknown; choose from hit_ratio'):
        title("quick_reads")
    with pytest.raises(BadInput, match=r"add your own with cs\.metrics\.add"):
        cs.plots.timeline(cs.run(SMALL), own())


def test_own_metric_in_a_sweep_on_two_processes(own_metrics, tmp_path):
    """Measured where the runs are; a store keeps it, and measures again when its code changes."""
    add(own(), unit="%", better="up")
    alone = cs.sweep(SMALL, replications=2, n_jobs=1, **TTLS)
    found = cs.sweep(SMALL, replications=2, n_jobs=2, store=tmp_path, **TTLS)

    expected = measure(cs.run(alone.scenario(3)).measured)["quick_reads"]
    assert expected == found.frame.loc[3, "quick_reads"] > 0
    pd.testing.assert_frame_equal(alone.frame, found.frame)
    again = cs.sweep(SMALL, replications=2, n_jobs=1, store=tmp_path, **TTLS)
    pd.testing.assert_frame_equal(found.frame, again.frame)
    assert 4 == len(list(tmp_path.iterdir()))

    def quick_reads(history):
        return (metrics.latency(history, "read") < 0.002).mean()

    add(quick_reads, unit="%", better="up")
    other = cs.sweep(SMALL, replications=2, n_jobs=1, store=tmp_path, **TTLS)
    assert (other.frame["quick_reads"] > found.frame["quick_reads"]).all()
    assert 8 == len(list(tmp_path.iterdir()))


def test_own_metric_in_every_table(own_metrics, tmp_path):
    """The run's table, the comparison, differences, verdict, ranking, report and pictures follow its row."""
    words = ("reads quickly more often", "reads quickly less often")
    add(own(), unit="%", better="up", tables=" ".join(TABLES), words=words)
    results = cs.compare(SMALL, replications=3, n_jobs=1, precision_of="quick_reads", **TTLS)

    assert "quick_reads" in str(cs.run(SMALL))
    assert "quick_reads" == results.header[-1]
    assert "quick reads (%)" in comparison_text(Experiment(SMALL, {}, 3), results)
    assert "reads quickly less often (by" in verdict(results.differences())
    assert ["10"] == results.ranking("quick_reads").may_be_best
    assert "quick reads (%)" in page(results, version="1")
    files = write_comparison(tmp_path, Experiment(SMALL, {}, 3), results)
    assert tmp_path / "quick_reads.png" in files
    saved = pd.read_csv(tmp_path / "results.csv")
    assert results.frame["quick_reads"].tolist() == saved["quick_reads"].tolist()
    assert show("quick_reads", 0.25) == "25.00 %"


def test_results_know_the_metrics_of_their_time(own_metrics):
    """A metric that is added later is in none of their tables, and does no harm."""
    results = cs.compare(SMALL, replications=2, n_jobs=1, **TTLS)
    add(own(), unit="%", better="up", tables=" ".join(TABLES))

    assert "quick_reads" not in {*results.header, *(d.metric for d in results.differences())}
    assert "quick reads" not in page(results, version="1")
    assert "up" == known("quick_reads").better
    assert not math.isnan(measure(results.first_runs[0].measured)["quick_reads"])
