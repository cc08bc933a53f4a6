"""`cachesim fidelity`: the JSON that was promised, the table, and one sentence for what is wrong."""

import json

import pytest

from cachesim.cli import main
from cachesim.errors import BadInput
from cachesim.live.memcached_server import MemcachedServer
from cachesim.live.process import find_program
from cachesim.live.redis_server import RedisServer
from cachesim.validate import fidelity_fleet

SMALL = ["--requests=9000", "--keys=9000", "--memory=2mb", "--value-size=1000", "--jobs=1"]


@pytest.fixture(autouse=True)
def _servers(request):
    """The commands need both servers, and a compiler."""
    import os

    try:
        for spec in (RedisServer(), MemcachedServer()):
            find_program(spec.program, "")
    except BadInput as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))


def call(capsys, *options):
    with pytest.raises(SystemExit) as done:
        main(["fidelity", *options])
    out, err = capsys.readouterr()
    return done.value.code, out, err


def test_json(capsys):
    """Schema 1 and a row for each engine and policy, with both sides and the difference."""
    code, out, _ = call(capsys, *SMALL, "--policy=allkeys-lru,flat", "--json")
    told = json.loads(out)

    assert (0, 1) == (code, told["schema"])
    assert [("redis", "allkeys-lru"), ("memcached", "flat")] == [
        (row["engine"], row["policy"]) for row in told["rows"]
    ]
    for row in told["rows"]:
        assert {
            "engine",
            "policy",
            "memory",
            "trace",
            "embedded",
            "real",
            "hit_ratio_diff_pp",
        } <= row.keys()
        assert row["embedded"].keys() == row["real"].keys()
        assert {"hit_ratio", "evictions", "expirations", "memory", "items"} <= row["real"].keys()
        apart = row["embedded"]["hit_ratio"] - row["real"]["hit_ratio"]
        assert row["hit_ratio_diff_pp"] == pytest.approx(100 * apart)
    assert told["rows"][0]["real"]["evictions"] > 0


def test_tables(capsys):
    """The table says which servers ran; Markdown has one line per row."""
    code, out, _ = call(capsys, *SMALL, "--policy=allkeys-random")
    marked = call(capsys, *SMALL, "--policy=allkeys-random", "--markdown")[1]

    assert 0 == code
    assert "The real servers: redis-server" in out
    assert 3 == sum(line.startswith("|") for line in marked.splitlines())


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("--engine=simple", "--engine"),
        ("--policy=lru", "--policy"),
        ("--memory=x", "x"),
        ("--trace=no/such", "--format"),
        ("--format=csv", "--trace"),
        ("--columns=key=x", "--columns says how to read a trace; add --trace"),
        ("--no-header", "--no-header says how"),
        ("--time-unit=ms", "--time-unit says how"),
        ("--ttl=5:1", "5:1"),
        ("--value-size=x", "x"),
        ("--requests=0", "--requests"),
        ("--memory=1kb", "memory"),
    ],
)
def test_bad_options(capsys, option, says):
    """Exit code 2 and one sentence, nothing on stdout."""
    code, out, err = call(capsys, *SMALL, option)

    assert (2, "", 1) == (code, out, err.count("\n"))
    assert says in err


def test_a_trace_is_read_as_replay_reads_it(capsys, tmp_path):
    """Columns, unit and header: what the options of replay say."""
    (tmp_path / "t").write_text("0,7,a\n1500,7,b\n3000,7,a\n")
    options = ["--format=csv", "--no-header", "--columns=time=1,key=3", "--time-unit=ms", "--json"]
    code, out, err = call(
        capsys, f"--trace={tmp_path / 't'}", *options, "--policy=allkeys-lru,flat", "--memory=2mb", "--ttl=2",
        "--jobs=1",
    )  # fmt: skip

    assert (0, "note: columns that are not used: 2\n") == (code, err)
    rows = json.loads(out)["rows"]
    assert [3, 3] == [row["requests"] for row in rows]
    assert [0.0, 0.0] == [row["real"]["hit_ratio"] for row in rows]  # the copy of "a" has expired


def test_fleets(capsys, monkeypatch):
    """A row per figure and the version; exit code 1 where a figure is too far away."""
    monkeypatch.setattr(fidelity_fleet, "MEASURES", [(fidelity_fleet.round_trip, (0.02, 1))])
    code, out, _ = call(capsys, "--fleet", "--jobs=1")
    told = json.loads(call(capsys, "--fleet", "--jobs=1", "--json")[1])
    monkeypatch.setattr(fidelity_fleet, "INSTANT", -1.0)

    assert 0 == code
    assert "seconds of WAIT 1, lag 0.02 s" in out
    assert "The real servers: redis-server" in out
    assert [True] == [row["is_within"] for row in told["rows"]]
    code, out, _ = call(capsys, "--fleet", "--jobs=1", "--markdown")
    assert 1 == code
    assert "| too far |" in out


def test_fleets_have_their_own_requests(capsys):
    """One sentence names the option that does not belong."""
    code, _, err = call(capsys, "--fleet", "--policy=allkeys-lru")

    assert 2 == code
    assert "--policy does not belong to --fleet" in err
