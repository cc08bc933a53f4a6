"""Same seed, same bytes: whatever the process, the hash seed, the number of runs and of jobs."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from cachesim.engines.policies import Random
from cachesim.engines.simple import Simple
from cachesim.experiments.compare import compare, replicate
from cachesim.experiments.run import run
from cachesim.measure.history import Recorder, save
from cachesim.model.distributions import Exponential, Lognormal
from cachesim.model.popularity import Drift
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.system import System
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.rng import replica_seed
from cachesim.scenario import Scenario

SIZES = Lognormal(median=300, sigma=1.0)
OPEN = Scenario(
    strategy=LazyLoading(ttl=1, invalidate=True),
    cache=Simple(memory=100_000, policy=Random),
    workload=OpenLoop(popularity=Drift(keys=1_000), reads=0.8, size=SIZES),
    duration=3,
    warmup=1,
    start="warm",
    seed=7,
)
CLOSED = OPEN.replace(
    strategy=WriteThrough(ttl=1),
    workload=ClosedLoop(clients=20, think=Exponential(mean=0.01), reads=0.5, size=SIZES),
)
SCENARIOS = {"open": OPEN, "closed": CLOSED}

PRINT_DIGESTS = """
from tests.test_determinism import SCENARIOS, digest
for name, scenario in SCENARIOS.items():
    print(name, digest(scenario))
"""


def csv_of(scenario, folder):
    """Return the bytes of the history as CSV."""
    save(run(scenario).history, folder / "history.csv")
    return (folder / "history.csv").read_bytes()


def digest(scenario):
    """Return a hash of the bytes of a history."""
    return hashlib.sha256(run(scenario).history.to_csv(index=False).encode()).hexdigest()


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_seed_gives_the_same_bytes(name, tmp_path):
    """Two runs in one process write the same CSV, byte for byte; another seed does not."""
    scenario = SCENARIOS[name]
    once = csv_of(scenario, tmp_path)

    assert once == csv_of(scenario, tmp_path)
    assert once != csv_of(scenario.replace(seed=8), tmp_path)
    assert len(once) > 10_000


def test_a_fresh_process_and_another_hash_seed_give_the_same_bytes():
    """Nothing depends on hash(), on the order of a set, or on what ran before in the process."""
    here = [f"{name} {digest(scenario)}" for name, scenario in SCENARIOS.items()]

    for hash_seed in ("0", "4242"):
        there = subprocess.run(
            [sys.executable, "-c", PRINT_DIGESTS],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )

        assert here == there.stdout.splitlines()


def test_a_replication_does_not_depend_on_how_many_run():
    """Replication k of 2 is replication k of 4, and can be run alone from its own seed."""
    two = replicate(OPEN, replications=2, n_jobs=1).frame
    four = replicate(OPEN, replications=4, n_jobs=1).frame
    alone = run(OPEN.replace(seed=replica_seed(OPEN.seed, 3))).metrics

    assert_frame_equal(two, four.head(2), check_exact=True)
    assert alone == {name: four.loc[3, name] for name in alone}
    assert 4 == four["hit_ratio"].nunique()


def test_the_number_of_jobs_changes_nothing():
    """One process or two: the same frame, the same first histories."""
    cases = {"strategy": [LazyLoading(ttl=1), NoCache()], "replications": 2}
    one, two = (compare(OPEN, n_jobs=n, **cases) for n in (1, 2))

    assert_frame_equal(one.frame, two.frame, check_exact=True)
    for ours, theirs in zip(one.first_runs, two.first_runs, strict=True):
        assert_frame_equal(ours.history, theirs.history, check_exact=True)


def test_alternatives_see_the_same_draws():
    """Common random numbers: in an open loop every strategy is asked the same, at the same times."""
    columns = ["begin", "op", "key"]
    asked = [
        run(OPEN.replace(strategy=strategy))
        .history.query("op != 'sample'")[columns]
        .sort_values("begin", ignore_index=True)
        for strategy in (LazyLoading(), WriteThrough(), NoCache())
    ]

    assert_frame_equal(asked[0], asked[1], check_exact=True)
    assert_frame_equal(asked[0], asked[2], check_exact=True)


def test_two_systems_in_one_process_do_not_disturb_each_other():
    """No global seed, clock or counter: two systems, stepped in turns, give what each gives alone."""

    def recorded(scenario):
        recorder = Recorder()
        return System(scenario, recorder.request, recorder.sample), recorder

    (ours, our_records), (theirs, their_records) = recorded(OPEN), recorded(CLOSED)
    turns = {ours: theirs, theirs: ours}
    start(ours), start(theirs)
    system = ours
    while not (ours.env.is_over() and theirs.env.is_over()):
        system = turns[system]
        if not system.env.is_over():
            system.env.step()
    ours._sample(), theirs._sample()

    assert_frame_equal(run(OPEN).history, our_records.history(), check_exact=True)
    assert_frame_equal(run(CLOSED).history, their_records.history(), check_exact=True)


def start(system):
    """Bring a system to the point at which its event loop would run: `System.run` with the loop stopped."""
    run_to_end, sample, close = system.env.run_to_end, system._sample, system.db.rows.close
    system.env.run_to_end = system._sample = system.db.rows.close = lambda: None
    try:
        system.run()
    finally:
        system.env.run_to_end, system._sample, system.db.rows.close = (
            run_to_end,
            sample,
            close,
        )
