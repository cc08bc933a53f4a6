"""The meaning of numbers in a kernel's columns; operations are numbered as in a trace's columns."""

from cachesim.traces.chunks import DELETE, READ, WRITE

__all__ = ["ABSENT", "DELETE", "READ", "WRITE"]

ABSENT = -1  # instead of a key or a place
