"""What a trace is: its requests as columns, and what each word for an operation stands for."""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from cachesim.errors import BadInput
from cachesim.traces.chunks import OP, Chunk, whole

READ, WRITE, DELETE = "read", "write", "delete"
# SIMPLIFIED: a write is a write: that add, replace and cas may fail, and that append and incr keep a part of
# the old value, is not followed. Reads that change the TTL too (gat, getex) are refused, not halved.
_OPS = {
    READ: "get gets read mget get_lease r fetch load lookup",
    WRITE: "set add replace cas append prepend incr decr write put update setex set_lease w store insert post",
    DELETE: "delete del remove unlink invalidate",
}
_WORDS = list(OP)  # number -> operation
OPS = {word: op for op, words in _OPS.items() for word in words.split()}


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
        self.name = name
        self.notes: list[
            str
        ] = []  # what a reader should know: columns not used, requests passed over
        self.keys: list[str] = list(columns[0])
        self.fill(*columns[1:])

    def fill(
        self,
        ops: Sequence[str] = (),
        sizes: Sequence[int | None] = (),
        times: Sequence[float | None] = (),
        ttls: Sequence[float | None] = (),
    ) -> None:
        """Set the columns beside the keys; times then count from the first request."""
        self.ops: list[str] | None = None if all(op == READ for op in ops) else list(ops)
        self.sizes = self._whole("size", sizes)
        when = self._whole("time", times)
        self.times = None if when is None else [time - when[0] for time in when]
        self.ttls = [ttl or math.inf for ttl in ttls] if any(ttls) else None

    def _whole(self, name: str, column: Sequence[Any]) -> list[Any] | None:
        """Return a column that every request has, None for one that no request has."""
        known = [value for value in column if value is not None]
        if known and len(known) < len(column):
            raise BadInput(
                f'the trace "{self.name}": {len(column) - len(known)} of {len(column)} requests have no {name}; '
                f"give all of them one, or leave the column out"
            )
        return known or None

    @classmethod
    def of_keys(cls, keys: Iterable[str], name: str = "keys") -> "Trace":
        """Return a trace of plain reads."""
        trace = cls(name=name)
        trace.keys = list(keys)
        return trace

    @classmethod
    def of_codes(cls, codes: np.ndarray, names: Sequence[str], name: str = "keys") -> "Trace":
        """Return a trace of plain reads, each the number of its key: names[code].

        >>> Trace.of_codes(np.array([0, 1, 0]), ["a", "b"]).keys
        ['a', 'b', 'a']
        """
        trace = cls.of_keys(np.array(names, dtype=object)[codes].tolist(), name)
        trace.__dict__["coded"] = codes.astype(np.intp), list(names)
        return trace

    @classmethod
    def of_chunks(cls, chunks: Iterable[Chunk], name: str = "trace") -> "Trace":
        """Return the whole of a stream.

        >>> from cachesim.traces.chunks import Columns, numbered
        >>> Trace.of_chunks(numbered([Columns(["b", "a"]), Columns(["b"])])).keys
        ['b', 'a', 'b']
        """
        columns, names = whole(chunks, name)
        trace = cls.of_codes(columns.pop("codes"), names, name)
        ops = columns.pop("ops")
        trace.ops = None if ops is None else [_WORDS[op] for op in ops.tolist()]
        for column, values in columns.items():
            setattr(trace, column, None if values is None else values.tolist())
        return trace

    @cached_property
    def coded(self) -> tuple[np.ndarray, list[str]]:
        """For each request the number of its key, and the keys by that number: counted once a trace.

        >>> Trace.of_keys(["b", "a", "b"]).coded
        (array([0, 1, 0]), ['b', 'a'])
        """
        names = list(dict.fromkeys(self.keys))
        numbers = dict(zip(names, range(len(names)), strict=True))
        return np.fromiter(map(numbers.__getitem__, self.keys), np.intp, len(self)), names

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self.keys)

    def __iter__(self) -> Iterator[Request]:
        """Yield the requests."""
        rest = (
            [default] * len(self) if column is None else column
            for column, default in (
                (self.ops, READ),
                (self.sizes, None),
                (self.times, None),
                (self.ttls, None),
            )
        )
        return map(Request, self.keys, *rest)

    def __repr__(self) -> str:
        return f"Trace({self.name}: {len(self)} requests, {self.unique} keys)"

    @property
    def is_plain(self) -> bool:
        """Whether it is nothing but keys to read."""
        return all(column is None for column in (self.ops, self.sizes, self.times, self.ttls))

    @property
    def unique(self) -> int:
        """The number of different keys."""
        return len(set(self.keys))

    @property
    def used(self) -> list[str]:
        """The keys of all reads and writes, in order: what `Belady` must be told."""
        if self.ops is None:
            return self.keys
        return [key for key, op in zip(self.keys, self.ops, strict=True) if op != DELETE]

    def count(self, op: str) -> int:
        """Return how many requests are reads, writes or deletes."""
        return self.ops.count(op) if self.ops else len(self) * (op == READ)
