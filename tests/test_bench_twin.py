"""The benchmark compares like with like: the textbook twin and our model describe the same system."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cachesim.cli.peers import textbook
from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.measure.metrics import hit_ratio, latency, requests
from cachesim.measure.statistics import interval
from cachesim.model.distributions import Constant
from cachesim.model.network import Network
from tests.patience import PATIENCE

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PROMISED = {
    "textbook_ratio", "bare_events_per_request", "open_loop_ratio", "replay_ratio", "import_s",
}  # fmt: skip
WANTED = 5_000  # requests per run
SEEDS = range(1, 6)


@pytest.fixture
def speed(monkeypatch):
    """Return the benchmark's module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import speed

    return speed


def twin_figures(seed):
    """Return hit ratio, throughput and mean read latency of the twin."""

    class Counting(textbook.Dictionary):
        asked = 0

        def read(self, key):
            self.asked += 1
            return super().read(key)

    twin = textbook.Twin(Counting(), seed=seed)
    twin.closed(WANTED)
    reads = [end - begin for _, is_read, begin, end in twin.records if is_read]
    last = max(end for *_, end in twin.records)
    return 1 - twin.rows.asked / len(reads), len(twin.records) / last, sum(reads) / len(reads)


def our_figures(speed, seed):
    """Return the same of our model, which has no network here, for the twin has none."""
    near = Network(in_zone=Constant(value=0.0))
    plan = speed.scenario(WANTED, is_open=False, cache=Simple(items=1_000))
    history = run(plan.replace(network=near, seed=seed)).history
    return (
        hit_ratio(history),
        requests(history) / history["end"].max(),
        float(latency(history, "read").mean()),
    )


def test_the_twin_and_the_model_agree(speed):
    """Hit ratio, throughput and read latency: the 99.9 % interval of the difference of five independent runs
    spans 0, and is narrow enough to mean something (5 % of the figure for the first two, 30 % for the last).
    """
    twins = [twin_figures(seed) for seed in SEEDS]
    ours = [our_figures(speed, seed) for seed in SEEDS]

    for column, tolerance in enumerate((0.05, 0.05, 0.3)):
        theirs = [figures[column] for figures in twins]
        difference = interval(
            [figures[column] - figure for figures, figure in zip(ours, theirs, strict=True)], 0.999
        )
        assert difference.low <= 0 <= difference.high, (column, difference)
        assert abs(difference.mean) < tolerance * theirs[0], (column, difference)


def test_the_twin_reads_the_same_rows_from_sqlite():
    """With SQLite or a dict the twin does the same: only the cost differs."""
    with_sql, without = (
        textbook.Twin(rows, seed=3) for rows in (textbook.Rows(), textbook.Dictionary())
    )
    with_sql.closed(500)
    without.closed(500)

    assert with_sql.records == without.records
    assert {len(with_sql.rows.read(f"key:{n}")) for n in range(0, 10_000, 1_000)} == {100}


def test_speed_prints_its_keys():
    """One JSON object: five promised figures, all above 0."""
    call = [sys.executable, BENCHMARKS / "speed.py", "--json", "--rounds=1", "--requests=2000"]
    found = subprocess.run(call, cwd=BENCHMARKS.parent, capture_output=True, text=True, timeout=PATIENCE,
                           env={**os.environ, "PYTHONPATH": str(BENCHMARKS.parent)})  # fmt: skip

    assert 0 == found.returncode, found.stderr
    figures = json.loads(found.stdout)
    assert set(figures) >= PROMISED
    assert all(value > 0 for value in figures.values())
