"""The bytes of a file or a pipe, unpacked as they come. Other kinds of files are recognised by their first bytes."""

import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from cachesim.errors import BadInput

BLOCK = 1 << 18  # bytes read at a time
SLICE = 1 << 12  # bytes unpacked at a time
HEAD = 512  # bytes that show the kind of a file
DEEPEST = 3  # times that a file may be packed, as a .zip of a .gz is
STDIN = "-"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def blocks(name: str, is_binary: bool) -> Iterator[bytes]:
    """Yield the unpacked content of a file, in blocks of at most BLOCK bytes.

    Raises
    ------
    BadInput
        The file cannot be read, is damaged, or is not a trace.
    """
    try:
        with open(0 if name == STDIN else name, "rb", closefd=name != STDIN) as file:
            yield from _even(_unpacked(file, name, is_binary))
    except (OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        if isinstance(error, OSError) and error.errno is None:  # from bz2
            raise _damaged(name, error) from None
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f'the trace "{name}" cannot be read ({reason}); check the path') from None
    except (RuntimeError, NotImplementedError) as error:  # from zipfile
        raise BadInput(f'the trace "{name}" cannot be unzipped ({error}); unzip it first') from None


def _unpacked(file: BinaryIO, name: str, is_binary: bool) -> Iterator[bytes]:
    content = iter(lambda: file.read(BLOCK), b"")
    for depth in range(DEEPEST):
        head, content = _peek(content)
        if head.startswith(ZIP):
            if depth or not file.seekable():
                raise BadInput(f'the trace "{name}" is a zip in a pipe or a pack; unzip it first')
            content = _unzipped(file, name)
            continue
        new = next((new for magic, new in PACKED.items() if head.startswith(magic)), None)
        if new is None:
            break
        content = _unpack(content, new, name)
    head, content = _peek(content)
    _refuse(head, name, is_binary)
    return content


