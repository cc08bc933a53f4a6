"""What bounds every policy: the optimum of a cache of a size, and a cache that never forgets."""

import math
from typing import Any, NamedTuple

import numpy as np

from cachesim.replay.compiled import call, choose
from cachesim.replay.kernels import future
from cachesim.replay.kernels.words import ABSENT, DELETE, READ, WRITE
from cachesim.traces import Trace
from cachesim.traces import trace as words

_NUMBER = {words.READ: READ, words.WRITE: WRITE, words.DELETE: DELETE}


class Columns(NamedTuple):
    """A trace as a kernel sees it: columns of whole numbers, a place a request."""

    keys: Any  # from 0 to unique - 1
    ops: Any  # READ, WRITE or DELETE
    unique: int
    reads: int


def columns(trace: Trace) -> Columns:
    """Return the columns of a trace; its keys are numbered once, see `Trace.coded`."""
    codes, names = trace.coded
    if trace.ops is None:
        return Columns(codes, np.zeros(len(codes), np.int8), len(names), len(codes))
    ops = np.array([_NUMBER[op] for op in trace.ops], np.int8)
    return Columns(codes, ops, len(names), int(np.count_nonzero(ops == READ)))


def next_reads(given: Columns, *, compiled: bool) -> tuple[int, Any]:
    """Return how many requests are read again, and for each the number of the request that does."""
    never = len(given.keys)
    upcoming, then = np.full(given.unique, never), np.zeros(never, np.intp)
    again, found = call(future.next_reads, given.keys, given.ops, upcoming, then, compiled=compiled)
    return again, np.asarray(found)


def optimum(trace: Trace, items: int, *, compiled: bool | None = None) -> float:
    """Return the hit ratio that no policy holding at most `items` keys can exceed; NaN without a read.

    The key that is read again last goes (Belady 1966). It bounds unequal sizes and TTLs too, for these only
    take choices away.

    >>> optimum(Trace.of_keys(["a", "b", "a", "c", "b"]), items=2)
    0.4
    """
    return optima(columns(trace), [items], compiled=choose(compiled, work=len(trace)))[0]


def optima(given: Columns, sizes: list[int], *, compiled: bool) -> list[float]:
    """Return the optimum of each number of items."""
    _, then = next_reads(given, compiled=compiled)
    keys, ops, unique, reads = given
    return [
        ratio(
            call(
                future.optimum, keys, ops, then, items, np.full(unique, ABSENT), compiled=compiled
            ),
            reads,
        )
        for items in sizes
    ]


def infinite(trace: Trace, *, compiled: bool | None = None) -> float:
    """Return the hit ratio of a cache that never forgets: every read but the first of each key hits.

    >>> infinite(Trace.of_keys(["a", "b", "a", "a"]))
    0.5
    """
    given = columns(trace)
    if trace.ops is None:
        return ratio(given.reads - given.unique, given.reads)
    again, _ = next_reads(given, compiled=choose(compiled, work=len(trace)))
    return ratio(again, given.reads)


def ratio(part: float, whole: float) -> float:
    """Return the ratio of two counts; NaN of nothing."""
    return part / whole if whole else math.nan
