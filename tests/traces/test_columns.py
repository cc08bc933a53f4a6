"""A csv's columns: understood, named as not used, or refused with the option that maps them; never dropped."""

import math

import pytest

from cachesim.errors import BadInput
from cachesim.traces import DELETE, READ, WRITE, columns_from_text, read_trace


def read(tmp_path, content, **how):
    """Return the trace of a csv with this content."""
    path = tmp_path / "trace.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_trace(path, "csv", **how)


def fails(tmp_path, content, **how):
    """Return the sentence that refuses a csv with this content."""
    with pytest.raises(BadInput) as refusal:
        read(tmp_path, content, **how)
    return str(refusal.value)


@pytest.mark.parametrize(
    "name", ["size", "SIZE", "object_size", "obj_size", "objectSize", "Value-Size", "bytes", "length", "size_bytes"]
    + ["value size", "object size (byte)", "size (bytes)"],
)  # fmt: skip
def test_names_for_the_size(name, tmp_path):
    """As tools and papers have them."""
    trace = read(tmp_path, f"key,{name}\na,600\n")

    assert ([600], []) == (trace.sizes, trace.notes)


@pytest.mark.parametrize(
    "name", ["Key", "object id", "object_id", "obj_id", "cacheKey", "url", "KEY "]
)
def test_names_for_the_key(name, tmp_path):
    """Whatever case and signs."""
    assert ["a"] == read(tmp_path, f"{name},size\na,6\n").keys


@pytest.mark.parametrize("name", ["ttl", "TTL", "exptime", "max-age", "time to live", "ttl (s)"])
def test_names_for_the_ttl(name, tmp_path):
    """In seconds."""
    assert [60.0] == read(tmp_path, f"key,{name}\na,60\n").ttls


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("time", 2000), ("Timestamp", 2000), ("timestamp_ms", 2), ("timestamp (ms)", 2), ("time_us", 0.002),
     ("ts", 2000), ("op_time", 2000), ("time [s]", 2000)],
)  # fmt: skip
def test_names_for_the_time(name, seconds, tmp_path):
    """A unit in the name counts, and is told."""
    trace = read(tmp_path, f"key,{name}\na,1000\nb,3000\n")

    assert [0.0, seconds] == trace.times
    assert (seconds < 2000) == any("as the column's name says" in note for note in trace.notes)


@pytest.mark.parametrize(
    "name", ["op", "operation", "type", "OpType", "command", "verb", "io_type", "method"]
)
def test_names_for_the_operation(name, tmp_path):
    """Whose values are operations."""
    trace = read(tmp_path, f"key,{name}\na,W\na,R\nb,delete\n")

    assert [WRITE, READ, DELETE] == trace.ops


def test_a_type_that_is_no_operation_is_named(tmp_path):
    """Its first value tells; where a later one is no operation, the refusal names the column and the option."""
    trace = read(tmp_path, "key,type\na,image\nb,get\n")

    assert (None, ["columns that are not used: type"]) == (trace.ops, trace.notes)
    assert '"type" is none, add --columns op=' in fails(tmp_path, "key,type\na,get\nb,image\n")
    assert ["a", "b"] == read(tmp_path, "key,type\na,get\nb,image\n", columns={"op": ""}).keys


def test_two_columns_that_may_be_the_operation(tmp_path):
    """Are not guessed between."""
    content = "key,type,method\na,read,get\n"

    assert "say --columns op=NAME" in fails(tmp_path, content)
    assert [WRITE] == read(tmp_path, "key,type,verb\na,read,set\n", columns={"op": "verb"}).ops


@pytest.mark.parametrize(
    ("name", "meaning"),
    [("size_kb", "size"), ("response_size", "size"), ("filesize", "size"), ("weight", "size"),
     ("access_time", "time"), ("creation date", "time"), ("expires_at", "ttl"), ("expiry", "ttl"), ("unix_ts", "time")],
)  # fmt: skip
def test_what_may_be_a_column_is_asked_for(name, meaning, tmp_path):
    """Refused with the option that says what it is, and with the one that leaves it out; both work."""
    content = f"key,{name}\na,6\n"

    assert f'--columns "{meaning}={name}", or --columns {meaning}=' in fails(tmp_path, content)
    assert not read(tmp_path, content, columns={meaning: name}).is_plain
    assert read(tmp_path, content, columns={meaning: ""}).is_plain


def test_columns_that_are_not_used_are_named(tmp_path):
    """One note names them all, without what a terminal would obey."""
    trace = read(tmp_path, "key,client_id,key_size,size,\x1b[31mred\na,1,2,3,4\n")

    assert [r"columns that are not used: client_id, key_size, \x1b[31mred"] == trace.notes


def test_columns_named_by_hand(tmp_path):
    """By name or number; a meaning given by hand is taken from no other column."""
    content = "id,size,object_size,when\na,1,600,5\n"

    trace = read(tmp_path, content, columns={"key": "ID", "size": "object_size", "time": "4"})
    assert (["a"], [600], [0.0]) == (trace.keys, trace.sizes, trace.times)
    assert "no column of this name; it has id, size" in fails(
        tmp_path, content, columns={"key": "x"}
    )
    assert {"key": "id", "size": ""} == columns_from_text("key=id, size=")
    with pytest.raises(BadInput, match="--columns takes pairs"):
        columns_from_text("name=id")