def _even(content: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the content in blocks of BLOCK bytes; the last one may be shorter."""
    gathered: list[bytes] = []
    length = 0
    for part in content:
        gathered.append(part)
        length += len(part)
        if length >= BLOCK:
            whole = b"".join(gathered)
            length %= BLOCK
            gathered = [whole[len(whole) - length :]]
            for at in range(0, len(whole) - length, BLOCK):
                yield whole[at : at + BLOCK]
    if length:
        yield b"".join(gathered)


def _peek(content: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Look at the first bytes; give them, and the whole content."""
    head = b""
    for block in content:
        head += block
        if len(head) >= HEAD:
            break
    return head, chain([head], content)


def _gzip(_: str) -> Any:
    return zlib.decompressobj(wbits=31)


def _xz(_: str) -> Any:
    import lzma  # some builds of Python lack it

    return lzma.LZMADecompressor()


def _bz2(_: str) -> Any:
    import bz2

    return bz2.BZ2Decompressor()


def _zstd(name: str) -> Any:
    try:
        from zstandard import ZstdDecompressor
    except ImportError:
        raise BadInput(
            f'the trace "{name}" is packed by zstd: pip install "cachesim-lab[zstd]" reads it, '
            "or unpack it with zstd -d"
        ) from None
    return ZstdDecompressor().decompressobj()


PACKED: dict[bytes, Callable[[str], Any]] = {
    b"\x1f\x8b\x08": _gzip,
    b"\xfd7zXZ\x00": _xz,
    **{b"BZh%d1AY&SY" % level: _bz2 for level in range(1, 10)},
    b"\x28\xb5\x2f\xfd": _zstd,
}


def _unpack(content: Iterator[bytes], new: Callable[[str], Any], name: str) -> Iterator[bytes]:
    """Unpack streams that follow each other; bytes after the last sound one are an error, not dropped."""
    stream = new(name)
    try:
        for block in _slices(content):
            while block:
                if stream.eof:
                    block = block.lstrip(b"\0")  # streams may be padded
                    stream = new(name) if block else stream
                    continue
                yield stream.decompress(block)
                block = stream.unused_data if stream.eof else b""
        if not stream.eof:
            raise EOFError("the packed data end before their end mark")
    except Exception as error:  # each library has an error of its own
        if isinstance(error, BadInput) or getattr(error, "errno", None):
            raise
        raise _damaged(name, error) from None


def _slices(content: Iterator[bytes]) -> Iterator[bytes]:
    """Cut blocks into short parts, for well packed data grow a thousand times."""
    for block in content:
        for at in range(0, len(block), SLICE):
            yield block[at : at + SLICE]


def _unzipped(file: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        file.seek(0)
        with ZipFile(file) as packed:
            names = [n for n in packed.namelist() if not n.endswith("/") and "__MACOSX" not in n]
            if any(n == "[Content_Types].xml" for n in names):
                raise BadInput(
                    f'the trace "{name}" is an Excel workbook or another office document; {CSV}'
                )
            if len(names) != 1:
                inside = ", ".join(names[:5]) or "none"
                raise BadInput(
                    f'the trace "{name}" is a zip with {len(names)} files ({inside!a}); unzip it and name one'
                )
            with packed.open(names[0]) as member:
                yield from iter(lambda: member.read(BLOCK), b"")
    except (BadZipFile, EOFError, zlib.error) as error:
        raise _damaged(name, error) from None


def _damaged(name: str, error: BaseException) -> BadInput:
    return BadInput(f'the trace "{name}" is cut off or damaged ({error}); fetch it again')


CSV = "save its table as csv"
UNPACK = "unpack it and name one of its files"
# Offset, bytes there, kind of file, what to do. A binary trace too may begin with fewer than four of these bytes.
OTHERS = (
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a rar archive", UNPACK),
    (0, b"\x04\x22\x4d\x18", "packed by lz4", "unpack it with lz4 -d"),
    (0, b"LZIP", "packed by lzip", "unpack it with lzip -d"),
    (0, b"\xff\x06\x00\x00sNaPpY", "packed by snappy", "unpack it first"),
    (0, b"\x1f\x9d", "packed by compress", "unpack it with gzip -d"),
    (0, b"\x5d\x00\x00", "packed by lzma", "unpack it with xz -d"),
    (0, b"PAR1", "a Parquet file", "save it as csv with pandas: read_parquet(...).to_csv(...)"),
    (0, b"ARROW1", "an Arrow file", "save it as csv with pandas: read_feather(...).to_csv(...)"),
    (0, b"Obj\x01", "an Avro file", CSV),
    (0, b"SQLite format 3\x00", "a SQLite database", "export a table: sqlite3 -header -csv"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook or office document", CSV),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", CSV),
    (0, b"\x93NUMPY", "a NumPy array", CSV),
    *((0, magic, "a Python pickle", "which can run code: load it only if you trust it, and save csv")
      for magic in (b"\x80\x02", b"\x80\x03", b"\x80\x04\x95", b"\x80\x05\x95")),
    *((0, magic, "a capture of network packets", "extract its requests with tshark")
      for magic in (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d",
                    b"\n\r\r\n")),
    (0, b"REDIS0", "a Redis snapshot", "which holds data and no requests: record them with redis-cli monitor"),
    (0, b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (0, b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
    (0, b"%PDF", "a PDF", CSV),
    (0, b"\x89PNG", "a picture", "name the trace"),
    (0, b"\x7fELF", "a program", "name the trace"),
    (0, b"<!DOCTYPE", "a web page", "fetch the file itself, not the page about it"),
    (0, b"<!doctype", "a web page", "fetch the file itself, not the page about it"),
    (0, b"<html", "a web page", "fetch the file itself, not the page about it"),
    (0, b"<?xml", "XML", CSV),
    (0, b'{"', "JSON", CSV),
    (0, b'[{"', "JSON", CSV),
    (0, b"version https://git-lfs", "a pointer of Git LFS", "fetch the file itself with git lfs pull"),
)  # fmt: skip


def _refuse(head: bytes, name: str, is_binary: bool) -> None:
    for offset, magic, what, then in OTHERS:
        is_short = len(magic) < 4 and not offset
        if head.startswith(magic, offset) and not (is_binary and is_short):
            raise BadInput(f'the trace "{name}" is {what}; {then}')
