"""The formats that are lines of text: lirs, arc, csv (CacheLib's too) and twitter."""

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

from cachesim.errors import BadInput
from cachesim.traces.trace import OPS, Request, Trace

LONGEST = 100_000_000  # requests in a trace; a damaged count must not eat the memory
# Column names that mean the same, CacheLib's among them.
_ALIASES = {
    "op_time": "time",
    "timestamp": "time",
    "operation": "op",
    "value_size": "size",
    "object_id": "key",
    "obj_id": "key",
    "op_count": "count",
}
_TWITTER = ("time", "key", "key_size", "size", "client_id", "op", "ttl")


def lirs(content: bytes, name: str) -> Trace:
    """Read one decimal block number a line; a line `*` is a mark and no request."""
    lines = ((number, line.strip()) for number, line in enumerate(_lines(content, name), 1))
    blocks = ((number, line) for number, line in lines if line not in ("", "*"))
    return Trace.of_keys(
        (str(_whole(line, "a block number", name, number)) for number, line in blocks), name
    )


def arc(content: bytes, name: str) -> Trace:
    """Read lines `start count ignored sequence`, each a request for every block start .. start + count - 1."""
    keys: list[str] = []
    for number, line in enumerate(_lines(content, name), 1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 4:
            raise _unreadable(
                line.strip(), 'four numbers "start count ignored sequence"', name, number
            )
        start, count, *_ = (_whole(field, "a number", name, number) for field in fields)
        _check_length(len(keys) + count, name, number)
        keys.extend(map(str, range(start, start + count)))
    return Trace.of_keys(keys, name)


def csv_table(content: bytes, name: str) -> Trace:
    """Read lines of fields under a header; only the column `key` must be there."""
    return _table(content, name, None)


def twitter(content: bytes, name: str) -> Trace:
    """Read lines of Twitter's seven fields, without a header."""
    return _table(content, name, _TWITTER)


def _table(content: bytes, name: str, header: tuple[str, ...] | None) -> Trace:
    """Read lines of fields; without a `header` the first line is one."""
    rows = csv.reader(_lines(content, name), strict=True)
    trace, known = Trace(name=name), dict[str, str]()
    columns: tuple[list[Any], ...] = ([], [], [], [])  # op, size, time, ttl
    try:
        header = header or _header(next((row for row in rows if row), []), name)
        for row in rows:
            if not row:
                continue
            request, count = _request(row, header, name, rows.line_num)
            _check_length(len(trace) + count, name, rows.line_num)
            # One text a key, however often it is asked for: a third of the memory.
            trace.keys.extend([known.setdefault(request.key, request.key)] * count)
            _append(columns, request, count, name, rows.line_num)
    except csv.Error as error:
        raise BadInput(
            f'the trace "{name}", line {rows.line_num}: {error}; check the format'
        ) from None
    trace.fill(*columns)
    return trace


def _append(
    columns: tuple[list[Any], ...], request: Request, count: int, name: str, line: int
) -> None:
    times = columns[2]
    if request.time is not None and times and (times[-1] or 0) > request.time:
        raise BadInput(
            f'the trace "{name}", line {line}: its time lies {times[-1] - request.time:g} s before that of the '
            "line in front of it; sort the trace by time"
        )
    for column, value in zip(columns, request[1:], strict=True):
        column.extend([value] * count)


def _header(row: list[str], name: str) -> tuple[str, ...]:
    columns = [_ALIASES.get(field.strip().lower(), field.strip().lower()) for field in row]
    shown = ", ".join(row)
    if "key" not in columns:
        raise BadInput(f'the trace "{name}" has no column "key" in its header ({shown}); name one')
    for column in ("key", "op", "size", "time", "ttl", "count"):
        if columns.count(column) > 1:
            raise BadInput(
                f'the trace "{name}" has more than one column for "{column}" in its header ({shown}); keep one'
            )
    return tuple(columns)


def _request(row: list[str], header: tuple[str, ...], name: str, line: int) -> tuple[Request, int]:
    """Return the request of a line, and how often it came."""
    if len(row) != len(header):
        raise _unreadable(",".join(row), f"{len(header)} fields", name, line)
    fields = dict(zip(header, row, strict=True))
    op = OPS.get(fields.get("op", "get").strip().lower())
    if op is None:
        raise _unreadable(fields["op"], f"an operation ({' '.join(OPS)})", name, line)
    if not fields["key"]:
        raise _unreadable(",".join(row), "a key", name, line)
    size, count = fields.get("size", "").strip(), fields.get("count", "").strip()
    request = Request(
        fields["key"],
        op,
        _whole(size, "a size >= 0", name, line) if size else None,
        _seconds(fields, "time", name, line),
        _seconds(fields, "ttl", name, line) or None,  # 0: none
    )
    repeats = _whole(count, "a count >= 1", name, line) if count else 1
    if not repeats:
        raise _unreadable(count, "a count >= 1", name, line)
    return request, repeats


def _seconds(fields: dict[str, str], column: str, name: str, line: int) -> float | None:
    text = fields.get(column, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise _unreadable(text, f"a {column} >= 0", name, line)
    return value


def _lines(content: bytes, name: str) -> Iterator[str]:
    """Yield the lines, their ends and the blank ones included."""
    start = 0
    for number, line in enumerate(io.BytesIO(content), 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(
                f'the trace "{name}" is not text at byte {start + error.start} (line {number}); check the format'
            ) from None
        start += len(line)


def _whole(text: str, wanted: str, name: str, line: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):  # 64 bits have 20 digits
        raise _unreadable(text, wanted, name, line)
    return int(text)


def _check_length(requests: int, name: str, line: int) -> None:
    if requests > LONGEST:
        raise BadInput(
            f'the trace "{name}", line {line}: more than {LONGEST:,} requests; check its count, or split the trace'
        )


def _unreadable(found: str, wanted: str, name: str, line: int) -> BadInput:
    shown = " ".join(found[:40].split())  # one line, whatever was found
    return BadInput(
        f'the trace "{name}", line {line}: expected {wanted}, found "{shown}"; check the format'
    )
