"""Files of requests from real systems, read as a stream or as one `Trace`.

formats.py lists the formats. A file is packed if its first bytes say so, whatever its name. A file that cannot be
read is refused with the place where reading stopped; nothing is dropped silently. `sample` gives real traces that
come with the package.
"""

from collections.abc import Iterator
from importlib.resources import as_file, files
from itertools import islice
from pathlib import Path
from typing import Any

from cachesim.errors import BadInput
from cachesim.traces.chunks import Chunk, numbered
from cachesim.traces.formats import FORMATS, Format
from cachesim.traces.header import MEANINGS, delimiter_from_text
from cachesim.traces.source import UNITS, How, Source
from cachesim.traces.stream import Stream
from cachesim.traces.trace import DELETE, OPS, READ, WRITE, Request, Trace
from cachesim.traces.unpack import BLOCK, STDIN, blocks

__all__ = [
    "DELETE",
    "FORMATS",
    "OPS",
    "READ",
    "SAMPLES",
    "STDIN",
    "UNITS",
    "WRITE",
    "Chunk",
    "Format",
    "Request",
    "Stream",
    "Trace",
    "columns_from_text",
    "delimiter_from_text",
    "likely",
    "read_trace",
    "sample",
    "stream_trace",
]

# From the cache2k benchmark, copyright headissue GmbH, Jens Wilke, CC BY 4.0: data/LICENSE-cache2k.txt.
SAMPLES = {
    "web07": "requests for a product detail page of a shop, July 2013",
    "web12": "the same, December 2013",
}


def sample(name: str) -> Trace:
    """Read a real trace that comes with the package; SAMPLES describes each one.

    >>> sample("web07")
    Trace(web07: 76118 requests, 20484 keys)

    Raises
    ------
    BadInput
        No sample has this name.
    """
    if name not in SAMPLES:
        raise BadInput(f'no sample trace is called "{name}"; choose from {", ".join(SAMPLES)}')
    with as_file(files("cachesim.data").joinpath(f"cache2k_{name}.trace.xz")) as path:
        trace = read_trace(path, "cache2k")
    trace.name = name
    return trace


def stream_trace(
    path: str | Path,
    format: str | Format | None,
    *,
    columns: dict[str, str] | None = None,
    time_unit: str | None = None,
    delimiter: str | None = None,
    header: bool = True,
    block: int | None = None,
) -> Stream:
    """Open a trace to read it chunk by chunk; its memory grows with the different keys, not with the requests.

    Parameters
    ----------
    path : str or Path
        The file, which may be packed (gz, xz, bz2, zstd, a zip with one file), a pipe, or "-" for standard input.
    format : str or Format
        One of FORMATS, or a format of your own.
    columns : dict, optional
        Of a csv: meaning -> the column's name or number; "" leaves the meaning out.
    time_unit : str, optional
        s, ms, us, ns or filetime (100 ns); else what the format says, or seconds.
    delimiter : str, optional
        Of a csv: a sign, or comma, semicolon, tab, pipe, space; else what its first line shows.
    header : bool
        Of a csv: whether the first line names the columns.
    block : int, optional
        Of a disk's trace: split each request into requests for blocks of this many bytes.

    Raises
    ------
    BadInput
        The format is unknown or does not take an option; or the file cannot be read, is empty or cut off, or has
        a line that cannot be read. An error in the file comes when reading gets there.
    """
    name = str(path)
    about = format if isinstance(format, Format) else FORMATS.get(format or "")
    if about is None:
        raise BadInput(_unknown(name, format))
    how = How(columns, time_unit, delimiter, header, block)
    _check(str(format), about, how)
    source = Source(name, blocks(name, about.is_binary), how)
    chunks = _not_empty(numbered(about.read(source)), name, str(format))
    return Stream(name, chunks, lambda: source.notes)


def _not_empty(chunks: Iterator[Chunk], name: str, format: str) -> Iterator[Chunk]:
    """Pass the chunks on; refuse a trace without a request."""
    requests = 0
    for chunk in chunks:
        requests += len(chunk.codes)
        yield chunk
    if not requests:
        raise BadInput(
            f'the trace "{name}" is empty or has no request in it; is its format {format}?'
        )


def read_trace(path: str | Path, format: str | Format | None, **how: Any) -> Trace:
    """Read a whole trace into memory; the parameters are those of `stream_trace`."""
    return stream_trace(path, format, **how).whole()


def _unknown(name: str, format: str | Format | None) -> str:
    fits = likely(name)
    hint = f'; "{name}" could be read as {", ".join(fits)}' if fits else ""
    start = f'--format "{format}" is unknown' if format else f'the trace "{name}" needs a --format'
    return f"{start}; choose from {', '.join(FORMATS)}{hint}"


def _check(format: str, about: Format, how: How) -> None:
    """Refuse options that the format would ignore."""
    flags = {"--columns": how.columns, "--delimiter": how.delimiter, "--no-header": not how.header}
    for flag, given in flags.items():
        if given and not about.has_choices:
            raise BadInput(
                f"{flag} describes a csv; the format {format} has its columns fixed: leave it out"
            )
    if how.block is not None and not about.has_blocks:
        able = ", ".join(name for name, format in FORMATS.items() if format.has_blocks)
        raise BadInput(
            f"--block splits the requests of a disk's trace ({able}); leave it out for {format}"
        )
    if how.block is not None and how.block < 1:
        raise BadInput(f"--block takes a number of bytes >= 1, such as 4096, got {how.block}")
    if how.block and format == "csv" and "offset" not in (how.columns or {}):
        raise BadInput(
            "--block needs to know where a csv's requests begin: add --columns offset=NAME,size=NAME"
        )
    if how.time_unit is not None and how.time_unit not in UNITS:
        raise BadInput(f'--time-unit is one of {", ".join(UNITS)}, got "{how.time_unit}"')
    if how.time_unit is not None and "time" not in about.columns.split():
        raise BadInput(f"--time-unit describes times; the format {format} has none: leave it out")


def columns_from_text(text: str) -> dict[str, str]:
    """Parse --columns into meaning -> name.

    >>> columns_from_text("key=object_id,size=")
    {'key': 'object_id', 'size': ''}
    """
    pairs = [part.partition("=") for part in text.split(",")]
    columns = {meaning.strip(): name.strip() for meaning, _, name in pairs}
    if len(columns) < len(pairs) or not all(
        sign and meaning.strip() in MEANINGS for meaning, sign, _ in pairs
    ):
        raise BadInput(
            f'--columns takes pairs such as key=object_id,size=bytes, of {", ".join(MEANINGS)}, got "{text}"'
        )
    return columns


def likely(name: str) -> list[str]:
    """List the formats in which the beginning of a file can be read; none for a pipe."""
    if not Path(name).is_file():
        return []
    fits = [format for format in FORMATS if _fits(name, format)]
    return [format for format in fits if not FORMATS[format].takes_all] or fits


def _fits(name: str, format: str) -> bool:
    about = FORMATS[format]
    try:
        head = next(blocks(name, about.is_binary), b"")
        if len(head) == BLOCK:  # there may be more: end where a line or a record ends
            end = len(head) // 480 * 480 if about.is_binary else head.rfind(b"\n") + 1
            head = head[:end]
        if about.looks and not about.looks(head):
            return False
        is_text = _is_text(head)
        some = list(islice(about.read(Source(name, iter([head]), How())), 1))
    except BadInput:
        return False
    return is_text != about.is_binary and any(len(part.keys) for part in some)


def _is_text(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in head
