"""Packed traces are read as they are; what is no trace is named, with what to do."""

import bz2
import gzip
import io
import lzma
import pickle
import sqlite3
import sys
import tarfile
import zipfile

import pytest
import zstandard

from cachesim.errors import BadInput
from cachesim.traces import FORMATS
from tests.cli.calls import refused
from tests.traces.test_requests import BY_HAND, read


def zipped(content):
    """Return a zip with one file."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as pack:
        pack.writestr(zipfile.ZipInfo("inside"), content)
    return whole.getvalue()


PACK = {
    "plain": bytes,
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zstd": zstandard.compress,
    "zip": zipped,
    "zip of gz": lambda content: zipped(gzip.compress(content, mtime=0)),
}


@pytest.mark.parametrize("packed", PACK)
@pytest.mark.parametrize("form", FORMATS)
def test_each_format_plain_and_packed(form, packed, tmp_path):
    """The first bytes say whether a file is packed: the name does not matter."""
    content, keys = BY_HAND[form]

    assert keys == read(tmp_path, PACK[packed](content), form).keys


def fails(tmp_path, content, form="lirs"):
    """Return the sentence that refuses a file with this content."""
    with pytest.raises(BadInput) as refusal:
        read(tmp_path, content, form)
    return str(refusal.value)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_packed_file_that_is_cut_off(pack, tmp_path):
    """At every place, from behind the magic bytes to the last byte but one."""
    whole = pack(b"1\n2\n3\n" * 50)
    for end in range(6, len(whole)):
        with pytest.raises(BadInput, match="cut off or damaged"):
            read(tmp_path, whole[:end], "lirs")


def test_packed_streams_in_a_row_are_all_read(tmp_path):
    """As `cat a.xz b.xz` makes them, padded or not; gzip likewise."""
    first, second = b"1\n", b"2\n"

    for pack in (gzip.compress, lzma.compress):
        assert ["1", "2"] == read(tmp_path, pack(first) + pack(second), "lirs").keys
    padded = lzma.compress(first) + bytes(8) + lzma.compress(second) + bytes(4)
    assert ["1", "2"] == read(tmp_path, padded, "lirs").keys


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_what_follows_a_packed_file_is_not_dropped(pack, tmp_path):
    """Neither rubbish nor a second stream that is cut off goes unnoticed."""
    whole = pack(b"1\n")
    for rest in (b"garbage", whole[: len(whole) // 2]):
        with pytest.raises(BadInput, match="cut off or damaged"):
            read(tmp_path, whole + rest, "lirs")


@pytest.mark.parametrize("pack", [bz2.compress, zstandard.compress])
def test_newer_packs_that_are_cut_off(pack, tmp_path):
    """At every place behind the bytes that say what packed them; rubbish behind the end is not dropped."""
    whole = pack(b"1\n2\n3\n" * 50)
    for end in range(10, len(whole)):
        assert "cut off or damaged" in fails(tmp_path, whole[:end])
    assert "cut off or damaged" in fails(tmp_path, whole + b"garbage")
    assert ["1", "2", "3"] * 100 == read(tmp_path, whole * 2, "lirs").keys


def tar(content):
    """Return a tar archive with one file."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as pack:
        about = tarfile.TarInfo("kv.csv")
        about.size = len(content)
        pack.addfile(about, io.BytesIO(content))
    return whole.getvalue()


def database(tmp_path):
    """Return a SQLite database."""
    with sqlite3.connect(tmp_path / "db") as connection:
        connection.execute("create table t (key text)")
    connection.close()
    return (tmp_path / "db").read_bytes()


NAMED = {  # what -> its beginning
    "a tar archive": tar(b"key\na\n"),
    "a 7z archive": b"7z\xbc\xaf\x27\x1c\0\4",
    "a rar archive": b"Rar!\x1a\x07\x01\0",
    "packed by lz4": b"\x04\x22\x4d\x18dd",
    "a Parquet file": b"PAR1\x15\x04",
    "an Arrow file": b"ARROW1\0\0",
    "an HDF5 file": b"\x89HDF\r\n\x1a\n",
    "a NumPy array": b"\x93NUMPY\x01\0",
    "a Python pickle": pickle.dumps(["a", "b"]),
    "a capture of network packets": b"\xd4\xc3\xb2\xa1\x02\0",
    "a Redis snapshot": b"REDIS0011\xfa",
    "UTF-16 text": "key\na\n".encode("utf-16"),
    "a web page": b"<!DOCTYPE html><html>",
    "JSON": b'{"key": "a"}',
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\n",
    "an old Excel workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
}


@pytest.mark.parametrize(("what", "content"), NAMED.items())
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_is_no_trace_is_named(pack, what, content, tmp_path):
    """By its first bytes, packed or not."""
    assert f"is {what}" in fails(tmp_path, pack(content), "csv")


def test_a_database_is_named(tmp_path):
    """With what to do."""
    assert "is a SQLite database; export a table" in fails(tmp_path, database(tmp_path), "csv")


def test_short_marks_do_not_spoil_a_binary_trace(tmp_path):
    """A key may begin as a pickle or UTF-16 does."""
    content = b"\xff\xfe\0\1\x80\x04\x95\0"

    assert [str(0xFFFE0001), str(0x80049500)] == read(tmp_path, content, "cache2k").keys


def several(*names):
    """Return a zip with these files."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as pack:
        for name in names:
            pack.writestr(
                zipfile.ZipInfo(name), "1\n"
            )  # without the time: these bytes are names of tests
    return whole.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (several(), "a zip with 0 files"),
        (several("a.csv", "b.csv"), "a zip with 2 files ('a.csv, b.csv')"),
        (several("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook"),
        (gzip.compress(several("a.csv"), mtime=0), "unzip it first"),
        (several("a.csv")[:40], "cut off or damaged"),
    ],
)
def test_a_zip_that_is_not_one_file(content, says, tmp_path):
    """Refused with what is in it."""
    assert says in fails(tmp_path, content)


def test_what_a_mac_adds_to_a_zip_is_no_file(tmp_path):
    """Folders and __MACOSX do not count."""
    assert ["1"] == read(tmp_path, several("a/", "a/t.lirs", "__MACOSX/a/._t.lirs"), "lirs").keys


def test_without_the_extra_zstd_is_named(tmp_path, monkeypatch):
    """One sentence that says what to install."""
    monkeypatch.setitem(sys.modules, "zstandard", None)

    assert 'pip install "cachesim-lab[zstd]"' in fails(tmp_path, zstandard.compress(b"1\n"))


@pytest.mark.parametrize("form", [name for name, about in FORMATS.items() if not about.is_binary])
def test_no_escape_reaches_the_terminal(form, tmp_path):
    """Whatever a damaged file holds, the refusal is one printable line."""
    for content in (b"\x1b[31mred\x07\n", b"key,op\na,\x1b]0;x\x07\n", b"\0\1\x9b\n" * 9):
        path = tmp_path / "bad"
        path.write_bytes(content)
        if form != "string" or b"\x9b" in content:
            assert (
                refused("replay", path, f"--format={form}", "--items=5").rstrip("\n").isprintable()
            )


def test_a_line_without_an_end(tmp_path):
    """A line is at most 1 MiB long: a file of zeros or of one line does not fill the memory."""
    for form in ("csv", "lirs", "string"):
        assert "longer than 1,048,576 bytes" in fails(tmp_path, b"7" * (2 << 20), form)
