"""Bad input: exit 2, one sentence on stderr that names the thing and the value, nothing written.

The cases are generated: every ruled option with everything its rule forbids, every field of every spec
with a wrong type, NaN and a value out of range.
"""

import gzip
import lzma
import math
import typing
from pathlib import Path

import pytest

from cachesim.cli.commands import COMMANDS
from cachesim.experiments.toml import CLASSES, from_toml, kebab
from cachesim.model.distributions import Distribution
from cachesim.model.faults import Breaker, Calls, Fault
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.popularity import Popularity
from cachesim.model.resilience import Resilience
from cachesim.model.strategies.base import Strategy
from cachesim.model.workload import OpenLoop, Workload
from cachesim.spec import Spec, field_types
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
}  # fmt: skip
CASES = [(option, value) for option, values in OPTIONS.items() for value in values]
NEEDS = {"--writes": ["--trace=x", "--format=csv"], "--trace": ["--format=csv"], "--format": ["--trace=x"],
    "--worth": ["--rank=hit_ratio"],
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
    shown = (
        "" if option in ("--memory", "--ttl", "--duration", "--warmup") else value.split(",")[-1]
    )
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


# --- trace files

BAD_TRACES = {
    ("cache2k", b"\0\0\0\1\0\0"): "after record 1 come 2 bytes",
    ("oracleGeneral", b"\0" * 23): "cut off",
    ("lirs", b"1\n2\nx\n"): "line 3",
    ("lirs", b"1\n-2\n"): "line 2",
    ("lirs", b"*\n*\n"): "no request",
    ("arc", b"1 2 3\n"): "line 1",
    ("arc", b"1 2 3 4\n1 nan 3 4\n"): "line 2",
    ("arc", b"1 0 3 4\n"): "no request",
    ("csv", b"time,op\n1,get\n"): '"key"',
    ("csv", b"key,op\na,get\nb,fly\n"): "fly",
    ("csv", b"key,size\na,-5\n"): "-5",
    ("csv", b"key,size\na,nan\n"): "nan",
    ("csv", b"key,time\na,1\nb,inf\n"): "inf",
    ("csv", b"key,size\na\n"): "2 fields",
    ("csv", b"key\n"): "no request",
    ("csv", b"\xff\xfe\x00key"): "UTF-16",
    ("twitter", b"1,a,1,5,1,get\n"): "7 fields",
    ("twitter", b"1,a,1,5,1,fly,0\n"): "fly",
    ("csv", b""): "empty",
}


@pytest.mark.parametrize(("case", "says"), BAD_TRACES.items())
@pytest.mark.parametrize("command", ["replay", "compare"])
def test_a_trace_that_cannot_be_read(command, case, says, tmp_path):
    """Refused with the file's name and the place where reading stopped."""
    form, content = case
    path = tmp_path / "bad"
    path.write_bytes(content)
    options = {
        "replay": ["replay", path, "--items=5"],
        "compare": ["compare", *ONE_RUN, f"--trace={path}", f"--out={tmp_path / 'out'}"],
    }

    refused(*options[command], f"--format={form}", says=[path, says])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
@pytest.mark.parametrize("kept", [6, 0.5, -1])
def test_a_packed_trace_that_is_cut_off(pack, kept, tmp_path):
    """Wherever it ends: in the header, in the middle, one byte short."""
    whole = pack(b"\n".join(b"%d" % (n * 7919 % 1009) for n in range(5000)))
    path = tmp_path / "cut.xz"
    path.write_bytes(whole[: int(len(whole) * kept) if kept == 0.5 else kept])

    refused("replay", path, "--format=lirs", "--items=5", says=[path])


def test_a_packed_trace_that_is_damaged(tmp_path):
    """A flipped byte in the middle is found by the checksum."""
    for pack in (gzip.compress, lzma.compress):
        content = bytearray(pack(b"\n".join(b"%d" % n for n in range(5000))))
        content[len(content) // 2] ^= 0xFF
        (tmp_path / "bad").write_bytes(content)

        refused("replay", tmp_path / "bad", "--format=lirs", "--items=5", says=["damaged"])


# --- scenario files

BAD_TOML = {
    "garbage = = 1": "not TOML",
    "duration = 5\nduration = 6": "not TOML",
    "speed = 5": "speed",
    "[strategy]\nkind = 'lazy-loadin'": "lazy-loadin",
    "[strategy]\nttl = 5": "strategy.kind",
    "[strategy]\nkind = 5": "strategy.kind",
    "[strategy]\nkind = 'lazy-loading'\nttll = 5": "ttll",
    "[strategy]\nkind = 'zipf'": "strategy",
    "[cache]\nkind = 'redis'\nmemory = 0": "memory",
    "[cache]\nkind = 'redis'\nmemory = '64tb'": "64tb",
    "[cache]\nkind = 'redis'\npolicy = 'lur'": "lur",
    "[cache]\nkind = 'simple'\npolicy = 'lur'": "lur",
    "[workload]\nkind = 'open-loop'\nrate = nan": "rate",
    "[workload.popularity]\nkind = 'zipf'": "workload.kind",
    "[workload]\nkind = 'open-loop'\n[workload.popularity]\nkind = 'zipf'\nskew = nan": "skew",
    "[workload]\nkind = 'trace-replay'": "path",
    "[workload]\nkind = 'trace-replay'\npath = 'no/such'": "no/such",
    "[database]\nfile = 'no/such/rows.db'": "no/such/rows.db",
    "warmup = 70": "warmup",
    "workload = 5": "workload",
    "compare = 5": "compare",
    "[compare]\nreplications = 0": "replications",
    "[compare]\nreplications = 1.5": "replications",
    "[compare]\nreplications = true": "replications",
    "[compare]\nstrategy = ['lazy-loading']": "strategy",
    "[compare.strategy]": "strategy",
    "[compare.speed]\na = 5\nb = 6": "speed",
    "[compare.strategy.a]\nkind = 'lur'": "lur",
    "[compare.seed]\na = -1": "seed",
    "[compare.workload__speed]\na = 5": "speed",
}


@pytest.mark.parametrize(("text", "says"), BAD_TOML.items())
def test_a_scenario_file_that_cannot_be(text, says, tmp_path):
    """Refused with the field's name; nothing is left in the folder."""
    path = tmp_path / "bad.toml"
    path.write_text(text)
    refused("run", path, f"--out={tmp_path / 'out'}", says=[says])

    assert [] == list((tmp_path / "out").glob("*"))


def test_a_scenario_file_that_is_not_text(tmp_path):
    """Bytes that are no UTF-8."""
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00")

    refused("run", tmp_path / "bad.toml", says=["UTF-8"])


# --- every field of every spec, in a scenario file

TABLES = {  # the base of a spec -> the table of a scenario in which it may stand
    Strategy: "strategy", Workload: "workload", Popularity: "workload.popularity", Distribution: "node.service",
    Node: "node", Network: "network", Fault: "[faults]", Calls: "resilience.cache", Breaker: "resilience.cache.breaker",
    Resilience: "resilience",
}  # fmt: skip
OUT_OF_RANGE = {
    ">= 0 and finite": ["-0.5", "inf", "-inf"],
    ">= 0 and finite seconds": ["-0.5", "inf", "-inf"],
    "> 0 and finite seconds": ["0", "-0.5", "inf"],
    "> 0 and finite per second": ["0", "-0.5", "inf"],
    "> 0 seconds (inf for no limit)": ["0", "-0.5", "-inf"],
    "between 0 and 1": ["-0.001", "1.001", "inf"],
    "from 1 to 10,000,000": ["0", "-1", "10000001"],
    ">= 1 byte": ["0", "-1"],
    "below 8 EiB (2 ** 63 bytes)": ["9223372036854775808"],
    "at most 100": ["100.5", "1e18"],
    ">= 0": ["-1"],
    "from 1 to 500 per second": ["0", "501"],
    "from 1 to 10": ["0", "11"],
    ">= 1 MiB (1048576 bytes), one page": ["0", "1048575"],
    "> 1 and <= 2": ["1.0", "2.001", "-inf"],
    "from 0 to 100": ["-1", "101"],
    "from 0 to 1": ["-0.001", "1.001", "inf"],
    "> 0 retries a call (inf for no limit)": ["0", "-1.0", "-inf"],
    ">= 1 and finite": ["0.99", "inf", "-inf"],
}
WRONG_TYPES = ["true", '"text"', "[1]", "1979-05-27", "{ kind = 'no-such' }"]


def wrong_values(kinds, rules):
    """Yield TOML values that a field of these types and rules must not take."""
    if bool in kinds:
        yield from (*WRONG_TYPES[1:], "1", "nan")
    elif str in kinds:
        yield from ("true", "5", "nan", "[1]")
    elif float in kinds or int in kinds:
        yield from (*WRONG_TYPES, "nan")
        yield from (value for rule in rules for value in OUT_OF_RANGE[rule.text])
        yield from ["1.5"] if float not in kinds else []
    elif any(typing.get_origin(kind) is typing.Literal for kind in kinds):
        yield from (*WRONG_TYPES, "nan", "17")
    else:
        yield from (*WRONG_TYPES, "nan", "5")


def table_of(cls):
    """Return the table in which a class stands in a scenario file; "" for the scenario itself."""
    for base, table in TABLES.items():
        if issubclass(cls, base):
            return table
    return {"Scenario": "", "Database": "database"}.get(cls.__name__, "cache")


SPEC_CASES = [
    (cls, field, value)
    for cls in CLASSES
    for field, (kinds, rules) in field_types(cls).items()
    for value in wrong_values(kinds, rules)
]


def scenario_text(cls, field, value):
    """Return a scenario file in which one field of one spec has this value."""
    table = table_of(cls)
    if not table:
        return f"{field} = {value}"
    above = "[workload]\nkind = 'open-loop'\n" if table.startswith("workload.") else ""
    return f"{above}[{table}]\nkind = '{kebab(cls.__name__)}'\n{field} = {value}"


def test_the_walk_meets_every_rule():
    """Every rule of the specs has its values out of range, and every class is walked."""
    met = {rule.text for cls in CLASSES for _, rules in field_types(cls).values() for rule in rules}

    assert met <= OUT_OF_RANGE.keys()
    assert {cls for cls in CLASSES if field_types(cls)} == {cls for cls, _, _ in SPEC_CASES}
    assert len(SPEC_CASES) > 300


@pytest.mark.parametrize(
    ("cls", "field", "value"), SPEC_CASES, ids=[f"{c.__name__}.{f}={v}" for c, f, v in SPEC_CASES]
)
def test_a_field_refuses(cls, field, value, tmp_path):
    """Wrong types, NaN and values out of range: one sentence that names the field."""
    path = Path(tmp_path / "bad.toml")
    path.write_text(scenario_text(cls, field, value))

    refused("run", path, f"--out={tmp_path / 'out'}", says=[field])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_unknown_field_is_refused(cls, tmp_path):
    """With the name that was given, and the ones there are."""
    path = tmp_path / "bad.toml"
    path.write_text(scenario_text(cls, "colour", 5))

    refused("run", path, says=["colour", "its fields are"])


def test_the_scenario_text_is_good_where_the_value_is():
    """So that the cases above are refused for their value, not for the file around it."""
    good = from_toml(scenario_text(OpenLoop, "rate", "7")).scenario
    assert 7.0 == good.workload.rate
    for cls in CLASSES:
        if cls.__name__ != "TraceReplay":  # which needs a file
            assert isinstance(from_toml(scenario_text(cls, "", "").rpartition("\n")[0]), tuple)


def test_specs_made_in_python_refuse_the_same():
    """The rule lives in the spec: NaN is refused in every field that holds a number."""
    for cls in CLASSES:
        for field, (kinds, _) in field_types(cls).items():
            if float in kinds:
                with pytest.raises(ValueError, match=field):
                    cls(**{field: math.nan})
    assert issubclass(CLASSES[0], Spec)


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
