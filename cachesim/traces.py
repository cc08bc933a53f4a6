"""Files of requests from real systems, in six formats, plain or packed (.gz, .xz), as one `Trace`.

A file is packed if its first bytes say so, whatever its name. What cannot be read is refused with the
place where reading stopped; nothing is dropped silently.
"""

import csv
import gzip
import io
import lzma
import math
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cachesim.errors import BadInput

READ, WRITE, DELETE = "read", "write", "delete"
_OPS = {
    READ: "get gets read mget getex gat gats get_lease",
    WRITE: "set add replace cas append prepend incr decr write put update setex set_lease",
    DELETE: "delete del remove unlink",
}
OPS = {word: op for op, words in _OPS.items() for word in words.split()}
_ORACLE = np.dtype([("time", "<u4"), ("key", "<u8"), ("size", "<u4"), ("next", "<i8")])
_CACHE2K = np.dtype(">u4")
# Column names that mean the same, CacheLib's among them.
_ALIASES = {
    "op_time": "time",
    "timestamp": "time",
    "operation": "op",
    "value_size": "size",
    "object_id": "key",
}
_ALIASES |= {"obj_id": "key", "op_count": "count"}
_TWITTER = ("time", "key", "key_size", "size", "client_id", "op", "ttl")


class Request(NamedTuple):
    """One request of a trace; what the format does not say is None."""

    key: str
    op: str = READ
    size: int | None = None  # bytes of the value
    time: float | None = None  # seconds
    ttl: float | None = None  # seconds


class Trace:
    """The requests of a file as columns; a column that the format lacks is None.

    >>> trace = Trace([Request("a"), Request("b"), Request("a")])
    >>> len(trace), trace.unique, trace.keys
    (3, 2, ['a', 'b', 'a'])
    """

    def __init__(self, requests: Iterable[Request] = (), name: str = "trace") -> None:
        columns = list(zip(*requests, strict=True)) or [(), (), (), (), ()]
        keys, ops, sizes, times, ttls = columns
        self.name = name
        self.keys: list[str] = list(keys)
        self.ops: list[str] | None = None if all(op == READ for op in ops) else list(ops)
        self.sizes = None if None in sizes or not sizes else list(sizes)
        self.times = None if None in times or not times else [t - times[0] for t in times]
        self.ttls = None if not any(ttls) else [ttl or math.inf for ttl in ttls]

    @classmethod
    def of_keys(cls, keys: Iterable[str], name: str = "keys") -> "Trace":
        """Return a trace of plain reads."""
        trace = cls(name=name)
        trace.keys = list(keys)
        return trace

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self.keys)

    def __repr__(self) -> str:
        return f"Trace({self.name}: {len(self)} requests, {self.unique} keys)"

    @property
    def unique(self) -> int:
        """The number of different keys."""
        return len(set(self.keys))

    def count(self, op: str) -> int:
        """Return how many requests are reads, writes or deletes."""
        return self.ops.count(op) if self.ops else len(self) * (op == READ)


def read_trace(path: str | Path, format: str) -> Trace:
    """Read a trace file.

    Parameters
    ----------
    path : str or Path
        The file; .gz and .xz are unpacked.
    format : str
        One of cache2k, lirs, arc, oracleGeneral, csv, twitter.

    Raises
    ------
    BadInput
        Another format, a file that cannot be read, is empty, cut off, or has a line that cannot be read.
    """
    if format not in FORMATS:
        raise BadInput(f'unknown trace format "{format}"; choose from {", ".join(FORMATS)}')
    name = str(path)
    content = _unpacked(name)
    if not content:
        raise BadInput(f'the trace "{name}" is empty; give a file with requests')
    trace = FORMATS[format](content, name)
    if not len(trace):
        raise BadInput(f'the trace "{name}" has no request in it; is its format {format}?')
    _check_times(trace)
    return trace


def _check_times(trace: Trace) -> None:
    times = trace.times or ()
    for number, (before, after) in enumerate(pairwise(times), 1):
        if after < before:
            raise BadInput(
                f'the trace "{trace.name}", request {number}: its time lies {before - after:g} s before that of '
                "the request in front of it; sort the trace by time"
            )


def _unpacked(name: str) -> bytes:
    try:
        content = Path(name).read_bytes()
        if content[:2] == b"\x1f\x8b":
            return gzip.decompress(content)
        return lzma.decompress(content) if content[:6] == b"\xfd7zXZ\x00" else content
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(
            f'the trace "{name}" is cut off or damaged ({error}); fetch it again'
        ) from None
    except OSError as error:
        raise BadInput(
            f'the trace "{name}" cannot be read ({error.strerror}); check the path'
        ) from None


