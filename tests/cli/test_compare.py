"""`cachesim compare` and `cachesim run`: the table, the JSON object, the files, and their options."""

import json
import tomllib

import pandas as pd
import pytest

from cachesim.measure.metrics import METRICS
from tests.cli.calls import ONE_RUN, SMALL, call, done

FILES = {
    "results.csv", "scenario.toml", "hit_ratio.png", "stale_ratio.png", "read_p99.png", "db_queries_per_s.png",
    "timeline.png", "latency.png",
}  # fmt: skip
TWO = ["--strategies=lazy-loading,no-cache", "--replications=2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of the comparison that several tests look at."""
    return tmp_path_factory.mktemp("compare") / "made" / "new"


@pytest.fixture(scope="module")
def compared(folder):
    """Return the comparison as JSON."""
    return done("compare", *SMALL, *TWO, "--out", folder, "--json").json


def test_the_json_object_has_the_promised_shape(compared):
    """Schema 1, the scenario, the differences, one row per case with exactly the metrics of the list."""
    assert 1 == compared["schema"]
    assert {"schema", "scenario", "differences", "rows"} <= compared.keys()
    assert 4.0 == compared["scenario"]["duration"]
    assert [("lazy-loading", "simple"), ("no-cache", "simple")] == [
        (row["strategy"], row["engine"]) for row in compared["rows"]
    ]
    for row in compared["rows"]:
        assert {"strategy", "engine", "version", "metrics"} == row.keys()
        assert row["metrics"].keys() == METRICS.keys()
        assert all(m.keys() == {"mean", "low", "high"} for m in row["metrics"].values())


def test_means_lie_within_their_bounds_and_undefined_is_null(compared):
    """Without a cache there is no hit ratio: null, three times."""
    with_cache, without = (row["metrics"] for row in compared["rows"])

    assert {"mean": None, "low": None, "high": None} == without["hit_ratio"]
    for metric in with_cache.values():
        assert metric["low"] <= metric["mean"] <= metric["high"]
    assert 0 < with_cache["hit_ratio"]["mean"] < 1
    assert with_cache["evictions"]["mean"] > 0
    assert with_cache["stale_ratio"]["mean"] > 0 == without["stale_ratio"]["mean"]


def test_a_difference_is_the_first_minus_the_second(compared):
    """Every metric has one, with the two names and the paired interval."""
    by_metric = {d["metric"]: d for d in compared["differences"]}
    first, second = (row["metrics"] for row in compared["rows"])

    assert by_metric.keys() == METRICS.keys()
    assert ("lazy-loading", "no-cache") == tuple(
        by_metric["read_p50"][k] for k in ("first", "second")
    )
    for name, difference in by_metric.items():
        if difference["mean"] is not None:
            assert difference["mean"] == pytest.approx(first[name]["mean"] - second[name]["mean"])
    assert None is by_metric["hit_ratio"]["mean"]


def test_the_files_are_there_and_whole(compared, folder):
    """results.csv, scenario.toml and every plot; no unfinished file."""
    assert {path.name for path in folder.iterdir()} == FILES
    assert all(p.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" for p in folder.glob("*.png"))
    tomllib.loads((folder / "scenario.toml").read_text())


def test_results_csv_has_a_row_a_run(compared, folder):
    """Tidy: two strategies, two replications, and the means of the JSON object."""
    frame = pd.read_csv(folder / "results.csv")

    assert 4 == len(frame)
    assert {"strategy", "engine", "replication", "seed", *METRICS.keys()} <= set(frame.columns)
    means = frame.groupby("strategy")["read_p99"].mean()
    for row in compared["rows"]:
        assert means[row["strategy"]] == pytest.approx(row["metrics"]["read_p99"]["mean"])


def test_running_the_scenario_file_again_gives_the_same_numbers(compared, folder, tmp_path):
    """Byte for byte: the object, and results.csv."""
    again = done("run", folder / "scenario.toml", "--out", tmp_path, "--json").json

    assert compared == again
    assert (folder / "results.csv").read_bytes() == (tmp_path / "results.csv").read_bytes()
    assert (folder / "scenario.toml").read_bytes() == (tmp_path / "scenario.toml").read_bytes()


def test_the_text_has_table_differences_and_verdict(folder, tmp_path):
    """For people: units, intervals, what differs, one sentence, where the files are."""
    text = done("compare", *SMALL, *TWO, "--out", tmp_path).out

    for part in (
        "hit ratio (%)", "stale ratio (%)", "staleness age p95 (s)", "read p50 (ms)", "read p99 (ms)", "write p50 (ms)",
        "write p99 (ms)", "db queries (queries/s)", "evictions", "±", "2 replications", "1 s of warm-up",
        "lazy-loading minus no-cache, paired", "on one side of 0",
    ):  # fmt: skip
        assert part in text
    assert any(line.startswith("lazy-loading, against no-cache, ") for line in text.splitlines())
    assert f"written: {tmp_path / 'results.csv'}, " in text
    assert "\x1b" not in text


def test_one_replication_has_null_bounds(tmp_path):
    """No interval from one value; with one case no difference and no verdict."""
    found = done("compare", *SMALL, *ONE_RUN, "--out", tmp_path, "--json").json

    (row,) = found["rows"]
    assert [] == found["differences"]
    assert "" == found["verdict"]
    assert row["metrics"]["requests"]["mean"] > 0
    for metric in row["metrics"].values():
        assert (None, None) == (metric["low"], metric["high"])


def test_all_six_strategies_by_default(tmp_path):
    """In the order of the table."""
    found = done("compare", *SMALL, "--replications=1", "--out", tmp_path, "--json").json

    assert [
        "lazy-loading", "lazy-invalidate", "write-through", "write-through-ttl", "write-around", "no-cache",
    ] == [row["strategy"] for row in found["rows"]]  # fmt: skip


def test_engines_are_compared_by_a_comma_list(tmp_path):
    """The other main question: the same strategy on two engines, and what differs between them."""
    options = ["--engine=simple,redis", "--memory=100kb", "--strategies=lazy-loading"]
    found = done("compare", *SMALL, *options, "--replications=2", "--out", tmp_path, "--json").json

    assert ["simple", "redis"] == [row["engine"] for row in found["rows"]]
    assert ("simple", "redis") == tuple(found["differences"][0][k] for k in ("first", "second"))
    frame = pd.read_csv(tmp_path / "results.csv")
    assert {"simple", "redis"} == set(frame["engine"]), "which engine was asked for, in one column"
    assert frame["engine_version"].str.startswith("embedded").all(), "what ran, in another"


@pytest.mark.parametrize("engine", ["redis", "memcached"])
def test_every_engine_runs(engine, tmp_path):
    """The shape alone: what each counts is for its own tests to say."""
    options = [*SMALL, *ONE_RUN, f"--engine={engine}", "--memory=2mb"]
    (row,) = done("compare", *options, "--out", tmp_path, "--json").json["rows"]

    assert engine == row["engine"]
    assert row["metrics"].keys() == METRICS.keys()
    assert 0 < row["metrics"]["hit_ratio"]["mean"] < 1


def workload(*options, tmp_path):
    """Return the workload's table, as the JSON object and the file name it."""
    scenario = done("compare", *options, *ONE_RUN, "--out", tmp_path, "--json").json["scenario"]
    assert (
        tomllib.loads((tmp_path / "scenario.toml").read_text())["workload"] == scenario["workload"]
    )
    return scenario["workload"]


def test_options_reach_the_scenario(tmp_path):
    """Each in the field it names, read in its unit."""
    options = [
        "--engine=redis", "--policy=allkeys-lfu", "--memory=1mb", "--keys=50", "--skew=0.5", "--rate=100",
        "--reads=0.5", "--value-size=lognormal:150,1", "--ttl=500ms", "--duration=2s", "--warmup=500ms", "--seed=9",
    ]  # fmt: skip
    found = done("compare", *options, *ONE_RUN, "--out", tmp_path, "--json").json["scenario"]

    assert {"kind": "zipf", "keys": 50, "skew": 0.5} == found["workload"]["popularity"]
    assert {"kind": "lognormal", "median": 150.0, "sigma": 1.0} == found["workload"]["size"]
    assert (100.0, 0.5) == (found["workload"]["rate"], found["workload"]["reads"])
    assert 0.5 == found["strategy"]["ttl"]
    assert (2.0, 0.5, 9) == (found["duration"], found["warmup"], found["seed"])
    assert ("allkeys-lfu", 1024**2) == (found["cache"]["policy"], found["cache"]["memory"])


def test_clients_make_a_closed_loop(tmp_path):
    """--clients instead of --rate."""
    options = ["--engine=simple", "--clients=3", "--keys=50", "--duration=2", "--warmup=1"]
    found = workload(*options, tmp_path=tmp_path)

    assert ("closed-loop", 3) == (found["kind"], found["clients"])


def test_a_preset_brings_its_cluster_and_options_go_first(tmp_path):
    """cluster4 of the published ones: 93 % reads, 2,439 bytes; --reads overrides."""
    options = ["--engine=simple", "--preset=cluster4", "--keys=200", "--duration=1", "--warmup=0"]
    found = workload(*options, tmp_path=tmp_path)
    changed = workload(*options, "--reads=0.5", "--skew=0.1", tmp_path=tmp_path)

    assert (0.93, 2439.0) == (found["reads"], found["size"]["value"])
    assert (0.5, 0.1) == (changed["reads"], changed["popularity"]["skew"])


def test_a_scenario_file_without_alternatives_runs_once(tmp_path):
    """`run` of one scenario: one row, named by its classes, no difference."""
    path = tmp_path / "one.toml"
    path.write_text(
        'duration = 2\nwarmup = "500ms"\n[cache]\nkind = "simple"\nmemory = "100kb"\npolicy = "sieve"\n'
    )
    found = done("run", path, "--out", tmp_path / "out", "--json").json

    assert [("lazy-loading", "simple")] == [(r["strategy"], r["engine"]) for r in found["rows"]]
    assert [] == found["differences"]
    assert "sieve" == found["scenario"]["cache"]["policy"]
    assert "hit ratio (%)" in done("run", path, "--out", tmp_path / "out").out


def test_help_names_every_command_and_option():
    """Exit 0, on stdout."""
    text = done("--help").out
    assert all(name in text for name in ("compare", "run", "replay", "trace", "report"))
    options = done("compare", "--help").out
    assert all(
        f"--{name}" in options
        for name in [
            "engine",
            "strategies",
            "preset",
            "trace",
            "format",
            "writes",
            "reads",
            "skew",
            "keys",
            "rate",
            "clients",
            "memory",
            "policy",
            "ttl",
            "duration",
            "warmup",
            "replications",
            "seed",
            "out",
            "json",
        ]
    )


def test_without_a_command_the_help_goes_to_stderr():
    """Nothing was asked for: exit 2, nothing on stdout."""
    found = call()

    assert (2, "") == (found.code, found.out)
    assert "Usage:" in found.err


def test_json_is_one_line(compared):
    """One object, so that programs may read lines."""
    assert 1 == len(done("assumptions", "--json").out.splitlines())
    assert isinstance(json.dumps(compared), str)
