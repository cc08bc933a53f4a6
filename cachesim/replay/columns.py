"""A trace as kernels see it: columns of whole numbers, one place per request."""

import math
from typing import Any, NamedTuple

import numpy as np

from cachesim.traces import Trace
from cachesim.traces.chunks import READ, Chunk

PACE = 1000.0  # requests per simulated second of a trace without times


class KeysAndOps(NamedTuple):
    """The keys and operations of a trace."""

    keys: Any  # from 0 to unique - 1
    ops: Any  # READ, WRITE or DELETE
    unique: int
    reads: int


def keys_and_ops(trace: Trace) -> KeysAndOps:
    """Take the columns that every kernel needs; a trace without operations reads."""
    codes, ops = trace.columns.codes, trace.columns.ops
    if ops is None:
        ops = np.zeros(len(codes), np.int8)
    return KeysAndOps(codes, ops, trace.unique, trace.columns.count(READ))


def times(trace: Trace) -> np.ndarray:
    """Take the time of each request, in seconds."""
    if trace.columns.times is not None:
        return trace.columns.times
    return np.arange(len(trace)) * (1 / PACE)


def times_of_chunk(chunk: Chunk, before: int) -> np.ndarray:
    """Take the time of each request of a chunk, in seconds; `before` requests came in earlier chunks."""
    if chunk.times is not None:
        return chunk.times
    return np.arange(before, before + len(chunk.codes)) / PACE


def ratio(part: float, whole: float) -> float:
    """Divide two counts; NaN if the whole is 0."""
    return part / whole if whole else math.nan
