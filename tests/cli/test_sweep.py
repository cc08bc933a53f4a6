"""`cachesim sweep`: values as texts, the files, the JSON object, resuming, failures, and what is refused."""

import pandas as pd
import pytest

from cachesim.cli import sweep as command
from cachesim.cli.vary import varied
from cachesim.engines.policies import SIEVE
from cachesim.engines.simple import Simple
from cachesim.experiments import jobs
from cachesim.experiments.sweep import sweep
from cachesim.experiments.toml import read_toml
from cachesim.measure.metrics import METRICS
from cachesim.model.faults import CrashCache, FlushCache
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from tests.cli.calls import call, done, refused

FILE = """
duration = 2
warmup = 1
[strategy]
kind = "lazy-loading"
ttl = "1s"
[cache]
kind = "simple"
memory = "20kb"
[workload]
kind = "open-loop"
rate = 100
popularity = {kind = "zipf", keys = 300}
"""
VARY = ["--vary=cache.memory=10kb,30kb", "--vary=strategy=write-through,lazy-loading(ttl=500ms)"]
PLOTS = {"hit_ratio.png", "stale_ratio.png", "read_p99.png", "db_queries_per_s.png"}


@pytest.fixture
def path(tmp_path):
    """Return a scenario file."""
    (tmp_path / "scenario.toml").write_text(FILE)
    return tmp_path / "scenario.toml"


def swept(path, *options, replications=2):
    """Return the output of a sweep with one job."""
    return done(
        "sweep", path, *options, "--n-jobs=1", f"--replications={replications}", f"--out={path.parent / 'out'}"
    )  # fmt: skip


def test_a_sweep_from_the_command_line_is_the_one_from_python(path):
    """Every combination; results.csv is the frame; a repeated sweep runs nothing and writes the same."""
    found = swept(path, *VARY, "--json").json
    out = path.parent / "out"
    csv = (out / "results.csv").read_bytes()
    memory, strategy = [10 * 1024, 30 * 1024], [WriteThrough(), LazyLoading(ttl=0.5)]
    labels = dict(zip(found["varied"]["strategy"], strategy, strict=True))
    same = sweep(
        read_toml(path).scenario, cache__memory=memory, strategy=labels, replications=2, n_jobs=1
    )

    assert csv.decode() == same.frame.to_csv(index=False)
    assert {"results.csv", "scenario.toml", "runs"} | PLOTS == {file.name for file in out.iterdir()}
    assert ["10kb", "30kb"] == found["varied"]["cache__memory"]
    assert ["write-through", "lazy-loading(ttl=500ms)"] == found["varied"]["strategy"]
    assert [("10kb", "write-through", 2, 0), ("10kb", "lazy-loading(ttl=500ms)", 2, 0)] == [
        tuple(row[k] for k in ("cache__memory", "strategy", "runs", "failed")) for row in found["rows"][:2]
    ]  # fmt: skip
    assert METRICS.keys() == found["rows"][3]["metrics"].keys()

    page = path.parent / "page.html"
    again = swept(path, *VARY, f"--report={page}", "--rank=read_p50")
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert "8 runs; " in again.out
    assert f"8 of them were found in {out / 'runs'}" in again.out
    assert csv == (out / "results.csv").read_bytes()


def test_the_scenario_file_it_writes_runs_the_same_again(path):
    """Through `sweep`, and through `run`: strategies, sizes, policies and the precision are in it."""
    options = ["--vary=cache.policy=lru,sieve", "--until-precision=0.3", "--precision-of=requests"]
    swept(path, *options, replications=9)
    written = path.parent / "out" / "scenario.toml"
    first = pd.read_csv(path.parent / "out" / "results.csv")
    done("sweep", written, "--n-jobs=1", f"--out={path.parent / 'again'}")
    done("run", written, f"--out={path.parent / 'third'}")

    assert {"lru": 8, "sieve": 8} == first["cache__policy"].value_counts().to_dict()
    for folder in ("again", "third"):
        again = pd.read_csv(path.parent / folder / "results.csv")
        pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert {"lru", "sieve"} == set(read_toml(written).varied["cache__policy"])


def test_a_failure_is_a_row_and_exit_code_1(path, monkeypatch):
    """The table, the note and the files are there all the same; the failed run is not kept."""
    real = jobs.run

    def run(scenario):
        if scenario.cache.memory > 20_000:
            raise MemoryError("all of it")
        return real(scenario)

    monkeypatch.setattr(jobs, "run", run)
    out = path.parent / "out"
    found = call("sweep", path, VARY[0], "--n-jobs=1", "--replications=2", f"--out={out}")

    assert (1, "") == (found.code, found.err)
    assert "30kb: 2 of 2 runs failed and are left out (MemoryError: all of it)" in found.out
    assert 2 == pd.read_csv(out / "results.csv")["failure"].notna().sum()
    assert 2 == len(list((out / "runs").iterdir()))


