"""A trace: its requests in columns, and the words for operations."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from cachesim.errors import BadInput
from cachesim.traces.chunks import OP, SIZE, Batch, Chunk, batches_of_keys, joined, numbered

READ, WRITE, DELETE = "read", "write", "delete"
# SIMPLIFIED: a write is a write. Not followed: add, replace and cas may fail; append and incr keep a part of
# the old value. Reads that change the TTL too (gat, getex) are refused, not halved.
_OPS = {
    READ: "get gets read mget get_lease r fetch load lookup",
    WRITE: "set add replace cas append prepend incr decr write put update setex set_lease w store insert post",
    DELETE: "delete del remove unlink invalidate",
}
_WORDS = np.array(list(OP), object)  # number -> operation
OPS = {word: op for op, words in _OPS.items() for word in words.split()}
DTYPES = {"sizes": np.int64, "times": np.float64, "ttls": np.float64}


class Request(NamedTuple):
    """One request of a trace; a value that the format lacks is None."""

    key: str
    op: str = READ
    size: int | None = None  # bytes of the value
    time: float | None = None  # seconds
    ttl: float | None = None  # seconds


class _Column:
    """A column of a trace as a list, made when it is asked for; None if the trace lacks the column."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, trace: "Trace", owner: type) -> list[Any] | None:
        column = getattr(trace.columns, self.name)
        return None if column is None else column.tolist()

    def __set__(self, trace: "Trace", values: Sequence[Any] | np.ndarray | None) -> None:
        """Set a column: one value per request."""
        column: Any = None if values is None else np.array(values, DTYPES[self.name])
        if column is not None and column.shape != trace.columns.codes.shape:
            raise BadInput(
                f'the trace "{trace.name}" has {len(trace):,} requests; give as many {self.name}, '
                f"got {column.size:,}"
            )
        trace.columns = trace.columns._replace(**{self.name: column})


class Trace:
    """The requests of a file in memory.

    `columns` holds them: arrays, with the keys as numbers. `keys`, `ops`, `sizes` (bytes), `times` and
    `ttls` (seconds; infinity for none) are lists made from these columns when they are asked for; all but
    `keys` are None if the format lacks them.

    >>> trace = Trace([Request("a"), Request("b"), Request("a")])
    >>> len(trace), trace.unique, trace.keys
    (3, 2, ['a', 'b', 'a'])
    >>> trace.columns.codes, trace.names
    (array([0, 1, 0]), ['a', 'b'])
    >>> trace.sizes = [10, 20, 10]
    >>> trace.columns.sizes
    array([10, 20, 10])
    """

    def __init__(self, requests: Iterable[Request] = (), name: str = "trace") -> None:
        keys, ops, sizes, times, ttls = list(zip(*requests, strict=True)) or [()] * 5
        self.name = name
        self.notes: list[str] = []  # sentences for the reader: columns not used, requests ignored
        [self.columns] = numbered([Batch(keys, _numbers(ops))])
        self.sizes = self._complete("size", sizes)
        when = self._complete("time", times)
        self.times = None if when is None else [time - when[0] for time in when]
        self.ttls = [ttl or math.inf for ttl in ttls] if any(ttls) else None

    sizes, times, ttls = _Column(), _Column(), _Column()

    def _complete(self, name: str, column: Sequence[Any]) -> list[Any] | None:
        """Check that every request has a value, or none has (None)."""
        known = [value for value in column if value is not None]
        if known and len(known) < len(column):
            raise BadInput(
                f'the trace "{self.name}": {len(column) - len(known)} of {len(column)} requests have no {name}; '
                f"give all of them one, or leave the column out"
            )
        return known or None

    @classmethod
    def of_keys(cls, keys: Iterable[str], name: str = "keys") -> "Trace":
        """Make a trace of plain reads.

        >>> Trace.of_keys("aba")
        Trace(keys: 3 requests, 2 keys)
        """
        return cls.of_chunks(numbered(batches_of_keys(keys)), name)

    @classmethod
    def of_codes(cls, codes: np.ndarray, names: Sequence[str], name: str = "keys") -> "Trace":
        """Make a trace of plain reads from the number of each key: names[code].

        >>> Trace.of_codes(np.array([0, 1, 0]), ["a", "b"]).keys
        ['a', 'b', 'a']
        """
        codes = np.array(codes, np.intp)
        used = np.bincount(codes, minlength=len(names)) > 0
        if not used.all():
            codes = (np.cumsum(used) - 1)[codes]
            names = [name for name, is_used in zip(names, used, strict=True) if is_used]
        return cls.of_chunks([Chunk(codes, None, None, None, None, list(names))], name)

    @classmethod
    def of_chunks(cls, chunks: Iterable[Chunk], name: str = "trace") -> "Trace":
        """Join chunks into one trace.

        >>> Trace.of_chunks(numbered([Batch(["b", "a"]), Batch(["b"])])).keys
        ['b', 'a', 'b']
        """
        trace = cls(name=name)
        trace.columns = joined(chunks, name)
        return trace

    def chunks(self) -> Iterator[Chunk]:
        """Cut the trace into chunks."""
        return (self.columns.part(first, first + SIZE) for first in range(0, len(self), SIZE))

    @property
    def names(self) -> list[str]:
        """The different keys, by their numbers in `columns.codes`."""
        return self.columns.names

    @property
    def keys(self) -> list[str]:
        """The key of each request."""
        return self.columns.keys

    @property
    def ops(self) -> list[str] | None:
        """The operation of each request; None: all are reads."""
        return None if self.columns.ops is None else _WORDS[self.columns.ops].tolist()

    def __len__(self) -> int:
        """Count the requests."""
        return len(self.columns.codes)

    def __iter__(self) -> Iterator[Request]:
        """Go through the requests, one by one."""
        for chunk in self.chunks():
            part = Trace.of_chunks([chunk])
            rest = (part.ops or [READ] * len(part), part.sizes, part.times, part.ttls)
            columns = ([None] * len(part) if column is None else column for column in rest)
            yield from map(Request, part.keys, *columns)

    def __repr__(self) -> str:
        return f"Trace({self.name}: {len(self)} requests, {self.unique} keys)"

    @property
    def is_plain(self) -> bool:
        """Whether it has nothing but keys to read."""
        return self.columns.is_plain

    @property
    def unique(self) -> int:
        """The number of different keys."""
        return len(self.names)

    @property
    def used(self) -> list[str]:
        """The keys of all reads and writes, in order, as the policy `Belady` needs them."""
        codes, ops, *_ = self.columns
        stay = codes if ops is None else codes[ops != OP[DELETE]]
        return self.columns._replace(codes=stay).keys

    def count(self, op: str) -> int:
        """Count the requests that are reads, writes or deletes."""
        return self.columns.count(OP[op])


def _numbers(ops: Sequence[str]) -> np.ndarray | None:
    """Turn operations into numbers; None if all are reads."""
    if all(op == READ for op in ops):
        return None
    return np.array([OP[op] for op in ops], np.int8)
