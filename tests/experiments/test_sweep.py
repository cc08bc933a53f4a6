"""sweep: every row's scenario, failures as rows, runs kept on disk, found again, and never half-written."""

import math

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cachesim.engines.simple import Simple
from cachesim.errors import BadInput, StrategyError
from cachesim.experiments import jobs
from cachesim.experiments.compare import compare
from cachesim.experiments.run import run
from cachesim.experiments.sweep import sweep
from cachesim.measure.metrics import METRICS
from cachesim.measure.statistics import replications_needed
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario

SMALL = Scenario(
    strategy=LazyLoading(ttl=1),
    cache=Simple(memory=20_000),
    workload=OpenLoop(rate=100, popularity=Zipf(keys=300), reads=0.8),
    duration=2,
    warmup=1,
)


class Forgetful(Strategy):
    """A student's slip: no yield."""

    read = NoCache.read

    def write(self, app, key, value):
        return app.db.write(key, value)


class Unlucky(Strategy):
    """Breaks in some of the replications: where the first key is an odd one."""

    def read(self, app, key):
        value = yield app.db.read(key)
        if app.now < 0.025 and int(key[4:]) % 2:
            raise ZeroDivisionError(f"no luck\nwith {key}")
        return value

    write = NoCache.write


@pytest.fixture
def ran(monkeypatch):
    """Return the list of scenarios that are really run in this process, as they are."""
    seen = []
    real = jobs.run
    monkeypatch.setattr(jobs, "run", lambda scenario: seen.append(scenario) or real(scenario))
    return seen


def test_the_scenario_of_every_row_can_be_had_back():
    """By the row's label, also after a selection; running it gives the row's numbers."""
    results = sweep(
        SMALL, replications=2, n_jobs=1, strategy=[NoCache(), LazyLoading()], cache__memory=[10_000, 30_000]
    )  # fmt: skip
    for row in results.frame.query("strategy == 'LazyLoading()'").index[[0, -1]]:
        again = run(results.scenario(row)).metrics

        assert again == {name: results.frame.loc[row, name] for name in METRICS}
    assert 30_000 == results.scenario(7).cache.memory


def test_a_field_of_numbers_is_a_column_of_numbers():
    """So that a frame can be plotted; values of any other kind are named by their labels."""
    varied = {"cache__memory": np.array([10_000, 30_000]), "strategy__ttl": {"short": 1, "none": math.inf}}  # fmt: skip
    results = sweep(SMALL, replications=1, n_jobs=1, start=["cold", "warm"], **varied)

    assert [10_000, 30_000] == sorted(set(results.frame["cache__memory"]))
    assert {1.0, math.inf} == set(results.frame["strategy__ttl"])
    assert ["cold", "warm"] == sorted(set(results.frame["start"]))
    assert {"start": "cold", "cache__memory": "10000", "strategy__ttl": "short"} == results.cases[0].labels  # fmt: skip


def test_a_sweep_keeps_no_histories():
    """Thousands of runs would not fit; a comparison keeps each alternative's first."""
    assert [] == sweep(SMALL, replications=1, n_jobs=1).first_runs
    assert 1 == len(compare(SMALL, replications=2, n_jobs=1).first_runs)


def test_a_failing_run_is_a_row_and_the_others_go_on():
    """The row says type and sentence, on one line; the intervals leave it out, and the notes say so."""
    results = sweep(SMALL, replications=6, n_jobs=1, strategy=[Unlucky(), NoCache(), Forgetful()])
    failures = results.frame.groupby("case")["failure"].count()
    failed = results.frame[results.frame["failure"].notna()]

    assert 18 == len(results.frame)
    assert 0 < failures[0] < 6
    assert [0, 6] == [failures[1], failures[2]]
    assert failed.iloc[0]["failure"].startswith("ZeroDivisionError: no luck with key:")
    assert failed.iloc[-1]["failure"].startswith("StrategyError: Forgetful.write")
    assert failed[list(METRICS)].isna().all(axis=None)
    assert 6 - failures[0] == len(results.values(0, "read_p50"))
    assert not math.isnan(results.interval(0, "read_p50").mean)
    assert [f"Unlucky(): {failures[0]} of 6 runs failed", "Forgetful(): 6 of 6 runs failed"] == [
        note.partition(" and are")[0] for note in results.notes if "failed" in note
    ]
    assert "6 of 6 runs failed" in str(results)