def test_many_cases_are_not_printed(path, monkeypatch):
    """Nor drawn; results.csv has them."""
    monkeypatch.setattr(command, "MOST_CASES", 1)
    found = swept(path, VARY[0], replications=1)

    assert found.out.startswith("2 cases: see results.csv\n2 runs; ")
    assert not PLOTS & {file.name for file in (path.parent / "out").iterdir()}


def test_without_pyarrow_a_sweep_runs_and_says_that_nothing_is_kept(path, monkeypatch):
    """One sentence on stderr; a store that was asked for is refused instead."""
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    found = call("sweep", path, "--n-jobs=1", "--replications=1", f"--out={path.parent / 'out'}")

    assert 0 == found.code
    assert 'runs are not kept: pip install "cachesim-lab[parquet]"\n' == found.err
    assert not (path.parent / "out" / "runs").exists()


def test_values_are_read_as_the_field_takes_them():
    """Sizes, times, numbers, truths, texts, policies, and parts within parts."""
    scenario = Scenario(cache=Simple())
    found = varied(
        scenario,
        [
            "cache.policy=sieve",
            "cache=simple(memory=1mb,policy=sieve)",
            "workload=open-loop(rate=5,popularity=zipf(keys=7,skew=0.5)), closed-loop",
            "strategy=lazy-loading(invalidate=true)",
            "strategy.ttl=1m,inf",
            "start=cold,warm",
            "seed=1,2",
            "faults=none,crash-cache(at=30,down=5s)+flush-cache(at=1m)",
        ],
    )

    assert {"sieve": SIEVE} == found["cache__policy"]
    assert [Simple(memory=2**20, policy=SIEVE)] == list(found["cache"].values())
    first = next(iter(found["workload"].values()))
    assert OpenLoop(rate=5, popularity=Zipf(keys=7, skew=0.5)) == first
    assert [LazyLoading(invalidate=True)] == list(found["strategy"].values())
    assert {"1m": 60.0, "inf": float("inf")} == found["strategy__ttl"]
    assert {"cold": "cold", "warm": "warm"} == found["start"]
    assert {"1": 1, "2": 2} == found["seed"]
    assert [(), (CrashCache(at=30, down=5), FlushCache(at=60))] == list(found["faults"].values())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--vary=memory"], ["--vary takes FIELD=VALUE", "memory"]),
        (["--vary=colour=1"], ['Scenario has no field "colour"', "strategy"]),
        (["--vary=cache.colour=1"], ['Simple has no field "colour"', "memory"]),
        (["--vary=seed.x=1"], ["seed has no parts", "seed.x"]),
        (["--vary=cache.memory=1mb,"], ["different values", "1mb,"]),
        (["--vary=cache.memory=1mb,1mb"], ["different values"]),
        (["--vary=cache.memory=4mx"], ["cache.memory", "4mx", "mb"]),
        (["--vary=cache.memory=0"], ["memory must be >= 1 byte, got 0"]),
        (["--vary=strategy=lazy"], ['strategy "lazy" is unknown', "lazy-loading"]),
        (["--vary=strategy=simple"], ['strategy "simple" is unknown', "lazy-loading"]),
        (["--vary=strategy=lazy-loading(ttl=5s"], ["lazy-loading(ttl=5s", "parenthesis"]),
        (["--vary=strategy=lazy-loading(tll=5s)"], ['lazy-loading has no field "tll"', "ttl"]),
        (["--vary=strategy=lazy-loading(ttl=x)"], ["lazy-loading.ttl", '"x"']),
        (["--vary=strategy=lazy-loading(invalidate=1)"], ["invalidate must be true or false"]),
        (["--vary=cache.policy=lur"], ['"lur" is unknown', "sieve"]),
        (["--vary=faults=crash"], ['faults "crash" is unknown', "crash-cache"]),
        (["--vary=seed=1", "--vary=seed=2"], ["--vary seed is given twice"]),
        (["--vary=seed=1.5"], ["--vary seed must be a whole number", "1.5"]),
        (["--vary=workload.rate=x"], ["workload.rate must be a number", '"x"']),
        (["--replications=0"], ["--replications", "0"]),
        (["--until-precision=0"], ["--until-precision must be > 0", "0"]),
        (["--precision-of=colour"], ["--precision-of", "colour"]),
        (["--n-jobs=0"], ["n_jobs must be -1"]),
        (["--dask=nowhere"], ['"nowhere"', "address"]),
    ],
)  # fmt: skip
def test_bad_options_are_refused(path, options, says):
    """Exit 2 and one sentence."""
    refused("sweep", path, *options, f"--out={path.parent / 'out'}", says=says)