def test_a_file_without_a_header(tmp_path):
    """Its columns are numbers; one column is the key."""
    content = "5,a,100\n6,b,200\n"

    trace = read(tmp_path, content, header=False, columns={"key": "2", "size": "3", "time": "1"})
    assert (["a", "b"], [100, 200], [0.0, 1.0]) == (trace.keys, trace.sizes, trace.times)
    assert ["x", "y"] == read(tmp_path, "x\ny\n", header=False).keys
    assert "name them by number" in fails(tmp_path, content, header=False)
    assert "from 1 to 3" in fails(tmp_path, content, header=False, columns={"key": "4"})
    assert "--no-header" in fails(tmp_path, content)


@pytest.mark.parametrize(
    ("sign", "name"),
    [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "pipe"), (" ", "space"), ("  ", " ")],
)
def test_delimiters(sign, name, tmp_path):
    """Seen in the header, or named."""
    content = f"key{sign}op{sign}size\na{sign}get{sign}600\n"

    for how in ({}, {"delimiter": name}):
        trace = read(tmp_path, content, **how)
        assert (["a"], [600]) == (trace.keys, trace.sizes)


def test_a_delimiter_is_not_guessed(tmp_path):
    """Two signs in a header are one too many."""
    assert ["a,b"] == read(tmp_path, "sep=;\nkey;size,\na,b;5\n").keys
    content = "key;op,x\na;get\n"

    assert "say which with --delimiter" in fails(tmp_path, content)
    assert ["a"] == read(tmp_path, content.replace(",x", ""), delimiter=";").keys
    assert "--delimiter takes one sign" in fails(tmp_path, content, delimiter="ab")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks(end, mark, tmp_path):
    """Of every system; blank lines are none, and the last line needs no end."""
    trace = read(tmp_path, mark + end.join(["", "key,op", "a,get", "", " ", "b,set"]))

    assert (["a", "b"], [READ, WRITE]) == (trace.keys, trace.ops)


def test_comments(tmp_path):
    """Lines that begin with # are counted in a note; a key that begins so is a key; a header may be a comment."""
    trace = read(tmp_path, "# made by hand\nkey,op\n# a, comment\na,get\n#b,get\n")

    assert (["a", "#b"], 1) == (trace.keys, len(trace.notes))
    assert "comments: 1 skipped" in trace.notes[0]
    assert ["a"] == read(tmp_path, "# key,size\na,5\n").keys
    assert ["#1", "#2"] == read(tmp_path, "key\n#1\n#2\n").keys


def test_blanks_around_a_key(tmp_path):
    """Go, unless they are quoted."""
    assert ["k", "k", " k ", "a b"] == read(
        tmp_path, 'key,op\nk ,get\n\t k,get\n" k ",get\na b , get\n'
    ).keys


@pytest.mark.parametrize(
    ("text", "size"), [("10.0", 10), ("1e3", 1000), ("2.5E+1", 25), ("007", 7), ("0", 0)]
)
def test_whole_numbers_as_they_are_written(text, size, tmp_path):
    """By spreadsheets and data frames."""
    assert [size] == read(tmp_path, f"key,size\na,{text}\n").sizes


@pytest.mark.parametrize(
    "text", ["1_000", "1e300", "inf", "0x10", "9" * 19, "9" * 21, "10,0", "-1", "1.5", "٣"]
)
def test_what_is_no_size(text, tmp_path):
    """Is refused with its line."""
    assert "line 2: expected" in fails(tmp_path, f'key,size\na,"{text}"\n')


@pytest.mark.parametrize(
    ("first", "unit"),
    [(1609459200, ""), (1609459200000, "ms"), (1609459200000000, "us"), (1609459200000000000, "ns"),
     (132539328000000000, "filetime"), (5000, "")],
)  # fmt: skip
def test_times_that_look_like_another_unit(first, unit, tmp_path):
    """Give a note and are never guessed; with --time-unit they count, and the note goes."""
    ticks = {"ms": 10**3, "us": 10**6, "ns": 10**9, "filetime": 10**7}.get(unit, 1)
    content = f"key,time\na,{first}\nb,{first + 3 * ticks}\n"

    trace = read(tmp_path, content)
    assert [0.0, 3.0 * ticks] == trace.times
    assert bool(unit) == any(f"--time-unit {unit}" in note for note in trace.notes)
    if unit:
        trace = read(tmp_path, content, time_unit=unit)
        assert ([0.0, 3.0], []) == (trace.times, trace.notes)


def test_dates(tmp_path):
    """ISO 8601, with or without a zone."""
    trace = read(
        tmp_path,
        "key,date\na,2024-05-01T12:00:00\nb,2024-05-01 12:00:01.5\nc,2024-05-01T14:00:02+02:00\n",
    )

    assert [0.0, 1.5, 2.0] == trace.times


def test_ttls(tmp_path):
    """0 is none; what looks like a moment gives a note; a unit in the name counts."""
    trace = read(tmp_path, "key,exptime\na,0\nb,1700000000\n")

    assert [math.inf, 1.7e9] == trace.ttls
    assert "look like moments" in trace.notes[0]
    assert [1.5] == read(tmp_path, "key,ttl_ms\na,1500\n").ttls


def test_a_delete_needs_no_size(tmp_path):
    """For it stores nothing."""
    trace = read(tmp_path, "key,op,size\na,set,5\na,delete,\na,get,5\n")

    assert [5, 0, 5] == trace.sizes