def test_differences_pair_what_succeeded_in_both():
    """A replication that failed on one side has no partner."""
    results = sweep(SMALL, replications=6, n_jobs=1, strategy=[Unlucky(), NoCache(), Forgetful()])
    by_metric = {d.metric: d.interval for d in results.differences(0, 1)}

    assert 0 == by_metric["read_p50"].mean  # reads are NoCache's, on the same draws
    assert math.isnan(results.differences(0, 2)[0].interval.mean)


def test_a_comparison_raises_what_a_sweep_writes_down():
    """Few runs, looked at now: the error itself is what one wants to see."""
    with pytest.raises(StrategyError, match=r"Forgetful\.write"):
        compare(SMALL, replications=1, n_jobs=1, strategy=[Forgetful()])


def test_a_repeated_sweep_runs_nothing(ran, tmp_path):
    """The frame is the same to the last bit; a new value costs its own runs only."""
    ttls = {"strategy__ttl": [1, 2], "replications": 2, "n_jobs": 1, "store": tmp_path}
    first = sweep(SMALL, **ttls)
    assert 4 == len(ran)
    again = sweep(SMALL, **ttls)
    assert 4 == len(ran)
    more = sweep(SMALL, **{**ttls, "strategy__ttl": [2, 3]})

    assert 6 == len(ran)
    assert_frame_equal(first.frame, again.frame, check_exact=True)
    assert first.frame.to_csv() == again.frame.to_csv()
    assert first.frame["hit_ratio"].tolist()[2:] == more.frame["hit_ratio"].tolist()[:2]


def test_a_damaged_file_is_run_again_and_said(ran, tmp_path):
    """Whatever happened to it: a flipped bit, a cut end, an empty file."""
    options = {"replications": 4, "n_jobs": 1, "store": tmp_path}
    first = sweep(SMALL, **options)
    one, two, three, _ = sorted(tmp_path.iterdir())
    content = bytearray(one.read_bytes())
    content[len(content) // 2] ^= 1
    one.write_bytes(content)
    two.write_bytes(two.read_bytes()[:-10])
    three.write_bytes(b"")
    ran.clear()
    again = sweep(SMALL, **options)

    assert 3 == len(ran)
    assert_frame_equal(first.frame, again.frame, check_exact=True)
    (note,) = [note for note in again.notes if "damaged" in note]
    assert note.startswith("3 damaged files were run again: ")
    assert all(path.name in note for path in (one, two, three))
    assert [] == [note for note in sweep(SMALL, **options).notes if "damaged" in note]
    assert 3 == len(ran)


def test_failed_runs_are_tried_again(ran, tmp_path):
    """What failed may have had a reason that is gone; it is not kept."""
    options = {"strategy": [Forgetful(), NoCache()], "replications": 2, "n_jobs": 1}
    first = sweep(SMALL, **options, store=tmp_path)
    again = sweep(SMALL, **options, store=tmp_path)

    assert 2 == len(list(tmp_path.iterdir()))
    assert 6 == len(ran)
    assert_frame_equal(first.frame, again.frame, check_exact=True)


class Held(Strategy):
    """Holds what cannot be written down."""

    lock: object = None
    read = NoCache.read
    write = NoCache.write


def test_what_cannot_be_known_again_is_run_and_said(ran, tmp_path):
    """It is never kept; the others are."""
    opened = (tmp_path / "file").open("w")
    strategies = {"held": Held(lock=opened), "none": NoCache()}
    options = {"replications": 1, "n_jobs": 1, "store": tmp_path / "store"}
    sweep(SMALL, strategy=strategies, **options)
    again = sweep(SMALL, strategy=strategies, **options)
    opened.close()

    assert [NoCache(), Held, Held] == [
        ran[1].strategy,
        type(ran[0].strategy),
        type(ran[2].strategy),
    ]
    assert 3 == len(ran)
    (note,) = [note for note in again.notes if "not kept" in note]
    assert note.startswith("held: runs are not kept, because it holds what has no lasting form (")


def test_a_store_that_cannot_be_used_is_refused(tmp_path):
    """Before anything runs."""
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r'store ".*file" cannot be used'):
        sweep(SMALL, store=tmp_path / "file")


