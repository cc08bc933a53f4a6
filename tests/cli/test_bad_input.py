"""Bad input: exit 2, one sentence on stderr that names the thing and the value, nothing written.

The cases are generated: every ruled option with everything its rule forbids.
"""

import pytest

from cachesim.cli.commands import COMMANDS
from tests.cli.calls import ONE_RUN, SMALL, call, refused

# --- every option of compare and replay

NUMBERS = ["", "x", "nan", "-1", "1,5"]
OPTIONS = {
    "--writes": [*NUMBERS, "1.01", "inf"],
    "--reads": [*NUMBERS, "1.01", "inf"],
    "--skew": [*NUMBERS, "inf"],
    "--keys": [*NUMBERS, "0", "1.5", "inf"],
    "--rate": [*NUMBERS, "0", "inf"],
    "--clients": [*NUMBERS, "0", "1.5", "inf"],
    "--memory": [*NUMBERS, "0", "inf", "64tb", "5s", "1e999"],
    "--ttl": [*NUMBERS, "0", "0s", "5ly", "64mb"],
    "--duration": [*NUMBERS, "0", "inf", "1e999"],
    "--warmup": [*NUMBERS, "inf"],
    "--replications": [*NUMBERS, "0", "1.5", "inf"],
    "--seed": [*NUMBERS, "1.5", "inf"],
    "--value-size": ["", "x", "nan", "-1", "0", "inf", "lognormal:", "lognormal:1", "uniform:1,2", "lognormal:1,2,3"],
    "--engine": ["", "lur", "simple,", "simple,simple", "Simple"],
    "--strategies": ["", "lazy", "no-cache,no-cache", "no-cache,lur"],
    "--preset": ["", "cluster0", "cluster55", "web"],
    "--policy": ["", "lur", "allkeys-lru", "belady"],
    "--clock": ["", "real", "Wall"],
    "--trace": ["", "no/such/file", "."],
    "--format": ["", "cvs"],
    "--columns": ["", "key", "word=a", "key=a,key=b"],
    "--time-unit": ["", "h"],
    "--delimiter": ["", "ab"],
    "--no-header": [],
    "--block": ["", "0", "x"],
    "--out": [""],
    "--report": ["", "."],
    "--rank": ["", "hits", "read p99"],
    "--worth": [*NUMBERS, "0", "inf"],
    "--standby": [],
    "--db-replicas": [*NUMBERS, "16", "1.5", "inf"],
    "--db-lag": [*NUMBERS, "inf", "5ly"],
    "--nodes": [*NUMBERS, "0", "1.5", "inf"],
    "--route": ["", "ring", "Ketama"],
    "--shards": [*NUMBERS, "0", "1.5", "inf"],
    "--replicas": [*NUMBERS, "6", "1.5", "inf"],
    "--zones": [*NUMBERS, "0", "7", "1.5", "inf"],
    "--read-from": ["", "all", "Replica"],
    "--lag": [*NUMBERS, "inf", "5ly"],
}  # fmt: skip
CASES = [(option, value) for option, values in OPTIONS.items() for value in values]
TIMES = ("--memory", "--ttl", "--duration", "--warmup", "--lag", "--db-lag")  # shown in units
NEEDS = {"--writes": ["--trace=x", "--format=csv"], "--trace": ["--format=csv"], "--format": ["--trace=x"],
    "--worth": ["--rank=hit_ratio"], "--route": ["--nodes=2"],
}  # fmt: skip


def test_no_option_is_forgotten():
    """Whatever compare takes is in the table above; --json takes no value."""
    (compare,) = (command for command in COMMANDS if command.name == "compare")
    flags = {flag for option in compare.params for flag in option.opts}

    assert flags - {"--json"} == set(OPTIONS)


@pytest.mark.parametrize(("option", "value"), CASES)
def test_compare_refuses(option, value, tmp_path):
    """One sentence that names the option or its thing, and the value; the folder stays as it was."""
    out = [] if option == "--out" else [f"--out={tmp_path / 'out'}"]
    names = {"--value-size": "size", "--preset": "preset", "--trace": "trace", "--format": "format"}
    shown = "" if option in TIMES else value.split(",")[-1]
    thing = names.get(option, option).lower()

    says = refused(
        "compare", *ONE_RUN, "--engine=simple", *NEEDS.get(option, ()), *out, f"{option}={value}"
    )

    assert thing in says.lower()
    assert shown in says
    assert not (tmp_path / "out").exists()


REPLAY = {
    "--items": ["", "0", "-1", "1.5", "nan", "x"],
    "--memory": ["", "0", "-1", "nan", "x", "64tb"],
    "--value-size": ["", "0", "-1", "nan", "x"],
    "--engine": ["", "lur", "Simple"],
    "--policy": ["", "lur"],
    "--format": ["", "cvs"],
}


@pytest.mark.parametrize(("option", "value"), [(o, v) for o, vs in REPLAY.items() for v in vs])
def test_replay_refuses(option, value, keys):
    """One sentence for every option of replay."""
    given = {"--format": "lirs", "--memory": "64kb", option: value}
    says = refused("replay", keys, *(f"{name}={text}" for name, text in given.items()))

    assert option.strip("-").replace("value-", "") in says


