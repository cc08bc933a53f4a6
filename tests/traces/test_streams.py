"""A trace as a stream: memory grows with the keys, not with the requests; from files and pipes, packed or not."""

import gzip
import os
import struct
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.errors import BadInput
from cachesim.traces import Trace, read_trace, stream_trace
from cachesim.traces.chunks import Batch, numbered
from tests.cli.calls import done, refused

MILLION = 1_000_000


def peak(path, form):
    """Return the most bytes held while a trace is streamed, and the requests."""
    tracemalloc.start()
    try:
        requests = sum(len(chunk.codes) for chunk in stream_trace(path, form))
        return tracemalloc.get_traced_memory()[1], requests
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_memory_does_not_grow_with_the_requests(pack, tmp_path):
    """Four times as many requests for the same keys take no more memory; a whole trace would take 32 MB more."""
    for times in (1, 4):
        keys = np.tile(np.arange(1000, dtype=">u4"), times * 1000)
        (tmp_path / f"{times}").write_bytes(pack(keys.tobytes()))
    (small, few), (large, many) = (peak(tmp_path / f"{times}", "cache2k") for times in (1, 4))

    assert (MILLION, 4 * MILLION) == (few, many)
    assert large < 1.3 * small


def test_text_is_streamed_too(tmp_path):
    """The same of lines: the file has 2 MB and twice as many requests cost nothing."""
    sizes = []
    for times in (1, 2):
        (tmp_path / "t").write_text("7\n8\n" * 200_000 * times)
        sizes.append(peak(tmp_path / "t", "string")[0])

    assert sizes[1] < 1.3 * sizes[0]


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="needs pipes with a name")
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_pipe(pack):
    """A pipe is read while it is written."""
    reading, writing = os.pipe()

    def write():
        with open(writing, "wb") as pipe:
            pipe.write(pack(b"key,size\n" + b"a,1\nb,2\n" * 50_000))

    writer = threading.Thread(target=write)
    writer.start()
    trace = read_trace(f"/dev/fd/{reading}", "csv")
    writer.join()
    os.close(reading)

    assert (100_000, 2) == (len(trace), trace.unique)


def test_standard_input(tmp_path, monkeypatch):
    """Its name is -; a workload, which reads its trace more than once, refuses it."""
    (tmp_path / "t").write_text("7\n8\n7\n")
    kept = os.dup(0)
    try:
        with open(tmp_path / "t") as file:
            os.dup2(file.fileno(), 0)
            found = done("replay", "-", "--format=lirs", "--items=2", "--json").json
    finally:
        os.dup2(kept, 0)
        os.close(kept)

    assert (3, 1) == (found["requests"], found["hits"])
    refused(
        "compare", "--trace=-", "--format=lirs", f"--out={tmp_path}/out", says=["more than once"]
    )


def test_chunks_share_one_list_of_names(tmp_path):
    """Keys are numbered as they come, over all chunks."""
    count = 70_000
    (tmp_path / "t").write_text("".join(f"{n % 66_000}\n" for n in range(count)))
    chunks = list(stream_trace(tmp_path / "t", "lirs"))
    codes = np.concatenate([chunk.codes for chunk in chunks])

    assert 2 == len(chunks)
    assert chunks[0].names is chunks[1].names
    assert [n % 66_000 for n in range(count)] == codes.tolist()
    assert [str(n) for n in range(66_000)] == chunks[-1].names


@given(st.lists(st.lists(st.integers(0, 9), min_size=1), min_size=1))
def test_numbers_do_not_depend_on_the_chunks(parts):
    """Keys that are numbers or texts, in parts or at once: the same trace."""
    whole = [key for part in parts for key in part]
    split = [
        list(numbered(Batch(make(part)) for part in parts))
        for make in (np.array, lambda p: list(map(str, p)))
    ]
    once = Trace.of_keys(map(str, whole))

    for chunks in split:
        trace = Trace.of_chunks(chunks)
        assert list(map(str, whole)) == trace.keys
        assert once.columns.codes.tolist() == trace.columns.codes.tolist()
        assert once.names == trace.names


def test_columns_of_chunks_come_together(tmp_path):
    """A column that only a later chunk fills is filled in the others."""
    rows = ["key,op,ttl"] + ["a,get,"] * 70_000 + ["b,set,60"]
    (tmp_path / "t").write_text("\n".join(rows))
    trace = read_trace(tmp_path / "t", "csv")

    assert ("read", "write") == (trace.ops[0], trace.ops[-1])
    assert (float("inf"), 60.0) == (trace.ttls[0], trace.ttls[-1])


def test_repeats_cross_chunks(tmp_path):
    """A count of repetitions is spread over chunks; times go on."""
    (tmp_path / "t").write_text("time,key,op_count\n5,a,70000\n6,b,1\n")
    lengths = [len(chunk.codes) for chunk in stream_trace(tmp_path / "t", "csv")]

    assert 70_001 == sum(lengths)
    assert 2 == len(lengths)


def test_times_may_not_go_back_between_chunks(tmp_path):
    """The number of the record counts from the start of the file."""
    later = struct.pack("<IQIq", 6, 1, 1, -1) * 20_000
    (tmp_path / "t").write_bytes(later + struct.pack("<IQIq", 5, 1, 1, -1))

    with pytest.raises(BadInput, match="record 20000: its time lies before"):
        read_trace(tmp_path / "t", "oracleGeneral")


def test_too_many_requests_for_the_memory(tmp_path, monkeypatch):
    """A whole trace has a limit; a stream has none."""
    monkeypatch.setattr("cachesim.traces.chunks.LONGEST", 3)
    (tmp_path / "t").write_text("1\n2\n3\n4\n")

    with pytest.raises(BadInput, match="more than 3 requests"):
        read_trace(tmp_path / "t", "lirs")
    assert 4 == sum(len(chunk.codes) for chunk in stream_trace(tmp_path / "t", "lirs"))


def test_large_extents_are_split_into_chunks(tmp_path):
    """One command for 100,000 blocks fills two chunks; the blocks of the next command follow."""
    sectors = ((8, 100_000 * 16), (3, 40))
    records = [
        struct.pack("<3I2H2Q", n, size, 1, 0x28, 0x0100, sector, 1_000_000 * n)
        for n, (sector, size) in enumerate(sectors)
    ]
    (tmp_path / "t").write_bytes(b"".join(records))
    chunks = list(stream_trace(tmp_path / "t", "vscsi", block=16))
    keys = [int(key) for chunk in chunks for key in chunk.keys]

    assert [65_536, 100_003 - 65_536] == [len(chunk.codes) for chunk in chunks]
    assert [*range(256, 256 + 100_000), 96, 97, 98] == keys
    assert {16} == {size for chunk in chunks for size in chunk.sizes.tolist()}
    assert [0.0, 1.0] == [chunks[0].times[0], chunks[1].times[-1]]
