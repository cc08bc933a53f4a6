"""Histories: from records, to CSV and Parquet and back, from files of others."""

import os

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.measure.history import COLUMNS, WHOLE, Recorder, load, save, select_requests, since
from cachesim.measure.metrics import measure, miss_kinds
from cachesim.model.workload import OpenLoop
from cachesim.records import REQUEST, SAMPLE
from cachesim.scenario import Scenario
from tests.measure.hand_made import failed, history, loaded, look, read, write

ENDINGS = ["csv", "parquet"]
STRANGE = [
    "NA",
    "nan",
    "null",
    "None",
    "007",
    "1e5",
    "a,b",
    'say "x"',
    "two\nlines",
    "ключ",
    " space ",
    "True",
]
HISTORIES = {
    "empty": history(),
    "one read": history(read()),
    "only looks": history(look(0.0), look(1.0, memory=17, cache_busy=1 / 3)),
    "every kind": history(
        read(0.1, 0.1 + 0.2, lookup=None), write(1 / 3, version=1), failed(read()), look(0.7),
        read(version=None, write=None, lookup="cold"),
    ),
    "strange keys": history(*[read(key=key) for key in STRANGE]),
    "large numbers": history(read(write=2**53 - 1, begin=1e-300, end=1e300)),
}  # fmt: skip


@pytest.fixture(scope="module")
def simulated():
    """Return the history of a real run, errors and all."""
    workload = OpenLoop(rate=900.0, reads=0.7)
    scenario = Scenario(cache=Simple(memory=50_000), workload=workload, duration=2, warmup=0)
    return run(scenario.replace(database__connections=1, database__waiting=3)).history


def saved_and_loaded(frame, folder, ending):
    """Return a history that went through a file."""
    path = folder / f"history.{ending}"
    save(frame, path)
    return load(path)


# --- from records


def test_columns_are_those_of_the_records():
    """Both kinds of rows share one frame; what a kind does not have is empty."""
    frame = history(read(), look(2.0, memory=5))

    assert list(COLUMNS) == list(frame.columns)
    assert ["read", "sample"] == frame["op"].tolist()
    assert frame.loc[0, list(SAMPLE[1:])].isna().all()
    assert (
        frame.loc[1, [name for name in REQUEST if name not in ("op", "begin", "end")]].isna().all()
    )
    assert (2.0, 2.0, 5.0) == tuple(frame.loc[1, ["begin", "end", "memory"]])


def test_rows_are_ordered_by_their_end():
    """Requests end in this order; a look comes after the requests of its moment."""
    frame = history(look(0.0), look(2.0), read(1.0, 3.0), read(0.0, 2.0))

    assert [("sample", 0.0), ("read", 2.0), ("sample", 2.0), ("read", 3.0)] == list(
        zip(frame["op"], frame["end"], strict=True)
    )


def test_whole_numbers_stay_whole():
    """Versions and ids are integers even where some are absent."""
    frame = history(read(version=3), failed(read()))

    assert {"Int64"} == {str(frame[name].dtype) for name in WHOLE}
    assert [3, pd.NA] == frame["version"].tolist()


def test_a_recorder_flushes_without_losing_anything():
    """However many records come between two looks, the frame has them all, in order."""
    recorder = Recorder()
    for n in range(40_000):
        recorder.request((n, "read", "k", float(n), n + 0.5, "hit", 0, 0, 0, 0, None))
        if n % 10_000 == 0:
            recorder.sample((float(n), *[0] * 10))
    frame = select_requests(recorder.history())

    assert list(range(40_000)) == frame["client"].tolist()
    assert_frame_equal(recorder.history(), recorder.history())


def test_parts_of_a_history():
    """`since` goes by the begin, the bound included; `select_requests` numbers what ended from 0."""
    frame = history(read(1.0, 9.0), look(2.0), read(2.0, 3.0), read(3.0, 4.0))

    assert [2.0, 2.0, 3.0] == since(frame, 2.0)["begin"].tolist()
    assert [0, 1, 2] == select_requests(frame).index.tolist()


# --- through files


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_round_trips(name, ending, tmp_path):
    """What comes back is what was saved: every value, every type."""
    frame = HISTORIES[name]

    assert_frame_equal(frame, saved_and_loaded(frame, tmp_path, ending), check_exact=True)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_simulated_history_round_trips(simulated, ending, tmp_path):
    """Thousands of floats too, and so every metric."""
    frame = saved_and_loaded(simulated, tmp_path, ending)

    assert simulated["error"].notna().any()
    assert_frame_equal(simulated, frame, check_exact=True)
    assert measure(simulated) == measure(frame)
    assert ["history." + ending] == os.listdir(tmp_path), "nothing unfinished is left"


def test_the_two_formats_agree(simulated, tmp_path):
    """CSV and Parquet give the same frame."""
    frames = [saved_and_loaded(simulated, tmp_path, ending) for ending in ENDINGS]

    assert_frame_equal(*frames, check_exact=True)


# --- from elsewhere


def test_a_poor_history_needs_three_columns(tmp_path):
    """op, begin and end suffice for latencies; all else is undefined, not wrong."""
    frame = loaded("begin,op,end\n1.0,read,1.5\n2.0,write,4.0\n", tmp_path)
    found = measure(frame)

    assert list(COLUMNS) == list(frame.columns)
    assert (0.5, 2.0, 2.0) == (found["read_p50"], found["write_p50"], found["requests"])
    for name in (
        "hit_ratio",
        "stale_ratio",
        "staleness_age_p95",
        "versions_behind_mean",
        "evictions",
    ):
        assert np.isnan(found[name])
    assert {} == miss_kinds(frame)
    assert_frame_equal(frame, saved_and_loaded(frame, tmp_path, "parquet"))


def test_a_history_without_what_was_acknowledged_has_no_staleness(tmp_path):
    """Versions alone do not say what a read should have seen; where they are known, that row counts."""
    frame = loaded("op,begin,end,key,version\nread,1,2,a,1\nread,1,2,a,0\n", tmp_path)

    assert np.isnan(measure(frame)["stale_ratio"])
    assert np.isnan(measure(frame)["versions_behind_mean"])

    half = loaded(
        "op,begin,end,key,version,acknowledged\nread,1,2,a,1,\nread,1,2,a,0,1\nread,1,2,a,1,1\n",
        tmp_path,
    )

    assert 0.5 == measure(half)["stale_ratio"]


def test_other_columns_are_dropped(tmp_path):
    """A history has the columns it has."""
    assert list(COLUMNS) == list(loaded("op,begin,end,host\nread,1,2,x\n", tmp_path).columns)


def test_a_header_alone_is_an_empty_history(tmp_path):
    """Nothing happened, and that is said."""
    assert 0.0 == measure(loaded("op,begin,end\n", tmp_path))["requests"]


def test_keys_that_look_like_numbers(tmp_path):
    """A key is a text, leading zeros included."""
    assert ["007", "7"] == loaded("op,begin,end,key\nread,1,2,007\nread,1,2,7\n", tmp_path)[
        "key"
    ].tolist()


@pytest.mark.parametrize("absent", ["", "NaN", "nan", "NA", "null"])
def test_absent_numbers_have_many_names(absent, tmp_path):
    """What other tools write where a number is absent."""
    frame = loaded(
        f"op,begin,end,version,memory\nread,1,2,{absent},{absent}\nread,1,2,4,5\n", tmp_path
    )

    assert [True, False] == frame["version"].isna().tolist() == frame["memory"].isna().tolist()