def test_bad_combinations_are_refused_before_anything_runs(ran):
    """They are slips of the sweep itself, not of a run."""
    with pytest.raises(BadInput, match="warmup must be shorter"):
        sweep(SMALL, n_jobs=1, warmup=[1, 5])
    assert [] == ran


def test_what_a_frame_says_is_text_or_number():
    """No object columns: what is written to a file is what was there."""
    frame = sweep(SMALL, replications=1, n_jobs=1, strategy=[NoCache(), Forgetful()]).frame

    assert not [c for c in frame if frame[c].dtype == object]
    assert [False, True] == frame["failure"].notna().tolist()
    assert pd.api.types.is_string_dtype(frame["engine"])


def test_replications_until_a_precision_is_reached():
    """As many as the rule of Hoad, Robinson and Davies finds, a case for itself, on the usual draws."""
    options = {"until_precision": 0.2, "precision_of": "write_p50", "n_jobs": 1}
    results = sweep(SMALL, strategy={"lazy": LazyLoading(ttl=1), "none": NoCache()}, **options)
    counts = results.frame["case"].value_counts()
    fixed = sweep(SMALL, strategy=[NoCache()], replications=counts[1], n_jobs=1)

    assert 13 == counts[0] > counts[1] == 8
    for number in (0, 1):
        values = results.values(number, "write_p50")
        assert None is not replications_needed(values, 0.2)
        assert None is replications_needed(values[:-5], 0.2)
    assert fixed.values(0, "write_p50") == results.values(1, "write_p50")
    assert [] == [note for note in results.notes if "replications" in note]


def test_a_precision_that_cannot_be_reached_is_said():
    """At the limit; where the metric is undefined or nothing ran, at once."""
    strategies = {"lazy": LazyLoading(ttl=1), "none": NoCache(), "slip": Forgetful()}
    results = sweep(SMALL, strategy=strategies, replications=11, until_precision=1e-6, n_jobs=1)

    assert [11, 8, 8] == results.frame["case"].value_counts().sort_index().tolist()
    assert [
        "lazy: hit_ratio is not known to ±1e-06 of its mean after 11 replications",
        "none; slip: hit_ratio is undefined, so 8 replications were run",
    ] == [note for note in results.notes if "replications" in note]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"until_precision": 0}, "until_precision must be > 0"),
        ({"until_precision": 0.1, "precision_of": "colour"}, 'precision_of "colour" is unknown'),
        ({"backend": "abacus"}, 'backend must be one of processes, dask, got "abacus"'),
        ({"address": "tcp://x:1"}, "an address is that of a Dask cluster"),
        ({"n_jobs": 0}, "n_jobs must be -1"),
    ],
)
def test_bad_options_are_refused(options, says):
    """With one sentence."""
    with pytest.raises(BadInput, match=says):
        sweep(SMALL, replications=1, **options)


def test_two_sweeps_at_once_in_one_store_do_no_harm(tmp_path):
    """Each finds or does every run, and what they leave serves a third."""
    options = {"replications": 4, "n_jobs": 1, "store": tmp_path}
    others = []

    def between(runs, total):
        for number, done in enumerate(runs):
            if number == 1:
                others.append(sweep(SMALL, **options))
            yield done

    ours = sweep(SMALL, progress=between, **options)
    third = sweep(SMALL, **options)

    assert_frame_equal(ours.frame, others[0].frame, check_exact=True)
    assert_frame_equal(ours.frame, third.frame, check_exact=True)
    assert 4 == len(list(tmp_path.iterdir()))
    assert [] == third.notes
