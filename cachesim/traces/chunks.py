"""A trace as a stream of chunks: columns of numbers, the keys numbered as they come, in memory bounded by the keys."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from cachesim.errors import BadInput

LONGEST = 100_000_000  # requests of one line, or of a trace in memory; a damaged count must not eat the memory
SIZE = 1 << 16  # requests in a chunk made of rows
OP = {
    "read": 0,
    "write": 1,
    "delete": 2,
}  # operation -> its number in a column, as in replay's kernels
READ, WRITE, DELETE = OP.values()

Row = tuple[str, int, int | None, float | None, float | None]  # key, op, size, time, ttl


class Columns(NamedTuple):
    """Some requests in a row, as columns; one that the format lacks is None."""

    keys: Any  # list of str, or an array of whole numbers
    ops: np.ndarray | None = None  # int8, numbers of OP; None: all are reads
    sizes: np.ndarray | None = None  # int64, bytes
    times: np.ndarray | None = None  # float64, seconds since the first request
    ttls: np.ndarray | None = None  # float64, seconds, infinity for none


class Chunk(NamedTuple):
    """Some requests in a row; a column that the trace lacks is None."""

    codes: (
        np.ndarray
    )  # for each request the number of its key, from 0, in the order of their first requests
    ops: np.ndarray | None  # int8, numbers of OP; None: all are reads
    sizes: np.ndarray | None  # int64, bytes
    times: np.ndarray | None  # float64, seconds since the first request
    ttls: np.ndarray | None  # float64, seconds, infinity for none
    names: list[str]  # number of a key -> the key: one list for all chunks, which grows


class _Numbers(dict[Any, int]):
    """Key -> its number; a new key gets the next one."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __missing__(self, key: Any) -> int:
        """Give a new key its number."""
        number = self[key] = len(self)
        self.names.append(str(key))
        return number


def numbered(parts: Iterable[Columns]) -> Iterator[Chunk]:
    """Yield chunks whose keys are numbers.

    >>> [chunk] = numbered([Columns(["b", "a", "b"])])
    >>> chunk.codes.tolist(), chunk.names
    ([0, 1, 0], ['b', 'a'])
    """
    numbers = _Numbers()
    for part in parts:
        if isinstance(part.keys, np.ndarray):
            codes = _codes(part.keys, numbers)
        else:
            codes = np.fromiter(map(numbers.__getitem__, part.keys), np.intp, len(part.keys))
        yield Chunk(codes, *part[1:], numbers.names)


def _codes(keys: np.ndarray, numbers: _Numbers) -> np.ndarray:
    """Return the numbers of keys that are numbers: each different one of a part is looked up once."""
    different, first, where = np.unique(keys, return_index=True, return_inverse=True)
    codes = np.empty(len(different), np.intp)
    order = np.argsort(first)
    codes[order] = [numbers[key] for key in different[order].tolist()]
    return codes[where]


def batched(rows: Iterator[Row]) -> Iterator[Columns]:
    """Yield rows as columns."""
    while some := list(islice(rows, SIZE)):
        keys, ops, sizes, times, ttls = zip(*some, strict=True)
        yield Columns(
            keys,
            np.array(ops, np.int8) if any(ops) else None,
            _column(sizes, 0, np.int64),  # only a delete may lack a size
            _column(times, 0, np.float64),
            _column(ttls, np.inf, np.float64),
        )


def _column(values: tuple[Any, ...], absent: float, dtype: type) -> np.ndarray | None:
    if all(value is None for value in values):
        return None
    return np.array([absent if value is None else value for value in values], dtype)


def whole(chunks: Iterable[Chunk], name: str) -> tuple[dict[str, Any], list[str]]:
    """Return the columns of all chunks together, and the keys by number.

    Raises
    ------
    BadInput
        More than LONGEST requests.
    """
    parts: list[Chunk] = []
    requests = 0
    for chunk in chunks:
        parts.append(chunk)
        requests += len(chunk.codes)
        if requests > LONGEST:
            raise BadInput(
                f'the trace "{name}" has more than {LONGEST:,} requests, too many for the memory; split it'
            )
    columns = {
        column: _joined([(getattr(part, column), len(part.codes)) for part in parts], absent)
        for column, absent in ABSENT.items()
    }
    return columns, parts[-1].names if parts else []


ABSENT = {"codes": 0, "ops": READ, "sizes": 0, "times": 0.0, "ttls": np.inf}


def _joined(parts: list[tuple[np.ndarray | None, int]], absent: float) -> np.ndarray | None:
    """Return one column of those of all chunks; None if no chunk has it."""
    if all(part is None for part, _ in parts):
        return None
    return np.concatenate([np.full(n, absent) if part is None else part for part, n in parts])
