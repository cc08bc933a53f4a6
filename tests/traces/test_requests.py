"""Every trace format by hand; what cannot be read is refused with its place."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.errors import BadInput
from cachesim.traces import DELETE, FORMATS, OPS, READ, WRITE, read_trace

BY_HAND = {  # format -> (content, keys)
    "cache2k": (struct.pack(">4I", 7, 1, 7, 2**32 - 1), ["7", "1", "7", "4294967295"]),
    "lirs": (b"7\n*\n1\n\n7\r\n", ["7", "1", "7"]),
    "arc": (b"10 3 0 1\n4 1 0 2\n", ["10", "11", "12", "4"]),
    "oracleGeneral": (
        struct.pack("<IQIq", 100, 7, 50, 2) + struct.pack("<IQIq", 103, 2**63, 9, -1),
        ["7", str(2**63)],
    ),
    "csv": (b"key\na\nb\na\n", ["a", "b", "a"]),
    "twitter": (b"1,a,1,50,9,get,0\n3,b,1,60,9,set,300\n3,a,1,50,9,delete,0\n", ["a", "b", "a"]),
}
OTHERS = {  # keys of the examples in FORMATS
    "string": ["7", "0", "1", "2", "0"],
    "monitor": ["user:1"],
    "msr": ["hm.0:9056039424"],
    "ibm": ["8d4fcda3d675bac9"],
    "cbs": ["1063:12910952"],
    "alibaba": ["419:8792731648"],
    "spc": ["0:20941264"],
    "libcachesim": ["42932745"],
    "vscsi": ["8"],
    "corda": ["7", "1"],
    "scarab": ["7", "1"],
    "adapt_size": ["a"],
    "address": [str(0x1FFFFF50)],
    "wikipedia": ["http://en.wikipedia.org/wiki/Cache"],
}
BY_HAND |= {name: (FORMATS[name].example, keys) for name, keys in OTHERS.items()}


def read(tmp_path, content, form):
    """Return the trace of a file with this content."""
    (tmp_path / "trace").write_bytes(content)
    return read_trace(tmp_path / "trace", form)


def test_every_format_is_read_by_hand():
    """A new format needs the keys of its example in OTHERS."""
    assert set(FORMATS) == set(BY_HAND)


@pytest.mark.parametrize("form", FORMATS)
def test_each_format(form, tmp_path):
    """The keys of every format, by hand."""
    content, keys = BY_HAND[form]

    assert keys == read(tmp_path, content, form).keys


@pytest.mark.parametrize("form", ["cache2k", "lirs", "arc", "csv"])
def test_formats_without_more_have_plain_reads(form, tmp_path):
    """What the format does not say is None."""
    trace = read(tmp_path, BY_HAND[form][0], form)

    assert (None, None, None, None) == (trace.ops, trace.sizes, trace.times, trace.ttls)
    assert (len(trace), 0, 0) == tuple(trace.count(op) for op in (READ, WRITE, DELETE))


def test_oracle_general_has_sizes_and_times(tmp_path):
    """Times count from the first request."""
    trace = read(tmp_path, BY_HAND["oracleGeneral"][0], "oracleGeneral")

    assert ([50, 9], [0.0, 3.0]) == (trace.sizes, trace.times)
    assert "oracleGeneral" in FORMATS
    assert 2 == trace.unique == len(trace)


def test_twitter_has_operations_and_ttls(tmp_path):
    """A TTL of 0 stands for none."""
    trace = read(tmp_path, BY_HAND["twitter"][0], "twitter")

    assert [READ, WRITE, DELETE] == trace.ops
    assert [50, 60, 50] == trace.sizes
    assert [0.0, 2.0, 2.0] == trace.times
    assert [math.inf, 300.0, math.inf] == trace.ttls


def test_csv_columns_go_by_name(tmp_path):
    """In any order and case, with CacheLib's names and its count of repetitions."""
    content = b"Op_Count,SIZE,object_id,OP,op_time,extra\n2,10,k,GET,5,x\n1,20,l,SET,7,y\n"
    trace = read(tmp_path, content, "csv")

    assert ["k", "k", "l"] == trace.keys
    assert [READ, READ, WRITE] == trace.ops
    assert [10, 10, 20] == trace.sizes
    assert [0.0, 0.0, 2.0] == trace.times


def test_csv_keys_may_be_quoted_and_a_bom_is_no_key(tmp_path):
    """As spreadsheets write them."""
    trace = read(tmp_path, b'\xef\xbb\xbfkey,op\n"a,b",get\n"say ""x""",get\n', "csv")

    assert ["a,b", 'say "x"'] == trace.keys


@pytest.mark.parametrize(
    ("op", "words"),
    [(READ, "get GETS mget get_lease"), (WRITE, "set Incr cas add"), (DELETE, "del delete")],
)
def test_every_word_for_an_operation(op, words, tmp_path):
    """Whatever its case."""
    for word in words.split():
        assert 1 == read(tmp_path, f"key,op\na,{word}\n".encode(), "csv").count(op)
    assert {READ, WRITE, DELETE} == set(OPS.values())


def test_the_golden_traces_are_what_they_were(traces):
    """Length and number of keys of the files that the golden figures belong to."""
    web07 = read_trace(traces / "cache2k_web07.trace.xz", "cache2k")
    web12 = read_trace(traces / "cache2k_web12.trace.xz", "cache2k")

    assert (76118, 20484) == (len(web07), web07.unique)
    assert (95607, 13756) == (len(web12), web12.unique)


def test_the_cachelib_trace_reads(traces):
    """A real CSV with operations and sizes."""
    trace = read_trace(traces / "kv_traces_1.csv", "csv")

    assert (691, 52) == (len(trace), trace.unique)
    assert trace.sizes
    assert trace.count(READ) > trace.count(WRITE) > trace.count(DELETE) > 0