def _records(content: bytes, dtype: np.dtype, name: str) -> np.ndarray:
    rest = len(content) % dtype.itemsize
    if rest:
        raise BadInput(
            f'the trace "{name}" is cut off: after record {len(content) // dtype.itemsize} come {rest} bytes, '
            f"a record has {dtype.itemsize}; fetch it again or check the format"
        )
    return np.frombuffer(content, dtype)


def _texts(numbers: np.ndarray) -> list[str]:
    """Return numbers as texts, each different number's text made once."""
    different, places = np.unique(numbers, return_inverse=True)
    return np.array([str(number) for number in different.tolist()], dtype=object)[places].tolist()  # type: ignore[no-any-return]


def _cache2k(content: bytes, name: str) -> Trace:
    return Trace.of_keys(_texts(_records(content, _CACHE2K, name)), name)


def _oracle(content: bytes, name: str) -> Trace:
    records = _records(content, _ORACLE, name)
    trace = Trace.of_keys(_texts(records["key"]), name)
    trace.sizes = records["size"].tolist()
    trace.times = (records["time"].astype(float) - float(records["time"][0])).tolist()
    return trace


def _lines(content: bytes, name: str) -> Iterator[tuple[int, str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            f'the trace "{name}" is not text at byte {error.start}; check the format'
        ) from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, line.strip()


def _lirs(content: bytes, name: str) -> Trace:
    blocks = ((number, line) for number, line in _lines(content, name) if line != "*")
    return Trace.of_keys(
        (str(_number(line, "a block number", name, number)) for number, line in blocks), name
    )


def _arc(content: bytes, name: str) -> Trace:
    keys: list[str] = []
    for number, line in _lines(content, name):
        fields = line.split()
        if len(fields) != 4:
            raise _unreadable(line, 'four numbers "start count ignored sequence"', name, number)
        start, count = (_number(field, "a number", name, number) for field in fields[:2])
        keys.extend(map(str, range(start, start + count)))
    return Trace.of_keys(keys, name)


def _csv(content: bytes, name: str) -> Trace:
    return _table(content, name, None)


def _twitter(content: bytes, name: str) -> Trace:
    return _table(content, name, _TWITTER)


def _table(content: bytes, name: str, header: tuple[str, ...] | None) -> Trace:
    lines = list(_lines(content, name))
    if header is None:
        first = next(csv.reader([lines.pop(0)[1]]))
        header = tuple(
            _ALIASES.get(field.strip().lower(), field.strip().lower()) for field in first
        )
        if "key" not in header:
            raise BadInput(
                f'the trace "{name}" has no column "key" in its header ({", ".join(first)}); name one'
            )
    rows = csv.reader(io.StringIO("\n".join(line for _, line in lines)))
    requests = (
        request
        for (number, _), row in zip(lines, rows, strict=False)
        for request in _requests(row, header, name, number)
    )
    return Trace(requests, name)


def _requests(row: list[str], header: tuple[str, ...], name: str, number: int) -> list[Request]:
    if len(row) != len(header):
        raise _unreadable(",".join(row), f"{len(header)} fields", name, number)
    fields = dict(zip(header, row, strict=True))
    op = OPS.get(fields.get("op", "get").lower())
    if op is None:
        raise _unreadable(fields["op"], f"an operation ({' '.join(OPS)})", name, number)
    size = _optional(fields, "size", name, number)
    request = Request(
        fields["key"],
        op,
        None if size is None else int(size),
        _optional(fields, "time", name, number),
        _optional(fields, "ttl", name, number) or None,
    )
    return [request] * int(_optional(fields, "count", name, number) or 1)


def _optional(fields: dict[str, str], column: str, name: str, number: int) -> float | None:
    text = fields.get(column, "")
    if text == "":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise _unreadable(text, f"a {column} >= 0", name, number)
    return value


def _number(text: str, wanted: str, name: str, line: int) -> int:
    if not text.isdecimal():
        raise _unreadable(text, wanted, name, line)
    return int(text)


def _unreadable(found: str, wanted: str, name: str, line: int) -> BadInput:
    return BadInput(
        f'the trace "{name}", line {line}: expected {wanted}, found "{found[:40]}"; check the format'
    )


FORMATS: dict[str, Callable[[bytes, str], Trace]] = {
    "cache2k": _cache2k,  # big-endian unsigned 32-bit keys
    "lirs": _lirs,  # a block number a line, "*" lines are marks
    "arc": _arc,  # start count ignored sequence
    "oracleGeneral": _oracle,  # little-endian time, id, size, next access
    "csv": _csv,  # a header naming key and perhaps time, op, size, ttl; CacheLib's too
    "twitter": _twitter,  # timestamp,key,key_size,value_size,client_id,operation,ttl
}
