"""run, replicate, compare and sweep: which runs, on which draws, under which names."""

import math
import sqlite3

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cachesim.engines.simple import Simple
from cachesim.errors import BadInput, StrategyError
from cachesim.experiments.compare import compare, replicate
from cachesim.experiments.run import run
from cachesim.experiments.sweep import sweep
from cachesim.measure.history import select_requests
from cachesim.measure.metrics import METRICS
from cachesim.measure.statistics import interval, paired_difference
from cachesim.model.database import Database
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import OpenLoop
from cachesim.rng import replica_seed
from cachesim.scenario import Scenario

SMALL = Scenario(
    strategy=LazyLoading(ttl=1),
    cache=Simple(memory=40_000),
    workload=OpenLoop(rate=200, popularity=Zipf(keys=300), reads=0.8),
    duration=3,
    warmup=1,
)


def requests_asked(result):
    """Return the requests and their times: common random numbers keep these equal."""
    return select_requests(result.history).sort_values("begin")[["op", "key", "begin"]].to_numpy().tolist()  # fmt: skip


def test_a_result_leaves_the_warm_up_out():
    """The history is whole, the metrics are of its rest."""
    result = run(SMALL)

    assert result.history["begin"].min() == 0.0
    assert result.measured["begin"].min() >= 1.0
    assert result.metrics["requests"] == len(select_requests(result.measured))
    assert METRICS.keys() == result.metrics.keys()


def test_alternatives_meet_the_same_requests():
    """Common random numbers: same keys at the same times, whatever the strategy."""
    results = compare(SMALL, replications=1, n_jobs=1, strategy=[NoCache(), WriteThrough()])
    first, second = results.first_runs

    assert requests_asked(first) == requests_asked(second)
    assert first.metrics != second.metrics


def test_replications_differ_and_are_seeded_by_their_number():
    """Replication k of a scenario is the run with the k-th seed derived from its own."""
    results = replicate(SMALL, 3, n_jobs=1)

    assert 3 == results.frame["read_p99"].nunique()
    assert [replica_seed(1, k) for k in range(3)] == results.frame["seed"].tolist()
    alone = run(SMALL.replace(seed=replica_seed(1, 2)))
    assert alone.metrics["read_p99"] == results.frame["read_p99"].iloc[2]


def test_the_frame_is_tidy():
    """One row per run; columns: case, the varied fields, replication, seed, engine, failure, every metric."""
    strategies = {"lazy": LazyLoading(), "none": NoCache()}
    results = compare(
        SMALL, replications=2, n_jobs=1, strategy=strategies, workload__reads=[0.5, 1]
    )

    about = ["case", "strategy", "workload__reads", "replication", "seed", "engine", "failure"]
    assert [*about, *METRICS] == list(results.frame.columns)
    assert [(c, r) for c in range(4) for r in range(2)] == list(
        zip(results.frame["case"], results.frame["replication"], strict=True)
    )
    assert ["lazy", "lazy", "none", "none"] == [c.labels["strategy"] for c in results.cases]
    assert pd.api.types.is_float_dtype(results.frame["hit_ratio"])


def test_a_case_is_named_by_what_differs():
    """A field with one value says nothing; nothing varied is the scenario."""
    one = {"strategy": [NoCache()], "seed": [1, 2]}

    assert ["1", "2"] == [c.name for c in compare(SMALL, replications=1, n_jobs=1, **one).cases]
    assert ["NoCache()"] == [
        c.name for c in compare(SMALL, replications=1, n_jobs=1, strategy=[NoCache()]).cases
    ]
    assert ["scenario"] == [c.name for c in replicate(SMALL, 1).cases]


def test_two_specs_of_one_class_can_be_told_apart():
    """Labels are what differs from the default."""
    results = compare(
        SMALL, replications=1, n_jobs=1, strategy=[LazyLoading(ttl=1), LazyLoading(ttl=2)]
    )

    assert ["LazyLoading(ttl=1.0)", "LazyLoading(ttl=2.0)"] == [c.name for c in results.cases]


def test_a_sweep_is_every_combination():
    """In the order of the fields, the last one fastest; nested fields by two underscores."""
    results = sweep(
        SMALL,
        replications=1,
        n_jobs=1,
        strategy__ttl=[1, 2],
        cache__memory=[10_000, 20_000, 30_000],
    )

    assert [(t, m) for t in (1, 2) for m in (10_000, 20_000, 30_000)] == [
        (c.scenario.strategy.ttl, c.scenario.cache.memory) for c in results.cases
    ]
    assert {"strategy__ttl": "2", "cache__memory": "10000"} == results.cases[3].labels