@pytest.mark.parametrize(("form", "size"), [("cache2k", 4), ("oracleGeneral", 24)])
def test_a_binary_file_that_is_cut_off(form, size, tmp_path):
    """After which record, with how many bytes too many; whatever the cut."""
    whole = BY_HAND[form][0]
    for cut in range(1, size):
        with pytest.raises(BadInput, match=f"cut off: after record 1 come {cut} bytes"):
            read(tmp_path, whole[: size + cut], form)


def test_an_oracle_trace_that_goes_back_in_time(tmp_path):
    """Refused with the record's number, counted from 0."""
    records = [struct.pack("<IQIq", time, 7, 50, -1) for time in (5, 6, 4)]

    with pytest.raises(BadInput, match="record 2: its time lies before"):
        read(tmp_path, b"".join(records), "oracleGeneral")


def test_no_character_but_a_line_end_ends_a_line(tmp_path):
    """Keys may hold a vertical tab, a form feed, a NUL or a Unicode line separator."""
    keys = ["a\x0bb", "a\x0cb", "a\x00b", "a\u2028b"]

    assert keys == read(tmp_path, "\n".join(["key", *keys]).encode(), "csv").keys


@pytest.mark.parametrize(
    ("form", "content", "says"),
    [
        ("cvs", b"1", '--format "cvs" is unknown; choose from cache2k'),
        ("csv", b"", "is empty"),
        ("lirs", b"1\n\n*\nx\n", 'line 4: expected a block number, found "x"'),
        ("lirs", "٣x\n".encode(), "line 1"),
        ("arc", b"1 2 3\n", "line 1: expected four numbers"),
        ("arc", b"1 2 3 4\n5 -1 3 4\n", 'line 2: expected a number, found "-1"'),
        ("csv", b"a,b\n1,2\n", r'no column "key" in its header \(a, b\)'),
        (
            "csv",
            b"key,op\na,get\n\nb,jump\n",
            'line 4: expected an operation .* found "jump"; .* --columns op=',
        ),
        ("csv", b"key,size\na,big\n", 'line 2: expected a size >= 0, found "big"'),
        ("csv", b"key,size\na,-1\n", 'found "-1"'),
        ("csv", b"key,time\na,nan\n", 'found "nan"'),
        ("csv", b"key,ttl\na,inf\n", 'found "inf"'),
        ("csv", b"key,op\na\n", "line 2: expected 2 fields"),
        ("csv", b"key,op\na,get,1\n", "line 2: expected 2 fields"),
        ("csv", b"key,time\na,5\nb,4\n", "line 3: its time lies 1 s before"),
        ("twitter", b"5,a,1,1,1,get,0\n3,a,1,1,1,get,0\n", "line 2: its time lies 2 s before"),
        ("twitter", b"1,a,1,50,9,get\n", "line 1: expected 7 fields"),
        ("csv", b"key\n\xff\n", r"not text at byte 4 \(line 2\)"),
        ("csv", b"key,op\n,get\n", "line 2: expected a key"),
        ("csv", b"key,op\na,gat\n", 'line 2: expected an operation .* found "gat"'),
        ("csv", b"key,op_count\na,0\n", 'line 2: expected a count >= 1, found "0"'),
        ("csv", b"key,op_count\na,2.7\n", 'expected a count >= 1, found "2.7"'),
        ("csv", b"key,op_count\na,99999999999\n", "line 2: more than 100,000,000 requests"),
        ("csv", b"key,size\na,1.5\n", 'expected a size >= 0, found "1.5"'),
        (
            "csv",
            b"key,size\na,1\nb,\n",
            'line 3: expected a size, for the lines above have one, found ""',
        ),
        ("csv", b"key,time\na,1\nb,\n", "line 3: expected a time"),
        ("csv", b"key,size\na,\nb,1\n", "line 3: expected no size"),
        ("csv", b"key,size,value_size\na,1,1\n", 'more than one column for "size"'),
        ("csv", b'key,op\n"a,get\n', 'line 2: expected a " that ends the quoted field'),
        ("csv", b'key,op\n"a\nb",get\n\nc,jump\n', 'line 5: .* found "jump"'),
        ("arc", b"1 2 3 4\n1 99999999999 0 0\n", "line 2: more than 100,000,000 requests"),
        ("arc", b"1 2 x 4\n", 'line 1: expected a number, found "x"'),
        ("lirs", b"9" * 5000 + b"\n", "line 1: expected a block number"),
        ("lirs", "\u0663\n".encode(), "line 1: expected a block number"),
        ("lirs", b"*\n", "no request in it"),
    ],
)
def test_what_cannot_be_read_is_refused(form, content, says, tmp_path):
    """With the file, the line, what was expected and what was found."""
    with pytest.raises(BadInput, match=says):
        read(tmp_path, content, form)


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_file_that_is_not_there(name, tmp_path):
    """A path that does not exist, or a folder."""
    with pytest.raises(BadInput, match="cannot be read"):
        read_trace(tmp_path / name, "csv")


keys = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=5)


@given(
    st.lists(
        st.tuples(keys, st.sampled_from(["get", "set", "delete"]), st.integers(0, 999)), min_size=1
    )
)
def test_a_csv_comes_back(tmp_path_factory, rows):
    """Whatever the keys are made of, if a CSV writer wrote it."""
    import csv

    path = tmp_path_factory.mktemp("csv") / "trace.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("key", "op", "size"), *rows])
    trace = read_trace(path, "csv")

    assert [key for key, _, _ in rows] == trace.keys
    assert [size for _, _, size in rows] == trace.sizes
    assert [OPS[op] for _, op, _ in rows] == (trace.ops or [READ] * len(rows))
