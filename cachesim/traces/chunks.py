"""A trace in chunks: columns of numbers. Keys are numbered as they come, so memory is bounded by the keys."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from cachesim.errors import BadInput

LONGEST = 100_000_000  # requests of one line, or of a trace that must be in memory as a whole
SIZE = 1 << 16  # requests in a chunk made of rows
# Operation -> its number in a column. Kernels use the same numbers.
OP = {"read": 0, "write": 1, "delete": 2}
READ, WRITE, DELETE = OP.values()

Row = tuple[str, int, int | None, float | None, float | None]  # key, op, size, time, ttl


class Batch(NamedTuple):
    """Consecutive requests as a format reads them; a column that the format lacks is None."""

    keys: Any  # sequence of str, or an array of whole numbers
    ops: np.ndarray | None = None  # int8, numbers of OP; None: all are reads
    sizes: np.ndarray | None = None  # int64, bytes
    times: np.ndarray | None = None  # float64, seconds since the first request
    ttls: np.ndarray | None = None  # float64, seconds, infinity for none


class Chunk(NamedTuple):
    """Consecutive requests whose keys are numbers; a column that the trace lacks is None."""

    codes: np.ndarray  # by request: the number of its key; new keys get the next number, from 0
    ops: np.ndarray | None  # int8, numbers of OP; None: all are reads
    sizes: np.ndarray | None  # int64, bytes
    times: np.ndarray | None  # float64, seconds since the first request
    ttls: np.ndarray | None  # float64, seconds, infinity for none
    names: list[str]  # number of a key -> the key; all chunks share this list, which grows

    def part(self, first: int, last: int) -> "Chunk":
        """Cut out the requests from number `first` up to, not including, number `last`."""
        columns = (None if column is None else column[first:last] for column in self.columns)
        return Chunk._make((*columns, self.names))

    @property
    def columns(self) -> tuple[np.ndarray | None, ...]:
        """Everything but the names: codes, ops, sizes, times, ttls."""
        return self.codes, self.ops, self.sizes, self.times, self.ttls

    @property
    def keys(self) -> list[str]:
        """The key of each request."""
        return list(map(self.names.__getitem__, self.codes.tolist()))

    @property
    def is_plain(self) -> bool:
        """Whether it has nothing but keys to read."""
        return all(column is None for column in self.columns[1:])

    def count(self, op: int) -> int:
        """Count the requests with this operation, a number of OP."""
        if self.ops is None:
            return len(self.codes) * (op == READ)
        return int(np.count_nonzero(self.ops == op))


class _Numbers(dict[Any, int]):
    """Key -> its number; a new key gets the next one."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __missing__(self, key: Any) -> int:
        """Give a new key its number."""
        number = self[key] = len(self)
        self.names.append(str(key))
        return number


def numbered(batches: Iterable[Batch]) -> Iterator[Chunk]:
    """Replace keys by their numbers.

    >>> [chunk] = numbered([Batch(["b", "a", "b"])])
    >>> chunk.codes.tolist(), chunk.names
    ([0, 1, 0], ['b', 'a'])
    """
    numbers = _Numbers()
    for batch in batches:
        if isinstance(batch.keys, np.ndarray):
            codes = _codes(batch.keys, numbers)
        else:
            codes = np.fromiter(map(numbers.__getitem__, batch.keys), np.intp, len(batch.keys))
        yield Chunk(codes, *batch[1:], numbers.names)


def _codes(keys: np.ndarray, numbers: _Numbers) -> np.ndarray:
    """Replace an array of keys by their numbers; each different key is looked up once."""
    different, first, where = np.unique(keys, return_index=True, return_inverse=True)
    codes = np.empty(len(different), np.intp)
    order = np.argsort(first)
    codes[order] = [numbers[key] for key in different[order].tolist()]
    return codes[where]


def batches_of_keys(keys: Iterable[str]) -> Iterator[Batch]:
    """Put keys to read into batches."""
    rest = iter(keys)
    while some := list(islice(rest, SIZE)):
        yield Batch(some)


def batched(rows: Iterator[Row]) -> Iterator[Batch]:
    """Put rows into batches, which have columns."""
    while some := list(islice(rows, SIZE)):
        keys, ops, sizes, times, ttls = zip(*some, strict=True)
        yield Batch(
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


def joined(chunks: Iterable[Chunk], name: str) -> Chunk:
    """Join all chunks of the trace `name` into one.

    >>> joined(numbered([Batch(["b", "a"]), Batch(["b"])]), "t").codes.tolist()
    [0, 1, 0]

    Raises
    ------
    BadInput
        There are more than LONGEST requests.
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
    if not parts:
        return Chunk(np.empty(0, np.intp), None, None, None, None, [])
    columns = (
        _joined([(part.columns[place], len(part.codes)) for part in parts], absent)
        for place, absent in enumerate(ABSENT)
    )
    return Chunk._make((*columns, parts[-1].names))


# What a column holds for the requests of a chunk without it; its type is the column's.
ABSENT = (np.intp(0), np.int8(READ), np.int64(0), np.float64(0), np.float64(np.inf))


def _joined(parts: list[tuple[np.ndarray | None, int]], absent: Any) -> np.ndarray | None:
    """Join one column of all chunks; None if no chunk has it."""
    if all(part is None for part, _ in parts):
        return None
    return np.concatenate([np.full(n, absent) if part is None else part for part, n in parts])