def test_the_result_does_not_depend_on_the_processes():
    """Workers or none: the same frame."""
    serial = compare(SMALL, replications=2, n_jobs=1, strategy=[NoCache(), LazyLoading()])
    parallel = compare(SMALL, replications=2, n_jobs=2, strategy=[NoCache(), LazyLoading()])

    assert_frame_equal(serial.frame, parallel.frame)
    assert_frame_equal(serial.first_runs[1].history, parallel.first_runs[1].history)


def test_progress_sees_every_run():
    """It is handed the stream and the number."""
    seen = []

    def progress(finished, total):
        for done in finished:
            seen.append(total)
            yield done

    compare(SMALL, replications=3, n_jobs=1, progress=progress, strategy=[NoCache(), LazyLoading()])

    assert [6] * 6 == seen


def test_intervals_and_differences_are_those_of_statistics():
    """Student-t over the replications, and paired by replication."""
    results = compare(SMALL, replications=4, n_jobs=1, strategy=[LazyLoading(), NoCache()])
    ours, theirs = (results.values(n, "db_queries_per_s") for n in (0, 1))

    assert interval(ours) == results.interval(0, "db_queries_per_s")
    by_metric = {d.metric: d for d in results.differences()}
    assert paired_difference(ours, theirs) == by_metric["db_queries_per_s"].interval
    assert by_metric["db_queries_per_s"].interval.high < 0
    assert ("LazyLoading()", "NoCache()") == by_metric["errors"][1:3]
    assert math.isnan(by_metric["hit_ratio"].interval.mean)


def test_one_case_has_no_difference():
    """And asking for a case that does not exist gives none either."""
    results = replicate(SMALL, 2, n_jobs=1)

    assert [] == results.differences()
    assert [] == results.differences(0, 7)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"replications": 0}, "replications must be >= 1, got 0"),
        ({"strategy": []}, "strategy has no values"),
        ({"strategy": {}}, "strategy has no values"),
        ({"colour": [1]}, "colour"),
        ({"cache__colour": [1]}, "colour"),
        ({"colour__memory": [1]}, "colour"),
        ({"seed": [1, -1]}, "seed must be >= 0, got -1"),
        ({"strategy": [5]}, "strategy must be a Strategy, got 5"),
    ],
)
def test_what_cannot_be_compared_is_refused(options, says):
    """Before anything runs."""
    with pytest.raises(BadInput, match=says):
        compare(SMALL, **options)


class Forgetful(Strategy):
    """A student's slip: no yield."""

    def read(self, app, key):
        return app.db.read(key)


def test_an_error_in_a_worker_arrives_whole():
    """The same sentence, whichever process found it."""
    with pytest.raises(StrategyError, match="Forgetful") as alone:
        run(SMALL.replace(strategy=Forgetful()))
    with pytest.raises(StrategyError, match="Forgetful") as parallel:
        compare(SMALL, replications=2, n_jobs=2, strategy=[Forgetful(), NoCache()])

    assert str(alone.value) == str(parallel.value)


def test_nothing_evicted_is_said():
    """Once a case, with its name; where there is no cache it goes without saying."""
    roomy = SMALL.replace(cache__memory=10**9)
    results = compare(
        roomy, replications=1, n_jobs=1, strategy={"lazy": LazyLoading(), "none": NoCache()}
    )

    assert [
        "lazy: nothing was evicted: policies and engines cannot differ in their hit ratio here"
    ] == results.notes
    assert results.notes[0] in str(results)
    assert [] == run(SMALL.replace(cache__memory=5_000)).notes


def test_a_database_file_is_for_one_run(tmp_path):
    """Several runs cannot share a file, and one can have it; its rows are there afterwards."""
    file = str(tmp_path / "rows.db")
    scenario = Scenario(database=Database(file=file), duration=1, warmup=0)
    with pytest.raises(BadInput, match="which 2 runs cannot share"):
        compare(scenario, replications=2, n_jobs=1)
    run(scenario)

    with sqlite3.connect(file) as rows:
        assert (10_000,) == rows.execute("SELECT count(*) FROM cache_rows").fetchone()
    rows.close()
