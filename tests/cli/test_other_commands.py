"""`cachesim replay`, `trace`, `report` and `assumptions`, as text and as JSON."""

import json

import pytest

from cachesim.experiments.assumptions import ASSUMED
from cachesim.experiments.run import run
from cachesim.experiments.toml import read_toml
from cachesim.measure.history import save
from cachesim.measure.metrics import METRICS
from tests.cli.calls import done, refused

SCENARIO = """
duration = 2
warmup = "500ms"
[cache]
kind = "simple"
memory = "20kb"
[workload]
kind = "open-loop"
rate = 200
[workload.popularity]
kind = "zipf"
keys = 100
"""


@pytest.fixture
def keys(tmp_path):
    """Return a trace whose LRU, optimal and infinite hit ratios are known by hand."""
    path = tmp_path / "keys.txt"
    path.write_text("1\n2\n3\n1\n2\n3\n")
    return path


@pytest.fixture
def scenario(tmp_path):
    """Return a small scenario's file."""
    path = tmp_path / "scenario.toml"
    path.write_text(SCENARIO)
    return path


def test_replay_as_json(keys):
    """A cycle of three in a cache of two: LRU never hits, the optimum keeps one of them."""
    found = done("replay", keys, "--format=lirs", "--items=2", "--json").json

    assert {"schema", "requests", "unique", "hit_ratio", "optimum", "infinite"} <= found.keys()
    assert (1, 6, 3) == (found["schema"], found["requests"], found["unique"])
    assert (0.0, 1 / 3, 0.5) == (found["hit_ratio"], found["optimum"], found["infinite"])
    assert {"cold": 3, "evicted": 3} == found["misses"]
    assert (str(keys), "lirs") == (found["trace"], found["format"])


def test_curve_as_json(keys, tmp_path):
    """A cycle of three: LRU hits nothing below three items, SIEVE does; bounds and a plot beside them."""
    plot = tmp_path / "curve.png"
    options = ["--curve", "--policies=lru,sieve", "--sizes=1,2,100%", "--json", f"--out={plot}"]
    found = done("replay", keys, "--format=lirs", *options).json

    assert (1, 6, 3, [1, 2, 3]) == tuple(
        found[name] for name in ("schema", "requests", "unique", "sizes")
    )
    ratios = found["hit_ratios"]
    assert {"lru", "sieve", "optimum", "infinite cache"} == set(ratios)
    assert [0.0, 0.0, 0.5] == ratios["lru"]
    assert [0.0, 1 / 3, 0.5] == ratios["optimum"]
    assert [0.5] * 3 == ratios["infinite cache"]
    assert (str(keys), "lirs") == (found["trace"], found["format"])
    assert b"\x89PNG" == plot.read_bytes()[:4]


def test_curve_as_text(keys, tmp_path):
    """A row a size, a column a policy, and who hits most."""
    text = done("replay", keys, "--format=lirs", "--curve", f"--out={tmp_path / 'curve.png'}").out

    assert "6 requests for 3 keys" in text
    assert ["items", "lru", "sieve", "lfu", "redis-lru", "optimum"] == text.splitlines()[1].split()[
        :6
    ]
    assert "hits most: " in text
    assert f"written: {tmp_path / 'curve.png'}" in text


def test_a_curve_and_one_engine_exclude_each_other(keys, tmp_path):
    """An option that would be ignored is refused."""
    given = ["replay", keys, "--format=lirs"]

    refused(*given, "--curve", "--items=2", says=["--items", "--policies and --sizes"])
    refused(*given, "--curve", "--engine=redis", says=["--engine"])
    refused(*given, "--items=2", "--sizes=1", says=["--sizes belongs to --curve"])
    refused(*given, "--curve", "--sizes=1,many", says=["--sizes", '"many"'])
    refused(*given, "--curve", "--sizes=0", says=["sizes must be numbers of items, all >= 1"])
    refused(*given, "--curve", "--policies=lur", says=['unknown policy "lur"', "sieve"])
    refused(*given, "--curve", f"--out={tmp_path / 'x.pdf'}", says=[".png"])
    assert [] == [path for path in tmp_path.iterdir() if path != keys]


def test_replay_as_text(keys):
    """The hit ratio stands between its bounds, with what it took."""
    text = done("replay", keys, "--format=lirs", "--items=2").out

    assert "6 requests (6 reads) for 3 keys" in text
    assert "optimum" in text
    assert "0.3333" in text
    assert "misses: cold 3, evicted 3" in text
    assert "evictions: 4; expirations: 0; at most 2 keys held; 202 B in use at the end" in text


@pytest.mark.parametrize("policy", ["fifo", "lru", "clock", "sieve", "lfu", "random", "belady"])
def test_replay_knows_every_policy(policy, keys):
    """By its name in lower case; none beats the optimum, and Belady reaches it."""
    found = done("replay", keys, "--format=lirs", "--items=2", f"--policy={policy}", "--json").json

    assert found["hit_ratio"] <= found["optimum"]
    if policy == "belady":
        assert found["optimum"] == found["hit_ratio"]


