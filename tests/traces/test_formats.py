"""The formats of others, each by hand from its public description."""

import math
import struct

import pytest

from cachesim.errors import BadInput
from cachesim.traces import DELETE, FORMATS, READ, WRITE, likely, read_trace
from tests.cli.calls import done, refused
from tests.traces.test_requests import BY_HAND


def read(tmp_path, content, form, **how):
    """Return the trace of a file with this content."""
    path = tmp_path / "trace"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_trace(path, form, **how)


def told(trace):
    """Return all that a trace tells."""
    return trace.keys, trace.ops, trace.sizes, trace.times


DISKS = {  # format -> (content, keys, operations, sizes, times), each a read of 8 KiB at byte 1 MiB and a write
    "msr": (
        "128166372003061629,hm,0,Read,1048576,8192,1\n128166372013061629,hm,1,Write,4096,512,1\n",
        ["hm.0:1048576", "hm.1:4096"], [8192, 512], [0.0, 1.0],
    ),
    "cbs": ("1538323200,2048,16,0,7\n1538323201,8,1,1,9\n", ["7:2048", "9:8"], [8192, 512], [0.0, 1.0]),
    "alibaba": ("7,R,1048576,8192,1000000\n9,W,4096,512,2000000\n", ["7:1048576", "9:4096"], [8192, 512], [0.0, 1.0]),
    "spc": ("7,2048,8192,r,0.5\n9,8,512,w,1.5\n", ["7:2048", "9:8"], [8192, 512], [0.0, 1.0]),
    "libcachesim": (
        "version,time,op,size,lbn\n1,5,28,8192,2048\n1,6,2a,512,8\n", ["2048", "8"], [8192, 512], [0.0, 1.0],
    ),
    "vscsi": (
        struct.pack("<3I2H2Q", 1, 8192, 1, 0x28, 0x0100, 2048, 10**6)
        + struct.pack("<3I2H2Q", 2, 512, 1, 0x2A, 0x0100, 8, 2 * 10**6),
        ["2048", "8"], [8192, 512], [0.0, 1.0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", DISKS)
def test_traces_of_disks(form, tmp_path):
    """Where, how much, when, and whether it is a write."""
    content, keys, sizes, times = DISKS[form]

    assert (keys, [READ, WRITE], sizes, times) == told(read(tmp_path, content, form))


@pytest.mark.parametrize("form", DISKS)
def test_requests_split_into_blocks(form, tmp_path):
    """A read of 8 KiB at 1 MiB is two blocks of 4 KiB, the 256th and 257th; half a KiB is one."""
    content, keys, _, times = DISKS[form]
    trace = read(tmp_path, content, form, block=4096)
    devices = [key.rpartition(":")[0] + ":" * (":" in key) for key in keys]

    assert [devices[0] + "256", devices[0] + "257", devices[1] + "1"] == trace.keys
    assert ([READ, READ, WRITE], [4096] * 3) == (trace.ops, trace.sizes)
    assert [times[0], times[0], times[1]] == trace.times


def test_a_request_that_begins_within_a_block(tmp_path):
    """Touches every block that it has a byte of."""
    line = "128166372003061629,hm,0,Read,4095,2,1\n"

    assert ["hm.0:0", "hm.0:1"] == read(tmp_path, line, "msr", block=4096).keys
    content = "start,len\n4095,2\n"
    columns = {"offset": "start", "size": "len"}
    assert ["0", "1"] == read(tmp_path, content, "csv", block=4096, columns=columns).keys


def test_vscsi_has_two_records(tmp_path):
    """Version 2 has 40 bytes; other commands than reads and writes are named."""
    record = struct.Struct("<2H3I3Q")
    content = b"".join(
        record.pack(command, 0x0200, n, 4096, 1, 8 * n, n * 10**6, 5)
        for n, command in enumerate((0x28, 0x12, 0x8A))
    )
    trace = read(tmp_path, content, "vscsi")

    assert (["0", "16"], [READ, WRITE], [4096] * 2, [0.0, 2.0]) == told(trace)
    assert "SCSI command 0x12 (1)" in trace.notes[0]
    with pytest.raises(BadInput, match="no vscsi record of version 1 or 2"):
        read(tmp_path, bytes(80), "vscsi")


def test_ibm_with_blanks(tmp_path):
    """As published: a delete has no size, a range is not used, HEAD and COPY are named."""
    lines = """\
0 REST.PUT.OBJECT a 100
1000 REST.GET.OBJECT a 100 0 50
2000 REST.HEAD.OBJECT a 100
3000 REST.COPY.OBJECT a 100
4000 REST.DELETE.OBJECT a
"""
    trace = read(tmp_path, lines, "ibm")

    assert (["a"] * 3, [WRITE, READ, DELETE], [100, 100, 0], [0.0, 1.0, 4.0]) == told(trace)
    assert "operation rest.head.object (1), operation rest.copy.object (1)" in trace.notes[-1]


def test_monitor(tmp_path):
    """Every way to set a TTL, keys of several at once, other databases, escapes, scripts, IPv6."""
    lines = r"""OK
1.000000 [0 127.0.0.1:1] "SET" "a" "x" "PX" "1500"
2.000000 [0 [::1]:1] "setex" "a" "60" "x"
3.000000 [0 unix:/s] "mget" "a" "b c"
4.000000 [3 lua] "del" "a" "k\"\x41\\"
5.000000 [0 127.0.0.1:1] "set" "a" "x" "nx" "exat" "65"
6.000000 [0 127.0.0.1:1] "mset" "a" "1" "b" "2"
7.000000 "ping"
8.000000 [0 127.0.0.1:1] "expire" "a" "5"
"""
    trace = read(tmp_path, lines, "monitor")

    assert ["a", "a", "a", "b c", "3/a", '3/k"A\\', "a", "a", "b"] == trace.keys
    assert [WRITE, WRITE, READ, READ, DELETE, DELETE, WRITE, WRITE, WRITE] == trace.ops
    assert [1.5, 60.0, *[math.inf] * 4, 60.0, math.inf, math.inf] == trace.ttls
    assert [0.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 5.0, 5.0] == trace.times
    assert "PING (1), EXPIRE (1)" in trace.notes[-1]
    with pytest.raises(BadInput, match="line 1: expected a line such as"):
        read(tmp_path, "get user:1\n", "monitor")


def test_wikipedia(tmp_path):
    """The key is the URL, a save is a write; times are Unix or ISO 8601."""
    lines = "1 1190146243.25 http://a/x -\n2 1190146243.75 http://a/x save\n"

    assert (["http://a/x"] * 2, [READ, WRITE], None, [0.0, 0.5]) == told(
        read(tmp_path, lines, "wikipedia")
    )
    later = "154132716 2010-05-27T09:31:55.63 http://a -\n"
    assert ["http://a"] == read(tmp_path, later, "wikipedia").keys


def test_caffeine_text(tmp_path):
    """AdaptSize's time, key, size; addresses in hexadecimal, perhaps split into cache lines."""
    assert (["a"], None, [120], [0.0]) == told(read(tmp_path, "1 a 120\n", "adapt_size"))
    lines = "l 0x1fffff50 1\ns 0x1fffff7f 2\n"
    assert ([str(0x1FFFFF50), str(0x1FFFFF7F)], [READ, WRITE], None, None) == told(
        read(tmp_path, lines, "address")
    )
    assert [str(0x1FFFFF40 // 64)] * 2 == read(tmp_path, lines, "address", block=64).keys


def test_a_reference_string(tmp_path):
    """On one line or many, with blanks, commas, or both."""
    for text in ("7 0 1 2", "7,0,1,2\n", "7, 0\n1\t2\r\n"):
        assert ["7", "0", "1", "2"] == read(tmp_path, text, "string").keys
    with pytest.raises(BadInput, match="--format string"):
        read(tmp_path, "7 0 1 2\n", "lirs")


@pytest.mark.parametrize("form", ["twitter", "msr", "cbs", "spc", "adapt_size"])
def test_a_header_over_fixed_columns(form, tmp_path):
    """Is no request."""
    example = FORMATS[form].example.decode()
    names = "".join(c if c in ", " else "n" for c in example.strip())

    assert told(read(tmp_path, example, form)) == told(read(tmp_path, f"{names}\n{example}", form))


def test_a_64_bit_series_is_recognised(tmp_path):
    """By its high words, which repeat; it is refused as 32-bit keys, and named for a file without a format."""
    content = struct.pack(">200Q", *range(200))

    with pytest.raises(BadInput, match=r"64-bit keys: .* --format corda"):
        read(tmp_path, content, "cache2k")
    assert list(map(str, range(200))) == read(tmp_path, content, "corda").keys
    assert ["corda", "scarab"] == [
        f for f in likely(str(tmp_path / "trace")) if f != "oracleGeneral"
    ]
    spread = struct.pack(">200Q", *(n * 0x9E3779B97F4A7C15 % 2**63 for n in range(200)))
    assert 200 == read(tmp_path, spread, "scarab").unique
    assert "corda" not in likely(str(tmp_path / "trace"))


@pytest.mark.parametrize("form", FORMATS)
def test_a_format_is_told_by_its_beginning(form, tmp_path):
    """An example of each is among those that fit, but for series that only a long file shows."""
    (tmp_path / "t").write_bytes(BY_HAND[form][0])
    found = likely(str(tmp_path / "t"))

    assert form in found or FORMATS[form].takes_all or FORMATS[form].looks
    refused("replay", tmp_path / "t", "--items=5", says=["needs a --format", *found])


@pytest.mark.parametrize(
    ("form", "how", "says"),
    [
        ("lirs", {"columns": {"key": "1"}}, "--columns describes a csv"),
        ("twitter", {"header": False}, "--no-header describes a csv"),
        ("arc", {"delimiter": ";"}, "--delimiter describes a csv"),
        ("twitter", {"block": 4096}, "--block splits the requests of a disk's trace"),
        ("csv", {"block": 4096}, "--columns offset=NAME"),
        ("msr", {"block": 0}, "--block takes a number of bytes >= 1"),
        ("csv", {"time_unit": "h"}, "--time-unit is one of s, ms"),
        ("lirs", {"time_unit": "ms"}, "--time-unit describes times"),
    ],
)
def test_an_option_that_a_format_has_no_use_for(form, how, says, tmp_path):
    """Is refused, not ignored."""
    with pytest.raises(BadInput, match=says):
        read(tmp_path, BY_HAND[form][0], form, **how)


def test_the_command_lists_every_format():
    """One row each, from the one list."""
    rows = done("formats", "--json").json["rows"]

    assert list(FORMATS) == [row["format"] for row in rows]
    assert all(row["source"] and row["example"] for row in rows)
    assert all(name in done("formats").out for name in FORMATS)


def test_compare_reads_as_replay_does(tmp_path):
    """The same options, and the same notes."""
    (tmp_path / "t.csv").write_text(
        "id;size;when;x\n" + "".join(f"{n % 9};9;{n};0\n" for n in range(300))
    )
    options = ["--columns=key=id,time=when", "--time-unit=ms", "--delimiter=;", "--format=csv"]
    small = [
        "--engine=simple",
        "--strategies=lazy-loading",
        "--replications=1",
        f"--out={tmp_path / 'out'}",
    ]

    from tests.cli.calls import call

    found = call("compare", f"--trace={tmp_path / 't.csv'}", *options, *small)
    assert (0, "note: columns that are not used: x\n") == (found.code, found.err)
    assert 'time_unit = "ms"' in (tmp_path / "out" / "scenario.toml").read_text()
