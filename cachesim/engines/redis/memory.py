"""The bytes of a key: the allocator's classes, the string's header, the object around it.

This counts as redis 7.0 does with jemalloc on 64 bits: sds.c, object.c, zmalloc.c. With quantum 16
(Debian's package) it is within 0.05 % of used_memory for all but the smallest cases. With quantum 8
(Redis's own build) it is exact.
"""

import re
from collections.abc import Callable
from functools import lru_cache

SHARED_INTEGERS = 10_000  # 0 ... 9999 exist once for all keys (redis 7: server.h)
EMBSTR_LIMIT = 44  # bytes: a string up to this length is in one piece with its object (object.c)
OBJECT, ENTRY, POINTER = 16, 24, 8  # bytes of a robj, a dictEntry and a pointer
PREALLOCATION = (
    1024 * 1024
)  # bytes: a growing string gets at most so much to spare (redis 7: sds.h)
LONGEST_INTEGER = 20  # characters of a 64-bit integer, its sign included
AFTER_DIGITS = b":"  # no integer begins with this byte or a later one
LOWEST, HIGHEST = -(2**63), 2**63 - 1  # of a 64-bit integer

_INTEGER = re.compile(rb"0|-?[1-9][0-9]{0,18}")  # Redis's integers have one way to be written


@lru_cache(maxsize=1 << 16)
def allocated(size: int, quantum: int = 16) -> int:
    """Return the bytes that the allocator gives for `size`: its next larger class.

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


def text_bytes(length: int, quantum: int = 16) -> int:
    """Return the bytes of a string without an object around it, as in a value."""
    return allocated(sds(length), quantum)


def key_bytes(length: int, quantum: int = 16) -> int:
    """Return the bytes of a key whose name has `length` bytes: its entry in the table, its name."""
    return allocated(ENTRY, quantum) + allocated(sds(length), quantum)


def string_bytes(length: int, quantum: int = 16) -> int:
    """Return the bytes of a string value that is not an integer.

    A 12-byte key with a 100-byte value takes 176 bytes:

    >>> key_bytes(12) + string_bytes(100)
    176
    """
    if length <= EMBSTR_LIMIT:
        return allocated(OBJECT + 3 + length + 1, quantum)
    return allocated(OBJECT, quantum) + allocated(sds(length), quantum)


class Costs(dict[int, int]):
    """Length -> bytes by one of the formulas above, each computed once.

    >>> Costs(key_bytes, quantum=16)[12]
    48
    """

    def __init__(self, formula: Callable[[int, int], int], quantum: int) -> None:
        super().__init__()
        self.formula, self.quantum = formula, quantum

    def __missing__(self, length: int) -> int:
        """Compute the bytes for a new length."""
        cost = self[length] = self.formula(length, self.quantum)
        return cost


def value_bytes(value: bytes, quantum: int = 16, shared: bool = False) -> int:
    """Return the bytes of a value stored by SET. If `shared`, small integers cost nothing.

    >>> value_bytes(b"12345"), value_bytes(b"7", shared=True), value_bytes(b"hello")
    (16, 0, 32)
    """
    if len(value) > LONGEST_INTEGER or (number := as_integer(value)) is None:
        return string_bytes(len(value), quantum)
    return 0 if shared and 0 <= number < SHARED_INTEGERS else allocated(OBJECT, quantum)


def as_bytes(key: str) -> bytes:
    """Return a key as bytes. Bytes that are not UTF-8 were decoded as surrogates."""
    try:
        return key.encode()
    except UnicodeEncodeError:
        return key.encode("utf-8", "surrogateescape")


def as_integer(text: bytes) -> int | None:
    """Return the 64-bit integer if the text is written in the one way that Redis accepts, or None.

    >>> as_integer(b"-7"), as_integer(b"+7"), as_integer(b"07"), as_integer(b"9223372036854775808")
    (-7, None, None, None)
    """
    # redis 7: util.c, string2ll
    if text >= AFTER_DIGITS or len(text) > LONGEST_INTEGER or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if LOWEST <= number <= HIGHEST else None


def encoding(value: bytes) -> str:
    """Return the encoding of a value stored by SET (redis 7: object.c, tryObjectEncoding)."""
    if as_integer(value) is not None:
        return "int"
    return "embstr" if len(value) <= EMBSTR_LIMIT else "raw"


def room_of(length: int, quantum: int = 16) -> int:
    """Return to which length a raw string of `length` bytes may grow before it is moved."""
    if 0 < length < 32:
        return length  # the shortest header has no field for more; an empty string gets the next
    return _room(length, quantum)


def room_of_value(length: int, quantum: int = 16) -> int:
    """Return the room of a string that was stored by SET, before it is changed in place.

    SET gives back the room of a raw string if it is more than a tenth of its length.
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
    # redis 7: sds.c, sdsTypeMaxSize: the header's field limits the room
    before = max(3, header(length))  # a string that may grow has at least the second header
    most = {3: (1 << 8) - 1, 5: (1 << 16) - 1}.get(before, HIGHEST)
    return min(most, allocated(before + length + 1, quantum) - before - 1)


def raw_bytes(room: int, quantum: int = 16) -> int:
    """Return the bytes of a raw string with that room."""
    return allocated(OBJECT, quantum) + allocated(header(room) + room + 1, quantum)