@pytest.mark.parametrize("engine", ["simple", "redis", "memcached"])
def test_replay_knows_every_engine(engine, keys):
    """With plenty of memory each hits whatever can be hit."""
    options = [f"--engine={engine}", "--memory=8mb", "--value-size=50"]
    found = done("replay", keys, "--format=lirs", *options, "--json").json

    assert (0.5, 0.5, 0) == (found["hit_ratio"], found["infinite"], found["evictions"])


def test_items_and_memory_limit_together(keys):
    """Whichever is reached first: two keys of 1 byte with 9 bytes each fill 20 bytes."""
    options = ["--items=3", "--memory=20", "--value-size=9"]
    found = done("replay", keys, "--format=lirs", *options, "--json").json

    assert (2, 20) == (found["items"], found["memory"])


def test_a_replay_without_reads_has_no_ratio(tmp_path):
    """Undefined is null, and "-" nowhere but where a ratio would stand."""
    (tmp_path / "w.csv").write_text("key,op\na,set\nb,set\n")
    found = done("replay", tmp_path / "w.csv", "--format=csv", "--items=2", "--json").json

    assert (None, None, None) == (found["hit_ratio"], found["optimum"], found["infinite"])


def test_trace_tells_the_request_that_the_history_has(scenario):
    """The same key, operation, client and version as row 17 of the run."""
    text = done("trace", scenario, "--request=17").out
    row = run(read_toml(scenario).scenario).history.query("op != 'sample'").iloc[17]

    assert text.startswith(f'request 17: {row["op"]} "{row["key"]}" by client {row["client"]}\n')
    assert f"version {row['version']}" in text
    assert f"{row['begin']:.6f} s  invoked" in text
    assert f"{row['end']:.6f} s  a" in text  # answered or acknowledged


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_report_measures_what_a_run_measured(suffix, scenario, tmp_path):
    """A saved history, read back, has the very same metrics."""
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    result = run(read_toml(scenario).scenario)
    save(result.history, tmp_path / f"history.{suffix}")
    found = done("report", tmp_path / f"history.{suffix}", "--warmup=500ms", "--json").json

    assert METRICS.keys() == found["metrics"].keys()
    for name, value in result.metrics.items():
        assert found["metrics"][name] == (None if value != value else value)
    assert 1 == pytest.approx(found["metrics"]["hit_ratio"] + sum(found["misses"].values()))


def test_report_as_text_on_a_history_from_elsewhere(tmp_path):
    """Three columns are enough; what they do not tell is undefined."""
    (tmp_path / "h.csv").write_text("op,begin,end\nread,0,0.010\nread,1,1.010\nwrite,2,2.020\n")
    text = done("report", tmp_path / "h.csv").out
    found = done("report", tmp_path / "h.csv", "--json").json

    assert "read_p50" in text
    assert "10.00 ms" in text
    assert 0.01 == pytest.approx(found["metrics"]["read_p50"])
    assert 3 == found["metrics"]["requests"]
    assert None is found["metrics"]["hit_ratio"]


ESCAPED = "a\x1b[2J\x9b31m\u202ek"
SHOWN = r"a\x1b[2J\x9b31m\u202ek"


def test_report_shows_keys_and_sends_no_commands(tmp_path):
    """A terminal would obey what a key may hold: escape sequences are written out, also in refusals."""
    rows = [f"write,0,1,,{ESCAPED},1,0", f"read,2,3,hit,{ESCAPED},0,1", f"read,4,5,{ESCAPED},k,1,1"]
    header = "op,begin,end,lookup,key,version,acknowledged"
    (tmp_path / "h.csv").write_text("\n".join([header, *rows, ""]))
    text = done("report", tmp_path / "h.csv").out
    (tmp_path / "bad.csv").write_text("\n".join([header, *rows, rows[0], ""]))
    sentence = refused("report", tmp_path / "bad.csv", says=[SHOWN])

    as_json = done("report", tmp_path / "h.csv", "--json").out

    assert SHOWN in text
    assert as_json.strip().isprintable()
    assert any(ESCAPED in check["why"] for check in json.loads(as_json)["checks"])
    assert [] == [c for c in text + sentence if not (c.isprintable() or c == "\n")]


def test_report_says_how_the_file_was_read(tmp_path):
    """Columns that were left out, and what was never answered, as text and as JSON."""
    (tmp_path / "h.csv").write_text("op,begin,end,host\nGET,0,1,x\nSET,2,,y\n")
    found = done("report", tmp_path / "h.csv", "--json").json

    assert "columns left out: host" == found["notes"][0]
    assert "writes without an end: 1; " in done("report", tmp_path / "h.csv").out


def test_assumptions_as_text_and_json():
    """A row per quantity, and the price of bytes between zones: value, unit, source or the word."""
    rows = done("assumptions", "--json").json["rows"]
    text = done("assumptions").out

    assert len(ASSUMED) + 1 == len(rows) == len(text.splitlines()) - 2
    for row in rows:
        assert {"field", "meaning", "value", "unit", "source"} == row.keys()
        assert all(row.values())
        assert row["field"] in text
