"""A note behind the bytes of a cached copy: when the copy expires, and how long its load took."""

from struct import Struct

from cachesim.records import Value

_NOTE = Struct(">dd")
NOTE_SIZE = _NOTE.size  # bytes


def noted(value: Value, expires: float, took: float) -> Value:
    """Make the bytes to cache: the value, then its expiry and the length of its load, both in seconds.

    >>> len(noted(Value.stamp(7, size=100), expires=12.5, took=0.2))
    116
    """
    return Value(value + _NOTE.pack(expires, took))


def read_note(copy: bytes) -> tuple[Value, float, float]:
    """Split a copy with a note into its value, its expiry and the length of its load.

    >>> read_note(noted(Value.stamp(7, size=100), expires=12.5, took=0.2))
    (Value(write=7, 100 bytes), 12.5, 0.2)
    """
    expires, took = _NOTE.unpack(copy[-NOTE_SIZE:])
    return Value(copy[:-NOTE_SIZE]), expires, took
