"""Files of requests from real systems, in six formats, plain or packed (.gz, .xz), as one `Trace`.

A file is packed if its first bytes say so, whatever its name. What cannot be read is refused with the
place where reading stopped; nothing is dropped silently. `sample` gives real traces that come with the package.
"""

import gzip
import lzma
import zlib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np

from cachesim.errors import BadInput
from cachesim.traces.text import arc, csv_table, lirs, twitter
from cachesim.traces.trace import DELETE, OPS, READ, WRITE, Request, Trace

__all__ = [
    "DELETE",
    "FORMATS",
    "OPS",
    "READ",
    "SAMPLES",
    "WRITE",
    "Request",
    "Trace",
    "read_trace",
    "sample",
]

_ORACLE = np.dtype([("time", "<u4"), ("key", "<u8"), ("size", "<u4"), ("next", "<i8")])
_CACHE2K = np.dtype(">u4")

# From the cache2k benchmark, copyright headissue GmbH, Jens Wilke, CC BY 4.0: data/LICENSE-cache2k.txt.
SAMPLES = {
    "web07": "requests for a product detail page of a shop, July 2013",
    "web12": "the same, December 2013",
}


def sample(name: str) -> Trace:
    """Return a real trace that comes with the package; SAMPLES says what each one is.

    >>> sample("web07")
    Trace(web07: 76118 requests, 20484 keys)

    Raises
    ------
    BadInput
        No sample has this name.
    """
    if name not in SAMPLES:
        raise BadInput(f'no sample trace is called "{name}"; choose from {", ".join(SAMPLES)}')
    packed = files("cachesim.data").joinpath(f"cache2k_{name}.trace.xz").read_bytes()
    return _cache2k(_unxz(packed), name)


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
    return trace


def _unpacked(name: str) -> bytes:
    try:
        content = Path(name).read_bytes()
        if content[:3] == b"\x1f\x8b\x08":
            return gzip.decompress(content)
        return _unxz(content) if content[:6] == b"\xfd7zXZ\x00" else content
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(
            f'the trace "{name}" is cut off or damaged ({error}); fetch it again'
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f'the trace "{name}" cannot be read ({reason}); check the path') from None


def _unxz(content: bytes) -> bytes:
    """Return all streams of an .xz file; `lzma.decompress` would drop what follows the last sound one."""
    parts = []
    while content:
        stream = lzma.LZMADecompressor()
        parts.append(stream.decompress(content))
        if not stream.eof:
            raise EOFError("the packed data end before their end mark")
        content = stream.unused_data.lstrip(b"\0")  # streams may be padded
    return b"".join(parts)


def _records(content: bytes, dtype: np.dtype, name: str) -> np.ndarray:
    rest = len(content) % dtype.itemsize
    if rest:
        raise BadInput(
            f'the trace "{name}" is cut off: after record {len(content) // dtype.itemsize} come {rest} bytes, '
            f"a record has {dtype.itemsize}; fetch it again or check the format"
        )
    return np.frombuffer(content, dtype)


def _numbered(numbers: np.ndarray, name: str) -> Trace:
    """Return a trace whose keys are numbers, each different number's text made once."""
    different, codes = np.unique(numbers, return_inverse=True)
    return Trace.of_codes(codes, [str(number) for number in different.tolist()], name)


def _cache2k(content: bytes, name: str) -> Trace:
    return _numbered(_records(content, _CACHE2K, name), name)


def _oracle(content: bytes, name: str) -> Trace:
    records = _records(content, _ORACLE, name)
    times = records["time"].astype(float)
    backwards = np.flatnonzero(np.diff(times) < 0)
    if backwards.size:
        raise BadInput(
            f'the trace "{name}", record {backwards[0] + 1}: its time lies before that of the record in front '
            "of it; sort the trace by time"
        )
    trace = _numbered(records["key"], name)
    trace.sizes = records["size"].tolist()
    trace.times = (times - times[0]).tolist()
    return trace


FORMATS: dict[str, Callable[[bytes, str], Trace]] = {
    "cache2k": _cache2k,  # big-endian unsigned 32-bit keys
    "lirs": lirs,  # a block number a line, "*" lines are marks
    "arc": arc,  # start count ignored sequence
    "oracleGeneral": _oracle,  # little-endian time, id, size, next access
    "csv": csv_table,  # a header naming key and perhaps time, op, size, ttl; CacheLib's too
    "twitter": twitter,  # timestamp,key,key_size,value_size,client_id,operation,ttl
}
