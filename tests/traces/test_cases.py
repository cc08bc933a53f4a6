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