@pytest.fixture
def keys(tmp_path):
    """Return a trace of three requests."""
    path = tmp_path / "keys.txt"
    path.write_text("1\n2\n1\n")
    return path


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--rate=5", "--clients=2"], ["--rate", "--clients", "exclude"]),
        (["--writes=0.1"], ["--writes", "--trace"]),
        (["--format=csv"], ["--format", "--trace"]),
        (["--trace=x"], ["trace", "--format"]),
        (["--trace=x", "--format=csv", "--reads=0.5"], ["--reads", "--trace"]),
        (["--trace=x", "--format=csv", "--skew=1"], ["--skew", "--trace"]),
        (["--trace=x", "--format=csv", "--keys=7"], ["--keys", "--trace"]),
        (["--trace=x", "--format=csv", "--preset=cluster4"], ["--preset", "--trace"]),
        (["--engine=memcached", "--policy=lru"], ["--policy", "memcached"]),
        (["--engine=memcached-live", "--policy=lru"], ["--policy", "memcached-live"]),
        (["--engine=redis", "--clock=wall"], ["--clock", "redis-live", "leave it out"]),
        (["--engine=redis", "--policy=lru"], ["policy", '"lru"', "allkeys-lru"]),
        (["--engine=redis", "--memory=1kb"], ["memory", "1024"]),
        (["--duration=5", "--warmup=5"], ["warmup", "5"]),
        (["--preset=cluster5"], ["cluster5", "no published"]),
    ],
)
def test_options_that_contradict_each_other(options, says, tmp_path):
    """Both are named, and what to do."""
    refused("compare", *ONE_RUN, f"--out={tmp_path / 'out'}", *options, says=says)

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], ["--items", "--memory"]),
        (["--items=5", "--engine=redis"], ["--items", "redis", "--memory"]),
        (["--items=5", "--engine=memcached"], ["--items", "memcached"]),
        (["--memory=4mb", "--engine=memcached", "--policy=lru"], ["--policy", "memcached"]),
        (["--memory=4mb", "--engine=redis", "--policy=belady"], ["policy", "belady"]),
        (["--memory=50", "--value-size=100"], ["larger than the whole cache", "50"]),
    ],
)
def test_a_replay_that_cannot_be(options, says, keys):
    """One sentence that says what to give instead."""
    refused("replay", keys, "--format=lirs", *options, says=says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nope"], ["nope"]),
        (["compare", "--nope"], ["--nope"]),
        (["compare", "extra"], ["extra"]),
        (["compare", "--rate"], ["--rate"]),
        (["compare", "--json=3"], ["--json"]),
        (["run"], ["SCENARIO"]),
        (["replay"], ["TRACE"]),
        (["replay", "x"], ["--format"]),
        (["trace", "x"], ["--request"]),
        (["trace", "x", "--request=1.5"], ["--request", "1.5"]),
        (["trace", "x", "--request=nan"], ["--request", "nan"]),
        (["report"], ["HISTORY"]),
        (["report", "x", "--warmup=-1"], ["--warmup", "-1"]),
        (["report", "x", "--warmup=nan"], ["--warmup", "nan"]),
        (["assumptions", "x"], ["x"]),
        (["run", "no/such.toml"], ["no/such.toml"]),
        (["run", "."], ['"."']),
        (["trace", "no/such.toml", "--request=0"], ["no/such.toml"]),
        (["report", "no/such.csv"], ["no/such.csv"]),
        (["report", "."], ['"."']),
        (["replay", "no/such", "--format=arc", "--items=3"], ["no/such"]),
        (["replay", ".", "--format=arc", "--items=3"], ['"."']),
    ],
)
def test_a_call_that_is_not_one(arguments, says):
    """Unknown commands and options, missing and superfluous arguments, files that are not there."""
    refused(*arguments, says=says)


@pytest.mark.parametrize("below", ["", "/deeper", "/much/deeper"])
def test_a_folder_that_cannot_be_written(below, tmp_path):
    """A file in the way: refused before anything runs, and the file stays as it was."""
    (tmp_path / "file").write_text("mine")
    says = refused("compare", *SMALL, *ONE_RUN, f"--out={tmp_path}/file{below}")

    assert f"{tmp_path}/file{below}" in says
    assert "mine" == (tmp_path / "file").read_text()


def test_a_folder_in_the_place_of_a_file(tmp_path):
    """Found only when writing: still one sentence, and nothing half-written."""
    (tmp_path / "results.csv").mkdir()
    refused("compare", *SMALL, *ONE_RUN, f"--out={tmp_path}", says=["results.csv"])

    assert ["results.csv"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("number", ["-1", "100000"])
def test_a_request_that_the_run_does_not_have(number, tmp_path):
    """The number is named; counting starts at 0."""
    path = tmp_path / "s.toml"
    path.write_text(
        "duration = 1\nwarmup = 0\n[cache]\nkind = 'simple'\n[workload]\nkind = 'open-loop'\nrate = 50"
    )

    refused("trace", path, f"--request={number}", says=[number])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("key,begin,end\na,0,1\n", '"op"'),
        ("op,begin,end\nread,x,1\n", 'row 1 (line 2), column "begin"'),
        ("op,begin,end\nread,0,1,2\n", "bad.csv"),
        ("", "bad.csv"),
    ],
)
def test_a_history_that_is_none(content, says, tmp_path):
    """A table without the columns, with texts for times, with too many fields, empty."""
    path = tmp_path / "bad.csv"
    path.write_text(content)

    refused("report", path, says=[says])


def test_a_refusal_says_nothing_on_stdout_even_with_json(tmp_path):
    """A program that reads JSON gets nothing, and the exit code."""
    found = call("compare", "--json", "--ttl=-5", f"--out={tmp_path / 'out'}")

    assert (2, "") == (found.code, found.out)
