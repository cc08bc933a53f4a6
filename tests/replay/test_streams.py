"""A stream that is longer than what is kept: the same counts as from the whole trace, in memory bounded by its keys."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachesim.engines import policies
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.replay import replay
from cachesim.replay.play import ValuesBySize
from cachesim.traces import DELETE, FORMATS, READ, WRITE, Request, Stream, Trace, stream_trace
from cachesim.traces.chunks import Batch, numbered
from tests.cli.calls import call, done, refused

ENGINES = [
    *(Simple(items=5, policy=policy) for policy in policies.ALL.values()),
    Simple(memory=300),
    *(Redis(memory=66_000, policy=policy) for policy in ("noeviction", "allkeys-lru", "volatile-ttl")),
    Memcached(memory=2 << 20),
]  # fmt: skip


def cut(chunks, size):
    """Yield the same requests in chunks of `size`."""
    for chunk in chunks:
        for first in range(0, len(chunk.codes), size):
            yield chunk.part(first, first + size)


def same(trace, stream, engine):
    """Assert that a long stream gives what the whole trace gives; return that."""
    kept = replay(trace, engine, bounds=False, compiled=False)
    streamed = replay(stream, engine, keep=0, compiled=False)

    assert (None, None) == (streamed.optimum, streamed.bound)
    assert streamed.why_no_bound.startswith("not computed: more than 0 requests")
    assert repr(kept) == repr(streamed._replace(why_no_bound=kept.why_no_bound))  # NaN is not NaN
    return kept


requests = st.tuples(
    st.sampled_from("abcdefgh"), st.sampled_from([READ, READ, READ, WRITE, DELETE]),
    st.sampled_from([9, 60, 90]), st.floats(0, 2), st.sampled_from([0.3, 1, 5, math.inf]),
)  # fmt: skip


@settings(max_examples=100)
@given(st.lists(requests, min_size=1, max_size=60), st.sampled_from(ENGINES), st.integers(1, 9))
def test_a_stream_gives_what_the_whole_trace_gives(drawn, engine, size):
    """Every engine and policy, on drawn traces with sizes, writes, deletes and TTLs, cut anywhere."""
    times = np.cumsum([wait for _, _, _, wait, _ in drawn])
    trace = Trace(
        Request(key, op, size, time, ttl)
        for (key, op, size, _, ttl), time in zip(drawn, times, strict=True)
    )
    same(trace, Stream("t", cut(trace.chunks(), size)), engine)


@settings(max_examples=60)
@given(st.text("abcdefgh", min_size=1), st.sampled_from(ENGINES), st.integers(1, 9))
def test_a_stream_of_plain_keys(keys, engine, size):
    """Also where the engine takes many keys at once, and where the compiled kernel plays the whole trace."""
    trace = Trace.of_keys(keys)
    found = same(trace, Stream("t", cut(trace.chunks(), size)), engine)

    assert found == same(trace, iter(keys), engine)


@pytest.mark.parametrize("form", FORMATS)
def test_a_stream_of_every_format(form, tmp_path):
    """The format's own example, 100 times."""
    example = FORMATS[form].example
    head, line = example.split(b"\n", 1) if form in ("csv", "libcachesim") else (b"", example)
    (tmp_path / "t").write_bytes(head + b"\n" * bool(head) + 100 * line)
    for engine in (Simple(items=1), Redis(memory=1 << 20)):
        stream = Stream("t", cut(stream_trace(tmp_path / "t", form), 7))
        found = same(stream_trace(tmp_path / "t", form).whole(), stream, engine)

        assert found.requests >= 100


def endless(batches, size=2000):
    """Yield batches of the same 200 keys, with all columns."""
    rng = np.random.default_rng(1)
    for number in range(batches):
        yield Batch(
            rng.integers(0, 200, size), rng.choice([0, 0, 0, 1, 2], size).astype(np.int8),
            rng.integers(1, 500, size), number + np.sort(rng.random(size)), rng.choice([0.5, 3, np.inf], size),
        )  # fmt: skip


@pytest.mark.parametrize("engine", [Simple(memory=10_000), Redis(memory=80_000)])
def test_memory_does_not_grow_with_the_requests(engine):
    """Four times as many requests for the same keys take no more memory; kept, they would take 0.8 MB more."""
    peaks = []
    for batches in (4, 16):
        tracemalloc.start()
        found = replay(Stream("t", numbered(endless(batches))), engine, keep=2000)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

        assert (2000 * batches, 200) == (found.requests, found.unique)
    assert peaks[1] < 1.3 * peaks[0]


def test_values_of_ever_new_sizes_do_not_fill_the_memory():
    """They are made again when there are too many of them."""
    values = ValuesBySize(most=3)

    assert [5, 6, 5, 7, 8, 5] == [len(values[size]) for size in (5, 6, 5, 7, 8, 5)]
    assert [8, 5] == list(values)


def test_reading_ahead_loses_nothing():
    """A stream that does not fit still gives every chunk, also when it is asked twice."""
    stream = Stream("t", cut(Trace.of_keys("abcab").chunks(), 2))

    assert stream.fits(2) is None
    assert stream.fits(4) is None
    assert "abcab" == "".join(key for chunk in stream for key in chunk.keys)
    assert ["a", "b"] == Stream.of_keys("ab").fits(2).keys


def test_a_short_stream_is_kept():
    """It has its optimum, like the trace in memory."""
    trace = Trace.of_keys("abacb")
    stream = Stream.of_keys("abacb", name=trace.name)

    assert replay(trace, Simple(items=2)) == replay(stream, Simple(items=2), keep=5)


def test_an_empty_iterator_is_refused():
    """There is no ratio of nothing."""
    with pytest.raises(BadInput, match="no request"):
        replay(iter(()), Simple())


def test_a_bad_line_in_the_middle(tmp_path):
    """One sentence with the number of the line, however late it comes."""
    (tmp_path / "t").write_text("7\n" * 70_000 + "x\n")

    with pytest.raises(BadInput, match="line 70001: expected a block number"):
        replay(stream_trace(tmp_path / "t", "lirs"), Simple(), keep=1000)


def test_a_long_stream_on_the_command_line(tmp_path):
    """Text and JSON say why there is no bound; a curve and Belady take it into memory."""
    (tmp_path / "t").write_text("a\nb\na\nc\nb\n")
    given = ["replay", tmp_path / "t", "--format=string", "--items=2", "--keep=4"]
    found = done(*given, "--json").json

    reason = "not computed: more than 4 requests; the future would have to be kept"
    assert f"\noptimum, bound: {reason}\n" in done(*given).out
    assert (reason, None, None) == (found["why_no_bound"], found["optimum"], found["bound"])
    assert (5, 1, 3, 0.4) == tuple(
        found[name] for name in ("requests", "hits", "unique", "infinite")
    )
    assert 0.4 == done(*given, "--policy=belady", "--json").json["optimum"]
    assert "optimum" in done("replay", tmp_path / "t", "--format=string", "--curve").out


def test_the_notes_of_a_long_stream(tmp_path):
    """They come when all of it was read; one sentence is all that a bad line leaves."""
    (tmp_path / "t").write_text("key,note\na,x\na,x\n")
    given = ["replay", tmp_path / "t", "--format=csv", "--items=2", "--keep=1"]

    assert "note: columns that are not used: note\n" == call(*given).err
    (tmp_path / "t").write_text("key,note\na,x\na,x\nb\n")
    refused(*given, says=["line 4"])
