"""Traces as people have them: each file of the shared cases gives what was worked out by hand."""

import pytest

from tests.cli.calls import call, refused


@pytest.fixture(scope="session")
def cases(traces):
    """Return the folder of traces that failed once."""
    return traces.parent / "cases" / "traces"


RIGHT = {  # file, options -> the hit ratio, what stderr says
    ("objsize2.csv", "--memory=1000"): (0.0, ""),
    ("twitter_spaced_header.csv", "--memory=1000"): (0.0, "key size, client id"),
    ("typecol.csv", "--items=10"): (1.0, ""),
    ("ms_time.csv", "--items=10", "--time-unit=ms"): (1.0, ""),
    ("ms_time.csv", "--items=10"): (0.0, "look like milliseconds"),
    ("float_size.csv", "--items=10"): (0.5, ""),
    ("key_ws.csv", "--items=10"): (2 / 3, ""),
    ("msr_header.csv", "--items=10", "--format=msr"): (0.5, "response time"),
    ("ibm_hash_header.csv", "--items=10", "--format=ibm"): (1 / 3, ""),
    ("monitor.txt", "--items=10", "--format=monitor"): (0.0, "KEYS (1)"),
    ("min_optimum.csv", "--memory=4mb", "--engine=memcached"): (1 / 3, ""),
    ("min_optimum_simple.csv", "--memory=4000"): (1 / 3, ""),
    ("silb_oneline.txt", "--items=3", "--format=string"): (0.4, ""),
    ("silb_oneline.txt", "--items=3", "--format=string", "--policy=fifo"): (0.25, ""),
    ("kv.zip", "--items=10"): (0.6, "key_size"),
    ("cdn.csv", "--memory=4mb", "--engine=memcached"): (397 / 800, ""),
}


@pytest.mark.parametrize("case", RIGHT)
def test_a_trace_gives_what_is_right(case, cases):
    """The hit ratio, never above the best possible; and nothing is dropped without a word."""
    name, *options = case
    ratio, note = RIGHT[case]
    found = call("replay", cases / name, "--format=csv", *options, "--json")
    what = found.json

    assert 0 == found.code
    assert ratio == pytest.approx(what["hit_ratio"], abs=1e-9)
    assert note in found.err
    assert bool(note) == bool(found.err)
    assert what["optimum" if what["bound"] is None else "bound"] >= what["hit_ratio"]


def test_each_request_is_what_it_was(cases):
    """Reads and writes as the file's own format names them."""
    for name, form, reads, requests in (
        ("msr_header.csv", "msr", 2, 3),
        ("ibm_hash_header.csv", "ibm", 3, 3),
        ("monitor.txt", "monitor", 1, 2),
        ("typecol.csv", "csv", 1, 3),
        ("silb_oneline.txt", "string", 20, 20),
    ):
        found = call("replay", cases / name, f"--format={form}", "--items=10", "--json").json
        assert (reads, requests) == (found["reads"], found["requests"])


def test_packs_that_cannot_be_read_are_named(cases):
    """A damaged zstd and a tar in a gzip, each in one printable sentence."""
    for name, what in (("kv.csv.zst", "zstd"), ("kv.tgz", "tar archive")):
        says = refused("replay", cases / name, "--format=csv", "--items=10", says=[what])
        assert says.rstrip("\n").isprintable()


def test_a_format_that_is_not_given(cases):
    """The refusal names those in which the file can be read."""
    for name, fits in (
        ("silb_oneline.txt", "string"),
        ("monitor.txt", "monitor"),
        ("msr_header.csv", "msr"),
    ):
        refused(
            "replay", cases / name, "--items=3", says=["--format", f"could be read as {fits}\n"]
        )


def replayed(cases, name, *options):
    """Return the JSON of a replay of one case."""
    return call("replay", cases / name, *options, "--json").json


def test_the_infinite_cache_honours_ttls(cases):
    """Read as seconds, the TTL of ms_time.csv has run out; as milliseconds it has not."""
    for unit, expected in (("s", 0.0), ("ms", 1.0)):
        given = ("--format=csv", "--items=10", f"--time-unit={unit}")
        assert expected == replayed(cases, "ms_time.csv", *given)["infinite"]


def test_the_bounds_of_the_cases(cases):
    """Belady that may refuse, at the most keys held; and the textbook's optimum, which stores every miss."""
    cdn = replayed(cases, "cdn.csv", "--format=csv", "--engine=memcached", "--memory=4mb")
    assert (3, 407 / 800) == (cdn["items"], cdn["bound"])

    book = replayed(cases, "silb_oneline.txt", "--format=string", "--items=3")
    assert (20, 0.55) == (book["requests"], book["optimum"])


@pytest.mark.parametrize(("name", "form"), [("min_noev.txt", "lirs"), ("min_noev.csv", "csv")])
def test_a_full_redis_that_evicts_nothing(name, form, cases):
    """It runs; stores are refused because memory is full."""
    given = (f"--format={form}", "--engine=redis", "--policy=noeviction", "--memory=70kb")
    found = replayed(cases, name, *given)

    assert (58, 0.145) == (found["items"], found["hit_ratio"])
    assert {"cold": 200, "refused": 142} == found["misses"]
    assert "memory full" == found["why_refused"]


@pytest.mark.parametrize("name", ["h_HIT.csv", "h_Read.csv"])
def test_a_history_in_the_words_of_its_writer(name, cases):
    """Hits written as HIT, reads as Read: two of three hit, one is stale."""
    found = call("report", cases / name, "--json").json["metrics"]

    assert (2 / 3, 1 / 3) == (found["hit_ratio"], found["stale_ratio"])


def test_a_history_that_ends_before_it_begins(cases):
    """Refused, with row and column."""
    refused("report", cases / "h_endbefore.csv", says=["row 3", 'column "end"', "before the begin"])
