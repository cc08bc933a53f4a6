"""What a key costs in bytes: the allocator's classes, the string's header, the object around it.

As redis 7.0 with jemalloc on 64 bits counts: sds.c, object.c, zmalloc.c. With quantum 16 (Debian's
package) the formula is within 0.05 % of used_memory for all but the smallest cases; with quantum 8
(Redis's own build) it is exact.
"""

import re
from collections.abc import Callable
from functools import lru_cache

SHARED_INTEGERS = 10_000  # 0 ... 9999 exist once for all keys (redis 7: server.h)
EMBSTR_LIMIT = 44  # bytes: up to it a string lies in one piece with its object (redis 7: object.c)
OBJECT, ENTRY = 16, 24  # bytes of a robj and of a dictEntry
PREALLOCATION = 1024 * 1024  # bytes: a growing string doubles up to it (redis 7: sds.h)
LONGEST_INTEGER = 20  # characters of a 64-bit integer, its sign included
LOWEST, HIGHEST = -(2**63), 2**63 - 1  # what a 64-bit integer holds

_INTEGER = re.compile(rb"0|-?[1-9][0-9]{0,18}")  # Redis's integers have one way to be written


@lru_cache(maxsize=1 << 16)
def allocated(size: int, quantum: int = 16) -> int:
    """Return the bytes the allocator hands out when asked for `size`: the next of its classes.

    >>> allocated(24), allocated(24, quantum=8), allocated(117)
    (32, 24, 128)
    """
    if size <= 8:
        return 8
    step = max(quantum, 1 << max(0, (size - 1).bit_length() - 3))
    return -(-size // step) * step


def header(length: int) -> int:
    """Return the bytes before a string of `length` bytes (redis 7: sds.c, sdsReqType)."""
    return 1 if length < 32 else 3 if length < 1 << 8 else 5 if length < 1 << 16 else 9


def sds(length: int) -> int:
    """Return the bytes of a string with its header and its closing zero."""
    return header(length) + length + 1


def key_bytes(length: int, quantum: int = 16) -> int:
    """Return what a key of `length` bytes costs: its entry in the table and its name."""
    return allocated(ENTRY, quantum) + allocated(sds(length), quantum)


def string_bytes(length: int, quantum: int = 16) -> int:
    """Return what a string value costs that is no integer.

    A 12-byte key with a 100-byte value takes 176 bytes:

    >>> key_bytes(12) + string_bytes(100)
    176
    """
    if length <= EMBSTR_LIMIT:
        return allocated(OBJECT + 3 + length + 1, quantum)
    return allocated(OBJECT, quantum) + allocated(sds(length), quantum)


class Costs(dict[int, int]):
    """Length -> bytes by one of the formulas above, each worked out once.

    >>> Costs(key_bytes, quantum=16)[12]
    48
    """

    def __init__(self, formula: Callable[[int, int], int], quantum: int) -> None:
        super().__init__()
        self.formula, self.quantum = formula, quantum

    def __missing__(self, length: int) -> int:
        """Work out the cost of a length that is new."""
        cost = self[length] = self.formula(length, self.quantum)
        return cost


def value_bytes(value: bytes, quantum: int = 16, shared: bool = False) -> int:
    """Return what a value costs as SET stores it; `shared`: small integers are not stored anew.

    >>> value_bytes(b"12345"), value_bytes(b"7", shared=True), value_bytes(b"hello")
    (16, 0, 32)
    """
    if len(value) > LONGEST_INTEGER or (number := as_integer(value)) is None:
        return string_bytes(len(value), quantum)
    return 0 if shared and 0 <= number < SHARED_INTEGERS else allocated(OBJECT, quantum)


def as_bytes(key: str) -> bytes:
    """Return the bytes of a key; those that are no UTF-8 came in as surrogates."""
    try:
        return key.encode()
    except UnicodeEncodeError:
        return key.encode("utf-8", "surrogateescape")


def as_integer(text: bytes) -> int | None:
    """Return the 64-bit integer that the text is written as in the one way Redis takes, or None.

    >>> as_integer(b"-7"), as_integer(b"+7"), as_integer(b"07"), as_integer(b"9223372036854775808")
    (-7, None, None, None)
    """
    # redis 7: util.c, string2ll
    if len(text) > LONGEST_INTEGER or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if LOWEST <= number <= HIGHEST else None


def encoding(value: bytes) -> str:
    """Return how Redis stores a value that was set whole (redis 7: object.c, tryObjectEncoding)."""
    if as_integer(value) is not None:
        return "int"
    return "embstr" if len(value) <= EMBSTR_LIMIT else "raw"


def room_of(length: int, quantum: int = 16) -> int:
    """Return how long a raw string made with `length` bytes may get before it is moved."""
    if 0 < length < 32:
        return length  # the shortest header has no field for more; an empty string gets the next
    return _room(length, quantum)


def room_of_value(length: int, quantum: int = 16) -> int:
    """Return the room of a string that SET has stored and that is about to be changed in place.

    SET gives room back that is more than a tenth of a raw string.
    """
    # redis 7: object.c, trimStringObjectIfNeeded; a shorter string is copied: dbUnshareStringValue
    room = room_of(length, quantum)
    return length if length > EMBSTR_LIMIT and room - length > length // 10 else room


def room_to_grow(length: int, room: int, quantum: int = 16) -> int:
    """Return the room of a raw string after it has been lengthened to `length` bytes.

    A string that outgrows its room gets twice its length, at most 1 MiB more than it needs.

    >>> room_to_grow(50, room=60), room_to_grow(70, room=60)
    (60, 156)
    """
    # redis 7: sds.c, _sdsMakeRoomFor
    if length <= room:
        return room
    wanted = length + min(length, PREALLOCATION)
    return _room(wanted, quantum)


def _room(length: int, quantum: int) -> int:
    # redis 7: sds.c, sdsTypeMaxSize: what the allocator gives beyond the header's field is lost
    before = max(3, header(length))  # a string that may grow has at least the second header
    most = {3: (1 << 8) - 1, 5: (1 << 16) - 1}.get(before, HIGHEST)
    return min(most, allocated(before + length + 1, quantum) - before - 1)


def raw_bytes(room: int, quantum: int = 16) -> int:
    """Return what a raw string with that room costs."""
    return allocated(OBJECT, quantum) + allocated(header(room) + room + 1, quantum)
