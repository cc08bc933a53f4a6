"""A trace as kernels see it: columns of whole numbers, one place per request."""

import math
from typing import Any, NamedTuple

import numpy as np

from cachesim.replay.kernels.words import DELETE, READ, WRITE
from cachesim.traces import Trace
from cachesim.traces import trace as words

PACE = 1000.0  # requests per simulated second of a trace without times
_NUMBER = {words.READ: READ, words.WRITE: WRITE, words.DELETE: DELETE}


class Columns(NamedTuple):
    """The keys and operations of a trace."""

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


def times(trace: Trace) -> np.ndarray:
    """Return when each request comes, in seconds."""
    if trace.times is not None:
        return np.array(trace.times)
    return np.arange(len(trace)) * (1 / PACE)


def ratio(part: float, whole: float) -> float:
    """Return the ratio of two counts; NaN of nothing."""
    return part / whole if whole else math.nan
