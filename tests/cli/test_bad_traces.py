"""A trace that cannot be read: exit 2, one sentence that names the file and the place, nothing written."""

import gzip
import lzma

import pytest

from tests.cli.calls import ONE_RUN, refused

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
