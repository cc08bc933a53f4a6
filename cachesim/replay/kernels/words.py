"""What the numbers in a kernel's columns stand for; operations have the numbers of a trace's columns."""

from cachesim.traces.chunks import DELETE, READ, WRITE

__all__ = ["ABSENT", "DELETE", "READ", "WRITE"]

ABSENT = -1  # instead of a key or a place
