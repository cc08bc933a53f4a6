"""One of each from outside the package, as docs/contribute.md promises: a sweep on two processes, saved and loaded."""

import os
import subprocess
import sys

import pytest

import cachesim as cs
from cachesim.experiments.store import Store
from cachesim.experiments.toml import KINDS, Experiment, from_toml, to_toml
from cachesim.measure.history import load, save
from tests import newcomer
from tests.newcomer import BACKWARDS, DoublingRedis, Forget, Measured, Oldest


@pytest.fixture(autouse=True)
def metric():
    """The metric, added as a user adds one, and removed again."""
    cs.metrics.add(newcomer.lost_ratio, unit="%", better="down", tables="comparison")
    yield
    del cs.metrics.METRICS["lost_ratio"]


@pytest.fixture
def scenario(tmp_path):
    """A small run in which each of them takes part."""
    (tmp_path / "keys.txt").write_text(newcomer.keys(600))
    return cs.Scenario(
        strategy=Measured(ttl=2),
        cache=cs.Simple(items=10, policy=Oldest),
        workload=cs.TraceReplay(
            path=str(tmp_path / "keys.txt"), format=BACKWARDS, rate=200, writes=0.1
        ),
        faults=(Forget(at=2),),
        duration=3,
        warmup=0.5,
    )


ALTERNATIVES = {
    "cache": {
        "oldest": cs.Simple(items=10, policy=Oldest),
        "doubling": DoublingRedis(memory=cs.MIB),
    },
    "strategy": {"measured": Measured(ttl=2), "lazy": cs.LazyLoading(ttl=2)},
}


def test_a_sweep_on_two_processes(scenario, tmp_path):
    """Every part reaches the processes; the numbers are those of one process; runs are kept and found."""
    store = Store(tmp_path / "runs")
    grids = [
        cs.sweep(scenario, replications=1, n_jobs=jobs, store=kept, **ALTERNATIVES)
        for jobs, kept in ((2, store), (1, None), (2, Store(tmp_path / "runs")))
    ]
    frames = [grid.frame.sort_values("case").reset_index(drop=True) for grid in grids]

    assert frames[0]["failure"].isna().all(), frames[0]["failure"].tolist()
    assert (frames[0]["lost_ratio"] > 0).all()
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])
    assert "lost_ratio" in str(grids[0])


def test_a_command_of_my_own_runs_and_costs(scenario):
    """In the model, by `execute`: it is answered, and its visits take time."""
    engine = DoublingRedis(memory=cs.MIB)
    mine = cs.run(scenario.replace(cache=engine, strategy=newcomer.Doubled(ttl=2)))
    plain = cs.run(scenario.replace(cache=engine))

    assert 0 == mine.metrics["errors"]
    assert mine.metrics["read_p50"] > plain.metrics["read_p50"]


def test_a_policy_of_my_own_is_as_good_as_a_built_in_one(scenario):
    """The same decisions give the same history."""
    mine = cs.run(scenario.replace(strategy=cs.WriteThrough(), faults=()))
    ours = cs.run(
        scenario.replace(
            strategy=cs.WriteThrough(), faults=(), cache__policy=cs.policies.ALL["fifo"]
        )
    )

    assert ours.metrics == mine.metrics


@pytest.mark.parametrize("name", ["history.csv", "history.parquet"])
def test_a_history_is_saved_and_loaded(scenario, tmp_path, name):
    """What is measured afterwards is the same, my metric included."""
    history = cs.run(scenario).history
    save(history, tmp_path / name)

    assert cs.metrics.measure(history) == cs.metrics.measure(load(tmp_path / name))
    assert cs.metrics.measure(history)["lost_ratio"] > 0


def test_a_scenario_file_names_what_a_program_has_listed(scenario, monkeypatch):
    """There and back: an equal experiment; nothing of it is known without the lists."""
    experiment = Experiment(scenario, ALTERNATIVES, 2)
    with pytest.raises(cs.errors.BadInput, match="a scenario file cannot name"):
        to_toml(experiment)
    named = {"measured": Measured, "forget": Forget, "doubling-redis": DoublingRedis}
    for name, kind in named.items():
        monkeypatch.setitem(KINDS, name, kind)
    monkeypatch.setitem(cs.policies.ALL, "oldest", Oldest)
    monkeypatch.setitem(cs.traces.FORMATS, "backwards", BACKWARDS)

    assert experiment == from_toml(to_toml(experiment))


def test_a_listed_format_reaches_other_processes(scenario, monkeypatch):
    """By its name in this program; the workload takes the format along."""
    monkeypatch.setitem(cs.traces.FORMATS, "backwards", BACKWARDS)
    named = scenario.replace(workload__format="backwards")

    assert scenario == named


def test_a_metric_without_a_unit_is_refused():
    """The sentence says what was forgotten."""
    with pytest.raises(cs.errors.BadInput, match="unit"):
        cs.metrics.add(newcomer.doubled, unit="", better="up")


@pytest.fixture
def installed(tmp_path):
    """The folder of an installed package whose entry points name a command, and a broken one."""
    about = tmp_path / "newcomer-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: newcomer\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[cachesim.commands]\nhello = tests.newcomer:hello\nbroken = tests.nothing:x\n"
        "number = tests.newcomer:READ\nrun = tests.newcomer:hello\n"
    )
    return tmp_path


@pytest.fixture
def command(installed):
    """Call the command line where that package is installed."""

    def call(*words):
        path = os.pathsep.join([str(installed), os.getcwd()])
        return subprocess.run(
            [sys.executable, "-m", "cachesim", *words],
            env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
        )  # fmt: skip

    return call


def test_a_command_of_another_package(command):
    """It is called, and listed with ours; one of our names is not replaced."""
    found = command("--help")

    assert (0, "hello from outside\n") == (command("hello").returncode, command("hello").stdout)
    assert "Say hello: a command." in found.stdout
    assert "Run a scenario file" in found.stdout


@pytest.mark.parametrize(
    ("name", "why"), [("broken", "ModuleNotFoundError"), ("number", "no click command")]
)
def test_a_broken_command_of_another_package(command, name, why):
    """It says so in one sentence when it is called, and the help page still shows the rest."""
    found = command(name, "--any", "thing")

    assert (2, "") == (found.returncode, found.stdout)
    assert why in found.stderr
    assert 1 == len(found.stderr.splitlines())
    assert "(cannot be loaded)" in command("--help").stdout
